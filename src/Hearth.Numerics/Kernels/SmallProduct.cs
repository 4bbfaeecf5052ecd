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
        for (int i = 0; i < m; i += 4)
        {
            float* ai = a + ((nint)i * rowStride);
            float* ci = c + ((nint)i * ldc);
            int j = 0;
            for (; j + 32 <= n; j += 32) Wide(k, ai, rowStride, columnStride, b + j, ldb, ci + j, ldc);
            if (j < n) Narrow(k, ai, rowStride, columnStride, b + j, ldb, ci + j, ldc);
        }
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
