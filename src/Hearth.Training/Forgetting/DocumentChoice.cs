using Hearth.Data.Corpora;
using Hearth.Models;
using Hearth.Models.Formats;
using Hearth.Training.Runs;

namespace Hearth.Training.Forgetting;

/// <summary>Which document of a run a person means.</summary>
/// <param name="Document">The document; null when the run has none such.</param>
/// <param name="Problem">Why it can not be told which one is meant, and what to give instead; null when it can, or when what was named is
/// certainly no document of the run.</param>
public sealed record DocumentChoice(Material? Document, string? Problem)
{
    private const int ShortestId = 8;
    private const int MostListed = 10;

    /// <summary>Finds a document by its id, the beginning of one, its name, the end of its path, or the name of its record.</summary>
    /// <param name="given">What a person wrote.</param>
    /// <param name="documents">The run's documents.</param>
    public static DocumentChoice Of(string given, IReadOnlyList<Material> documents)
    {
        bool isId = given.Length >= ShortestId && given.All(char.IsAsciiHexDigitLower);
        Func<Material, bool>[] ways =
        [
            m => isId && m.Id.StartsWith(given, StringComparison.Ordinal),
            m => m.Name == given || $"{m.Corpus}/{m.Name}" == given,
            m => RecordName(m) == given,
            m => string.Equals(RecordName(m), given, StringComparison.OrdinalIgnoreCase),
            m => given.Replace('\\', '/').EndsWith("/" + m.Name, StringComparison.Ordinal),
        ];
        foreach (Func<Material, bool> fits in ways)
        {
            Material[] found = [.. documents.Where(fits)];
            if (found.Length == 1) return new DocumentChoice(found[0], null);
            if (found.Length > 1)
            {
                return new DocumentChoice(null,
                    $"'{given}' is the name of {found.Length:N0} documents: {Listed(found)}. Give one by its id.");
            }
        }
        if (Digest.IsDigest(given)) return new DocumentChoice(null, null);
        if (File.Exists(given)) return OfFile(given, documents);
        string hint = NearestName.Hint(given, documents.Select(m => RecordName(m) ?? m.Name));
        return new DocumentChoice(null,
            $"'{given}' is no document of this run.{hint} Give an id (or its first {ShortestId} digits), or a name as in materials.json; "
            + "--query TEXT lists the documents that hold a text.");
    }

    /// <summary>The documents whose text, fields or derived texts contain some words, upper case or lower.</summary>
    /// <param name="words">The words.</param>
    /// <param name="corpus">The documents.</param>
    public static IReadOnlyList<SourceDocument> Containing(string words, Corpus corpus)
    {
        bool Has(string? text) => text?.Contains(words, StringComparison.OrdinalIgnoreCase) == true;
        HashSet<string> derived = [.. corpus.Derived.Where(d => Has(d.Text) || Has(d.Question) || Has(d.Answer)).Select(d => d.From)];
        return [.. corpus.Sources.Where(s => derived.Contains(s.Id) || Has(s.Name) || Has(s.Text)
            || s.Fields?.Names.Any(f => Has(s.Fields[f])) == true)];
    }

    private static DocumentChoice OfFile(string path, IReadOnlyList<Material> documents)
    {
        string id = Digest.OfFile(path), name = Path.GetFileName(path);
        if (documents.FirstOrDefault(m => m.Id == id) is { } found) return new DocumentChoice(found, null);
        Material[] inside = [.. documents.Where(m => m.Name.StartsWith(name + "#", StringComparison.Ordinal)
            || m.Name.Contains($"/{name}#", StringComparison.Ordinal))];
        return inside.Length == 0
            ? new DocumentChoice(null, null)
            : new DocumentChoice(null, $"{path}: holds {inside.Length:N0} documents of this run: {Listed(inside)}. Give each one that is "
                + "meant.");
    }

    private static string? RecordName(Material m) => m.Name.IndexOf('#') is var at and >= 0 ? m.Name[(at + 1)..] : null;

    private static string Listed(Material[] documents) =>
        string.Join(", ", documents.Take(MostListed).Select(m => $"{m.Name} ({m.Id[..12]})"))
            + (documents.Length > MostListed ? ", ..." : "");
}
