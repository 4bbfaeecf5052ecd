using System.Runtime.CompilerServices;
using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Quantization;

/// <summary>
/// A tensor as a file stores it, used in place: blocks of its type, row after row, the last dimension being a row. Matrices are
/// [rows, columns]; the matrices of a mixture of experts are [experts, rows, columns].
/// </summary>
public sealed unsafe class StoredTensor
{
    private const int Alignment = 64;

    private readonly long[] _shape;
    private readonly MappedFile? _file;
    private readonly byte[]? _memory;       // pinned
    private readonly long _offset;          // of the first byte, in either

    private StoredTensor(string name, TensorType type, ReadOnlySpan<long> shape, MappedFile? file, byte[]? memory, long offset)
    {
        Name = name;
        Type = type;
        _shape = shape.ToArray();
        _file = file;
        _memory = memory;
        _offset = offset;
        (Rows, Columns, RowBytes) = Measure(type, shape);
    }

    /// <summary>The tensor's name, as in the file.</summary>
    public string Name { get; }

    /// <summary>How its numbers are written.</summary>
    public TensorType Type { get; }

    /// <summary>The dimensions, outermost first; a row is the last.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>The dimensions as text, such as <c>[16, 8]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", _shape)}]";

    /// <summary>The product of all dimensions but the last.</summary>
    public long Rows { get; }

    /// <summary>The last dimension.</summary>
    public int Columns { get; }

    /// <summary>Bytes of a row.</summary>
    public int RowBytes { get; }

    /// <summary>Numbers in all.</summary>
    public long Count => Rows * Columns;

    /// <summary>Bytes in all.</summary>
    public long ByteCount => Rows * RowBytes;

    /// <summary>The first byte. Valid while the file is open and this object is reachable.</summary>
    public byte* Pointer => _file is not null
        ? _file.Pointer(_offset, ByteCount)
        : (byte*)Unsafe.AsPointer(ref _memory![_offset]);

    /// <summary>A tensor in a mapped file, which must stay open as long as it is used.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">How its numbers are written.</param>
    /// <param name="shape">Its dimensions, outermost first; empty for a single number.</param>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where its first byte stands.</param>
    /// <exception cref="ArgumentException">The shape does not fit the type, or the tensor is not inside the file.</exception>
    public static StoredTensor InFile(string name, TensorType type, ReadOnlySpan<long> shape, MappedFile file, long offset)
    {
        var tensor = new StoredTensor(name, type, shape, file, null, offset);
        _ = tensor.Pointer;
        return tensor;
    }

    /// <summary>A tensor in memory of its own, made from numbers.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">How to write the numbers; <see cref="BlockFormat.CanWrite"/>.</param>
    /// <param name="shape">Its dimensions, outermost first.</param>
    /// <param name="values">As many numbers as the dimensions say.</param>
    /// <exception cref="ArgumentException">The shape does not fit the type or the numbers.</exception>
    public static StoredTensor FromSingles(string name, TensorType type, ReadOnlySpan<long> shape, ReadOnlySpan<float> values)
    {
        (long rows, int columns, int rowBytes) = Measure(type, shape);
        if (rows * columns != values.Length)
            throw new ArgumentException($"{values.Length:N0} numbers for {rows:N0} rows of {columns:N0}.", nameof(values));
        byte[] memory = GC.AllocateUninitializedArray<byte>(checked((int)((rows * rowBytes) + Alignment)), pinned: true);
        var start = (nint)Unsafe.AsPointer(ref memory[0]);
        var tensor = new StoredTensor(name, type, shape, null, memory, (Alignment - (start % Alignment)) % Alignment);
        for (int row = 0; row < rows; row++)
        {
            QuantizedRows.Quantize(type, values.Slice(row * columns, columns),
                new Span<byte>(tensor.Pointer + ((nint)row * rowBytes), rowBytes));
        }
        return tensor;
    }

    /// <summary>One matrix of several: the tensor at an index of the first dimension, in place.</summary>
    /// <param name="index">The index.</param>
    public StoredTensor Slice(int index)
    {
        if (_shape.Length < 2) throw new InvalidOperationException($"Tensor '{Name}' of shape {ShapeText} has no parts.");
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _shape[0]);
        return new StoredTensor(Name, Type, _shape.AsSpan(1), _file, _memory, _offset + (ByteCount / _shape[0] * index));
    }

    /// <summary>The bytes of a row, in place.</summary>
    /// <param name="row">The row.</param>
    public ReadOnlySpan<byte> Row(long row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        return new ReadOnlySpan<byte>(Pointer + (row * RowBytes), RowBytes);
    }

    /// <summary>Copies the bytes of rows, without touching the pages of a mapped file.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="into">Whole rows.</param>
    /// <exception cref="EndOfStreamException">The file has been cut short.</exception>
    public void CopyRows(long first, Span<byte> into)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(into.Length, (Rows - first) * RowBytes);
        if (_file is not null) _file.Read(_offset + (first * RowBytes), into);
        else new ReadOnlySpan<byte>(Pointer + (first * RowBytes), into.Length).CopyTo(into);
    }

    /// <summary>Reads a row as singles.</summary>
    /// <param name="row">The row.</param>
    /// <param name="into">[Columns]</param>
    public void ReadRow(long row, Span<float> into) => QuantizedRows.Dequantize(Type, Row(row), into[..Columns]);

    /// <summary>Reads all rows as singles.</summary>
    /// <param name="into">[Rows, Columns]</param>
    public void Read(Span<float> into)
    {
        if (into.Length != Count)
            throw new ArgumentException($"Room for {into.Length:N0} numbers, tensor '{Name}' has {Count:N0}.", nameof(into));
        for (long row = 0; row < Rows; row++) ReadRow(row, into[(int)(row * Columns)..]);
    }

    /// <summary>True when tensors of this type and shape can be held: whole blocks to a row, and rows of less than 2 GiB.</summary>
    /// <param name="type">How the numbers are written.</param>
    /// <param name="shape">The dimensions, outermost first; empty for a single number.</param>
    public static bool Fits(TensorType type, ReadOnlySpan<long> shape)
    {
        Int128 count = 1;
        foreach (long dimension in shape)
        {
            if (dimension < 0) return false;
            count *= dimension;
            if (count > long.MaxValue) return false;
        }
        long columns = shape.IsEmpty ? 1 : shape[^1];
        return columns <= int.MaxValue && BlockFormat.Of(type).BytesFor(columns) <= int.MaxValue
            && BlockFormat.Of(type).BytesFor((long)count) is not null;
    }

    private static (long Rows, int Columns, int RowBytes) Measure(TensorType type, ReadOnlySpan<long> shape)
    {
        if (!Fits(type, shape))
            throw new ArgumentException($"No {type} tensor has the shape [{string.Join(", ", shape.ToArray())}].", nameof(shape));
        long rows = 1;
        foreach (long dimension in shape[..Math.Max(0, shape.Length - 1)]) rows *= dimension;
        long columns = shape.IsEmpty ? 1 : shape[^1];
        return (rows, (int)columns, (int)BlockFormat.Of(type).BytesFor(columns)!.Value);
    }
}
