using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Quantization;

/// <summary>
/// Reads the types whose blocks of 256 numbers point into <see cref="Grids"/>: patterns of magnitudes, signs beside them.
/// Layouts: ggml, ggml-common.h (block_iq2_xxs and so on).
/// </summary>
internal static unsafe class GridBlocks
{
    private const float Shift = 0.125f;

    /// <summary>[d: half][8 times: four indices of 8 bits; four signs of 7 bits, scale of 4 bits]: d·(s + ½)/4 · magnitude.</summary>
    public static void IQ2_XXS(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 66)
        {
            float d = Unpack.Half(x);
            for (byte* part = x + 2; part < x + 66; part += 8)
            {
                uint signs = Unsafe.ReadUnaligned<uint>(part + 4);
                float scale = d * (0.5f + (signs >> 28)) * 0.25f;
                for (int i = 0; i < 4; i++, y += 8) Eight(Grids.Iq2Xxs[part[i]], EvenSigns(signs >> (7 * i)), scale, y);
            }
        }
    }

    /// <summary>[d: half][32 times: index of 9 bits, signs of 7][8 times: two scales of 4 bits]: d·(s + ½)/4 · magnitude.</summary>
    public static void IQ2_XS(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 74)
        {
            float d = Unpack.Half(x);
            for (int i = 0; i < 32; i++, y += 8)
            {
                uint code = Unsafe.ReadUnaligned<ushort>(x + 2 + (2 * i));
                Eight(Grids.Iq2Xs[code & 511], EvenSigns(code >> 9), Quarter(d, x[66 + (i / 4)], i), y);
            }
        }
    }

    /// <summary>
    /// [d: half][32 indices, lower 8 bits][32 bytes of signs][8 times: upper 2 bits of four indices][8 times: two scales].
    /// </summary>
    public static void IQ2_S(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 82)
        {
            float d = Unpack.Half(x);
            for (int i = 0; i < 32; i++, y += 8)
            {
                int code = x[2 + i] | (((x[66 + (i / 4)] >> (i % 4 * 2)) & 3) << 8);
                Eight(Grids.Iq2S[code], x[34 + i], Quarter(d, x[74 + (i / 4)], i), y);
            }
        }
    }

    /// <summary>[d: half][64 indices of 8 bits][8 times: four signs of 7 bits, scale of 4 bits]: d·(s + ½)/2 · magnitude.</summary>
    public static void IQ3_XXS(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 98)
        {
            float d = Unpack.Half(x);
            byte* index = x + 2;
            for (int part = 0; part < 8; part++)
            {
                uint signs = Unsafe.ReadUnaligned<uint>(x + 66 + (4 * part));
                float scale = d * (0.5f + (signs >> 28)) * 0.5f;
                for (int i = 0; i < 4; i++, y += 8, index += 2)
                {
                    Eight(Grids.Iq3Xxs[index[0]] | ((ulong)Grids.Iq3Xxs[index[1]] << 32), EvenSigns(signs >> (7 * i)), scale, y);
                }
            }
        }
    }

    /// <summary>
    /// [d: half][64 indices, lower 8 bits][8 times: ninth bits of eight indices][32 bytes of signs][4 times: two scales of 4 bits]:
    /// d·(1 + 2s) · magnitude.
    /// </summary>
    public static void IQ3_S(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 110)
        {
            float d = Unpack.Half(x);
            for (int i = 0; i < 32; i++, y += 8)
            {
                int part = i / 4, ninth = x[66 + part] >> (i % 4 * 2);
                float scale = d * (1 + (2 * ((x[106 + (part / 2)] >> (part % 2 * 4)) & 15)));
                int first = x[2 + (2 * i)] | ((ninth & 1) << 8), second = x[3 + (2 * i)] | ((ninth & 2) << 7);
                Eight(Grids.Iq3S[first] | ((ulong)Grids.Iq3S[second] << 32), x[74 + i], scale, y);
            }
        }
    }

    /// <summary>[d: half][32 indices, lower 8 bits][8 times: upper 3 bits of four indices, scale of 3 bits, sign of the shift].</summary>
    public static void IQ1_S(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 50)
        {
            float d = Unpack.Half(x);
            for (int i = 0; i < 32; i++, y += 8)
            {
                uint part = Unsafe.ReadUnaligned<ushort>(x + 34 + (i / 4 * 2));
                uint code = x[2 + i] | (((part >> (i % 4 * 3)) & 7) << 8);
                Shifted(Grids.Iq1S[code], (part & 0x8000) != 0, d * ((2 * ((part >> 12) & 7)) + 1), y);
            }
        }
    }

    /// <summary>
    /// [32 indices, lower 8 bits][16 times: upper 3 bits and sign of the shift for two indices]
    /// [4 times: four scales of 3 bits, 4 bits of d].
    /// </summary>
    public static void IQ1_M(byte* x, float* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += 56)
        {
            int bits = 0;
            for (int i = 0; i < 4; i++) bits |= (x[49 + (2 * i)] >> 4) << (4 * i);
            float d = Kernels.Conversion.FromHalf((ushort)bits);
            for (int i = 0; i < 32; i++, y += 8)
            {
                int upper = x[32 + (i / 2)] >> (i % 2 * 4);
                int scales = Unsafe.ReadUnaligned<ushort>(x + 48 + (i / 8 * 2)), s = (scales >> (i % 8 / 2 * 3)) & 7;
                Shifted(Grids.Iq1S[x[i] | ((upper & 7) << 8)], (upper & 8) != 0, d * ((2 * s) + 1), y);
            }
        }
    }

    /// <summary>Eight signs of which seven are stored: an even number of them is set.</summary>
    private static int EvenSigns(uint seven) => (int)((seven & 127) | ((uint)(BitOperations.PopCount(seven & 127) & 1) << 7));

    private static float Quarter(float d, byte scales, int eighth) => d * (0.5f + ((scales >> (eighth % 4 / 2 * 4)) & 15)) * 0.25f;

    private static void Eight(ulong magnitudes, int signs, float scale, float* y)
    {
        Vector256<float> values = Vector256.ConvertToSingle(Integers(magnitudes)) * Vector256.Create(scale);
        Vector256<int> bit = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
        Vector256<int> minus = Vector256.Equals(Vector256.Create(signs) & bit, bit) & Vector256.Create(int.MinValue);
        (values.AsInt32() ^ minus).AsSingle().Store(y);
    }

    private static void Shifted(ulong numbers, bool down, float scale, float* y) =>
        (Vector256.Create(scale) * (Vector256.ConvertToSingle(Integers(numbers)) + Vector256.Create(down ? -Shift : Shift))).Store(y);

    private static Vector256<int> Integers(ulong signedBytes)
    {
        Vector128<short> words = Vector128.WidenLower(Vector128.CreateScalar(signedBytes).AsSByte());
        return Vector256.Create(Vector128.WidenLower(words), Vector128.WidenUpper(words));
    }
}
