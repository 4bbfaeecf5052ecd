using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics;

/// <summary>What the memory of <see cref="PackedWeights"/> holds.</summary>
internal enum PackedStorage
{
    /// <summary>Integers and scales, as <see cref="PanelFormat"/> says.</summary>
    Quantized,

    /// <summary>IEEE half precision.</summary>
    Halves,

    /// <summary>BF16.</summary>
    Upper,

    /// <summary>Singles.</summary>
    Singles,
}

/// <summary>
/// A weight matrix [rows, columns], or several of one shape, as a file stores it, laid out for products: panels of 32 rows, the same integers
/// and scales in another order. Filled from the file's own bytes, a row at a time, by as many threads as there are, and never changed afterwards.
/// </summary>
public sealed unsafe class PackedWeights
{
    private readonly FloatBuffer _memory;
    private readonly nint _offset;
    private readonly CodeReader.Reader? _reader;
    private readonly BlockFormat _blocks;

    /// <summary>Memory for weights; they are undefined until <see cref="Pack"/> was called for all rows.</summary>
    /// <param name="type">How the file stores them.</param>
    /// <param name="matrices">Matrices: the experts of a mixture, else 1.</param>
    /// <param name="rows">Rows of a matrix: outputs.</param>
    /// <param name="columns">Columns: inputs.</param>
    /// <exception cref="ArgumentException">A row is not whole blocks of the type.</exception>
    public PackedWeights(TensorType type, int matrices, int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(matrices, 1);
        _blocks = BlockFormat.Of(type);
        if (_blocks.BytesFor(columns) is not { } rowBytes || rowBytes > int.MaxValue)
        {
            throw new ArgumentException($"A row of {columns:N0} numbers is not whole blocks of {_blocks.Elements} as {type} has them.", nameof(columns));
        }
        (Type, Matrices, Rows, Columns, RowBytes) = (type, matrices, rows, columns, (int)rowBytes);
        Panels = (rows + PanelFormat.Rows - 1) / PanelFormat.Rows;
        Format = PanelFormat.Of(type);
        Storage = StorageOf(type);
        _reader = Format is null ? null : CodeReader.Of(type);
        Code = Format is null ? null : QuantizedProduct.Choose(Format);
        PanelBytes = PanelBytesOf(type, columns);
        _memory = new FloatBuffer(checked((int)(((Int128)matrices * Panels * PanelBytes) / sizeof(float))), zeroed: false);
        for (int m = 1; m <= matrices && rows % PanelFormat.Rows != 0; m++) new Span<byte>(Panel((m * Panels) - 1), checked((int)PanelBytes)).Clear();
    }

    private PackedWeights(PackedWeights all, int matrix)
    {
        (Type, Matrices, Rows, Columns, RowBytes) = (all.Type, 1, all.Rows, all.Columns, all.RowBytes);
        (Panels, Format, Code, Storage, PanelBytes) = (all.Panels, all.Format, all.Code, all.Storage, all.PanelBytes);
        (_reader, _memory, _blocks) = (all._reader, all._memory, all._blocks);
        _offset = all._offset + (matrix * Panels * PanelBytes);
    }

    /// <summary>The bytes that weights of a file will take in memory.</summary>
    /// <param name="type">How the file stores them.</param>
    /// <param name="matrices">Matrices.</param>
    /// <param name="rows">Rows of a matrix.</param>
    /// <param name="columns">Columns.</param>
    public static long BytesFor(TensorType type, long matrices, long rows, int columns) =>
        matrices * ((rows + PanelFormat.Rows - 1) / PanelFormat.Rows) * PanelBytesOf(type, columns);

    /// <summary>How the file stores the weights.</summary>
    public TensorType Type { get; }

    /// <summary>Matrices of the shape.</summary>
    public int Matrices { get; }

    /// <summary>Rows of a matrix.</summary>
    public int Rows { get; }

    /// <summary>Columns of a matrix.</summary>
    public int Columns { get; }

    /// <summary>Bytes of a row in the file.</summary>
    public int RowBytes { get; }

    /// <summary>Bytes held in memory.</summary>
    public long Bytes => (long)Matrices * Panels * PanelBytes;

    /// <summary>True when products take activations as singles, false when they take them quantised.</summary>
    public bool TakesSingles => Format is null;

    internal PanelFormat? Format { get; }

    internal PanelCode? Code { get; }

    internal PackedStorage Storage { get; }

    internal int Panels { get; }

    internal nint PanelBytes { get; }

    internal byte* Panel(int panel) => (byte*)_memory.Pointer + _offset + (panel * PanelBytes);

    private static PackedStorage StorageOf(TensorType type) => PanelFormat.Of(type) is not null ? PackedStorage.Quantized : type switch
    {
        TensorType.F16 => PackedStorage.Halves,
        TensorType.BF16 => PackedStorage.Upper,
        _ => PackedStorage.Singles,
    };

    private static nint PanelBytesOf(TensorType type, int columns) => PanelFormat.Of(type) is { } format
        ? checked((nint)columns / (QuantizedActivations.Step * format.Steps) * format.BlockBytes)
        : checked((nint)columns * PanelFormat.Rows * (StorageOf(type) == PackedStorage.Singles ? sizeof(float) : sizeof(ushort)));

    /// <summary>One of the matrices, in the same memory.</summary>
    /// <param name="index">Which.</param>
    public PackedWeights Matrix(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Matrices);
        return Matrices == 1 ? this : new PackedWeights(this, index);
    }

    /// <summary>Packs all rows of all matrices.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="read">Gives the bytes of a row, counted over all matrices. Called from any thread; valid until the thread calls again.</param>
    public void PackAll(WorkerPool pool, Func<long, ReadOnlySpan<byte>> read) => pool.For(Matrices * Panels, 1, (from, to) =>
    {
        for (int p = from; p < to; p++)
        {
            int matrix = p / Panels, first = p % Panels * PanelFormat.Rows;
            for (int row = first; row < Math.Min(first + PanelFormat.Rows, Rows); row++) Pack(matrix, row, read(((long)matrix * Rows) + row));
        }
    });

    /// <summary>Packs one row. Different rows may be packed by different threads at the same time.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="row">The row in it.</param>
    /// <param name="bytes">The row as the file stores it.</param>
    /// <exception cref="ArgumentException">The row has another length.</exception>
    public void Pack(int matrix, int row, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        ArgumentOutOfRangeException.ThrowIfNegative(matrix);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(matrix, Matrices);
        if (bytes.Length != RowBytes) throw new ArgumentException($"A row of {bytes.Length:N0} bytes, expected {RowBytes:N0}.", nameof(bytes));
        byte* panel = Panel((matrix * Panels) + (row / PanelFormat.Rows));
        int lane = row % PanelFormat.Rows;
        if (Format is { } format)
        {
            var codes = default(BlockCodes);
            fixed (byte* from = bytes)
            {
                byte* x = from;
                for (int b = 0; b < Columns / _blocks.Elements; b++, x += _blocks.Bytes, panel += format.BlockBytes)
                {
                    _reader!(x, ref codes);
                    PanelWriter.Write(format, panel, lane, ref codes);
                }
            }
        }
        else if (Storage == PackedStorage.Singles)
        {
            var values = new float[Columns];
            QuantizedRows.Dequantize(Type, bytes, values);
            for (nint k = 0; k < Columns; k++) ((float*)panel)[(k * PanelFormat.Rows) + lane] = values[k];
        }
        else
        {
            fixed (byte* from = bytes)
            {
                for (nint k = 0; k < Columns; k++) ((ushort*)panel)[(k * PanelFormat.Rows) + lane] = ((ushort*)from)[k];
            }
        }
    }

    /// <summary>Reads a row back as singles, with the bits that the file's own reader gives.</summary>
    /// <param name="row">The row, counted over all matrices.</param>
    /// <param name="into">[Columns]</param>
    public void ReadRow(long row, Span<float> into)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, (long)Matrices * Rows);
        int matrix = (int)(row / Rows), lane = (int)(row % Rows) % PanelFormat.Rows;
        byte* panel = Panel((matrix * Panels) + ((int)(row % Rows) / PanelFormat.Rows));
        fixed (float* y = into[..Columns])
        {
            if (Format is not null) QuantizedProduct.ReadRow(Format, panel, lane, Columns, y);
            else SinglesProduct.ReadRow(Storage, panel, lane, Columns, y);
        }
    }
}
