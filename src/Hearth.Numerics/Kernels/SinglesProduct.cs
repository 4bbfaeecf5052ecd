using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// y = x·Wᵀ for weights that are singles, or halves or BF16 widened exactly: the chain of <see cref="MatrixProduct"/>, one fused multiply-add
/// for each column, ascending, so that the bits are those of the same weights stored as F32. Weights lie in panels of 32 rows,
/// [panel][column][32].
/// </summary>
internal static unsafe class SinglesProduct
{
    private const int DepthBlock = 256;
    private const int RowBlock = 16 * Tiles.Rows;

    /// <summary>y = x·Wᵀ.</summary>
    public static void Multiply(WorkerPool pool, int n, float* x, PackedWeights w, float* y, int ldy)
    {
        int k = w.Columns, outputs = w.Rows;
        if (k == 0)
        {
            for (int i = 0; i < n; i++) new Span<float>(y + ((nint)i * ldy), outputs).Clear();
            return;
        }
        if (w.Storage == PackedStorage.Singles)
        {
            MatrixProduct.Multiply(pool, n, outputs, k, MatrixView.RowMajor(x, k), (float*)w.Panel(0), y, ldy, add: false);
            return;
        }
        pool.For(w.Panels, 1, Math.Max(1L, n / 4) * outputs * k / 8, (n, (nint)x, w, (nint)y, ldy), static (s, from, to) =>
        {
            (int n, nint x, PackedWeights w, nint y, int ldy) = s;
            if (n < Tiles.MiddleRows)
            {
                for (int p = from; p < to; p++) Few(n, (float*)x, w, p, (float*)y, ldy);
            }
            else
            {
                Many(n, (float*)x, w, from, to, (float*)y, ldy);
            }
        });
    }

    private static void Few(int n, float* x, PackedWeights w, int panel, float* y, int ldy)
    {
        float* edge = stackalloc float[Tiles.Columns];
        int column = panel * Tiles.Columns, columns = Math.Min(Tiles.Columns, w.Rows - column);
        for (int i = 0; i < n; i++)
        {
            float* into = y + ((nint)i * ldy) + column;
            One(w, panel, x + ((nint)i * w.Columns), columns == Tiles.Columns ? into : edge);
            if (columns < Tiles.Columns) new Span<float>(edge, columns).CopyTo(new Span<float>(into, columns));
        }
    }

    private static void Many(int n, float* x, PackedWeights w, int from, int to, float* y, int ldy)
    {
        int k = w.Columns;
        float* wide = Scratch.Rent(Scratch.Use.QuantizedProduct, DepthBlock * Tiles.Columns);
        float* packed = Scratch.Rent(Scratch.Use.MatrixProduct, RowBlock * DepthBlock);
        for (int start = 0; start < k; start += DepthBlock)
        {
            int depth = Math.Min(DepthBlock, k - start);
            for (int row = 0; row < n; row += RowBlock)
            {
                int rows = Math.Min(RowBlock, n - row);
                float* first = x + ((nint)row * k) + start;
                MatrixProduct.PackRows(first, MatrixView.RowMajor(first, k), rows, depth, packed);
                for (int p = from; p < to; p++)
                {
                    Widen(w.Storage, (ushort*)w.Panel(p) + ((nint)start * Tiles.Columns), depth, wide);
                    int column = p * Tiles.Columns;
                    MatrixProduct.Stripe(rows, Math.Min(Tiles.Columns, w.Rows - column), depth, packed, wide,
                        y + ((nint)row * ldy) + column, ldy, start > 0);
                }
            }
        }
    }

    /// <summary>One row of a panel as singles.</summary>
    public static void ReadRow(PackedStorage storage, byte* panel, int row, int columns, float* into)
    {
        for (nint k = 0; k < columns; k++)
        {
            nint at = (k * Tiles.Columns) + row;
            into[k] = storage switch
            {
                PackedStorage.Singles => ((float*)panel)[at],
                PackedStorage.Halves => Conversion.FromHalf(((ushort*)panel)[at]),
                _ => BitConverter.Int32BitsToSingle(((ushort*)panel)[at] << 16),
            };
        }
    }

    /// <summary>Columns of a panel as singles.</summary>
    private static void Widen(PackedStorage storage, ushort* from, int columns, float* into)
    {
        for (nint i = 0; i < (nint)columns * Tiles.Columns; i += Lanes.Count)
        {
            (storage == PackedStorage.Halves ? PanelWidening.Halves(from + i) : Upper(from + i)).Store(into + i);
        }
    }

    /// <summary>One row of x, bound by reading the weights.</summary>
    private static void One(PackedWeights w, int panel, float* x, float* y)
    {
        var b = (ushort*)w.Panel(panel);
        Vector512<float> left = Vector512<float>.Zero, right = Vector512<float>.Zero;
        if (w.Storage == PackedStorage.Halves)
        {
            for (float* end = x + w.Columns; x != end; x++, b += Tiles.Columns)
            {
                Vector512<float> a = Vector512.Create(*x);
                left = Vector512.FusedMultiplyAdd(a, PanelWidening.Halves(b), left);
                right = Vector512.FusedMultiplyAdd(a, PanelWidening.Halves(b + 16), right);
            }
        }
        else
        {
            for (float* end = x + w.Columns; x != end; x++, b += Tiles.Columns)
            {
                Vector512<float> a = Vector512.Create(*x);
                left = Vector512.FusedMultiplyAdd(a, Upper(b), left);
                right = Vector512.FusedMultiplyAdd(a, Upper(b + 16), right);
            }
        }
        left.Store(y);
        right.Store(y + 16);
    }

    /// <summary>Sixteen BF16 as singles: they are the upper halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Upper(ushort* at) => Vector512.ShiftLeft(PanelWidening.Integers(at), 16).AsSingle();
}
