using System.Text.Json;
using Hearth.Models;
using Hearth.Models.Formats;

namespace Hearth.Data.Corpora;

/// <summary>Reads one corpus into source documents: what can not be read is reported and left out.</summary>
internal sealed class CorpusReader(CorpusSpec spec, CorpusReport report)
{
    /// <summary>No file is read into memory whole beyond this many bytes, whatever the recipe says.</summary>
    public const long MostFileBytes = 512 << 20;

    private readonly List<SourceDocument> _documents = [];
    private readonly HashSet<string> _fieldNames = new(StringComparer.Ordinal);
    private readonly long _mostBytes = Math.Min(spec.MaxDocumentBytes, MostFileBytes);

    /// <summary>The names of all fields that any record has, in the order they were met, among them records that are not used.</summary>
    public List<string> Fields { get; } = [];

    /// <summary>How many records the corpus's <c>where</c> passed over.</summary>
    public long PassedOver { get; private set; }

    /// <summary>The documents in ordinal order of name, then id; copies are still among them.</summary>
    /// <exception cref="CorpusException">There is nothing at the path, or <c>where</c> looks at a field that no record has.</exception>
    public List<SourceDocument> Read(string path)
    {
        foreach (CorpusFile file in CorpusFolder.Files(spec, path, report))
        {
            int before = _documents.Count;
            try
            {
                ReadFile(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                _documents.RemoveRange(before, _documents.Count - before);
                Problem(file.Name, CorpusProblemKind.Unreadable, null, e.Message);
            }
        }
        if (spec.Where is { } where && Fields.Count > 0 && !_fieldNames.Contains(where.Field))
        {
            throw new CorpusException(spec.Name, $"'where' names the field '{where.Field}', which no record has." +
                $"{NearestName.Hint(where.Field, Fields)} The fields are: {Listed(Fields)}.");
        }
        _documents.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name) is var order and not 0 ? order : string.CompareOrdinal(a.Id, b.Id));
        return _documents;
    }

    private void ReadFile(CorpusFile file)
    {
        if (spec.Records is not null && file.Format is CorpusFormat.Text or CorpusFormat.Markdown or CorpusFormat.Html)
        {
            Problem(file.Name, CorpusProblemKind.NotARecord, null, "holds no records; a corpus with 'records' reads json, jsonl and csv");
            return;
        }
        if (file.Format == CorpusFormat.JsonLines)
        {
            ReadJsonLines(file);
            return;
        }

        bool holdsMany = file.Format is CorpusFormat.Json or CorpusFormat.Csv;
        long most = holdsMany ? MostFileBytes : _mostBytes;
        byte[]? bytes = BoundedFile.Bytes(file.Path, most);
        if (bytes is null) Problem(file.Name, CorpusProblemKind.TooLarge, null, TooLarge(new FileInfo(file.Path).Length, most));
        else if (bytes.Length == 0) Problem(file.Name, CorpusProblemKind.Empty, null, "holds nothing");
        else if (!System.Text.Unicode.Utf8.IsValid(bytes)) Problem(file.Name, CorpusProblemKind.NotUtf8, null, Utf8.Problem(bytes));
        else if (file.Format == CorpusFormat.Json) ReadJson(file, bytes);
        else if (file.Format == CorpusFormat.Csv) ReadCsv(file, Utf8.Text(bytes)!);
        else AddText(file.Name, Digest.Of(bytes), bytes.Length, Words(file.Format, Utf8.Text(bytes)!), null);
    }

    private static string Words(CorpusFormat format, string text) => format switch
    {
        CorpusFormat.Markdown => MarkdownText.WithoutFrontMatter(text),
        CorpusFormat.Html => HtmlText.Of(text),
        _ => text,
    };

    private void ReadJson(CorpusFile file, byte[] bytes)
    {
        byte[] json = bytes.AsSpan().StartsWith(Utf8.ByteOrderMark) ? bytes[Utf8.ByteOrderMark.Length..] : bytes;
        try
        {
            (List<JsonText.Slice> values, bool isArray) = JsonText.Values(json);
            if (isArray && values.Count == 0) Problem(file.Name, CorpusProblemKind.Empty, null, "an empty list");
            long line = 1;
            int at = 0;
            foreach (JsonText.Slice value in values)
            {
                line += json.AsSpan(at, value.Start - at).Count((byte)'\n');
                at = value.Start;
                ReadOnlyMemory<byte> element = json.AsMemory(value.Start, value.Length);
                if (isArray) AddJson(file, element, Digest.Of(element.Span), line);
                else AddJson(file, element, Digest.Of(bytes), null);
            }
        }
        catch (JsonException e)
        {
            Problem(file.Name, CorpusProblemKind.UnreadableJson, e.LineNumber + 1, JsonText.Problem(e));
        }
    }

    private void ReadJsonLines(CorpusFile file)
    {
        bool any = false;
        foreach ((long number, byte[]? bytes) in BoundedFile.Lines(file.Path, _mostBytes))
        {
            if (bytes is null)
            {
                any = true;
                Problem(file.Name, CorpusProblemKind.TooLarge, number, $"a line of more than {_mostBytes:N0} bytes");
                continue;
            }
            int start = number == 1 && bytes.AsSpan().StartsWith(Utf8.ByteOrderMark) ? Utf8.ByteOrderMark.Length : 0;
            ReadOnlyMemory<byte> line = bytes.AsMemory(start).Trim(" \t\r"u8);
            if (line.Length == 0) continue;
            any = true;
            if (System.Text.Unicode.Utf8.IsValid(line.Span)) AddJson(file, line, Digest.Of(line.Span), number);
            else Problem(file.Name, CorpusProblemKind.NotUtf8, number, Utf8.Problem(line.Span));
        }
        if (!any) Problem(file.Name, CorpusProblemKind.Empty, null, "holds nothing");
    }

    // A line is null for a file that is one document: it then bears the file's name alone.
    private void AddJson(CorpusFile file, ReadOnlyMemory<byte> json, string id, long? line)
    {
        if (json.Length > _mostBytes)
        {
            Problem(file.Name, CorpusProblemKind.TooLarge, line, TooLarge(json.Length, _mostBytes));
            return;
        }
        try
        {
            AddFields(file, JsonText.Fields(json), id, json.Length, line);
        }
        catch (JsonException e)
        {
            long? at = line is null ? e.LineNumber + 1 : line + (e.LineNumber ?? 0);
            Problem(file.Name, CorpusProblemKind.UnreadableJson, at, JsonText.Problem(e));
        }
    }

    private void ReadCsv(CorpusFile file, string text)
    {
        IReadOnlyList<string>? header = null;
        bool any = false;
        foreach (CsvRow row in CsvRows.Of(text))
        {
            if (header is null)
            {
                if (HeaderProblem(row) is { } problem)
                {
                    Problem(file.Name, CorpusProblemKind.UnreadableCsv, row.Line, problem);
                    return;
                }
                header = [.. row.Columns!.Select(c => c.Trim())];
                Meet(header);
                continue;
            }

            any = true;
            if (row.Columns is null)
            {
                Problem(file.Name, CorpusProblemKind.UnreadableCsv, row.Line, row.Problem!);
            }
            else if (row.Columns.Count != header.Count)
            {
                string found = row.Columns.Count > CsvRows.MostColumns ? $"more than {CsvRows.MostColumns:N0}" : $"{row.Columns.Count}";
                string detail = $"a row of {found} columns, the header has {header.Count}";
                Problem(file.Name, CorpusProblemKind.WrongColumnCount, row.Line, detail);
            }
            else
            {
                List<(string Name, string Value)> fields = [.. header.Zip(row.Columns)];
                byte[] bytes = JsonText.Canonical(fields);
                if (bytes.Length <= _mostBytes) AddFields(file, fields, Digest.Of(bytes), bytes.Length, row.Line);
                else Problem(file.Name, CorpusProblemKind.TooLarge, row.Line, TooLarge(bytes.Length, _mostBytes));
            }
        }
        if (!any) Problem(file.Name, CorpusProblemKind.Empty, null, header is null ? "holds nothing" : "a header without rows");
    }

    private static string? HeaderProblem(CsvRow row)
    {
        if (row.Columns is null) return row.Problem;
        if (row.Columns.Count > CsvRows.MostColumns) return $"a header of more than {CsvRows.MostColumns:N0} columns";
        string? twice = row.Columns.GroupBy(c => c.Trim(), StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1)?.Key;
        return twice is null ? null : $"a header with '{twice}' twice";
    }

    private void AddFields(CorpusFile file, List<(string Name, string Value)> fields, string id, long length, long? line)
    {
        Meet(fields.Select(f => f.Name));
        var record = new RecordFields(fields);
        if (spec.Where is { } where && !where.AnyOf.Contains(record[where.Field], StringComparer.Ordinal))
        {
            PassedOver++;
            return;
        }

        string unnamed = line is null ? file.Name : $"{file.Name}#{id[..12]}";
        if (spec.Records is null)
        {
            string? text = fields.Find(f => f.Name == spec.TextField).Value;
            if (text is not null)
            {
                AddText(unnamed, id, length, Utf8.PlainLineEnds(text), line);
                return;
            }
            string detail = $"has no text in a field '{spec.TextField}'; its fields are: {Listed([.. fields.Select(f => f.Name)])}";
            Problem(file.Name, CorpusProblemKind.NoText, line, detail);
            return;
        }
        string name = record[spec.Records.NameField];
        if (name.Length == 0)
        {
            Problem(file.Name, CorpusProblemKind.NoName, line, $"the field '{spec.Records.NameField}', which names the record, is empty");
            return;
        }
        _documents.Add(Source(line is null ? file.Name : $"{file.Name}#{name}", id, length, SourceKind.Record, null, record));
    }

    private void AddText(string name, string id, long length, string text, long? line)
    {
        if (string.IsNullOrWhiteSpace(text)) Problem(name, CorpusProblemKind.Empty, line, "holds no words");
        else _documents.Add(Source(name, id, length, SourceKind.Text, text, null));
    }

    private SourceDocument Source(string name, string id, long length, SourceKind kind, string? text, RecordFields? fields) =>
        new(id, name, spec.Name, spec.Source, spec.Licence, length, kind, text, fields);

    private void Meet(IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            if (_fieldNames.Add(name)) Fields.Add(name);
        }
    }

    private void Problem(string name, CorpusProblemKind kind, long? line, string detail) => report.Add(spec.Name, name, kind, line, detail);

    private static string TooLarge(long found, long most) => $"{found:N0} bytes, the bound is {most:N0} (maxDocumentBytes in the recipe)";

    /// <summary>Names for a message, not too many of them.</summary>
    public static string Listed(IReadOnlyList<string> names) => string.Join(", ", names.Take(40)) + (names.Count > 40 ? ", ..." : "");
}
