namespace Hearth.Data.Corpora;

/// <summary>Everything a recipe's corpora come to.</summary>
/// <param name="Sources">The documents as they were given, corpus by corpus, in ordinal order of name; no two share an id.</param>
/// <param name="Derived">What is trained on, in the order of the sources.</param>
/// <param name="HeldOut">What is kept to measure by.</param>
/// <param name="Report">What was left out, and why.</param>
/// <param name="Statistics">The counts, a line for each corpus.</param>
public sealed record Corpus(
    IReadOnlyList<SourceDocument> Sources, IReadOnlyList<DerivedDocument> Derived, HeldOutSet HeldOut, CorpusReport Report,
    IReadOnlyList<CorpusStatistics> Statistics)
{
    /// <summary>
    /// Reads the corpora. The same files, specification and seed give the same result on every machine, and taking a document out, by its id
    /// or by deleting its file, changes no other document's part.
    /// </summary>
    /// <param name="specs">The corpora; of documents with the same bytes the first is kept.</param>
    /// <param name="heldOut">What is kept from training.</param>
    /// <param name="baseFolder">The folder that the corpora's paths are relative to.</param>
    /// <param name="seed">What is kept hangs on it.</param>
    /// <param name="removed">Ids of documents that are to be left out as if they had never been there; ids of no document mean nothing.</param>
    /// <exception cref="CorpusException">A corpus is missing, has no document that can be used, does not fit its templates, or nothing is left to
    /// train on.</exception>
    public static Corpus Load(
        IReadOnlyList<CorpusSpec> specs, HeldOutSpec heldOut, string baseFolder, long seed, IReadOnlySet<string>? removed = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(specs.Count);
        var report = new CorpusReport();
        var derivation = new Derivation(heldOut, seed);
        var sources = new List<SourceDocument>();
        var byId = new Dictionary<string, SourceDocument>(StringComparer.Ordinal);
        var statistics = new List<CorpusStatistics>();

        foreach (CorpusSpec spec in specs)
        {
            var reader = new CorpusReader(spec, report);
            List<SourceDocument> all = reader.Read(Path.GetFullPath(spec.Path, Path.GetFullPath(baseFolder)));
            var templates = spec.Records is { } mapping && reader.Fields.Count > 0 ? new RecordTemplates(spec, mapping, reader.Fields) : null;
            var used = new List<SourceDocument>();
            long taken = 0;
            foreach (SourceDocument document in all)
            {
                if (removed?.Contains(document.Id) is true) taken++;
                else if (byId.TryAdd(document.Id, document)) used.Add(document);
                else report.Add(spec.Name, document.Name, CorpusProblemKind.Duplicate, null, SameAs(byId[document.Id], spec));
            }
            if (used.Count == 0 && taken == 0) throw NothingUsable(spec, reader, report);
            sources.AddRange(used);

            Counts before = Counts.Of(derivation);
            foreach (SourceDocument document in used)
            {
                if (templates is null) derivation.AddText(document);
                else derivation.AddRecord(document, templates, spec.Records!.NameField);
            }
            Counts after = Counts.Of(derivation);
            if (spec.Records?.Unknown is { } unknown)
            {
                var names = UnknownNames.Read(spec, Path.GetFullPath(unknown.Path, Path.GetFullPath(baseFolder)), report);
                names.RequireNoneOf(spec, used.Select(d => d.Fields![spec.Records.NameField]));
                if (removed?.Contains(names.Source.Id) is not true)
                {
                    if (byId.TryAdd(names.Source.Id, names.Source)) sources.Add(names.Source);
                    derivation.AddNames(names.Source, names.Names, templates!, unknown);
                }
                else
                {
                    taken++;
                }
            }

            int refusals = derivation.Derived.Count - after.Plain - after.Pairs;
            statistics.Add(new CorpusStatistics(
                spec.Name, used.Count, used.Sum(d => d.Length), after.Plain - before.Plain, after.Pairs - before.Pairs, refusals,
                after.Facts - before.Facts, derivation.Refusals.Count - after.Refusals, after.Documents - before.Documents,
                reader.PassedOver, taken, report.CountsOf(spec.Name)));
        }

        if (derivation.Derived.Count == 0)
        {
            throw new CorpusException(specs[0].Name, $"nothing is left to train on: of {sources.Count:N0} documents all are held out or removed. " +
                "Add documents, or keep fewer (heldOut in the recipe).");
        }
        return new Corpus(
            sources, derivation.Derived, new HeldOutSet(derivation.Facts, derivation.Refusals, derivation.Documents), report, statistics);
    }

    private static string SameAs(SourceDocument first, CorpusSpec spec) =>
        $"has the same bytes as '{first.Name}'{(first.Corpus == spec.Name ? "" : $" of corpus '{first.Corpus}'")}, which is kept";

    private static CorpusException NothingUsable(CorpusSpec spec, CorpusReader reader, CorpusReport report)
    {
        string counts = string.Join(", ", report.CountsOf(spec.Name).Select(c => $"{c.Count:N0} {c.Kind}"));
        string first = report.Problems.FirstOrDefault(p => p.Corpus == spec.Name)?.ToString() ?? "";
        string passed = reader.PassedOver > 0 ? $" 'where' passed over {reader.PassedOver:N0} records." : "";
        return new CorpusException(spec.Name, $"'{spec.Path}' has no document that can be used." + passed +
            (counts.Length > 0 ? $" Left out: {counts}; the first: {first}." : passed.Length > 0 ? "" : " It holds no files that the corpus includes."));
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
