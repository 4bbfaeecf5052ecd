namespace Hearth.Data.Corpora;

/// <summary>How the files of a corpus are read.</summary>
public enum CorpusFormat
{
    /// <summary>By each file's ending.</summary>
    Auto,
    /// <summary>One document a file, as it stands.</summary>
    Text,
    /// <summary>One document a file, without its front matter.</summary>
    Markdown,
    /// <summary>One document a file, without its tags.</summary>
    Html,
    /// <summary>One JSON object is one document, a JSON array is many.</summary>
    Json,
    /// <summary>One JSON object a line, plain or compressed with gzip.</summary>
    JsonLines,
    /// <summary>One document a row under a header row (RFC 4180).</summary>
    Csv,
}

/// <summary>How long documents are meant to stay.</summary>
public enum DocumentTier
{
    /// <summary>For good: trained on from the first step, and the tokenizer is made from them.</summary>
    Permanent,
    /// <summary>Perhaps to be taken out again: trained on late, so that little has to be trained again without them.</summary>
    Revocable,
}

/// <summary>Documents that share a place, an origin and a way of being read.</summary>
/// <param name="Name">Unique within a recipe.</param>
/// <param name="Path">A file or a folder, relative to the recipe's folder.</param>
/// <param name="Format">How files are read.</param>
/// <param name="Include">Which files of a folder are read (see <see cref="Models.Formats.Glob"/>); empty means every file the format can read.</param>
/// <param name="Source">Where the documents come from, in words.</param>
/// <param name="Licence">The licence they are under.</param>
/// <param name="TextField">The field that holds the text of a JSON object or row when <paramref name="Records"/> is absent.</param>
/// <param name="MaxDocumentBytes">A document of more bytes is left out and reported.</param>
/// <param name="Where">Which records count; null means all.</param>
/// <param name="Records">How a record becomes what the model reads; null means every document is plain text.</param>
public sealed record CorpusSpec(
    string Name, string Path, CorpusFormat Format, ValueList<string> Include, string Source, string Licence,
    string TextField, long MaxDocumentBytes, WhereSpec? Where, RecordMapping? Records)
{
    /// <summary>A corpus with every other setting at its default.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="path">A file or a folder.</param>
    /// <param name="source">Where the documents come from.</param>
    /// <param name="licence">The licence they are under.</param>
    public CorpusSpec(string name, string path, string source, string licence)
        : this(name, path, CorpusFormat.Auto, [], source, licence, DefaultTextField, DefaultMaxDocumentBytes, null, null)
    {
    }

    /// <summary>How long its documents are meant to stay.</summary>
    public DocumentTier Tier { get; init; }
    /// <summary>Where the documents come from, as the model's papers tell it.</summary>
    public CorpusOrigin Origin { get; init; } = CorpusOrigin.None;

    /// <summary>The field most published corpora keep their text in.</summary>
    public const string DefaultTextField = "text";

    /// <summary>The bound, in bytes, on a document when the recipe states none: a long book has two million.</summary>
    public const long DefaultMaxDocumentBytes = 16 << 20;
}

/// <summary>Keeps the records whose field has one of the given values.</summary>
/// <param name="Field">The field looked at.</param>
/// <param name="AnyOf">The values kept, compared letter for letter.</param>
public sealed record WhereSpec(string Field, ValueList<string> AnyOf);

/// <summary>How one record becomes a short document and question-answer pairs.</summary>
/// <param name="NameField">The field that names the record.</param>
/// <param name="Document">Template of the document; null for none. A line with a field that is empty in the record is left out.</param>
/// <param name="Questions">The facts asked about.</param>
/// <param name="Unknown">Names the model learns to say it has nothing about; null for none.</param>
public sealed record RecordMapping(string NameField, string? Document, ValueList<QuestionSpec> Questions, UnknownSpec? Unknown);

/// <summary>One fact of a record, in several phrasings of the question and one of the answer.</summary>
/// <param name="Field">The field asked about; a record in which it is empty has no such fact.</param>
/// <param name="Ask">Templates of the question.</param>
/// <param name="Answer">Template of the answer.</param>
public sealed record QuestionSpec(string Field, ValueList<string> Ask, string Answer);

/// <summary>Names that are in no document, asked about in the phrasings that need nothing but a name.</summary>
/// <param name="Path">A text file, one name a line; a line that begins with # is a comment.</param>
/// <param name="Answer">Template of the refusal; only the name is known.</param>
/// <param name="PhrasingsPerName">How many phrasings each name is asked in.</param>
/// <param name="HeldOutEvery">One name in this many is kept for evaluation; 0 for none.</param>
public sealed record UnknownSpec(string Path, string Answer, int PhrasingsPerName, int HeldOutEvery);

/// <summary>What is kept from training to measure by. Every choice hangs on the document or fact alone, never on its neighbours.</summary>
/// <param name="PhrasingsPerFact">How many phrasings of each fact are kept; 0 for none.</param>
/// <param name="DocumentsEvery">One plain document in this many is kept; 0 for none. Records are not plain documents.</param>
public sealed record HeldOutSpec(int PhrasingsPerFact, int DocumentsEvery);
