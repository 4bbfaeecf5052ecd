using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Quantization;

/// <summary>
/// Reads the types with one scale for 32 numbers. The numbers of the first half stand in the lower four bits of sixteen bytes, those of the
/// second in the upper. Layouts: ggml, ggml-common.h (block_q4_0 and so on); MXFP4 also OCP Microscaling Formats 1.0, section 5.
/// </summary>
internal static unsafe class Blocks32
{
    private const int Half = Lanes.Count;

    /// <summary>[d: half][16 bytes of nibbles]: d · (q - 8).</summary>
    public static void Q4_0(byte* x, float* y, int blocks)
    {
        Vector128<sbyte> middle = Vector128.Create((sbyte)8);
        for (; blocks > 0; blocks--, x += 18, y += 2 * Half)
        {
            float d = Unpack.Half(x);
            Vector128<byte> q = Vector128.Load(x + 2);
            Unpack.Store(Unpack.Low(q).AsSByte() - middle, d, y);
            Unpack.Store(Unpack.High(q).AsSByte() - middle, d, y + Half);
        }
    }

    /// <summary>[d: half][m: half][16 bytes of nibbles]: d · q + m.</summary>
    public static void Q4_1(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 20, y += 2 * Half)
        {
            float d = Unpack.Half(x), m = Unpack.Half(x + 2);
            Vector128<byte> q = Vector128.Load(x + 4);
            Unpack.Store(Unpack.Low(q), d, m, y);
            Unpack.Store(Unpack.High(q), d, m, y + Half);
        }
    }

    /// <summary>[d: half][fifth bits: 4 bytes][16 bytes of nibbles]: d · (q - 16).</summary>
    public static void Q5_0(byte* x, float* y, int blocks)
    {
        Vector128<sbyte> middle = Vector128.Create((sbyte)16);
        for (; blocks > 0; blocks--, x += 22, y += 2 * Half)
        {
            float d = Unpack.Half(x);
            (Vector128<byte> low, Vector128<byte> high) = FiveBits(x + 2, x + 6);
            Unpack.Store(low.AsSByte() - middle, d, y);
            Unpack.Store(high.AsSByte() - middle, d, y + Half);
        }
    }

    /// <summary>[d: half][m: half][fifth bits: 4 bytes][16 bytes of nibbles]: d · q + m.</summary>
    public static void Q5_1(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 24, y += 2 * Half)
        {
            float d = Unpack.Half(x), m = Unpack.Half(x + 2);
            (Vector128<byte> low, Vector128<byte> high) = FiveBits(x + 4, x + 8);
            Unpack.Store(low, d, m, y);
            Unpack.Store(high, d, m, y + Half);
        }
    }

    /// <summary>[d: half][32 signed bytes]: d · q.</summary>
    public static void Q8_0(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 34, y += 2 * Half)
        {
            float d = Unpack.Half(x);
            Unpack.Store(Vector128.Load((sbyte*)x + 2), d, y);
            Unpack.Store(Vector128.Load((sbyte*)x + 2 + Half), d, y + Half);
        }
    }

    /// <summary>[d: half][16 bytes of nibbles]: d · <see cref="Codebooks.Uneven"/>[q].</summary>
    public static void IQ4_NL(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 18, y += 2 * Half) Coded(Codebooks.Uneven, Unpack.Half(x), x + 2, y);
    }

    /// <summary>[e: byte][16 bytes of nibbles]: 2^(e - 127) · E2M1[q].</summary>
    public static void MXFP4(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 17, y += 2 * Half) Coded(Codebooks.TwiceE2M1, HalfPower(x[0]), x + 1, y);
    }

    /// <summary>[4 scales: E4M3 without sign][4 times 8 bytes of nibbles]: scale · E2M1[q], 16 numbers a scale.</summary>
    public static void NVFP4(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 36)
        {
            for (int s = 0; s < 4; s++, y += Half)
            {
                Vector64<byte> packed = Vector64.Load(x + 4 + (8 * s));
                Vector128<byte> q = Vector128.Create(packed & Vector64.Create((byte)15), Vector64.ShiftRightLogical(packed, 4));
                Unpack.Store(Vector128.Shuffle(Codebooks.TwiceE2M1, q.AsSByte()), HalfE4M3(x[s]), y);
            }
        }
    }

    /// <summary>Thirty-two numbers of a codebook of sixteen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Coded(Vector128<sbyte> codebook, float scale, byte* packed, float* y)
    {
        Vector128<byte> q = Vector128.Load(packed);
        Unpack.Store(Vector128.Shuffle(codebook, Unpack.Low(q).AsSByte()), scale, y);
        Unpack.Store(Vector128.Shuffle(codebook, Unpack.High(q).AsSByte()), scale, y + Half);
    }

    /// <summary>2^(e - 128): half of what the exponent says, since the codebook holds E2M1 doubled.</summary>
    public static float HalfPower(byte e) => BitConverter.Int32BitsToSingle(e < 2 ? 0x0020_0000 << e : (e - 1) << 23);

    /// <summary>Half the value of an E4M3 number without sign; its one NaN reads as zero.</summary>
    private static float HalfE4M3(byte bits)
    {
        if (bits == 0x7F) return 0;
        int exponent = (bits >> 3) & 15, mantissa = bits & 7;
        int whole = exponent == 0 ? mantissa : mantissa + 8;
        return whole * BitConverter.Int32BitsToSingle((127 - 11 + Math.Max(exponent, 1)) << 23);
    }

    private static (Vector128<byte> Low, Vector128<byte> High) FiveBits(byte* fifth, byte* packed)
    {
        Vector128<byte> q = Vector128.Load(packed), bit = Vector128.Create((byte)16);
        Vector128<byte> low = Unpack.Low(q) | (Unpack.Mask(fifth[0] | (fifth[1] << 8)) & bit);
        Vector128<byte> high = Unpack.High(q) | (Unpack.Mask(fifth[2] | (fifth[3] << 8)) & bit);
        return (low, high);
    }
}
