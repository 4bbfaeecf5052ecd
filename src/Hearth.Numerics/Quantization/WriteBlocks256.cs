using System.Runtime.CompilerServices;

namespace Hearth.Numerics.Quantization;

/// <summary>
/// Writes the types that <see cref="Blocks256"/> reads. Every part's scale is searched on its own; the scales are rounded to small integers
/// of one unit; then the numbers are rounded with the scales a reader will see.
/// </summary>
internal static unsafe class WriteBlocks256
{
    private const int Count = 256;

    public static void Q2_K(float* x, byte* y, int blocks)
    {
        int* q = stackalloc int[Count];
        int* s = stackalloc int[16], m = stackalloc int[16];
        for (; blocks > 0; blocks--, x += Count, y += 84)
        {
            Affine(x, 16, 3, 15, y + 80, s, m, q);
            for (int part = 0; part < 16; part++) y[part] = (byte)(s[part] | (m[part] << 4));
            FourToAByte(q, y + 16);
        }
    }

    public static void Q3_K(float* x, byte* y, int blocks)
    {
        int* q = stackalloc int[Count];
        int* s = stackalloc int[16];
        for (; blocks > 0; blocks--, x += Count, y += 110)
        {
            Symmetric(x, 16, -4, 3, -32, 31, y + 108, s, q);
            Unsafe.InitBlockUnaligned(y, 0, 32);
            Unsafe.InitBlockUnaligned(y + 96, 0, 12);
            for (int i = 0; i < Count; i++) y[i % 32] |= (byte)((q[i] >> 2) << (i / 32));
            FourToAByte(q, y + 32);
            for (int part = 0; part < 16; part++)
            {
                y[96 + (part % 8)] |= (byte)((s[part] & 15) << (part / 8 * 4));
                y[104 + (part % 4)] |= (byte)((s[part] >> 4) << (part / 4 * 2));
            }
        }
    }

    public static void Q4_K(float* x, byte* y, int blocks)
    {
        int* q = stackalloc int[Count];
        int* s = stackalloc int[8], m = stackalloc int[8];
        for (; blocks > 0; blocks--, x += Count, y += 144)
        {
            Affine(x, 8, 15, 63, y, s, m, q);
            ScalesAndMins(s, m, y + 4);
            TwoToAByte(q, y + 16);
        }
    }

    public static void Q5_K(float* x, byte* y, int blocks)
    {
        int* q = stackalloc int[Count];
        int* s = stackalloc int[8], m = stackalloc int[8];
        for (; blocks > 0; blocks--, x += Count, y += 176)
        {
            Affine(x, 8, 31, 63, y, s, m, q);
            ScalesAndMins(s, m, y + 4);
            Unsafe.InitBlockUnaligned(y + 16, 0, 32);
            for (int i = 0; i < Count; i++) y[16 + (i % 32)] |= (byte)((q[i] >> 4) << (i / 32));
            TwoToAByte(q, y + 48);
        }
    }

    public static void Q6_K(float* x, byte* y, int blocks)
    {
        int* q = stackalloc int[Count];
        int* s = stackalloc int[16];
        for (; blocks > 0; blocks--, x += Count, y += 210)
        {
            Symmetric(x, 16, -32, 31, -128, 127, y + 208, s, q);
            for (int part = 0; part < 16; part++) y[192 + part] = (byte)(s[part] - 128);
            for (int i = 0; i < 64; i++)
            {
                int* four = q + (i / 32 * 128) + (i % 32);                       // numbers 32 apart share a byte of upper bits
                byte* low = y + (i / 32 * 64) + (i % 32);
                low[0] = (byte)((four[0] & 15) | ((four[64] & 15) << 4));
                low[32] = (byte)((four[32] & 15) | ((four[96] & 15) << 4));
                y[128 + i] = (byte)((four[0] >> 4) | (four[32] >> 4 << 2) | (four[64] >> 4 << 4) | (four[96] >> 4 << 6));
            }
        }
    }

    public static void IQ4_XS(float* x, byte* y, int blocks)
    {
        float* scale = stackalloc float[8];
        for (; blocks > 0; blocks--, x += Count, y += 136)
        {
            for (int part = 0; part < 8; part++) scale[part] = ScaleSearch.Coded(x + (part * 32), 32, Codebooks.Uneven);
            float d = Pack.Half(ScaleSearch.Extreme(scale, 8) / -32, y);
            Unsafe.InitBlockUnaligned(y + 2, 0, 6);
            for (int part = 0; part < 8; part++)
            {
                int s = Pack.Ratio(scale[part], d, -32, 31) + 32;
                y[2 + (part / 4)] |= (byte)((s >> 4) << (part % 4 * 2));
                y[4 + (part / 2)] |= (byte)((s & 15) << (part % 2 * 4));
                WriteBlocks32.Coded(x + (part * 32), d * (s - 32), y + 8 + (part * 16));
            }
        }
    }

    /// <summary>Parts of one scale and one offset each: integers 0 to <paramref name="high"/> in q; the two units as halves.</summary>
    private static void Affine(float* x, int parts, int high, int most, byte* units, int* s, int* m, int* q)
    {
        float* scale = stackalloc float[16], min = stackalloc float[16];
        int size = Count / parts;
        for (int part = 0; part < parts; part++)
        {
            (scale[part], min[part]) = ScaleSearch.Affine(x + (part * size), size, high, notPositive: true);
            min[part] = MathF.Max(-min[part], 0);
        }
        float d = Pack.Half(ScaleSearch.Extreme(scale, parts) / most, units),
            dmin = Pack.Half(ScaleSearch.Extreme(min, parts) / most, units + 2);
        for (int part = 0; part < parts; part++)
        {
            s[part] = Pack.Ratio(scale[part], d, 0, most);
            m[part] = Pack.Ratio(min[part], dmin, 0, most);
            Pack.Levels(x + (part * size), size, d * s[part], -(dmin * m[part]), 0, high, q + (part * size));
        }
    }

    /// <summary>Parts of one scale each: integers less <paramref name="low"/> in q, scales less <paramref name="least"/> in s.</summary>
    private static void Symmetric(float* x, int parts, int low, int high, int least, int most, byte* unit, int* s, int* q)
    {
        float* scale = stackalloc float[16];
        int size = Count / parts;
        for (int part = 0; part < parts; part++) scale[part] = ScaleSearch.Symmetric(x + (part * size), size, low, high);
        float d = Pack.Half(ScaleSearch.Extreme(scale, parts) / least, unit);
        for (int part = 0; part < parts; part++)
        {
            int ratio = Pack.Ratio(scale[part], d, least, most);
            s[part] = ratio - least;
            Pack.Levels(x + (part * size), size, d * ratio, 0, low, high, q + (part * size));
        }
    }

    private static void ScalesAndMins(int* s, int* m, byte* packed)
    {
        for (int i = 0; i < 4; i++)
        {
            packed[i] = (byte)(s[i] | (s[i + 4] >> 4 << 6));
            packed[i + 4] = (byte)(m[i] | (m[i + 4] >> 4 << 6));
            packed[i + 8] = (byte)((s[i + 4] & 15) | ((m[i + 4] & 15) << 4));
        }
    }

    /// <summary>The lower two bits of numbers 32 apart in one byte.</summary>
    private static void FourToAByte(int* q, byte* into)
    {
        for (int i = 0; i < 64; i++)
        {
            int* four = q + (i / 32 * 128) + (i % 32);
            into[i] = (byte)((four[0] & 3) | ((four[32] & 3) << 2) | ((four[64] & 3) << 4) | ((four[96] & 3) << 6));
        }
    }

    /// <summary>The lower four bits of numbers 32 apart in one byte.</summary>
    private static void TwoToAByte(int* q, byte* into)
    {
        for (int i = 0; i < 128; i++)
        {
            int* two = q + (i / 32 * 64) + (i % 32);
            into[i] = (byte)((two[0] & 15) | ((two[32] & 15) << 4));
        }
    }
}
