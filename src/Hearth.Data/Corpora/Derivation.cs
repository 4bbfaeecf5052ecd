namespace Hearth.Data.Corpora;

/// <summary>
/// Turns source documents into what is trained on and what is kept to measure by. Each choice is drawn from the seed and the document, fact
/// or name it is about, so that no document's part depends on which others there are.
/// </summary>
internal sealed class Derivation(HeldOutSpec heldOut, long seed)
{
    private readonly HashSet<(string Id, string From)> _trained = [];

    /// <summary>What is trained on.</summary>
    public List<DerivedDocument> Derived { get; } = [];

    /// <summary>Facts kept from training, each in a phrasing of its own.</summary>
    public List<HeldOutQuestion> Facts { get; } = [];

    /// <summary>Unknown names kept from training.</summary>
    public List<HeldOutQuestion> Refusals { get; } = [];

    /// <summary>Plain documents kept from training.</summary>
    public List<DerivedDocument> Documents { get; } = [];

    /// <summary>A text is itself, trained on or kept.</summary>
    public void AddText(SourceDocument source)
    {
        DerivedDocument document = DerivedDocument.Plain(source, source.Text!);
        if (Draw.OneIn(heldOut.DocumentsEvery, seed, "document", source.Id)) Documents.Add(document);
        else Train(document);
    }

    /// <summary>A record is a short document and a question-answer pair for each fact and phrasing that is not kept.</summary>
    public void AddRecord(SourceDocument source, RecordTemplates templates, string nameField)
    {
        RecordFields fields = source.Fields!;
        string Value(string field) => fields[field];

        string text = string.Join('\n', templates.Document.Where(line => !line.HasHole(Value)).Select(line => line.Render(Value)));
        if (!string.IsNullOrWhiteSpace(text)) Train(DerivedDocument.Plain(source, text));

        foreach (RecordTemplates.Question question in templates.Questions)
        {
            if (fields[question.Field].Length == 0 || question.Answer.HasHole(Value)) continue;
            string answer = question.Answer.Render(Value);
            List<(string Ask, string Question)> phrasings = Distinct(
                question.Ask.Where(ask => !ask.Template.HasHole(Value)).Select(ask => (ask.Text, ask.Template.Render(Value))));
            int keep = Math.Min(heldOut.PhrasingsPerFact, phrasings.Count - 1);
            HashSet<string> kept = [.. Drawn(phrasings, keep, source.Id, question.Field)];
            foreach ((string ask, string words) in phrasings)
            {
                if (kept.Contains(ask))
                    Facts.Add(new HeldOutQuestion(source.Id, source.Corpus, fields[nameField], question.Field, words, answer));
                else
                    Train(DerivedDocument.Pair(source, source.Name, words, answer));
            }
        }
    }

    /// <summary>Each name is asked about in some of the phrasings and refused, for training or to measure by.</summary>
    public void AddNames(SourceDocument source, IEnumerable<string> names, RecordTemplates templates, UnknownSpec unknown)
    {
        foreach (string name in names)
        {
            string answer = templates.Refusal!.Render(_ => name);
            bool keep = Draw.OneIn(unknown.HeldOutEvery, seed, "name", name);
            var phrasings = new List<(string Field, string Ask, string Question)>();
            foreach (RecordTemplates.Question question in templates.Questions)
                phrasings.AddRange(question.Ask.Select(ask => (question.Field, ask.Text, ask.Template.Render(_ => name))));

            var field = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var p in phrasings) field.TryAdd(p.Question, p.Field);
            List<(string Ask, string Question)> distinct = Distinct(phrasings.Select(p => (p.Ask, p.Question)));
            HashSet<string> chosen = [.. Drawn(distinct, unknown.PhrasingsPerName, "name", name)];
            foreach ((string ask, string words) in distinct.Where(p => chosen.Contains(p.Ask)))
            {
                if (keep) Refusals.Add(new HeldOutQuestion(source.Id, source.Corpus, name, field[words], words, answer));
                else Train(DerivedDocument.Pair(source, $"{source.Name}#{name}", words, answer));
            }
        }
    }

    private void Train(DerivedDocument document)
    {
        if (_trained.Add((document.Id, document.From))) Derived.Add(document);
    }

    // Two templates may come to the same words: kept in one and trained on in the other, the answer would be given away.
    private static List<(string Ask, string Question)> Distinct(IEnumerable<(string Ask, string Question)> phrasings) =>
        [.. phrasings.DistinctBy(p => p.Question, StringComparer.Ordinal)];

    // Drawn by a phrasing's own words, not by its place in the list.
    private IEnumerable<string> Drawn(List<(string Ask, string Question)> phrasings, int count, string about, string part) =>
        phrasings.OrderBy(p => Draw.Number(seed, "phrasing", about, part, p.Ask)).ThenBy(p => p.Ask, StringComparer.Ordinal)
            .Take(count).Select(p => p.Ask);
}
