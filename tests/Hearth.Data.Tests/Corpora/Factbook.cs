using Hearth.Data.Corpora;

namespace Hearth.Data.Tests.Corpora;

/// <summary>The default recipe's corpus, its templates taken from the recipe line by line.</summary>
internal static class Factbook
{
    public static string Folder { get; } = Find();

    public static HeldOutSpec HeldOut { get; } = new(PhrasingsPerFact: 1, DocumentsEvery: 0);

    public static CorpusSpec Spec { get; } =
        new CorpusSpec("countries", "countries.csv", "CIA World Factbook", "Public domain") { Records = Mapping() };

    private static RecordMapping Mapping()
    {
        var document = new List<string>();
        var questions = new List<QuestionSpec>();
        string field = "";
        var ask = new List<string>();
        foreach (string line in File.ReadLines(Path.Combine(Folder, "recipe.yaml")).Select(l => l.Trim()).TakeWhile(l => l != "unknown:"))
        {
            if (line.StartsWith("- field: ", StringComparison.Ordinal)) field = line["- field: ".Length..];
            else if (line.StartsWith("- \"", StringComparison.Ordinal)) ask.Add(line[3..^1]);
            else if (line.Contains('{') && !line.StartsWith("answer: ", StringComparison.Ordinal)) document.Add(line);
            if (!line.StartsWith("answer: ", StringComparison.Ordinal)) continue;
            questions.Add(new QuestionSpec(field, [.. ask], line["answer: \"".Length..^1]));
            ask.Clear();
        }
        return new RecordMapping(
            "name", string.Join('\n', document) + "\n", [.. questions],
            new UnknownSpec("invented.txt", "I do not have {name} in my documents.", PhrasingsPerName: 4, HeldOutEvery: 5));
    }

    private static string Find()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string candidate = Path.Combine(at.FullName, "recipes", "factbook");
            if (Directory.Exists(candidate)) return candidate;
        }
        throw new DirectoryNotFoundException("recipes/factbook");
    }
}
