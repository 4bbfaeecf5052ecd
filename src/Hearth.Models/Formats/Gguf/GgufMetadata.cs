using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Hearth.Models.Tokenizers;
using Hearth.Numerics;

namespace Hearth.Models.Formats.Gguf;

/// <summary>
/// The key-value pairs of a GGUF file. Opening the file checked that every value is whole; a value is read from the mapped file when it is
/// asked for, so a vocabulary takes no memory before. Not to be used after the file was closed.
/// </summary>
public sealed class GgufMetadata : ITokenizerMetadata
{
    /// <summary>The most values an array may have by default: more than any vocabulary.</summary>
    public const int MostValues = 1 << 22;

    private const int MostCopied = 256 << 20;
    private const int LongestText = 16 << 20;
    private const int MostKeys = 1 << 16;
    private const int LongestKey = (1 << 16) - 1;
    private const int MostKeyBytes = 8 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly SortedDictionary<string, (GgufType Type, long Offset)> _values = new(StringComparer.Ordinal);
    private readonly MappedFile _file;

    private GgufMetadata(MappedFile file) => _file = file;

    /// <summary>The keys, sorted (ordinal).</summary>
    public IReadOnlyCollection<string> Keys => _values.Keys;

    internal static GgufMetadata Read(MappedFile file, GgufReader reader, ulong count)
    {
        if (count > MostKeys)
            throw reader.Fail("the header", "", $"claims {count:N0} keys, expected at most {MostKeys:N0}. The file was altered.");
        var metadata = new GgufMetadata(file);
        int bytes = 0;
        for (ulong i = 0; i < count; i++)
        {
            string key = reader.Text(LongestKey, $"the name of key {i:N0}");
            if ((bytes += key.Length) > MostKeyBytes)
            {
                throw reader.Fail("the keys'", "", $"names take more than {MostKeyBytes:N0} bytes together. The file was altered.");
            }
            GgufType type = reader.Type(key);
            if (!metadata._values.TryAdd(key, (type, reader.Position)))
                throw reader.Fail("key", key, "stands in the file twice. The file was altered.");
            reader.Skip(type, key);
        }
        return metadata;
    }

    /// <summary>True when there is a value of that key.</summary>
    /// <param name="key">The key.</param>
    public bool Has(string key) => _values.ContainsKey(key);

    /// <summary>True when the key's value is an array.</summary>
    /// <param name="key">The key.</param>
    public bool IsArray(string key) => _values.TryGetValue(key, out var value) && value.Type == GgufType.Array;

    /// <summary>The type of a value, or of an array's values; null when there is no such key.</summary>
    /// <param name="key">The key.</param>
    public GgufType? TypeOf(string key)
    {
        if (!_values.TryGetValue(key, out var value)) return null;
        return value.Type == GgufType.Array ? At(value.Offset).ArrayHeader(key).Element : value.Type;
    }

    /// <summary>The number of values of an array.</summary>
    /// <param name="key">The key.</param>
    /// <exception cref="ModelFileException">There is no such key, or its value is no array.</exception>
    public long Length(string key) => Array(key, "an array").Count;

    /// <summary>A text.</summary>
    /// <param name="key">The key.</param>
    /// <param name="otherwise">What is given back when there is no such key; null to refuse that.</param>
    /// <exception cref="ModelFileException">The key is missing, or its value is no text.</exception>
    public string Text(string key, string? otherwise = null)
    {
        if (!_values.TryGetValue(key, out var value)) return otherwise ?? throw Missing(key, "a text");
        return value.Type == GgufType.String ? At(value.Offset).Text(LongestText, "key", key) : throw Bad(key, Describe(key), "a text");
    }

    /// <summary>A whole number, however the file writes it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="least">The least that makes sense.</param>
    /// <param name="most">The most that makes sense.</param>
    /// <param name="otherwise">What is given back when there is no such key; null to refuse that.</param>
    /// <exception cref="ModelFileException">The key is missing, or its value is another.</exception>
    public int Whole(string key, int least, int most, int? otherwise = null)
    {
        string expected = $"a whole number from {least:N0} to {most:N0}";
        if (!_values.TryGetValue(key, out var value)) return otherwise ?? throw Missing(key, expected);
        return Integer(value.Type, value.Offset, key) is { } number && number >= least && number <= most ? (int)number
            : throw Bad(key, Describe(key), expected);
    }

    /// <summary>A number, however the file writes it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="least">The least that makes sense.</param>
    /// <param name="most">The most that makes sense.</param>
    /// <param name="otherwise">What is given back when there is no such key; null to refuse that.</param>
    /// <exception cref="ModelFileException">The key is missing, or its value is another.</exception>
    public double Number(string key, double least, double most, double? otherwise = null)
    {
        string expected = $"a number from {least:G} to {most:G}";
        if (!_values.TryGetValue(key, out var value)) return otherwise ?? throw Missing(key, expected);
        return Float(value.Type, value.Offset, key) is { } number && number >= least && number <= most ? number
            : throw Bad(key, Describe(key), expected);
    }

    /// <summary>True or false.</summary>
    /// <param name="key">The key.</param>
    /// <param name="otherwise">What is given back when there is no such key; null to refuse that.</param>
    /// <exception cref="ModelFileException">The key is missing, or its value is another.</exception>
    public bool Flag(string key, bool? otherwise = null)
    {
        if (!_values.TryGetValue(key, out var value)) return otherwise ?? throw Missing(key, "true or false");
        return value.Type == GgufType.Bool ? At(value.Offset).Read<byte>("key", key) != 0 : throw Bad(key, Describe(key), "true or false");
    }

    /// <summary>An array of texts.</summary>
    /// <param name="key">The key.</param>
    /// <param name="most">The most values it may have.</param>
    /// <exception cref="ModelFileException">The key is missing, its value is another, or a text is not UTF-8.</exception>
    public string[] Texts(string key, int most = MostValues)
    {
        (GgufReader reader, _, int count) = Values(key, most, "an array of texts", t => t == GgufType.String);
        var texts = new string[count];
        for (int i = 0; i < count; i++)
        {
            try
            {
                texts[i] = StrictUtf8.GetString(reader.Bytes("key", key));
            }
            catch (DecoderFallbackException e)
            {
                throw new ModelFileException(_file.Path,
                    $"value {i:N0} of key '{Show.Name(key)}' is not valid UTF-8. The file was altered.", e);
            }
        }
        return texts;
    }

    /// <summary>An array of texts as the bytes that stand in the file, for vocabularies whose tokens are not whole characters.</summary>
    /// <param name="key">The key.</param>
    /// <param name="most">The most values it may have.</param>
    /// <exception cref="ModelFileException">The key is missing, or its value is another.</exception>
    public byte[][] ByteTexts(string key, int most = MostValues)
    {
        (GgufReader reader, _, int count) = Values(key, most, "an array of texts", t => t == GgufType.String);
        var texts = new byte[count][];
        for (int i = 0; i < count; i++) texts[i] = reader.Bytes("key", key).ToArray();
        return texts;
    }

    /// <summary>An array of whole numbers that fit 32 bits, or one such number as an array of one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="most">The most values it may have.</param>
    /// <exception cref="ModelFileException">The key is missing, or its value is another.</exception>
    public int[] Integers(string key, int most = MostValues) => Numbers<int>(key, most, "whole numbers that fit 32 bits",
        t => t is not (GgufType.Float32 or GgufType.Float64),
        (type, at) => Integer(type, at, key) is { } number && number == (int)number ? (int)number : null);

    /// <summary>An array of numbers, or one number as an array of one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="most">The most values it may have.</param>
    /// <exception cref="ModelFileException">The key is missing, or its value is another.</exception>
    public float[] Singles(string key, int most = MostValues) =>
        Numbers<float>(key, most, "numbers", _ => true, (type, at) => Float(type, at, key) is { } number ? (float)number : null);

    /// <summary>A value as one line of text for people: short, without control characters.</summary>
    /// <param name="key">The key, which must be there.</param>
    public string Describe(string key)
    {
        (GgufType type, long offset) = _values[key];
        if (type == GgufType.Array)
        {
            (GgufType element, long count) = At(offset).ArrayHeader(key);
            return $"an array of {count:N0} values of type {element}";
        }
        if (type == GgufType.String)
        {
            ReadOnlySpan<byte> bytes = At(offset).Bytes("key", key);
            return $"'{Show.Name(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 600)]))}'";
        }
        if (type == GgufType.Bool) return Flag(key) ? "true" : "false";
        if (type == GgufType.UInt64) return At(offset).Read<ulong>("key", key).ToString(CultureInfo.InvariantCulture);
        if (type == GgufType.Float32) return At(offset).Read<float>("key", key).ToString(CultureInfo.InvariantCulture);
        return Float(type, offset, key)?.ToString(CultureInfo.InvariantCulture) ?? "";
    }

    /// <summary>An error about a key, for a reader that knows more of what it should be.</summary>
    /// <param name="key">The key.</param>
    /// <param name="found">What was found.</param>
    /// <param name="expected">What was expected.</param>
    public ModelFileException Bad(string key, string found, string expected) =>
        new(_file.Path, $"key '{Show.Name(key)}' is {found}, expected {expected}. "
            + "The file was altered, or its model is of a kind that Hearth does not know.");

    /// <summary>Writes a value's type and its bytes as they stand in the file.</summary>
    internal void CopyValue(string key, IBufferWriter<byte> into)
    {
        (GgufType type, long offset) = _values[key];
        GgufReader reader = At(offset);
        reader.Skip(type, key);
        if (reader.Position - offset > MostCopied) throw Bad(key, $"{reader.Position - offset:N0} bytes long", $"at most {MostCopied:N0}");
        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(number, (uint)type);
        into.Write(number);
        into.Write(_file.Span(offset, (int)(reader.Position - offset)));
    }

    private ModelFileException Missing(string key, string expected) =>
        new(_file.Path, $"there is no key '{Show.Name(key)}', expected {expected}. "
            + "The file is of another kind, or was made by a program that left it out.");

    private GgufReader At(long offset) => new(_file) { Position = offset };

    private (GgufReader Reader, GgufType Element, long Count) Array(string key, string expected)
    {
        if (!_values.TryGetValue(key, out var value)) throw Missing(key, expected);
        if (value.Type != GgufType.Array) throw Bad(key, Describe(key), expected);
        GgufReader reader = At(value.Offset);
        (GgufType element, long count) = reader.ArrayHeader(key);
        return (reader, element, count);
    }

    private (GgufReader Reader, GgufType Element, int Count) Values(string key, int most, string expected, Func<GgufType, bool> accepts)
    {
        (GgufReader reader, GgufType element, long count) = Array(key, expected);
        if (!accepts(element)) throw Bad(key, Describe(key), expected);
        return count <= most ? (reader, element, (int)count) : throw Bad(key, $"an array of {count:N0} values", $"at most {most:N0}");
    }

    private T[] Numbers<T>(string key, int most, string expected, Func<GgufType, bool> accepts, Func<GgufType, long, T?> read)
        where T : struct
    {
        if (_values.TryGetValue(key, out var value) && value.Type != GgufType.Array)
        {
            return [accepts(value.Type) && read(value.Type, value.Offset) is { } one ? one : throw Bad(key, Describe(key), expected)];
        }
        (GgufReader reader, GgufType element, int count) =
            Values(key, most, "an array of " + expected, t => GgufTypes.Size(t) > 0 && accepts(t));
        var numbers = new T[count];
        for (int i = 0; i < count; i++)
        {
            numbers[i] = read(element, reader.Position + ((long)i * GgufTypes.Size(element)))
                ?? throw Bad(key, $"an array with another value at {i:N0}", "an array of " + expected);
        }
        return numbers;
    }

    private long? Integer(GgufType type, long at, string key)
    {
        GgufReader reader = At(at);
        return type switch
        {
            GgufType.UInt8 => reader.Read<byte>("key", key),
            GgufType.Int8 => reader.Read<sbyte>("key", key),
            GgufType.UInt16 => reader.Read<ushort>("key", key),
            GgufType.Int16 => reader.Read<short>("key", key),
            GgufType.UInt32 => reader.Read<uint>("key", key),
            GgufType.Int32 => reader.Read<int>("key", key),
            GgufType.UInt64 => reader.Read<ulong>("key", key) is <= long.MaxValue and ulong number ? (long)number : null,
            GgufType.Int64 => reader.Read<long>("key", key),
            GgufType.Bool => reader.Read<byte>("key", key),
            _ => null,
        };
    }

    private double? Float(GgufType type, long at, string key) => type switch
    {
        GgufType.Float32 => At(at).Read<float>("key", key),
        GgufType.Float64 => At(at).Read<double>("key", key),
        _ => Integer(type, at, key),
    };
}
