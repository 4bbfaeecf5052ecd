using System.Runtime.InteropServices;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Formats;

/// <summary>Streams the rows of a tensor, a few megabytes at a time, in another type.</summary>
internal static class TensorRows
{
    private const int PieceBytes = 8 << 20;

    /// <summary>Fills rows [from, from + rows) of a tensor, as singles, row after row.</summary>
    public delegate void Source(long from, int rows, float[] into);

    /// <summary>The rows of a stored tensor.</summary>
    public static Source Of(StoredTensor tensor) => (from, rows, into) =>
    {
        for (int i = 0; i < rows; i++) tensor.ReadRow(from + i, into.AsSpan(i * tensor.Columns, tensor.Columns));
    };

    /// <summary>Writes rows in a type.</summary>
    /// <param name="file">The file that is written, for errors.</param>
    /// <param name="name">The tensor, for errors.</param>
    /// <param name="rows">How many.</param>
    /// <param name="columns">Numbers in each.</param>
    /// <param name="source">Where they come from.</param>
    /// <param name="type">How to write them.</param>
    /// <param name="stream">Where to.</param>
    /// <param name="pool">The threads that quantise.</param>
    /// <exception cref="ModelFileException">A number is not finite, and the type has no way to write it.</exception>
    public static void Write(string file, string name, long rows, int columns, Source source, TensorType type, Stream stream,
        WorkerPool pool)
    {
        int rowBytes = (int)BlockFormat.Of(type).BytesFor(columns)!.Value;
        int most = (int)Math.Clamp(PieceBytes / ((long)columns * sizeof(float)), 1, rows);
        float[] singles = new float[most * (long)columns];
        byte[] bytes = new byte[most * (long)rowBytes];
        for (long row = 0; row < rows; row += most)
        {
            int count = (int)Math.Min(most, rows - row);
            source(row, count, singles);
            if (BlockFormat.Of(type).Elements > 1) RequireFinite(file, name, singles.AsSpan(0, count * columns));
            pool.For(count, 1, (from, to) =>
            {
                for (int i = from; i < to; i++) QuantizedRows.Quantize(type, singles.AsSpan(i * columns, columns),
                    bytes.AsSpan(i * rowBytes, rowBytes));
            });
            stream.Write(bytes.AsSpan(0, count * rowBytes));
        }
    }

    private static void RequireFinite(string file, string name, ReadOnlySpan<float> numbers)
    {
        const uint infinity = 0x7F80_0000;
        foreach (uint bits in MemoryMarshal.Cast<float, uint>(numbers))
        {
            if ((bits & infinity) != infinity) continue;
            throw new ModelFileException(file,
                $"tensor '{Show.Name(name)}' holds a number that is not finite, which only F32, F16 and BF16 can write. "
                + "The model is damaged; train or download it again.");
        }
    }
}
