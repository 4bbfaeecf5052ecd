using System.Runtime.Intrinsics;
using Hearth.Numerics;

namespace Hearth.Benchmarks.MatrixProducts;

/// <summary>
/// Order A, which was tried and not chosen: c[i][j] is one sixteen-lane chain over the shared index (lane l takes l, l + 16, ...), then the fixed
/// tree of <see cref="Lanes.Sum"/>. a is [m, k] and b is [n, k], both row-major, so a weight matrix is read as its file stores it.
/// A tile of 6 × 4 elements fills the registers of AVX-512.
/// </summary>
internal static unsafe class LaneOrder
{
    private const int Rows = 6;
    private const int Columns = 4;
    private const int ColumnBlock = 64;                                          // rows of b that stay in a cache while all rows of a pass

    /// <summary>k is a multiple of 16, n of 4.</summary>
    public static void Multiply(WorkerPool pool, int m, int n, int k, float* a, float* b, float* c)
    {
        if (m == 1)
        {
            pool.For(n, Columns, (long)n * k, (from, to) => OneRow(from, to, k, a, b, c));
            return;
        }
        pool.For(m, Rows, (long)m * n * k, (from, to) =>
        {
            for (int block = 0; block < n; block += ColumnBlock)
            {
                int end = Math.Min(block + ColumnBlock, n), i = from;
                for (; i + Rows <= to; i += Rows)
                {
                    for (int j = block; j < end; j += Columns) Tile(k, a + ((nint)i * k), b + ((nint)j * k), c + ((nint)i * n) + j, n);
                }
                for (; i < to; i++) OneRow(block, end, k, a + ((nint)i * k), b, c + ((nint)i * n));
            }
        });
    }

    private static void OneRow(int from, int to, int k, float* a, float* b, float* c)
    {
        for (int j = from; j < to; j += Columns)
        {
            float* b0 = b + ((nint)j * k), b1 = b0 + k, b2 = b1 + k, b3 = b2 + k;
            Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
            for (int p = 0; p < k; p += Lanes.Count)
            {
                Vector512<float> x = Vector512.Load(a + p);
                s0 = Vector512.FusedMultiplyAdd(x, Vector512.Load(b0 + p), s0);
                s1 = Vector512.FusedMultiplyAdd(x, Vector512.Load(b1 + p), s1);
                s2 = Vector512.FusedMultiplyAdd(x, Vector512.Load(b2 + p), s2);
                s3 = Vector512.FusedMultiplyAdd(x, Vector512.Load(b3 + p), s3);
            }
            c[j] = Lanes.Sum(s0);
            c[j + 1] = Lanes.Sum(s1);
            c[j + 2] = Lanes.Sum(s2);
            c[j + 3] = Lanes.Sum(s3);
        }
    }

    private static void Tile(int k, float* a, float* b, float* c, int ldc)
    {
        Vector512<float> s00 = Vector512<float>.Zero, s01 = s00, s02 = s00, s03 = s00, s10 = s00, s11 = s00, s12 = s00, s13 = s00;
        Vector512<float> s20 = s00, s21 = s00, s22 = s00, s23 = s00, s30 = s00, s31 = s00, s32 = s00, s33 = s00;
        Vector512<float> s40 = s00, s41 = s00, s42 = s00, s43 = s00, s50 = s00, s51 = s00, s52 = s00, s53 = s00;
        nint k2 = 2 * (nint)k, k3 = 3 * (nint)k;
        float* a3 = a + k3;
        for (float* end = a + k; a != end; a += Lanes.Count, a3 += Lanes.Count, b += Lanes.Count)
        {
            Vector512<float> y0 = Vector512.Load(b), y1 = Vector512.Load(b + k), y2 = Vector512.Load(b + k2), y3 = Vector512.Load(b + k3), x;
            x = Vector512.Load(a);
            s00 = Vector512.FusedMultiplyAdd(x, y0, s00); s01 = Vector512.FusedMultiplyAdd(x, y1, s01);
            s02 = Vector512.FusedMultiplyAdd(x, y2, s02); s03 = Vector512.FusedMultiplyAdd(x, y3, s03);
            x = Vector512.Load(a + k);
            s10 = Vector512.FusedMultiplyAdd(x, y0, s10); s11 = Vector512.FusedMultiplyAdd(x, y1, s11);
            s12 = Vector512.FusedMultiplyAdd(x, y2, s12); s13 = Vector512.FusedMultiplyAdd(x, y3, s13);
            x = Vector512.Load(a + k2);
            s20 = Vector512.FusedMultiplyAdd(x, y0, s20); s21 = Vector512.FusedMultiplyAdd(x, y1, s21);
            s22 = Vector512.FusedMultiplyAdd(x, y2, s22); s23 = Vector512.FusedMultiplyAdd(x, y3, s23);
            x = Vector512.Load(a3);
            s30 = Vector512.FusedMultiplyAdd(x, y0, s30); s31 = Vector512.FusedMultiplyAdd(x, y1, s31);
            s32 = Vector512.FusedMultiplyAdd(x, y2, s32); s33 = Vector512.FusedMultiplyAdd(x, y3, s33);
            x = Vector512.Load(a3 + k);
            s40 = Vector512.FusedMultiplyAdd(x, y0, s40); s41 = Vector512.FusedMultiplyAdd(x, y1, s41);
            s42 = Vector512.FusedMultiplyAdd(x, y2, s42); s43 = Vector512.FusedMultiplyAdd(x, y3, s43);
            x = Vector512.Load(a3 + k2);
            s50 = Vector512.FusedMultiplyAdd(x, y0, s50); s51 = Vector512.FusedMultiplyAdd(x, y1, s51);
            s52 = Vector512.FusedMultiplyAdd(x, y2, s52); s53 = Vector512.FusedMultiplyAdd(x, y3, s53);
        }
        Sums(s00, s01, s02, s03, c);
        Sums(s10, s11, s12, s13, c + ldc);
        Sums(s20, s21, s22, s23, c + (2 * (nint)ldc));
        Sums(s30, s31, s32, s33, c + (3 * (nint)ldc));
        Sums(s40, s41, s42, s43, c + (4 * (nint)ldc));
        Sums(s50, s51, s52, s53, c + (5 * (nint)ldc));
    }

    private static void Sums(Vector512<float> s0, Vector512<float> s1, Vector512<float> s2, Vector512<float> s3, float* c)
    {
        c[0] = Lanes.Sum(s0);
        c[1] = Lanes.Sum(s1);
        c[2] = Lanes.Sum(s2);
        c[3] = Lanes.Sum(s3);
    }
}
