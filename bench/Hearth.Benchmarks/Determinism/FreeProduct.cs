using System.Runtime.Intrinsics;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Benchmarks.Determinism;

/// <summary>The matrix product with its terms in other orders, as a library is free to choose them.</summary>
internal static unsafe class FreeProduct
{
    private const int Panel = 32;
    private const int Rows = 4;
    private const int DepthBlock = 256;
    private const int RowBlock = 192;

    [ThreadStatic]
    private static FloatBuffer? _packedRows;

    /// <summary>
    /// Every element is the sum of two chains, even terms and odd, in blocks of the shared index that are added up in c. Needs m and n multiples of
    /// 32, and k of 2. b is packed as for <see cref="MatrixProduct"/>.
    /// </summary>
    public static void TwoChains(WorkerPool pool, int m, int n, int k, MatrixView a, float* packed, float* c)
    {
        pool.For(m, Panel, (long)m * n * k, (row0, row1) =>
        {
            _packedRows ??= new FloatBuffer(RowBlock * DepthBlock, zeroed: false);
            float* rowsOfA = _packedRows.Pointer;
            for (int p = 0; p < k; p += DepthBlock)
            {
                int depth = Math.Min(DepthBlock, k - p);
                for (int i = row0; i < row1; i += RowBlock)
                {
                    int rows = Math.Min(RowBlock, row1 - i);
                    nint from = a.Data + (sizeof(float) * (((nint)i * a.RowStride) + ((nint)p * a.ColumnStride)));
                    MatrixProduct.Pack(WorkerPool.Alone, new MatrixView(from, a.ColumnStride, a.RowStride), depth, rows, rowsOfA);
                    for (int j = 0; j < n; j += Panel)
                    {
                        float* panel = packed + ((nint)j * k) + ((nint)p * Panel);
                        for (int r = 0; r < rows; r += Rows)
                        {
                            float* ar = rowsOfA + ((nint)(r / Panel * Panel) * depth) + (r % Panel);
                            Tile(depth, ar, panel, c + ((nint)(i + r) * n) + j, n, p > 0);
                        }
                    }
                }
            }
        });
    }

    /// <summary>Each thread multiplies its own part of the shared index; the partial products are added. <paramref name="partial"/> has room for one a thread.</summary>
    public static void SplitTerms(WorkerPool pool, int m, int n, int k, MatrixView a, MatrixView b, float* packed, float* partial, float* c)
    {
        nint size = (nint)m * n;
        pool.Run(t =>
        {
            int from = k * t / pool.Threads, count = (k * (t + 1) / pool.Threads) - from;
            float* into = packed + ((nint)from * ((n + Panel - 1) / Panel * Panel));
            var at = new MatrixView(a.Data + (sizeof(float) * (nint)from * a.ColumnStride), a.RowStride, a.ColumnStride);
            MatrixProduct.Pack(WorkerPool.Alone, new MatrixView(b.Data + (sizeof(float) * (nint)from * b.RowStride), b.RowStride, b.ColumnStride), count, n, into);
            MatrixProduct.Multiply(WorkerPool.Alone, m, n, count, at, into, t == 0 ? c : partial + ((t - 1) * size), n, add: false);
        });
        pool.For(m * n, 1024, size, (from, to) =>
        {
            var sum = new Span<float>(c + from, to - from);
            for (int t = 1; t < pool.Threads; t++) Elementwise.Add(sum, new ReadOnlySpan<float>(partial + ((t - 1) * size) + from, to - from), sum);
        });
    }

    private static void Tile(int k, float* a, float* b, float* c, int ldc, bool add)
    {
        Vector512<float> l0 = Vector512<float>.Zero, l1 = l0, l2 = l0, l3 = l0, r0 = l0, r1 = l0, r2 = l0, r3 = l0;
        Vector512<float> m0 = l0, m1 = l0, m2 = l0, m3 = l0, s0 = l0, s1 = l0, s2 = l0, s3 = l0;
        for (float* end = b + ((nint)k * Panel); b != end; b += 2 * Panel, a += 2 * Panel)
        {
            Vector512<float> left = Vector512.Load(b), right = Vector512.Load(b + 16), x;
            x = Vector512.Create(a[0]); l0 = Vector512.FusedMultiplyAdd(x, left, l0); r0 = Vector512.FusedMultiplyAdd(x, right, r0);
            x = Vector512.Create(a[1]); l1 = Vector512.FusedMultiplyAdd(x, left, l1); r1 = Vector512.FusedMultiplyAdd(x, right, r1);
            x = Vector512.Create(a[2]); l2 = Vector512.FusedMultiplyAdd(x, left, l2); r2 = Vector512.FusedMultiplyAdd(x, right, r2);
            x = Vector512.Create(a[3]); l3 = Vector512.FusedMultiplyAdd(x, left, l3); r3 = Vector512.FusedMultiplyAdd(x, right, r3);
            left = Vector512.Load(b + 32);
            right = Vector512.Load(b + 48);
            x = Vector512.Create(a[32]); m0 = Vector512.FusedMultiplyAdd(x, left, m0); s0 = Vector512.FusedMultiplyAdd(x, right, s0);
            x = Vector512.Create(a[33]); m1 = Vector512.FusedMultiplyAdd(x, left, m1); s1 = Vector512.FusedMultiplyAdd(x, right, s1);
            x = Vector512.Create(a[34]); m2 = Vector512.FusedMultiplyAdd(x, left, m2); s2 = Vector512.FusedMultiplyAdd(x, right, s2);
            x = Vector512.Create(a[35]); m3 = Vector512.FusedMultiplyAdd(x, left, m3); s3 = Vector512.FusedMultiplyAdd(x, right, s3);
        }
        Store(l0 + m0, r0 + s0, c, add);
        Store(l1 + m1, r1 + s1, c + ldc, add);
        Store(l2 + m2, r2 + s2, c + (2 * (nint)ldc), add);
        Store(l3 + m3, r3 + s3, c + (3 * (nint)ldc), add);
    }

    private static void Store(Vector512<float> left, Vector512<float> right, float* c, bool add)
    {
        if (add)
        {
            left += Vector512.Load(c);
            right += Vector512.Load(c + 16);
        }
        left.Store(c);
        right.Store(c + 16);
    }
}
