using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Tests.Quantization;

/// <summary>One number of a block, in float64, read by its index: the layouts of ggml's types, said once more and differently.</summary>
internal static class ScalarBlocks
{
    private static readonly int[] Uneven = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
    private static readonly double[] E2M1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6];

    /// <summary>The types read here: all but the plain ones and those that point into grids.</summary>
    public static TensorType[] Types { get; } =
    [
        TensorType.Q4_0, TensorType.Q4_1, TensorType.Q5_0, TensorType.Q5_1, TensorType.Q8_0, TensorType.Q2_K, TensorType.Q3_K,
        TensorType.Q4_K,
        TensorType.Q5_K, TensorType.Q6_K, TensorType.IQ4_NL, TensorType.IQ4_XS, TensorType.TQ1_0, TensorType.TQ2_0, TensorType.MXFP4,
        TensorType.NVFP4,
    ];

    public static double Value(TensorType type, byte[] b, int i)
    {
        int Nibble(int start, int at) => (b[start + (at % 16)] >> (at / 16 * 4)) & 15;                         // in blocks of 32
        int Bit(int start, int at) => (b[start + (at / 8)] >> (at % 8)) & 1;
        int Two(int start) => (b[start + (i / 128 * 32) + (i % 32)] >> (i % 128 / 32 * 2)) & 3;                // in blocks of 256
        int Four(int start) => (b[start + (i / 64 * 32) + (i % 32)] >> (i % 64 / 32 * 4)) & 15;
        int High(int start) => (b[start + (i % 32)] >> (i / 32)) & 1;
        switch (type)
        {
            case TensorType.Q4_0: return Half(b, 0) * (Nibble(2, i) - 8);
            case TensorType.Q4_1: return (Half(b, 0) * Nibble(4, i)) + Half(b, 2);
            case TensorType.Q5_0: return Half(b, 0) * (Nibble(6, i) + (16 * Bit(2, i)) - 16);
            case TensorType.Q5_1: return (Half(b, 0) * (Nibble(8, i) + (16 * Bit(4, i)))) + Half(b, 2);
            case TensorType.Q8_0: return Half(b, 0) * (sbyte)b[2 + i];
            case TensorType.Q2_K: return (Half(b, 80) * (b[i / 16] & 15) * Two(16)) - (Half(b, 82) * (b[i / 16] >> 4));
            case TensorType.Q3_K:
                int part = i / 16, low = (b[96 + (part & 7)] >> (part < 8 ? 0 : 4)) & 15,
                    high = (b[104 + (part & 3)] >> (part / 4 * 2)) & 3;
                return Half(b, 108) * (low + (16 * high) - 32) * (Two(32) + (4 * High(0)) - 4);
            case TensorType.Q4_K: return Kay(b, i / 32, Four(16));
            case TensorType.Q5_K: return Kay(b, i / 32, Four(48) + (16 * High(16)));
            case TensorType.Q6_K:
                int q = (b[(i / 128 * 64) + (i % 64)] >> (i % 128 / 64 * 4)) & 15;
                return Half(b, 208) * (sbyte)b[192 + (i / 16)] * (q + (16 * Two(128)) - 32);
            case TensorType.IQ4_NL: return Half(b, 0) * Uneven[Nibble(2, i)];
            case TensorType.IQ4_XS:
                int p = i / 32, scale = ((b[4 + (p / 2)] >> (p % 2 * 4)) & 15) + (16 * (((b[2] + (256 * b[3])) >> (2 * p)) & 3));
                return Half(b, 0) * (scale - 32) * Uneven[Nibble(8 + (16 * p), i % 32)];
            case TensorType.TQ1_0: return Half(b, 52) * (Trit(b, i) - 1);
            case TensorType.TQ2_0: return Half(b, 64) * (Two(0) - 1);
            case TensorType.MXFP4: return Math.ScaleB(E2M1[Nibble(1, i)], b[0] - 127);
            case TensorType.NVFP4: return E4M3(b[i / 16]) * E2M1[(b[4 + (i / 16 * 8) + (i % 8)] >> (i % 16 / 8 * 4)) & 15];
            default: throw new ArgumentOutOfRangeException(nameof(type));
        }
    }

    private static double Half(byte[] b, int at) => (double)BitConverter.ToHalf(b, at);

    /// <summary>Six-bit scales and minima of eight parts in twelve bytes.</summary>
    private static double Kay(byte[] b, int part, int q)
    {
        int at = part % 4, scale, min;
        if (part < 4) (scale, min) = (b[4 + at] & 63, b[8 + at] & 63);
        else (scale, min) = ((b[12 + at] & 15) + (b[4 + at] >> 6 << 4), (b[12 + at] >> 4) + (b[8 + at] >> 6 << 4));
        return (Half(b, 0) * scale * q) - (Half(b, 2) * min);
    }

    /// <summary>Digit n of a byte that is a fraction of 256 in base three: floor of the fraction times 3^(n + 1), modulo 3.</summary>
    private static int Trit(byte[] b, int i)
    {
        (int at, int digit) = i < 160 ? (i % 32, i / 32) : i < 240 ? (32 + ((i - 160) % 16), (i - 160) / 16)
            : (48 + ((i - 240) % 4), (i - 240) / 4);
        int power = 1;
        for (int n = 0; n <= digit; n++) power *= 3;
        return b[at] * power / 256 % 3;
    }

    private static double E4M3(byte bits)
    {
        int exponent = (bits >> 3) & 15, mantissa = bits & 7;
        if (bits == 0x7F) return 0;
        return exponent == 0 ? Math.ScaleB(mantissa, -9) : Math.ScaleB(8 + mantissa, exponent - 10);
    }
}
