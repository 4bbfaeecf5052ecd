using System.Globalization;

namespace Hearth.Data.Corpora;

/// <summary>Why a document was left out.</summary>
public enum CorpusProblemKind
{
    /// <summary>Its bytes are not valid UTF-8.</summary>
    NotUtf8,
    /// <summary>It holds nothing but white space once it is read.</summary>
    Empty,
    /// <summary>Another document has the same bytes.</summary>
    Duplicate,
    /// <summary>It is larger than the bound.</summary>
    TooLarge,
    /// <summary>It is not well-formed JSON, or not an object.</summary>
    UnreadableJson,
    /// <summary>It is not a well-formed CSV row or header.</summary>
    UnreadableCsv,
    /// <summary>A row has more or fewer columns than the header.</summary>
    WrongColumnCount,
    /// <summary>It has no text in the field that should hold it.</summary>
    NoText,
    /// <summary>The field that names the record is empty.</summary>
    NoName,
    /// <summary>A file without records in a corpus of records.</summary>
    NotARecord,
    /// <summary>A file whose ending says nothing about how to read it.</summary>
    UnknownEnding,
    /// <summary>A file or folder whose name begins with a dot.</summary>
    Hidden,
    /// <summary>A symbolic link that leads outside the corpus's folder, or nowhere.</summary>
    OutsideLink,
    /// <summary>The operating system refused to read it.</summary>
    Unreadable,
}

/// <summary>One document that was left out.</summary>
/// <param name="Corpus">The corpus's name.</param>
/// <param name="Name">The document's or file's name within the corpus.</param>
/// <param name="Kind">Why it was left out.</param>
/// <param name="Line">The line of the file, from 1; null when the whole file is meant.</param>
/// <param name="Detail">What was found, in words.</param>
public sealed record CorpusProblem(string Corpus, string Name, CorpusProblemKind Kind, long? Line, string Detail)
{
    /// <summary>The problem on one line. Control characters, which a file's name may hold and a terminal obey, are shown as '?'.</summary>
    public override string ToString()
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{Corpus}: {Name}{(Line is { } line ? $":{line}" : "")}: {Detail}");
        return string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
    }
}

/// <summary>Everything that was left out, by name, and how many of each kind.</summary>
public sealed class CorpusReport
{
    /// <summary>The most problems listed by name for one corpus and kind; all are counted.</summary>
    public const int MostListed = 1000;

    private readonly List<CorpusProblem> _problems = [];
    private readonly Dictionary<(string Corpus, CorpusProblemKind Kind), long> _counts = [];

    /// <summary>The problems in the order the documents were read.</summary>
    public IReadOnlyList<CorpusProblem> Problems => _problems;

    /// <summary>How many documents were left out.</summary>
    public long Total => _counts.Values.Sum();

    /// <summary>How many documents were left out for one reason.</summary>
    /// <param name="kind">The reason.</param>
    public long Count(CorpusProblemKind kind) => _counts.Where(c => c.Key.Kind == kind).Sum(c => c.Value);

    /// <summary>How many documents of one corpus were left out for each reason that occurred, in the order of the reasons.</summary>
    /// <param name="corpus">The corpus's name.</param>
    public IReadOnlyList<(CorpusProblemKind Kind, long Count)> CountsOf(string corpus) =>
        [.. _counts.Where(c => c.Key.Corpus == corpus).OrderBy(c => c.Key.Kind).Select(c => (c.Key.Kind, c.Value))];

    internal void Add(string corpus, string name, CorpusProblemKind kind, long? line, string detail)
    {
        long count = _counts.GetValueOrDefault((corpus, kind)) + 1;
        _counts[(corpus, kind)] = count;
        if (count <= MostListed) _problems.Add(new CorpusProblem(corpus, name, kind, line, detail));
    }
}
