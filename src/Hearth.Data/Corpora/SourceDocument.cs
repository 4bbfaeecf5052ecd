namespace Hearth.Data.Corpora;

/// <summary>What a source document is used as.</summary>
public enum SourceKind
{
    /// <summary>Text to read.</summary>
    Text,
    /// <summary>A record of named fields.</summary>
    Record,
    /// <summary>A list of names that no document is about.</summary>
    Names,
}

/// <summary>A document as it was given: the unit that is listed, traced and taken out again.</summary>
/// <param name="Id">SHA-256 of the document's bytes: of the file for a document that is a file; of the JSON value as it stands for an
/// element of an array or a line; of the canonical JSON object (RFC 8785 strings, header order) for a CSV row.</param>
/// <param name="Name">Path below the corpus's folder with '/' between folders; for one of many documents in a file, '#' and the record's
/// name or, where it has none, the digest's first twelve digits. Two documents may share a name, never an id.</param>
/// <param name="Corpus">The corpus's name.</param>
/// <param name="Source">Where it comes from, in words.</param>
/// <param name="Licence">The licence it is under.</param>
/// <param name="Length">How many bytes it has.</param>
/// <param name="Kind">What it is used as.</param>
/// <param name="Text">Its text with line ends as "\n", without byte order mark, front matter and tags; null for a record.</param>
/// <param name="Fields">A record's fields; null for others.</param>
public sealed record SourceDocument(
    string Id, string Name, string Corpus, string Source, string Licence, long Length, SourceKind Kind, string? Text, RecordFields? Fields);

/// <summary>The fields of a record in the order they were written.</summary>
public sealed class RecordFields
{
    private readonly Dictionary<string, string> _values;

    internal RecordFields(IReadOnlyList<(string Name, string Value)> fields)
    {
        Names = [.. fields.Select(f => f.Name)];
        _values = fields.ToDictionary(f => f.Name, f => f.Value, StringComparer.Ordinal);
    }

    /// <summary>The fields' names.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The field's value without white space around it; empty when the record has no such field.</summary>
    /// <param name="field">The field's name; a field inside an object is written <c>outer.inner</c>.</param>
    public string this[string field] => _values.TryGetValue(field, out string? value) ? value.Trim() : "";
}
