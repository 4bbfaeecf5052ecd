using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// c += a·b for the tiles of attention, which are in the cache already and need no packing. The same chain as <see cref="MatrixProduct"/>:
/// fused multiply-adds ascending in k, going on from c.
/// </summary>
internal static unsafe class SmallProduct
{
    /// <summary>Adds the product. m is a multiple of 4, n of 16; b and c are row-major, a has any two strides.</summary>
    public static void Add(int m, int n, int k, float* a, int rowStride, int columnStride, float* b, int ldb, float* c, int ldc)
    {
        int i = 0;
        if (Vector512.IsHardwareAccelerated && n % 32 == 0)
        {
            for (; i + 8 <= m; i += 8)
            {
                for (int j = 0; j < n; j += 32) Tall(k, a + ((nint)i * rowStride), rowStride, columnStride, b + j, ldb, c + ((nint)i * ldc) + j, ldc);
            }
        }
        for (; i < m; i += 4)
        {
            float* ai = a + ((nint)i * rowStride);
            float* ci = c + ((nint)i * ldc);
            int j = 0;
            for (; j + 32 <= n; j += 32) Wide(k, ai, rowStride, columnStride, b + j, ldb, ci + j, ldc);
            if (j < n) Narrow(k, ai, rowStride, columnStride, b + j, ldb, ci + j, ldc);
        }
    }

    /// <summary>Eight rows by 32 columns: sixteen chains, twice as many as hide the latency of a fused multiply-add.</summary>
    private static void Tall(int k, float* a, int rowStride, int columnStride, float* b, int ldb, float* c, int ldc)
    {
        nint a3 = 3 * (nint)rowStride;
        float* low = c + (4 * (nint)ldc), upper = a, lower = a + (4 * (nint)rowStride);
        Vector512<float> l0 = Vector512.Load(c), l1 = Vector512.Load(c + ldc), l2 = Vector512.Load(c + (2 * ldc)), l3 = Vector512.Load(c + (3 * ldc));
        Vector512<float> l4 = Vector512.Load(low), l5 = Vector512.Load(low + ldc), l6 = Vector512.Load(low + (2 * ldc)), l7 = Vector512.Load(low + (3 * ldc));
        c += 16;
        low += 16;
        Vector512<float> r0 = Vector512.Load(c), r1 = Vector512.Load(c + ldc), r2 = Vector512.Load(c + (2 * ldc)), r3 = Vector512.Load(c + (3 * ldc));
        Vector512<float> r4 = Vector512.Load(low), r5 = Vector512.Load(low + ldc), r6 = Vector512.Load(low + (2 * ldc)), r7 = Vector512.Load(low + (3 * ldc));
        for (int i = 0; i < k; i++, upper += columnStride, lower += columnStride, b += ldb)
        {
            Vector512<float> left = Vector512.Load(b), right = Vector512.Load(b + 16), x;
            x = Vector512.Create(upper[0]); l0 = Vector512.FusedMultiplyAdd(x, left, l0); r0 = Vector512.FusedMultiplyAdd(x, right, r0);
            x = Vector512.Create(upper[rowStride]); l1 = Vector512.FusedMultiplyAdd(x, left, l1); r1 = Vector512.FusedMultiplyAdd(x, right, r1);
            x = Vector512.Create(upper[2 * (nint)rowStride]); l2 = Vector512.FusedMultiplyAdd(x, left, l2); r2 = Vector512.FusedMultiplyAdd(x, right, r2);
            x = Vector512.Create(upper[a3]); l3 = Vector512.FusedMultiplyAdd(x, left, l3); r3 = Vector512.FusedMultiplyAdd(x, right, r3);
            x = Vector512.Create(lower[0]); l4 = Vector512.FusedMultiplyAdd(x, left, l4); r4 = Vector512.FusedMultiplyAdd(x, right, r4);
            x = Vector512.Create(lower[rowStride]); l5 = Vector512.FusedMultiplyAdd(x, left, l5); r5 = Vector512.FusedMultiplyAdd(x, right, r5);
            x = Vector512.Create(lower[2 * (nint)rowStride]); l6 = Vector512.FusedMultiplyAdd(x, left, l6); r6 = Vector512.FusedMultiplyAdd(x, right, r6);
            x = Vector512.Create(lower[a3]); l7 = Vector512.FusedMultiplyAdd(x, left, l7); r7 = Vector512.FusedMultiplyAdd(x, right, r7);
        }
        r0.Store(c); r1.Store(c + ldc); r2.Store(c + (2 * ldc)); r3.Store(c + (3 * ldc));
        r4.Store(low); r5.Store(low + ldc); r6.Store(low + (2 * ldc)); r7.Store(low + (3 * ldc));
        c -= 16;
        low -= 16;
        l0.Store(c); l1.Store(c + ldc); l2.Store(c + (2 * ldc)); l3.Store(c + (3 * ldc));
        l4.Store(low); l5.Store(low + ldc); l6.Store(low + (2 * ldc)); l7.Store(low + (3 * ldc));
    }

    private static void Wide(int k, float* a, int rowStride, int columnStride, float* b, int ldb, float* c, int ldc)
    {
        float* c1 = c + ldc, c2 = c1 + ldc, c3 = c2 + ldc;
        float* a1 = a + rowStride, a2 = a1 + rowStride, a3 = a2 + rowStride;
        Vector512<float> l0 = Vector512.Load(c), l1 = Vector512.Load(c1), l2 = Vector512.Load(c2), l3 = Vector512.Load(c3);
        Vector512<float> r0 = Vector512.Load(c + 16), r1 = Vector512.Load(c1 + 16), r2 = Vector512.Load(c2 + 16), r3 = Vector512.Load(c3 + 16);
        nint p = 0;
        for (int i = 0; i < k; i++, p += columnStride, b += ldb)
        {
            Vector512<float> left = Vector512.Load(b), right = Vector512.Load(b + 16), x;
            x = Vector512.Create(a[p]); l0 = Vector512.FusedMultiplyAdd(x, left, l0); r0 = Vector512.FusedMultiplyAdd(x, right, r0);
            x = Vector512.Create(a1[p]); l1 = Vector512.FusedMultiplyAdd(x, left, l1); r1 = Vector512.FusedMultiplyAdd(x, right, r1);
            x = Vector512.Create(a2[p]); l2 = Vector512.FusedMultiplyAdd(x, left, l2); r2 = Vector512.FusedMultiplyAdd(x, right, r2);
            x = Vector512.Create(a3[p]); l3 = Vector512.FusedMultiplyAdd(x, left, l3); r3 = Vector512.FusedMultiplyAdd(x, right, r3);
        }
        l0.Store(c); l1.Store(c1); l2.Store(c2); l3.Store(c3);
        r0.Store(c + 16); r1.Store(c1 + 16); r2.Store(c2 + 16); r3.Store(c3 + 16);
    }

    private static void Narrow(int k, float* a, int rowStride, int columnStride, float* b, int ldb, float* c, int ldc)
    {
        float* c1 = c + ldc, c2 = c1 + ldc, c3 = c2 + ldc;
        float* a1 = a + rowStride, a2 = a1 + rowStride, a3 = a2 + rowStride;
        Vector512<float> s0 = Vector512.Load(c), s1 = Vector512.Load(c1), s2 = Vector512.Load(c2), s3 = Vector512.Load(c3);
        nint p = 0;
        for (int i = 0; i < k; i++, p += columnStride, b += ldb)
        {
            Vector512<float> y = Vector512.Load(b);
            s0 = Vector512.FusedMultiplyAdd(Vector512.Create(a[p]), y, s0);
            s1 = Vector512.FusedMultiplyAdd(Vector512.Create(a1[p]), y, s1);
            s2 = Vector512.FusedMultiplyAdd(Vector512.Create(a2[p]), y, s2);
            s3 = Vector512.FusedMultiplyAdd(Vector512.Create(a3[p]), y, s3);
        }
        s0.Store(c); s1.Store(c1); s2.Store(c2); s3.Store(c3);
    }
}
