using Hearth.Models.Formats;

namespace Hearth.Data.Corpora;

/// <summary>The list of names that no document is about.</summary>
/// <param name="Source">The list as a source document.</param>
/// <param name="Names">The names, in the list's order, each once.</param>
internal sealed record UnknownNames(SourceDocument Source, IReadOnlyList<string> Names)
{
    /// <summary>Reads the list; a name written twice is reported.</summary>
    /// <exception cref="CorpusException">The file is missing, broken, too large or holds no name.</exception>
    public static UnknownNames Read(CorpusSpec spec, string path, CorpusReport report)
    {
        string what = $"the list of unknown names '{path}'";
        byte[]? bytes;
        try
        {
            bytes = BoundedFile.Bytes(path, Math.Min(spec.MaxDocumentBytes, CorpusReader.MostFileBytes));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CorpusException(spec.Name, $"{what} can not be read: {e.Message} Correct 'unknown.path'.", e);
        }
        if (bytes is null) throw new CorpusException(spec.Name, $"{what} is larger than maxDocumentBytes.");
        string text = Utf8.Text(bytes)
            ?? throw new CorpusException(spec.Name, $"{what} is {Utf8.Problem(bytes)}. Save it as UTF-8.");

        string file = Path.GetFileName(path);
        var names = new List<string>();
        var known = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        long line = 0;
        foreach (string name in text.Split('\n').Select(l => l.Trim()))
        {
            line++;
            if (name.Length == 0 || name[0] == '#') continue;
            if (known.Add(name)) names.Add(name);
            else report.Add(spec.Name, file, CorpusProblemKind.Duplicate, line, $"the name '{name}' is in the list already");
        }
        if (names.Count == 0)
            throw new CorpusException(spec.Name, $"{what} holds no name. Write one a line, or leave 'unknown' out.");
        var source = new SourceDocument(
            Digest.Of(bytes), file, spec.Name, spec.Source, spec.Licence, bytes.Length, SourceKind.Names, text, null);
        return new UnknownNames(source, names);
    }

    /// <summary>Refuses a list that calls unknown what a record is about.</summary>
    /// <exception cref="CorpusException">A name is that of a record; letter case counts for nothing.</exception>
    public void RequireNoneOf(CorpusSpec spec, IEnumerable<string> recordNames)
    {
        var used = new HashSet<string>(recordNames, StringComparer.OrdinalIgnoreCase);
        List<string> clashes = [.. Names.Where(used.Contains)];
        if (clashes.Count == 0) return;
        string listed = string.Join(", ", clashes.Take(20)) + (clashes.Count > 20 ? $" and {clashes.Count - 20} more" : "");
        throw new CorpusException(spec.Name,
            $"'{Source.Name}' lists as unknown what records are about: {listed}. Take these names off the list, or the records out.");
    }
}
