namespace Hearth.Data.Corpora;

/// <summary>Puts corpora together, one after another.</summary>
internal sealed class CorpusLoader(Derivation derivation, string baseFolder, IReadOnlySet<string> removed)
{
    private readonly CorpusReport _report = new();
    private readonly List<SourceDocument> _sources = [];
    private readonly Dictionary<string, SourceDocument> _byId = new(StringComparer.Ordinal);
    private readonly List<CorpusStatistics> _statistics = [];

    /// <summary>How many documents were taken out by their ids.</summary>
    public long Removed { get; private set; }

    /// <summary>Reads a corpus and derives from it.</summary>
    /// <exception cref="CorpusException">It is missing, has no document that can be used, or does not fit its templates.</exception>
    public void Add(CorpusSpec spec)
    {
        long removedBefore = Removed;
        var reader = new CorpusReader(spec, _report);
        List<SourceDocument> all = reader.Read(Path.GetFullPath(spec.Path, baseFolder));
        RecordTemplates? templates = null;
        if (spec.Records is { } mapping && reader.Fields.Count > 0) templates = new RecordTemplates(spec, mapping, reader.Fields);

        List<SourceDocument> used = Used(spec, all);
        if (used.Count == 0 && Removed == removedBefore) throw NothingUsable(spec, reader.PassedOver);
        _sources.AddRange(used);

        Counts before = Counts.Of(derivation);
        foreach (SourceDocument document in used)
        {
            if (templates is null) derivation.AddText(document);
            else derivation.AddRecord(document, templates, spec.Records!.NameField);
        }
        Counts records = Counts.Of(derivation);
        if (templates is not null && spec.Records!.Unknown is { } unknown) AddNames(spec, used, templates, unknown);
        Counts after = Counts.Of(derivation);

        _statistics.Add(new CorpusStatistics(
            spec.Name, used.Count, used.Sum(d => d.Length), records.Plain - before.Plain, records.Pairs - before.Pairs,
            after.Pairs - records.Pairs, after.Facts - before.Facts, after.Refusals - before.Refusals, after.Documents - before.Documents,
            reader.PassedOver, Removed - removedBefore, _report.CountsOf(spec.Name)));
    }

    /// <summary>All that was added.</summary>
    public Corpus Result() => new(
        _sources, derivation.Derived, new HeldOutSet(derivation.Facts, derivation.Refusals, derivation.Documents), _report, _statistics);

    private List<SourceDocument> Used(CorpusSpec spec, List<SourceDocument> all)
    {
        var used = new List<SourceDocument>();
        foreach (SourceDocument document in all)
        {
            if (removed.Contains(document.Id)) Removed++;
            else if (_byId.TryAdd(document.Id, document)) used.Add(document);
            else _report.Add(spec.Name, document.Name, CorpusProblemKind.Duplicate, null, SameAs(_byId[document.Id], spec));
        }
        return used;
    }

    private void AddNames(CorpusSpec spec, List<SourceDocument> used, RecordTemplates templates, UnknownSpec unknown)
    {
        var names = UnknownNames.Read(spec, Path.GetFullPath(unknown.Path, baseFolder), _report);
        names.RequireNoneOf(spec, used.Select(d => d.Fields![spec.Records!.NameField]));
        if (removed.Contains(names.Source.Id))
        {
            Removed++;
            return;
        }

        // Several corpora may share a list: it is one document, and refused from in the words of each.
        if (_byId.TryAdd(names.Source.Id, names.Source)) _sources.Add(names.Source);
        derivation.AddNames(names.Source, names.Names, templates, unknown);
    }

    private static string SameAs(SourceDocument first, CorpusSpec spec) =>
        $"has the same bytes as '{first.Name}'{(first.Corpus == spec.Name ? "" : $" of corpus '{first.Corpus}'")}, which is kept";

    private CorpusException NothingUsable(CorpusSpec spec, long passedOver)
    {
        string message = $"'{spec.Path}' has no document that can be used.";
        if (passedOver > 0) message += $" 'where' keeps none of {passedOver:N0} records.";
        if (_report.Problems.FirstOrDefault(p => p.Corpus == spec.Name) is { } first)
        {
            string counts = string.Join(", ", _report.CountsOf(spec.Name).Select(c => $"{c.Count:N0} {c.Kind}"));
            message += $" Left out: {counts}; the first is {first}.";
        }
        else if (passedOver == 0)
        {
            message += " It holds no files that the corpus includes.";
        }
        return new CorpusException(spec.Name, message);
    }

    private readonly record struct Counts(int Plain, int Pairs, int Facts, int Refusals, int Documents)
    {
        public static Counts Of(Derivation d)
        {
            int plain = d.Derived.Count(x => x.Kind == DerivedKind.Plain);
            return new Counts(plain, d.Derived.Count - plain, d.Facts.Count, d.Refusals.Count, d.Documents.Count);
        }
    }
}
