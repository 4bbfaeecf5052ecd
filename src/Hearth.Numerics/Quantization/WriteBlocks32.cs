using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Quantization;

/// <summary>Writes the types that <see cref="Blocks32"/> reads.</summary>
internal static unsafe class WriteBlocks32
{
    private const int Count = 32;

    public static void Q4_0(float* x, byte* y, int blocks)
    {
        int* q = stackalloc int[Count];
        for (; blocks > 0; blocks--, x += Count, y += 18)
        {
            float d = Pack.Half(ScaleSearch.Symmetric(x, Count, -8, 7), y);
            Pack.Levels(x, Count, d, 0, -8, 7, q);
            Pack.Nibbles(q, y + 2);
        }
    }

    public static void Q4_1(float* x, byte* y, int blocks)
    {
        int* q = stackalloc int[Count];
        for (; blocks > 0; blocks--, x += Count, y += 20)
        {
            (float scale, float min) = ScaleSearch.Affine(x, Count, 15, notPositive: false);
            Pack.Levels(x, Count, Pack.Half(scale, y), Pack.Half(min, y + 2), 0, 15, q);
            Pack.Nibbles(q, y + 4);
        }
    }

    public static void Q5_0(float* x, byte* y, int blocks)
    {
        int* q = stackalloc int[Count];
        for (; blocks > 0; blocks--, x += Count, y += 22)
        {
            float d = Pack.Half(ScaleSearch.Symmetric(x, Count, -16, 15), y);
            Pack.Levels(x, Count, d, 0, -16, 15, q);
            FifthBits(q, y + 2);
            Pack.Nibbles(q, y + 6);
        }
    }

    public static void Q5_1(float* x, byte* y, int blocks)
    {
        int* q = stackalloc int[Count];
        for (; blocks > 0; blocks--, x += Count, y += 24)
        {
            (float scale, float min) = ScaleSearch.Affine(x, Count, 31, notPositive: false);
            Pack.Levels(x, Count, Pack.Half(scale, y), Pack.Half(min, y + 2), 0, 31, q);
            FifthBits(q, y + 4);
            Pack.Nibbles(q, y + 8);
        }
    }

    /// <summary>With 255 levels a search gains nothing worth its time: the largest magnitude is 127.</summary>
    public static void Q8_0(float* x, byte* y, int blocks)
    {
        int* q = stackalloc int[Count];
        for (; blocks > 0; blocks--, x += Count, y += 34)
        {
            float d = Pack.Half(MathF.Abs(ScaleSearch.Extreme(x, Count)) / 127, y);
            Pack.Levels(x, Count, d, 0, -127, 127, q);
            for (int i = 0; i < Count; i++) y[2 + i] = (byte)(q[i] - 127);
        }
    }

    public static void IQ4_NL(float* x, byte* y, int blocks)
    {
        for (; blocks > 0; blocks--, x += Count, y += 18) Coded(x, Pack.Half(ScaleSearch.Coded(x, Count, Codebooks.Uneven), y), y + 2);
    }

    /// <summary>The exponent that the largest magnitude asks for would cut off what is over 6; the next one is tried as well.</summary>
    public static void MXFP4(float* x, byte* y, int blocks)
    {
        byte* other = stackalloc byte[Count / 2];
        for (; blocks > 0; blocks--, x += Count, y += 17)
        {
            int exponent = (BitConverter.SingleToInt32Bits(ScaleSearch.Extreme(x, Count)) >> 23) & 255;     // biased by 127
            int low = Math.Max(exponent - 2, 0), high = Math.Min(low + 1, 254);
            float lowError = Floats(x, Blocks32.HalfPower((byte)low), y + 1), highError = Floats(x, Blocks32.HalfPower((byte)high), other);
            y[0] = (byte)(highError < lowError ? high : low);
            if (highError < lowError) Unsafe.CopyBlockUnaligned(y + 1, other, Count / 2);
        }
    }

    /// <summary>Writes the places of thirty-two numbers in the uneven codebook.</summary>
    public static void Coded(float* x, float scale, byte* packed)
    {
        int* q = stackalloc int[Count];
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < Count; i += Lanes.Count)
        {
            ScaleSearch.Nearest(Vector512.Load(x + i) * Vector512.Create(inverse), Codebooks.Uneven).Index.Store(q + i);
        }
        Pack.Nibbles(q, packed);
    }

    /// <summary>Writes thirty-two E2M1 numbers and returns the sum of squared errors in units of the scale.</summary>
    private static float Floats(float* x, float halfScale, byte* packed)
    {
        int* q = stackalloc int[Count];
        Vector512<float> error = Vector512<float>.Zero;
        for (int i = 0; i < Count; i += Lanes.Count)
        {
            Vector512<float> ratio = Vector512.Load(x + i) / Vector512.Create(halfScale), magnitude = Vector512.Abs(ratio),
                value = Vector512<float>.Zero;
            Vector512<int> code = Vector512<int>.Zero;
            for (int k = 1; k < 8; k++)
            {
                float step = Codebooks.TwiceE2M1[k] - Codebooks.TwiceE2M1[k - 1], middle = Codebooks.TwiceE2M1[k] - (step * 0.5f);
                Vector512<int> above = Vector512.GreaterThan(magnitude, Vector512.Create(middle)).AsInt32();
                code -= above;
                value += (above & Vector512.Create(step).AsInt32()).AsSingle();
            }
            Vector512<float> off = (magnitude - value) * Vector512.Create(halfScale);
            error += off * off;
            Vector512<int> minus = Vector512.ShiftRightLogical(ratio.AsInt32() & Vector512.Create(int.MinValue), 28);
            (code | minus).Store(q + i);
        }
        Pack.Nibbles(q, packed);
        return Lanes.Sum(error);
    }

    private static void FifthBits(int* q, byte* into)
    {
        uint bits = 0;
        for (int i = 0; i < Count; i++) bits |= ((uint)q[i] >> 4) << i;
        Unsafe.WriteUnaligned(into, bits);
    }
}
