using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Quantization;

/// <summary>One block of a row as integers: what a panel stores of it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct BlockCodes
{
    /// <summary>The integers, in the order of the columns.</summary>
    public fixed byte Q[256];

    /// <summary>Small scales, by step and half.</summary>
    public fixed byte Scale[16];

    /// <summary>Small minima, by step.</summary>
    public fixed byte Minimum[8];

    /// <summary>The block's scale, a half; for MXFP4 the exponent.</summary>
    public ushort D;

    /// <summary>The block's minimum, a half.</summary>
    public ushort DMinimum;
}

/// <summary>
/// Reads blocks of a file as <see cref="BlockCodes"/>. The layouts are those of <see cref="Blocks32"/>, <see cref="Blocks256"/> and
/// <see cref="GridBlocks"/>.
/// </summary>
internal static unsafe class CodeReader
{
    /// <summary>Reads a block.</summary>
    public delegate void Reader(byte* x, ref BlockCodes c);

    private delegate int SmallScale(byte* x, int part);

    /// <summary>The reader of a type that <see cref="PanelFormat"/> knows.</summary>
    public static Reader Of(TensorType type) => type switch
    {
        TensorType.Q4_0 or TensorType.IQ4_NL => (byte* x, ref BlockCodes c) => { c.D = Half(x); Nibbles(x + 2, 16, ref c, 0); },
        TensorType.Q4_1 => (byte* x, ref BlockCodes c) => { c.D = Half(x); c.DMinimum = Half(x + 2); Nibbles(x + 4, 16, ref c, 0); },
        TensorType.Q5_0 => (byte* x, ref BlockCodes c) => { c.D = Half(x); Nibbles(x + 6, 16, ref c, 0); FifthBits(x + 2, ref c); },
        TensorType.Q5_1 => (byte* x, ref BlockCodes c) =>
        {
            c.D = Half(x);
            c.DMinimum = Half(x + 2);
            Nibbles(x + 8, 16, ref c, 0);
            FifthBits(x + 4, ref c);
        },
        TensorType.Q8_0 => (byte* x, ref BlockCodes c) =>
        {
            c.D = Half(x);
            Vector256.Load(x + 2).Store((byte*)Unsafe.AsPointer(ref c.Q[0]));
        },
        TensorType.MXFP4 => (byte* x, ref BlockCodes c) => { c.D = x[0]; Nibbles(x + 1, 16, ref c, 0); },
        TensorType.Q2_K => Q2_K,
        TensorType.Q3_K => Q3_K,
        TensorType.Q4_K => Q4_K,
        TensorType.Q5_K => Q5_K,
        TensorType.Q6_K => Q6_K,
        TensorType.IQ4_XS => IQ4_XS,
        TensorType.TQ1_0 or TensorType.TQ2_0 => (byte* x, ref BlockCodes c) => FromValues(type, x, ref c, 1, 0, (_, _) => 0),
        TensorType.IQ2_XXS => (byte* x, ref BlockCodes c) => FromValues(type, x, ref c, 0, 1, (p, part) => p[9 + (8 * part)] >> 4),
        TensorType.IQ2_XS => (byte* x, ref BlockCodes c) =>
            FromValues(type, x, ref c, 0, 2, (p, part) => (p[66 + (part / 2)] >> (part % 2 * 4)) & 15),
        TensorType.IQ2_S => (byte* x, ref BlockCodes c) =>
            FromValues(type, x, ref c, 0, 2, (p, part) => (p[74 + (part / 2)] >> (part % 2 * 4)) & 15),
        TensorType.IQ3_XXS => (byte* x, ref BlockCodes c) => FromValues(type, x, ref c, 0, 1, (p, part) => p[69 + (4 * part)] >> 4),
        TensorType.IQ3_S => (byte* x, ref BlockCodes c) =>
            FromValues(type, x, ref c, 16, 1, (p, part) => (p[106 + (part / 2)] >> (part % 2 * 4)) & 15),
        TensorType.IQ1_S => (byte* x, ref BlockCodes c) => FromValues(type, x, ref c, 16, 1, (p, part) => (p[35 + (2 * part)] >> 4) & 7),
        TensorType.IQ1_M => (byte* x, ref BlockCodes c) =>
            FromValues(type, x, ref c, 32, 2, (p, part) => (Half(p + 48 + (part / 4 * 2)) >> (part % 4 * 3)) & 7),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No panel holds this type."),
    };

    private static ushort Half(byte* at) => Unsafe.ReadUnaligned<ushort>(at);

    /// <summary>The lower four bits of some bytes, a multiple of 16, then the upper four.</summary>
    private static void Nibbles(byte* x, int bytes, ref BlockCodes c, int at)
    {
        fixed (byte* q = c.Q)
        {
            for (int i = 0; i < bytes; i += 16)
            {
                Field(Vector128.Load(x + i), 0, 15).Store(q + at + i);
                Field(Vector128.Load(x + i), 4, 15).Store(q + at + bytes + i);
            }
        }
    }

    /// <summary>Some bits of each byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Field(Vector128<byte> bytes, int shift, byte mask) =>
        Vector128.ShiftRightLogical(bytes.AsUInt16(), shift).AsByte() & Vector128.Create(mask);   // the mask drops what came from the neighbour

    /// <summary>
    /// Adds upper bits to the codes from a place on: each 32 bytes hold those of so many times 32 codes, the first codes' in the lowest bits.
    /// </summary>
    private static void UpperBits(byte* x, int bits, int at, int count, ref BlockCodes c)
    {
        fixed (byte* q = c.Q)
        {
            for (int i = 0; i < count; i += 16)
            {
                Vector128<byte> upper = Field(Vector128.Load(x + (i % 32)), i / 32 * bits, (byte)((1 << bits) - 1));
                (Vector128.Load(q + at + i) | (upper << 4)).Store(q + at + i);
            }
        }
    }

    private static void FifthBits(byte* x, ref BlockCodes c)
    {
        uint bits = Unsafe.ReadUnaligned<uint>(x);
        for (int i = 0; i < 32; i++, bits >>= 1) c.Q[i] |= (byte)((bits & 1) << 4);
    }

    /// <summary>Scale and minimum of a part share a byte.</summary>
    private static void Q2_K(byte* x, ref BlockCodes c)
    {
        (c.D, c.DMinimum) = (Half(x + 80), Half(x + 82));
        for (int part = 0; part < 16; part++)
        {
            c.Scale[part] = x[part];
            TwoBits(x + 16, part, ref c);
        }
    }

    private static void Q3_K(byte* x, ref BlockCodes c)
    {
        c.D = Half(x + 108);
        for (int part = 0; part < 16; part++)
        {
            int low = (x[96 + (part % 8)] >> (part / 8 * 4)) & 15, high = (x[104 + (part % 4)] >> (part / 4 * 2)) & 3;
            c.Scale[part] = (byte)((low | (high << 4)) - 32);
            TwoBits(x + 32, part, ref c);
            for (int i = 0; i < 16; i++) c.Q[(16 * part) + i] |= (byte)(((x[(part % 2 * 16) + i] >> (part / 2)) & 1) << 2);
        }
    }

    private static void Q4_K(byte* x, ref BlockCodes c)
    {
        ScalesAndMinima(x, ref c);
        for (int pair = 0; pair < 4; pair++) Nibbles(x + 16 + (32 * pair), 32, ref c, 64 * pair);
    }

    private static void Q5_K(byte* x, ref BlockCodes c)
    {
        ScalesAndMinima(x, ref c);
        for (int pair = 0; pair < 4; pair++) Nibbles(x + 48 + (32 * pair), 32, ref c, 64 * pair);
        UpperBits(x + 16, 1, 0, 256, ref c);
    }

    private static void Q6_K(byte* x, ref BlockCodes c)
    {
        c.D = Half(x + 208);
        for (int part = 0; part < 16; part++) c.Scale[part] = x[192 + part];
        for (int half = 0; half < 2; half++)
        {
            Nibbles(x + (64 * half), 64, ref c, 128 * half);
            UpperBits(x + 128 + (32 * half), 2, 128 * half, 128, ref c);
        }
    }

    private static void IQ4_XS(byte* x, ref BlockCodes c)
    {
        c.D = Half(x);
        int upper = Half(x + 2);
        for (int part = 0; part < 8; part++)
        {
            int low = (x[4 + (part / 2)] >> (part % 2 * 4)) & 15;
            c.Scale[part] = (byte)((low | (((upper >> (2 * part)) & 3) << 4)) - 32);
            Nibbles(x + 8 + (16 * part), 16, ref c, 32 * part);
        }
    }

    /// <summary>
    /// Patterns and ternary numbers, from what their own reader gives for a scale of one: a multiple of the small scale 2s + 1 and of the
    /// format's factor.
    /// </summary>
    private static void FromValues(TensorType type, byte* x, ref BlockCodes c, int offset, int scales, SmallScale scale)
    {
        int bytes = BlockFormat.Of(type).Bytes;
        byte* block = stackalloc byte[bytes];
        float* values = stackalloc float[256];
        new ReadOnlySpan<byte>(x, bytes).CopyTo(new Span<byte>(block, bytes));
        c.D = TakeScale(type, block);
        Kernels.QuantizedRows.Dequantize(type, new ReadOnlySpan<byte>(block, bytes), new Span<float>(values, 256));
        float factor = PanelFormat.Of(type)!.Factor;
        for (int i = 0; i < 256; i++)
        {
            int part = i * scales / 32, s = (2 * scale(x, part)) + 1;
            c.Q[i] = (byte)(int)((values[i] / (factor * s)) + offset);
            if (scales > 0) c.Scale[part] = (byte)s;
        }
    }

    /// <summary>The scale of a block, which becomes one.</summary>
    private static ushort TakeScale(TensorType type, byte* block)
    {
        const int one = 0x3C00;
        if (type == TensorType.IQ1_M)
        {
            int d = 0;
            for (int i = 0; i < 4; i++)
            {
                ref byte at = ref block[49 + (2 * i)];
                d |= at >> 4 << (4 * i);
                at = (byte)((at & 15) | (((one >> (4 * i)) & 15) << 4));
            }
            return (ushort)d;
        }
        byte* scale = block + (type == TensorType.TQ1_0 ? 52 : type == TensorType.TQ2_0 ? 64 : 0);
        ushort result = Half(scale);
        Unsafe.WriteUnaligned(scale, (ushort)one);
        return result;
    }

    private static void ScalesAndMinima(byte* x, ref BlockCodes c)
    {
        (c.D, c.DMinimum) = (Half(x), Half(x + 2));
        for (int part = 0; part < 8; part++)
        {
            (int s, int m) = Blocks256.ScaleAndMin(x + 4, part);
            (c.Scale[part], c.Minimum[part]) = ((byte)s, (byte)m);
        }
    }

    private static void TwoBits(byte* x, int part, ref BlockCodes c)
    {
        byte* q = x + (part / 8 * 32) + (part % 2 * 16);
        for (int i = 0; i < 16; i++) c.Q[(16 * part) + i] = (byte)((q[i] >> (part % 8 / 2 * 2)) & 3);
    }
}
