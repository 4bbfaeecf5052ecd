using Hearth.Numerics.Kernels;
using Hearth.Numerics.Tests.Manifest;
using Shouldly;
using Xunit;

namespace Hearth.Numerics.Tests.BitContract;

/// <summary>An element of a product is one chain of fused multiply-adds over k, ascending, whatever computes it.</summary>
public sealed unsafe class MatrixProductBitTests
{
    private static readonly int[] Heights = [1, 2, 3, 4, 5, 11, 12, 13, 16, 23, 25, 47, 97, 193];
    private static readonly int[] Widths = [1, 15, 16, 31, 32, 33, 64, 97];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 2)]
    [InlineData(64, 3)]
    [InlineData(255, 7)]
    [InlineData(256, 1)]
    [InlineData(257, 2)]
    [InlineData(515, 3)]
    public void A_product_is_a_scalar_chain_of_fused_multiply_adds(int k, int threads)
    {
        using var pool = new WorkerPool(threads);
        var inputs = new Inputs((ulong)k);
        int most = k > 300 ? 25 : int.MaxValue;
        foreach (int m in Heights.Where(h => h <= most))
        {
            foreach (int n in Widths)
            {
                float[] a = inputs.Spread(m * k), b = inputs.Spread(k * n), before = inputs.Spread(m * n);
                Product(pool, m, n, k, a, b, before, add: false).ShouldHaveBits(Chain(m, n, k, a, b, new float[m * n]), $"{m} x {n} x {k}");
                Product(pool, m, n, k, a, b, before, add: true).ShouldHaveBits(Chain(m, n, k, a, b, before), $"{m} x {n} x {k}, added");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Transposed_operands_and_wide_strides_change_nothing(int threads)
    {
        using var pool = new WorkerPool(threads);
        var inputs = new Inputs(7);
        foreach ((int m, int n, int k) in ((int, int, int)[])[(1, 40, 9), (5, 33, 300), (30, 31, 18), (200, 70, 3)])
        {
            float[] a = inputs.Spread(m * k), b = inputs.Spread(k * n), expected = Chain(m, n, k, a, b, new float[m * n]);
            int lda = k + 3, ldaT = m + 5, ldb = n + 2, ldbT = k + 7, ldc = n + 4;
            FloatBuffer aWide = Spaced(a, m, k, lda), bWide = Spaced(b, k, n, ldb);
            FloatBuffer aTransposed = Spaced(Transpose(a, m, k), k, m, ldaT), bTransposed = Spaced(Transpose(b, k, n), n, k, ldbT);
            foreach (MatrixView aView in (MatrixView[])[MatrixView.RowMajor(aWide.Pointer, lda),
                MatrixView.RowMajor(aTransposed.Pointer, ldaT).Transposed])
            {
                foreach (MatrixView bView in (MatrixView[])[MatrixView.RowMajor(bWide.Pointer, ldb),
                    MatrixView.RowMajor(bTransposed.Pointer, ldbT).Transposed])
                {
                    FloatBuffer packed = Memory.Unwritten(MatrixProduct.PackedLength(k, n)), c = Memory.Unwritten(m * ldc);
                    MatrixProduct.Pack(pool, bView, k, n, packed.Pointer);
                    MatrixProduct.Multiply(pool, m, n, k, aView, packed.Pointer, c.Pointer, ldc, add: false);
                    for (int i = 0; i < m; i++)
                    {
                        c.Span.Slice(i * ldc, n).ShouldHaveBits(expected.AsSpan(i * n, n), $"row {i} of {m} x {n} x {k}");
                        c.Span.Slice((i * ldc) + n, ldc - n).ToArray().ShouldAllBe(x => float.IsNaN(x),
                            "numbers beside the product were written");
                    }
                }
            }
            GC.KeepAlive((aWide, aTransposed, bWide, bTransposed));
        }
    }

    [Fact]
    public void A_row_alone_has_the_bits_it_has_among_others()
    {
        using var pool = new WorkerPool(2);
        var inputs = new Inputs(8);
        const int m = 131, n = 75, k = 270;
        float[] a = inputs.Spread(m * k), b = inputs.Spread(k * n), all = Product(pool, m, n, k, a, b, new float[m * n], add: false);
        for (int i = 0; i < m; i += 13)
        {
            Product(pool, 1, n, k, a[(i * k)..((i + 1) * k)], b, new float[n], add: false).ShouldHaveBits(all.AsSpan(i * n, n), $"row {i}");
        }
    }

    private static float[] Chain(int m, int n, int k, float[] a, float[] b, float[] start)
    {
        float[] c = [.. start];
        for (int i = 0; i < m; i++)
            for (int p = 0; p < k; p++)
                for (int j = 0; j < n; j++) c[(i * n) + j] = MathF.FusedMultiplyAdd(a[(i * k) + p], b[(p * n) + j], c[(i * n) + j]);
        return c;
    }

    private static float[] Product(WorkerPool pool, int m, int n, int k, float[] aValues, float[] bValues, float[] before, bool add)
    {
        FloatBuffer a = Memory.Of(aValues), b = Memory.Of(bValues), c = Memory.Of(before),
            packed = Memory.Unwritten(MatrixProduct.PackedLength(k, n));
        MatrixProduct.Pack(pool, MatrixView.RowMajor(b.Pointer, n), k, n, packed.Pointer);
        MatrixProduct.Multiply(pool, m, n, k, MatrixView.RowMajor(a.Pointer, k), packed.Pointer, c.Pointer, n, add);
        GC.KeepAlive((a, b, packed));
        return c.Span.ToArray();
    }

    private static float[] Transpose(float[] x, int rows, int columns)
    {
        var y = new float[x.Length];
        for (int i = 0; i < x.Length; i++) y[(i % columns * rows) + (i / columns)] = x[i];
        return y;
    }

    private static FloatBuffer Spaced(float[] x, int rows, int columns, int stride)
    {
        FloatBuffer buffer = Memory.Unwritten(rows * stride);
        for (int i = 0; i < rows; i++) x.AsSpan(i * columns, columns).CopyTo(buffer.Span[(i * stride)..]);
        return buffer;
    }
}
