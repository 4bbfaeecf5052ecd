using System.Text.Json;

namespace Hearth.Models.Formats.Safetensors;

/// <summary>
/// Reads and checks a header (https://github.com/huggingface/safetensors, section Format): a JSON object of
/// <c>name: {dtype, shape, data_offsets}</c> whose byte ranges cover the data exactly once.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The reference implementation's limit.</summary>
    public const int MaxBytes = 100_000_000;

    /// <summary>The name that is not a tensor's: free text about the file.</summary>
    public const string MetadataName = "__metadata__";

    private const int MaxDimensions = 64;
    private const string Altered = "The file is cut short or was altered; copy or download it again.";

    private readonly string _path;
    private readonly long _dataStart;
    private readonly long _fileLength;

    private SafetensorsHeader(string path, long dataStart, long fileLength)
    {
        _path = path;
        _dataStart = dataStart;
        _fileLength = fileLength;
    }

    /// <summary>The tensors by name, sorted by ordinal.</summary>
    public SortedDictionary<string, SafetensorsEntry> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>The texts under <c>__metadata__</c>.</summary>
    public SortedDictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>The tensors in the order of their bytes.</summary>
    public SafetensorsEntry[] ByOffset { get; private set; } = [];

    /// <summary>Checks everything the header claims.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="json">The header's bytes, UTF-8.</param>
    /// <param name="dataStart">Where the data begin in the file.</param>
    /// <param name="fileLength">Where they must end.</param>
    public static SafetensorsHeader Parse(string path, ReadOnlySpan<byte> json, long dataStart, long fileLength)
    {
        var header = new SafetensorsHeader(path, dataStart, fileLength);
        var reader = new Utf8JsonReader(json);
        try
        {
            header.ReadTensors(ref reader);
        }
        // InvalidOperationException: a string holds bytes that are not UTF-8, or half of a surrogate pair.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFileException(path, $"the header is not valid JSON: {e.Message} {Altered}", e);
        }
        header.ByOffset = header.Entries.Values.OrderBy(e => e.Offset).ThenBy(e => e.ByteCount)
            .ThenBy(e => e.Name, StringComparer.Ordinal).ToArray();
        header.RequireFullCover();
        return header;
    }

    private void ReadTensors(ref Utf8JsonReader reader)
    {
        bool metadataSeen = false;
        Expect(ref reader, JsonTokenType.StartObject, "the header", "an object");
        while (Next(ref reader) != JsonTokenType.EndObject)
        {
            string name = reader.GetString()!;
            if (string.Equals(name, MetadataName, StringComparison.Ordinal))
            {
                if (metadataSeen) throw Fail($"the header has '{MetadataName}' twice. {Altered}");
                metadataSeen = true;
                ReadMetadata(ref reader);
            }
            else if (!Entries.TryAdd(name, ReadTensor(ref reader, name)))
            {
                throw Fail($"the header has tensor '{Show.Name(name)}' twice; names are unique. {Altered}");
            }
        }
        Next(ref reader);                                                        // throws on anything but white space
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, $"'{MetadataName}'", "an object of texts");
        while (Next(ref reader) != JsonTokenType.EndObject)
        {
            string key = reader.GetString()!;
            Expect(ref reader, JsonTokenType.String, $"'{MetadataName}', key '{Show.Name(key)}'", "a text");
            if (!Metadata.TryAdd(key, reader.GetString()!)) throw Fail($"'{MetadataName}' has key '{Show.Name(key)}' twice. {Altered}");
        }
    }

    private SafetensorsEntry ReadTensor(ref Utf8JsonReader reader, string name)
    {
        string what = $"tensor '{Show.Name(name)}'";
        SafetensorsType? type = null;
        int[]? shape = null;
        (long Begin, long End)? range = null;
        Expect(ref reader, JsonTokenType.StartObject, what, "an object with dtype, shape and data_offsets");
        while (Next(ref reader) != JsonTokenType.EndObject)
        {
            if (reader.ValueTextEquals("dtype"u8))
            {
                if (type is not null) throw Fail($"{what} has two dtypes. {Altered}");
                type = ReadType(ref reader, what);
            }
            else if (reader.ValueTextEquals("shape"u8))
            {
                if (shape is not null) throw Fail($"{what} has two shapes. {Altered}");
                shape = ReadShape(ref reader, what);
            }
            else if (reader.ValueTextEquals("data_offsets"u8))
            {
                if (range is not null) throw Fail($"{what} has data_offsets twice. {Altered}");
                range = ReadRange(ref reader, what);
            }
            else
            {
                reader.Skip();
            }
        }
        if (type is null || shape is null || range is null)
        {
            string missing = type is null ? "dtype" : shape is null ? "shape" : "data_offsets";
            throw Fail($"{what} has no {missing}; a tensor needs dtype, shape and data_offsets. {Altered}");
        }

        (long begin, long end) = range.Value;
        if (end < begin) throw Fail($"{what} ends at offset {end:N0}, before it begins at {begin:N0}. {Altered}");
        if (end > _fileLength - _dataStart)
        {
            throw Fail($"{what} claims {end - begin:N0} bytes at offset {begin:N0} of the data, but the data end at "
                + $"{_fileLength - _dataStart:N0}. {Altered}");
        }
        long? expected = type.ByteCount(shape);
        if (expected != end - begin)
        {
            string needs = expected is null ? "more bytes than can be counted, or not whole ones" : $"{expected:N0} bytes";
            throw Fail($"{what} is {type.Name} of shape {Show.Shape(shape)}, which takes {needs}, but data_offsets give it "
                + $"{end - begin:N0}. {Altered}");
        }
        return new SafetensorsEntry(name, type, shape, _dataStart + begin, end - begin);
    }

    private SafetensorsType ReadType(ref Utf8JsonReader reader, string what)
    {
        Expect(ref reader, JsonTokenType.String, $"{what}, dtype", "a text");
        string found = reader.GetString()!;
        return SafetensorsType.Find(found) ?? throw Fail(
            $"{what} has dtype '{Show.Name(found)}'; known are {string.Join(", ", SafetensorsType.All.Select(t => t.Name))}. "
            + "Convert the file with the program that made it.");
    }

    private int[] ReadShape(ref Utf8JsonReader reader, string what)
    {
        var shape = new List<int>();
        Expect(ref reader, JsonTokenType.StartArray, $"{what}, shape", "a list of whole numbers");
        while (Next(ref reader) != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out int dimension) || dimension < 0)
            {
                throw Fail($"{what}, dimension {shape.Count} of its shape is not a whole number from 0 to {int.MaxValue:N0}. {Altered}");
            }
            if (shape.Count == MaxDimensions) throw Fail($"{what} has more than {MaxDimensions} dimensions. {Altered}");
            shape.Add(dimension);
        }
        return [.. shape];
    }

    private (long Begin, long End) ReadRange(ref Utf8JsonReader reader, string what)
    {
        Expect(ref reader, JsonTokenType.StartArray, $"{what}, data_offsets", "two whole numbers");
        long begin = ReadOffset(ref reader, what), end = ReadOffset(ref reader, what);
        Expect(ref reader, JsonTokenType.EndArray, $"{what}, data_offsets", "two whole numbers");
        return (begin, end);
    }

    private long ReadOffset(ref Utf8JsonReader reader, string what)
    {
        Expect(ref reader, JsonTokenType.Number, $"{what}, data_offsets", "two whole numbers");
        return reader.TryGetInt64(out long offset) && offset >= 0
            ? offset
            : throw Fail($"{what}, data_offsets are not two whole numbers from 0 on. {Altered}");
    }

    /// <summary>Every byte of the data belongs to exactly one tensor, so nothing can hide in the file or be read twice.</summary>
    private void RequireFullCover()
    {
        long at = _dataStart;
        foreach (SafetensorsEntry e in ByOffset)
        {
            if (e.Offset != at)
            {
                string fault = e.Offset < at ? "overlaps the tensor before it" : "leaves a hole before it";
                throw Fail($"tensor '{Show.Name(e.Name)}' begins at offset {e.Offset - _dataStart:N0} of the data, where "
                    + $"{at - _dataStart:N0} was expected: it {fault}. {Altered}");
            }
            at += e.ByteCount;
        }
        if (at != _fileLength)
        {
            throw Fail($"the tensors end at byte {at:N0}, but the file ends at {_fileLength:N0}. {Altered}");
        }
    }

    private void Expect(ref Utf8JsonReader reader, JsonTokenType expected, string what, string description)
    {
        JsonTokenType found = Next(ref reader);
        if (found != expected) throw Fail($"{what} should be {description}, found {found}. {Altered}");
    }

    private static JsonTokenType Next(ref Utf8JsonReader reader) => reader.Read() ? reader.TokenType : JsonTokenType.None;

    private ModelFileException Fail(string problem) => new(_path, problem);
}
