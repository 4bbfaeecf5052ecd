namespace Hearth.Numerics.Quantization;

/// <summary>The layout of a tensor type: rows are whole blocks, a block holds so many numbers in so many bytes.</summary>
/// <param name="Type">The type.</param>
/// <param name="Elements">Numbers in a block.</param>
/// <param name="Bytes">Bytes of a block.</param>
/// <param name="CanWrite">True when Hearth can write the type, not only read it.</param>
public sealed record BlockFormat(TensorType Type, int Elements, int Bytes, bool CanWrite)
{
    private static readonly BlockFormat[] ByType = Order(
    [
        new(TensorType.F32, 1, 4, true), new(TensorType.F16, 1, 2, true), new(TensorType.BF16, 1, 2, true),
        new(TensorType.F64, 1, 8, false),
        new(TensorType.I8, 1, 1, false), new(TensorType.I16, 1, 2, false), new(TensorType.I32, 1, 4, false),
        new(TensorType.I64, 1, 8, false),
        new(TensorType.Q4_0, 32, 18, true), new(TensorType.Q4_1, 32, 20, true), new(TensorType.Q5_0, 32, 22, true),
        new(TensorType.Q5_1, 32, 24, true), new(TensorType.Q8_0, 32, 34, true),
        new(TensorType.Q2_K, 256, 84, true), new(TensorType.Q3_K, 256, 110, true), new(TensorType.Q4_K, 256, 144, true),
        new(TensorType.Q5_K, 256, 176, true), new(TensorType.Q6_K, 256, 210, true),
        new(TensorType.IQ2_XXS, 256, 66, false), new(TensorType.IQ2_XS, 256, 74, false), new(TensorType.IQ2_S, 256, 82, false),
        new(TensorType.IQ3_XXS, 256, 98, false), new(TensorType.IQ3_S, 256, 110, false),
        new(TensorType.IQ1_S, 256, 50, false), new(TensorType.IQ1_M, 256, 56, false),
        new(TensorType.IQ4_NL, 32, 18, true), new(TensorType.IQ4_XS, 256, 136, true),
        new(TensorType.TQ1_0, 256, 54, true), new(TensorType.TQ2_0, 256, 66, true),
        new(TensorType.MXFP4, 32, 17, true), new(TensorType.NVFP4, 64, 36, false),
    ]);

    /// <summary>The types' name, as GGUF tools print it.</summary>
    public string Name => Type.ToString();

    /// <summary>Bits for each number, scales included.</summary>
    public double BitsPerNumber => Bytes * 8.0 / Elements;

    /// <summary>Every format, in the order of <see cref="TensorType"/>.</summary>
    public static IReadOnlyList<BlockFormat> All => ByType;

    /// <summary>The layout of a type.</summary>
    /// <param name="type">The type.</param>
    public static BlockFormat Of(TensorType type) => ByType[(int)type];

    /// <summary>The format of that name, upper and lower case alike; null when there is none.</summary>
    /// <param name="name">For example <c>q8_0</c>.</param>
    public static BlockFormat? Find(string name) =>
        ByType.FirstOrDefault(f => string.Equals(f.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The bytes of so many numbers; null when they are not whole blocks or the bytes overflow 63 bits.</summary>
    /// <param name="count">Numbers, not negative.</param>
    public long? BytesFor(long count)
    {
        if (count % Elements != 0 || count / Elements > long.MaxValue / Bytes) return null;
        return count / Elements * Bytes;
    }

    private static BlockFormat[] Order(BlockFormat[] formats)
    {
        Array.Sort(formats, (a, b) => a.Type.CompareTo(b.Type));
        return formats;
    }
}
