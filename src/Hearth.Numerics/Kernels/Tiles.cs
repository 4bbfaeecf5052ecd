using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// Register tiles of the matrix product: c (+)= a·b over k terms, each output element one chain of fused multiply-adds in ascending k.
/// a is packed [k][rows], b is packed [k][32]; c is row-major with stride <c>ldc</c>. Twelve rows by 32 columns fill the 32 registers
/// of AVX-512; where registers are half as wide, six rows by 16 columns fill sixteen of them. Which tile runs never shows in the bits.
/// </summary>
internal static unsafe class Tiles
{
    /// <summary>Columns of a packed panel of b.</summary>
    public const int Columns = 32;

    /// <summary>Rows of the tall tile.</summary>
    public const int Rows = 12;

    /// <summary>Rows of the middle tile, for what twelve leaves over.</summary>
    public const int MiddleRows = 4;

    /// <summary>Runs the tile of a height (12, 4 or 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run(int rows, int k, float* a, float* b, float* c, int ldc, bool add)
    {
        if (rows == Rows)
        {
            if (Vector512.IsHardwareAccelerated)
            {
                Twelve(k, a, b, c, ldc, add);
            }
            else
            {
                Six(k, a, b, c, ldc, add);
                Six(k, a, b + 16, c + 16, ldc, add);
                Six(k, a + 6, b, c + (6 * ldc), ldc, add);
                Six(k, a + 6, b + 16, c + (6 * ldc) + 16, ldc, add);
            }
        }
        else if (rows == MiddleRows)
        {
            Four(k, a, b, c, ldc, add);
            Four(k, a, b + 16, c + 16, ldc, add);
        }
        else
        {
            One(k, a, b, c, add);
        }
    }

    /// <summary>
    /// Asks for a tile of c ahead of its turn. Its rows lie in as many pages, and waiting for them would cost up to a fifth of the tile's time.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(float* c, int rows, int ldc)
    {
        if (!Sse.IsSupported) return;
        for (int r = 0; r < rows; r++, c += ldc)
        {
            Sse.Prefetch0(c);
            Sse.Prefetch0(c + 16);
        }
    }

    private static void Twelve(int k, float* a, float* b, float* c, int ldc, bool add)
    {
        Vector512<float> l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11;
        Vector512<float> r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11;
        if (add)
        {
            float* p = c;
            l0 = Vector512.Load(p); r0 = Vector512.Load(p + 16); p += ldc;
            l1 = Vector512.Load(p); r1 = Vector512.Load(p + 16); p += ldc;
            l2 = Vector512.Load(p); r2 = Vector512.Load(p + 16); p += ldc;
            l3 = Vector512.Load(p); r3 = Vector512.Load(p + 16); p += ldc;
            l4 = Vector512.Load(p); r4 = Vector512.Load(p + 16); p += ldc;
            l5 = Vector512.Load(p); r5 = Vector512.Load(p + 16); p += ldc;
            l6 = Vector512.Load(p); r6 = Vector512.Load(p + 16); p += ldc;
            l7 = Vector512.Load(p); r7 = Vector512.Load(p + 16); p += ldc;
            l8 = Vector512.Load(p); r8 = Vector512.Load(p + 16); p += ldc;
            l9 = Vector512.Load(p); r9 = Vector512.Load(p + 16); p += ldc;
            l10 = Vector512.Load(p); r10 = Vector512.Load(p + 16); p += ldc;
            l11 = Vector512.Load(p); r11 = Vector512.Load(p + 16);
        }
        else
        {
            l0 = l1 = l2 = l3 = l4 = l5 = l6 = l7 = l8 = l9 = l10 = l11 = Vector512<float>.Zero;
            r0 = r1 = r2 = r3 = r4 = r5 = r6 = r7 = r8 = r9 = r10 = r11 = Vector512<float>.Zero;
        }
        for (float* end = b + ((nint)k * Columns); b != end; b += Columns, a += Rows)
        {
            Vector512<float> left = Vector512.Load(b), right = Vector512.Load(b + 16), x;
            x = Vector512.Create(a[0]); l0 = Vector512.FusedMultiplyAdd(x, left, l0); r0 = Vector512.FusedMultiplyAdd(x, right, r0);
            x = Vector512.Create(a[1]); l1 = Vector512.FusedMultiplyAdd(x, left, l1); r1 = Vector512.FusedMultiplyAdd(x, right, r1);
            x = Vector512.Create(a[2]); l2 = Vector512.FusedMultiplyAdd(x, left, l2); r2 = Vector512.FusedMultiplyAdd(x, right, r2);
            x = Vector512.Create(a[3]); l3 = Vector512.FusedMultiplyAdd(x, left, l3); r3 = Vector512.FusedMultiplyAdd(x, right, r3);
            x = Vector512.Create(a[4]); l4 = Vector512.FusedMultiplyAdd(x, left, l4); r4 = Vector512.FusedMultiplyAdd(x, right, r4);
            x = Vector512.Create(a[5]); l5 = Vector512.FusedMultiplyAdd(x, left, l5); r5 = Vector512.FusedMultiplyAdd(x, right, r5);
            x = Vector512.Create(a[6]); l6 = Vector512.FusedMultiplyAdd(x, left, l6); r6 = Vector512.FusedMultiplyAdd(x, right, r6);
            x = Vector512.Create(a[7]); l7 = Vector512.FusedMultiplyAdd(x, left, l7); r7 = Vector512.FusedMultiplyAdd(x, right, r7);
            x = Vector512.Create(a[8]); l8 = Vector512.FusedMultiplyAdd(x, left, l8); r8 = Vector512.FusedMultiplyAdd(x, right, r8);
            x = Vector512.Create(a[9]); l9 = Vector512.FusedMultiplyAdd(x, left, l9); r9 = Vector512.FusedMultiplyAdd(x, right, r9);
            x = Vector512.Create(a[10]); l10 = Vector512.FusedMultiplyAdd(x, left, l10); r10 = Vector512.FusedMultiplyAdd(x, right, r10);
            x = Vector512.Create(a[11]); l11 = Vector512.FusedMultiplyAdd(x, left, l11); r11 = Vector512.FusedMultiplyAdd(x, right, r11);
        }
        l0.Store(c); r0.Store(c + 16); c += ldc;
        l1.Store(c); r1.Store(c + 16); c += ldc;
        l2.Store(c); r2.Store(c + 16); c += ldc;
        l3.Store(c); r3.Store(c + 16); c += ldc;
        l4.Store(c); r4.Store(c + 16); c += ldc;
        l5.Store(c); r5.Store(c + 16); c += ldc;
        l6.Store(c); r6.Store(c + 16); c += ldc;
        l7.Store(c); r7.Store(c + 16); c += ldc;
        l8.Store(c); r8.Store(c + 16); c += ldc;
        l9.Store(c); r9.Store(c + 16); c += ldc;
        l10.Store(c); r10.Store(c + 16); c += ldc;
        l11.Store(c); r11.Store(c + 16);
    }

    /// <summary>Six rows of a twelve-row pack by 16 of 32 columns.</summary>
    private static void Six(int k, float* a, float* b, float* c, int ldc, bool add)
    {
        Vector512<float> s0, s1, s2, s3, s4, s5;
        if (add)
        {
            s0 = Vector512.Load(c); s1 = Vector512.Load(c + ldc); s2 = Vector512.Load(c + (2 * ldc));
            s3 = Vector512.Load(c + (3 * ldc)); s4 = Vector512.Load(c + (4 * ldc)); s5 = Vector512.Load(c + (5 * ldc));
        }
        else
        {
            s0 = s1 = s2 = s3 = s4 = s5 = Vector512<float>.Zero;
        }
        for (float* end = b + ((nint)k * Columns); b != end; b += Columns, a += Rows)
        {
            Vector512<float> y = Vector512.Load(b);
            s0 = Vector512.FusedMultiplyAdd(Vector512.Create(a[0]), y, s0);
            s1 = Vector512.FusedMultiplyAdd(Vector512.Create(a[1]), y, s1);
            s2 = Vector512.FusedMultiplyAdd(Vector512.Create(a[2]), y, s2);
            s3 = Vector512.FusedMultiplyAdd(Vector512.Create(a[3]), y, s3);
            s4 = Vector512.FusedMultiplyAdd(Vector512.Create(a[4]), y, s4);
            s5 = Vector512.FusedMultiplyAdd(Vector512.Create(a[5]), y, s5);
        }
        s0.Store(c); s1.Store(c + ldc); s2.Store(c + (2 * ldc));
        s3.Store(c + (3 * ldc)); s4.Store(c + (4 * ldc)); s5.Store(c + (5 * ldc));
    }

    /// <summary>Four rows by 16 of 32 columns.</summary>
    private static void Four(int k, float* a, float* b, float* c, int ldc, bool add)
    {
        Vector512<float> s0, s1, s2, s3;
        if (add)
        {
            s0 = Vector512.Load(c); s1 = Vector512.Load(c + ldc); s2 = Vector512.Load(c + (2 * ldc)); s3 = Vector512.Load(c + (3 * ldc));
        }
        else
        {
            s0 = s1 = s2 = s3 = Vector512<float>.Zero;
        }
        for (float* end = b + ((nint)k * Columns); b != end; b += Columns, a += MiddleRows)
        {
            Vector512<float> y = Vector512.Load(b);
            s0 = Vector512.FusedMultiplyAdd(Vector512.Create(a[0]), y, s0);
            s1 = Vector512.FusedMultiplyAdd(Vector512.Create(a[1]), y, s1);
            s2 = Vector512.FusedMultiplyAdd(Vector512.Create(a[2]), y, s2);
            s3 = Vector512.FusedMultiplyAdd(Vector512.Create(a[3]), y, s3);
        }
        s0.Store(c); s1.Store(c + ldc); s2.Store(c + (2 * ldc)); s3.Store(c + (3 * ldc));
    }

    /// <summary>One row by 32 columns: the shape of decoding, bound by reading b.</summary>
    private static void One(int k, float* a, float* b, float* c, bool add)
    {
        Vector512<float> left = add ? Vector512.Load(c) : Vector512<float>.Zero;
        Vector512<float> right = add ? Vector512.Load(c + 16) : Vector512<float>.Zero;
        for (float* end = b + ((nint)k * Columns); b != end; b += Columns, a++)
        {
            Vector512<float> x = Vector512.Create(a[0]);
            left = Vector512.FusedMultiplyAdd(x, Vector512.Load(b), left);
            right = Vector512.FusedMultiplyAdd(x, Vector512.Load(b + 16), right);
        }
        left.Store(c);
        right.Store(c + 16);
    }
}
