using Hearth.Data;
using Hearth.Data.Corpora;

namespace Hearth.Training.Recipes;

/// <summary>The part of the schema that is about documents.</summary>
internal static class CorpusBinder
{
    public static CorpusSpec Bind(RecipeMap map, HeldOutSpec heldOut)
    {
        string name = map.Line("name", "1 to 64 letters without '='", IsName);
        string path = map.Line("path");
        CorpusFormat format = map.Choice("format", RecipeNames.Formats, CorpusFormat.Auto);
        ValueList<string> include = map.Lines("include", 0, 100);
        string source = map.Line("source");
        string licence = map.Line("licence");
        string textField = map.Line("textField", CorpusSpec.DefaultTextField);
        long maxDocumentBytes = map.Long("maxDocumentBytes", 1, 1 << 30, CorpusSpec.DefaultMaxDocumentBytes);
        DocumentTier tier = map.Choice("tier", RecipeNames.Tiers, DocumentTier.Permanent);
        WhereSpec? where = map.MapOrNull("where") is { } w ? Where(w) : null;
        RecordMapping? records = map.MapOrNull("records") is { } r ? Records(r, heldOut) : null;
        CorpusOrigin origin = DescriptionBinder.Origin(map.Map("origin", required: false));
        map.Close();
        return new CorpusSpec(name, path, format, include, source, licence, textField, maxDocumentBytes, where, records) { Tier = tier, Origin = origin };
    }

    // The command line writes name=path.
    private static bool IsName(string text) => text.Length is >= 1 and <= 64 && !text.Contains('=', StringComparison.Ordinal);

    private static WhereSpec Where(RecipeMap map)
    {
        var spec = new WhereSpec(map.Line("field"), map.Lines("equals", 1, 10_000, emptyToo: true));
        map.Close();
        return spec;
    }

    private static RecordMapping Records(RecipeMap map, HeldOutSpec heldOut)
    {
        string name = map.Line("name");
        string? document = map.Has("document") ? TemplateText(map, "document") : null;
        ValueList<QuestionSpec> questions = [.. map.Maps("questions", 0, 1000, required: false).Select(q => Question(q, heldOut))];
        UnknownSpec? unknown = map.MapOrNull("unknown") is { } u ? Unknown(u) : null;
        map.Check(document is not null || questions.Count > 0, "questions", "a document or questions to make of a record");
        map.Check(unknown is null || questions.Count > 0, "unknown", "questions beside it, to ask about the names in", "questions");
        map.Close();
        return new RecordMapping(name, document, questions, unknown);
    }

    private static QuestionSpec Question(RecipeMap map, HeldOutSpec heldOut)
    {
        string field = map.Line("field");
        ValueList<string> ask = map.Lines("ask", 1, 32);
        for (int i = 0; i < ask.Count && map.IsSound("ask"); i++) CheckTemplate(map.Value("ask").Items[i], ask[i]);
        map.Check(ask.Count > heldOut.PhrasingsPerFact, "ask",
            $"more than {heldOut.PhrasingsPerFact} phrasings: so many are kept from training (heldOut.phrasingsPerFact)");
        string answer = TemplateText(map, "answer");
        map.Close();
        return new QuestionSpec(field, ask, answer);
    }

    private static UnknownSpec Unknown(RecipeMap map)
    {
        string path = map.Line("path");
        string answer = TemplateText(map, "answer", "I do not have {name} in my documents.");
        var spec = new UnknownSpec(path, answer, map.Whole("phrasingsPerName", 1, 1024, 4), map.Whole("heldOutEvery", 0, int.MaxValue, 5));
        map.Check(spec.HeldOutEvery != 1, "heldOutEvery", "0, or 2 and more: 1 would keep every name from training");
        map.Close();
        return spec;
    }

    private static string TemplateText(RecipeMap map, string key, string? otherwise = null)
    {
        string text = map.Text(key, otherwise);
        if (map.IsSound(key)) CheckTemplate(map.Value(key), text);
        return text;
    }

    private static void CheckTemplate(RecipeNode node, string text)
    {
        if (Template.Parse(text, out string? problem) is null) node.Report($"found {problem}, expected fields as in {{name}}");
    }
}
