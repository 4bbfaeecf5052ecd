using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Hearth.Models.Formats.Gguf;

/// <summary>Key-value pairs to be written, in the order in which they are added.</summary>
public sealed class GgufKeyValues
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);

    /// <summary>How many there are.</summary>
    public int Count => _keys.Count;

    internal int Alignment { get; private set; } = GgufFile.DefaultAlignment;

    /// <summary>Adds a text.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The text.</param>
    public GgufKeyValues Add(string key, string value)
    {
        Begin(key, GgufType.String);
        Text(value);
        return this;
    }

    /// <summary>Adds an unsigned 32-bit number.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The number.</param>
    public GgufKeyValues Add(string key, uint value)
    {
        Begin(key, GgufType.UInt32);
        Number(value);
        if (key == GgufFile.AlignmentKey) Alignment = checked((int)value);
        return this;
    }

    /// <summary>Adds an unsigned 16-bit number.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The number.</param>
    public GgufKeyValues Add(string key, ushort value)
    {
        Begin(key, GgufType.UInt16);
        _bytes.Write([(byte)value, (byte)(value >> 8)]);
        return this;
    }

    /// <summary>Adds a signed 32-bit number.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The number.</param>
    public GgufKeyValues Add(string key, int value)
    {
        Begin(key, GgufType.Int32);
        Number((uint)value);
        return this;
    }

    /// <summary>Adds an unsigned 64-bit number.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The number.</param>
    public GgufKeyValues Add(string key, ulong value)
    {
        Begin(key, GgufType.UInt64);
        Number(value);
        return this;
    }

    /// <summary>Adds a single.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The number.</param>
    public GgufKeyValues Add(string key, float value)
    {
        Begin(key, GgufType.Float32);
        Number(BitConverter.SingleToUInt32Bits(value));
        return this;
    }

    /// <summary>Adds a truth value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    public GgufKeyValues Add(string key, bool value)
    {
        Begin(key, GgufType.Bool);
        _bytes.Write([value ? (byte)1 : (byte)0]);
        return this;
    }

    /// <summary>Adds an array of texts.</summary>
    /// <param name="key">The key.</param>
    /// <param name="values">The texts.</param>
    public GgufKeyValues Add(string key, IReadOnlyCollection<string> values)
    {
        BeginArray(key, GgufType.String, values.Count);
        foreach (string value in values) Text(value);
        return this;
    }

    /// <summary>Adds an array of signed 32-bit numbers.</summary>
    /// <param name="key">The key.</param>
    /// <param name="values">The numbers.</param>
    public GgufKeyValues Add(string key, IReadOnlyCollection<int> values)
    {
        BeginArray(key, GgufType.Int32, values.Count);
        foreach (int value in values) Number((uint)value);
        return this;
    }

    /// <summary>Adds an array of singles.</summary>
    /// <param name="key">The key.</param>
    /// <param name="values">The numbers.</param>
    public GgufKeyValues Add(string key, IReadOnlyCollection<float> values)
    {
        BeginArray(key, GgufType.Float32, values.Count);
        foreach (float value in values) Number(BitConverter.SingleToUInt32Bits(value));
        return this;
    }

    /// <summary>Adds a value as another file writes it.</summary>
    /// <param name="key">The key, which the file must have.</param>
    /// <param name="from">The file's values.</param>
    public GgufKeyValues Add(string key, GgufMetadata from)
    {
        if (!_keys.Add(key)) throw new ArgumentException($"Key '{Show.Name(key)}' is added twice.", nameof(key));
        Text(key);
        from.CopyValue(key, _bytes);
        if (key == GgufFile.AlignmentKey) Alignment = from.Whole(key, 1, int.MaxValue);
        return this;
    }

    internal ReadOnlySpan<byte> Bytes => _bytes.WrittenSpan;

    internal static void Write(IBufferWriter<byte> into, string text)
    {
        byte[] bytes = StrictUtf8.GetBytes(text);
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)bytes.Length);
        into.Write(length);
        into.Write(bytes);
    }

    private void Begin(string key, GgufType type)
    {
        if (!_keys.Add(key)) throw new ArgumentException($"Key '{Show.Name(key)}' is added twice.", nameof(key));
        Text(key);
        Number((uint)type);
    }

    private void BeginArray(string key, GgufType element, int count)
    {
        Begin(key, GgufType.Array);
        Number((uint)element);
        Number((ulong)count);
    }

    private void Text(string text) => Write(_bytes, text);

    private void Number(uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        _bytes.Write(bytes);
    }

    private void Number(ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _bytes.Write(bytes);
    }
}
