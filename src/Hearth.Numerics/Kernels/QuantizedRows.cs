using System.Runtime.InteropServices;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Kernels;

/// <summary>Rows of stored numbers to singles and back, for every <see cref="TensorType"/>.</summary>
public static unsafe class QuantizedRows
{
    private delegate void Reader(byte* x, float* y, int blocks);

    private delegate void Writer(float* x, byte* y, int blocks);

    /// <summary>
    /// The numbers that whole blocks stand for, rounded as the formats' own reader does; integers and doubles become the nearest single.
    /// </summary>
    /// <param name="type">The blocks' type.</param>
    /// <param name="from">The blocks, [n / elements of a block].</param>
    /// <param name="into">[n]</param>
    /// <exception cref="ArgumentException">The lengths are not those of the same whole blocks.</exception>
    public static void Dequantize(TensorType type, ReadOnlySpan<byte> from, Span<float> into)
    {
        int blocks = Blocks(type, into.Length, from.Length);
        switch (type)
        {
            case TensorType.F32: from.CopyTo(MemoryMarshal.AsBytes(into)); return;
            case TensorType.F16: Conversion.FromHalf(MemoryMarshal.Cast<byte, ushort>(from), into); return;
            case TensorType.BF16: Conversion.FromBFloat16(MemoryMarshal.Cast<byte, ushort>(from), into); return;
            case TensorType.F64: Conversion.FromDouble(MemoryMarshal.Cast<byte, double>(from), into); return;
        }
        fixed (byte* x = from)
        fixed (float* y = into) ReaderOf(type)(x, y, blocks);
    }

    /// <summary>Blocks whose numbers come close to given ones: the scales are searched for the least sum of squared errors.</summary>
    /// <param name="type">The blocks' type; <see cref="BlockFormat.CanWrite"/>.</param>
    /// <param name="from">Finite numbers, [n].</param>
    /// <param name="into">The blocks, [n / elements of a block].</param>
    /// <exception cref="ArgumentException">The lengths are not those of the same whole blocks, or the type can not be written.</exception>
    public static void Quantize(TensorType type, ReadOnlySpan<float> from, Span<byte> into)
    {
        int blocks = Blocks(type, from.Length, into.Length);
        switch (type)
        {
            case TensorType.F32: MemoryMarshal.AsBytes(from).CopyTo(into); return;
            case TensorType.F16: Conversion.ToHalf(from, MemoryMarshal.Cast<byte, ushort>(into)); return;
            case TensorType.BF16: Conversion.ToBFloat16(from, MemoryMarshal.Cast<byte, ushort>(into)); return;
        }
        fixed (float* x = from)
        fixed (byte* y = into) WriterOf(type)(x, y, blocks);
    }

    private static int Blocks(TensorType type, int elements, int bytes)
    {
        BlockFormat format = BlockFormat.Of(type);
        if (elements % format.Elements == 0 && format.BytesFor(elements) == bytes) return elements / format.Elements;
        throw new ArgumentException($"{elements:N0} numbers and {bytes:N0} bytes are not the same whole blocks of {type}.");
    }

    private static Reader ReaderOf(TensorType type) => type switch
    {
        TensorType.I8 => Integers.I8,
        TensorType.I16 => Integers.I16,
        TensorType.I32 => Integers.I32,
        TensorType.I64 => Integers.I64,
        TensorType.Q4_0 => Blocks32.Q4_0,
        TensorType.Q4_1 => Blocks32.Q4_1,
        TensorType.Q5_0 => Blocks32.Q5_0,
        TensorType.Q5_1 => Blocks32.Q5_1,
        TensorType.Q8_0 => Blocks32.Q8_0,
        TensorType.Q2_K => Blocks256.Q2_K,
        TensorType.Q3_K => Blocks256.Q3_K,
        TensorType.Q4_K => Blocks256.Q4_K,
        TensorType.Q5_K => Blocks256.Q5_K,
        TensorType.Q6_K => Blocks256.Q6_K,
        TensorType.IQ2_XXS => GridBlocks.IQ2_XXS,
        TensorType.IQ2_XS => GridBlocks.IQ2_XS,
        TensorType.IQ2_S => GridBlocks.IQ2_S,
        TensorType.IQ3_XXS => GridBlocks.IQ3_XXS,
        TensorType.IQ3_S => GridBlocks.IQ3_S,
        TensorType.IQ1_S => GridBlocks.IQ1_S,
        TensorType.IQ1_M => GridBlocks.IQ1_M,
        TensorType.IQ4_NL => Blocks32.IQ4_NL,
        TensorType.IQ4_XS => Blocks256.IQ4_XS,
        TensorType.TQ1_0 => Blocks256.TQ1_0,
        TensorType.TQ2_0 => Blocks256.TQ2_0,
        TensorType.MXFP4 => Blocks32.MXFP4,
        TensorType.NVFP4 => Blocks32.NVFP4,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No such tensor type."),
    };

    private static Writer WriterOf(TensorType type) => type switch
    {
        TensorType.Q4_0 => WriteBlocks32.Q4_0,
        TensorType.Q4_1 => WriteBlocks32.Q4_1,
        TensorType.Q5_0 => WriteBlocks32.Q5_0,
        TensorType.Q5_1 => WriteBlocks32.Q5_1,
        TensorType.Q8_0 => WriteBlocks32.Q8_0,
        TensorType.IQ4_NL => WriteBlocks32.IQ4_NL,
        TensorType.MXFP4 => WriteBlocks32.MXFP4,
        TensorType.Q2_K => WriteBlocks256.Q2_K,
        TensorType.Q3_K => WriteBlocks256.Q3_K,
        TensorType.Q4_K => WriteBlocks256.Q4_K,
        TensorType.Q5_K => WriteBlocks256.Q5_K,
        TensorType.Q6_K => WriteBlocks256.Q6_K,
        TensorType.IQ4_XS => WriteBlocks256.IQ4_XS,
        TensorType.TQ1_0 => WriteTernary.TQ1_0,
        TensorType.TQ2_0 => WriteTernary.TQ2_0,
        _ => throw new ArgumentException($"Hearth does not write {type}.", nameof(type)),
    };
}
