using System.Runtime.InteropServices;

namespace Hearth.Models.Formats.Safetensors;

/// <summary>A tensor to be written. It borrows its data, which must not change until the writing is done.</summary>
public sealed class SafetensorsTensor
{
    private const int PieceElements = 1 << 20;

    private readonly ReadOnlyMemory<float> _floats;
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly Action<Stream>? _write;

    /// <summary>A tensor of singles.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its dimensions, outermost first; empty for a single number.</param>
    /// <param name="data">Its elements, row-major: as many as the product of the dimensions.</param>
    /// <exception cref="ArgumentException">The shape and the data do not agree.</exception>
    public SafetensorsTensor(string name, ReadOnlySpan<int> shape, ReadOnlyMemory<float> data)
        : this(name, SafetensorsType.F32, shape, (long)data.Length * sizeof(float)) => _floats = data;

    /// <summary>A tensor of any type, given as the bytes that are to stand in the file.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">The type of its elements.</param>
    /// <param name="shape">Its dimensions, outermost first; empty for a single number.</param>
    /// <param name="data">Its elements, row-major and little-endian.</param>
    /// <exception cref="ArgumentException">The shape and the data do not agree.</exception>
    public SafetensorsTensor(string name, SafetensorsType type, ReadOnlySpan<int> shape, ReadOnlyMemory<byte> data)
        : this(name, type, shape, data.Length) => _bytes = data;

    /// <summary>A tensor of singles whose bytes are made when their turn comes.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its dimensions, outermost first.</param>
    /// <param name="write">Writes its elements, row-major and little-endian: exactly as many as the product of the dimensions.</param>
    /// <exception cref="ArgumentException">The shape has too many elements.</exception>
    public SafetensorsTensor(string name, ReadOnlySpan<int> shape, Action<Stream> write)
        : this(name, SafetensorsType.F32, shape, SafetensorsType.F32.ByteCount(shape) ?? -1) => _write = write;

    private SafetensorsTensor(string name, SafetensorsType type, ReadOnlySpan<int> shape, long byteCount)
    {
        foreach (int dimension in shape) ArgumentOutOfRangeException.ThrowIfNegative(dimension, nameof(shape));
        if (type.ByteCount(shape) is not { } expected || expected != byteCount)
        {
            throw new ArgumentException(
                $"Tensor '{Show.Name(name)}' is {type.Name} of shape {Show.Shape(shape)}; its data have {byteCount:N0} bytes.",
                nameof(shape));
        }
        Name = name;
        Type = type;
        Shape = shape.ToArray();
        ByteCount = byteCount;
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>The type of its elements.</summary>
    public SafetensorsType Type { get; }

    /// <summary>Its dimensions, outermost first.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>The bytes it takes in the file.</summary>
    public long ByteCount { get; }

    internal void WriteData(Stream stream)
    {
        _write?.Invoke(stream);
        stream.Write(_bytes.Span);
        for (int i = 0; i < _floats.Length; i += PieceElements)
        {
            stream.Write(MemoryMarshal.AsBytes(_floats.Span.Slice(i, Math.Min(PieceElements, _floats.Length - i))));
        }
    }
}
