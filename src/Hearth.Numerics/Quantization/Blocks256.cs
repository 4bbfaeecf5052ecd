using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Quantization;

/// <summary>
/// Reads the types with 256 numbers to a block, a half for the block and small integers as scales of its parts.
/// Layouts: ggml, ggml-common.h (block_q2_K and so on).
/// </summary>
internal static unsafe class Blocks256
{
    private const int Part = Lanes.Count;

    /// <summary>[16 scales and offsets, 4 bits each][64 bytes, four numbers each][d: half][dmin: half]: d·s·q - dmin·m.</summary>
    public static void Q2_K(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 84)
        {
            float d = Unpack.Half(x + 80), min = Unpack.Half(x + 82);
            for (int part = 0; part < 16; part++, y += Part)
            {
                byte* q = x + 16 + (part / 8 * 32) + (part % 2 * Part);
                Unpack.Store(Unpack.Field(Vector128.Load(q), part % 8 / 2 * 2, 3), d * (x[part] & 15), -(min * (x[part] >> 4)), y);
            }
        }
    }

    /// <summary>[third bits: 32 bytes][64 bytes, four numbers each][16 scales, 6 bits each][d: half]: d·(s - 32)·(q - 4).</summary>
    public static void Q3_K(byte* x, float* y, int blocks)
    {
        Vector128<byte> bit = Vector128.Create((byte)4);
        for (; blocks > 0; blocks--, x += 110)
        {
            float d = Unpack.Half(x + 108);
            for (int part = 0; part < 16; part++, y += Part)
            {
                Vector128<byte> q = Unpack.Field(Vector128.Load(x + 32 + (part / 8 * 32) + (part % 2 * Part)), part % 8 / 2 * 2, 3);
                Vector128<byte> third = Unpack.Field(Vector128.Load(x + (part % 2 * Part)), part / 2, 1);
                q |= Vector128.Equals(third, Vector128<byte>.One) & bit;
                Unpack.Store((q - bit).AsSByte(), d * (ScaleQ3(x + 96, part) - 32), y);
            }
        }
    }

    /// <summary>[d: half][dmin: half][8 scales and offsets, 6 bits each][128 bytes, two numbers each]: d·s·q - dmin·m.</summary>
    public static void Q4_K(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 144)
        {
            float d = Unpack.Half(x), min = Unpack.Half(x + 2);
            for (int part = 0; part < 8; part++, y += 2 * Part)
            {
                (int s, int m) = ScaleAndMin(x + 4, part);
                byte* q = x + 16 + (part / 2 * 32);
                Unpack.Store(Unpack.Field(Vector128.Load(q), part % 2 * 4, 15), d * s, -(min * m), y);
                Unpack.Store(Unpack.Field(Vector128.Load(q + Part), part % 2 * 4, 15), d * s, -(min * m), y + Part);
            }
        }
    }

    /// <summary>[d: half][dmin: half][8 scales and offsets, 6 bits each][fifth bits: 32 bytes][128 bytes, two numbers each].</summary>
    public static void Q5_K(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 176)
        {
            float d = Unpack.Half(x), min = Unpack.Half(x + 2);
            for (int part = 0; part < 8; part++)
            {
                (int s, int m) = ScaleAndMin(x + 4, part);
                for (int half = 0; half < 2; half++, y += Part)
                {
                    Vector128<byte> q = Unpack.Field(Vector128.Load(x + 48 + (part / 2 * 32) + (half * Part)), part % 2 * 4, 15);
                    Vector128<byte> fifth = Unpack.Field(Vector128.Load(x + 16 + (half * Part)), part, 1);
                    Unpack.Store(q | (Vector128<byte>.Zero - fifth & Vector128.Create((byte)16)), d * s, -(min * m), y);
                }
            }
        }
    }

    /// <summary>[lower four bits: 128 bytes][upper two bits: 64 bytes][16 scales: signed bytes][d: half]: d·s·(q - 32).</summary>
    public static void Q6_K(byte* x, float* y, int blocks)
    {
        Vector128<sbyte> middle = Vector128.Create((sbyte)32);
        for (; blocks > 0; blocks--, x += 210)
        {
            float d = Unpack.Half(x + 208);
            for (int part = 0; part < 16; part++, y += Part)
            {
                int quarter = part % 8 / 2, at = part % 2 * Part;
                byte* low = x + (part / 8 * 64) + (quarter % 2 * 32) + at, high = x + 128 + (part / 8 * 32) + at;
                Vector128<byte> q = Unpack.Field(Vector128.Load(low), quarter / 2 * 4, 15)
                    | Vector128.ShiftLeft(Unpack.Field(Vector128.Load(high), quarter * 2, 3).AsUInt16(), 4).AsByte();
                Unpack.Store(q.AsSByte() - middle, d * (sbyte)x[192 + part], y);
            }
        }
    }

    /// <summary>[d: half][upper two bits of 8 scales][lower four bits of them: 4 bytes][128 bytes of nibbles]: d·(s - 32)·value.</summary>
    public static void IQ4_XS(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 136)
        {
            float d = Unpack.Half(x);
            int upper = x[2] | (x[3] << 8);
            for (int part = 0; part < 8; part++, y += 2 * Part)
            {
                int s = ((x[4 + (part / 2)] >> (part % 2 * 4)) & 15) | (((upper >> (2 * part)) & 3) << 4);
                Blocks32.Coded(Codebooks.Uneven, d * (s - 32), x + 8 + (part * Part), y);
            }
        }
    }

    /// <summary>[64 bytes, four numbers each][d: half]: d · (q - 1).</summary>
    public static void TQ2_0(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 66)
        {
            float d = Unpack.Half(x + 64);
            for (int part = 0; part < 16; part++, y += Part)
            {
                Vector128<byte> q = Unpack.Field(Vector128.Load(x + (part / 8 * 32) + (part % 2 * Part)), part % 8 / 2 * 2, 3);
                Unpack.Store(q.AsSByte() - Vector128<sbyte>.One, d, y);
            }
        }
    }

    /// <summary>
    /// [32 bytes, then 16 bytes, five numbers each][4 bytes, four numbers each][d: half]: d · (q - 1). A byte holds numbers in base three
    /// as a fraction of 256: the next one is what three times it carries over.
    /// </summary>
    public static void TQ1_0(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 54)
        {
            float d = Unpack.Half(x + 52);
            y = Ternary(x, 32, 5, d, y);
            y = Ternary(x + 32, 16, 5, d, y);
            y = Ternary(x + 48, 4, 4, d, y);
        }
    }

    /// <summary>Scale s and offset m of a part: six bits each, those of parts 4 to 7 cut in four and two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (int Scale, int Min) ScaleAndMin(byte* packed, int part) => part < 4
        ? (packed[part] & 63, packed[part + 4] & 63)
        : ((packed[part + 4] & 15) | (packed[part - 4] >> 6 << 4), (packed[part + 4] >> 4) | (packed[part] >> 6 << 4));

    private static int ScaleQ3(byte* packed, int part) =>
        ((packed[part % 8] >> (part / 8 * 4)) & 15) | (((packed[8 + (part % 4)] >> (part / 4 * 2)) & 3) << 4);

    private static float* Ternary(byte* x, int bytes, int digits, float d, float* y)
    {
        int power = 1;
        for (int digit = 0; digit < digits; digit++, power *= 3)
        {
            for (int i = 0; i < bytes; i++) *y++ = ((((byte)(x[i] * power) * 3) >> 8) - 1) * d;
        }
        return y;
    }
}
