namespace Hearth.Models.Formats.Safetensors;

/// <summary>An element type a safetensors file may name in <c>dtype</c>.</summary>
/// <param name="Name">As the header spells it, for example <c>BF16</c>.</param>
/// <param name="Bits">Bits per element; under eight for the packed types.</param>
public sealed record SafetensorsType(string Name, int Bits)
{
    /// <summary>IEEE double precision.</summary>
    public static readonly SafetensorsType F64 = new("F64", 64);

    /// <summary>IEEE single precision.</summary>
    public static readonly SafetensorsType F32 = new("F32", 32);

    /// <summary>IEEE half precision.</summary>
    public static readonly SafetensorsType F16 = new("F16", 16);

    /// <summary>The upper half of a single.</summary>
    public static readonly SafetensorsType BF16 = new("BF16", 16);

    /// <summary>Signed 64-bit integers.</summary>
    public static readonly SafetensorsType I64 = new("I64", 64);

    /// <summary>Signed 32-bit integers.</summary>
    public static readonly SafetensorsType I32 = new("I32", 32);

    /// <summary>Unsigned bytes.</summary>
    public static readonly SafetensorsType U8 = new("U8", 8);

    /// <summary>8-bit floats with 4 bits of exponent and 3 of mantissa, finite but for one NaN of each sign (OCP 8-bit Floating Point 1.0).</summary>
    public static readonly SafetensorsType F8E4M3 = new("F8_E4M3", 8);

    /// <summary>Every type of the format. Those without a field of their own can be copied as raw bytes only.</summary>
    public static IReadOnlyList<SafetensorsType> All { get; } =
    [
        F64, F32, F16, BF16, I64, I32, U8,
        new("C64", 64), new("U64", 64), new("U32", 32), new("I16", 16), new("U16", 16), new("I8", 8), new("BOOL", 8),
        new("F8_E5M2", 8), F8E4M3, new("F8_E8M0", 8), new("F8_E5M2FNUZ", 8), new("F8_E4M3FNUZ", 8),
        new("F6_E2M3", 6), new("F6_E3M2", 6), new("F4", 4),
    ];

    /// <summary>The type of that name, or null when the format has none.</summary>
    /// <param name="name">As the header spells it; upper and lower case differ.</param>
    public static SafetensorsType? Find(string name) => All.FirstOrDefault(t => string.Equals(t.Name, name, StringComparison.Ordinal));

    /// <summary>The bytes a tensor of this type takes, or null when they are not whole bytes or overflow 63 bits.</summary>
    /// <param name="shape">The dimensions, none negative; empty for a single number.</param>
    internal long? ByteCount(ReadOnlySpan<int> shape)
    {
        long bits = Bits;
        foreach (int dimension in shape)
        {
            if (dimension != 0 && bits > long.MaxValue / dimension) return null;
            bits *= dimension;
        }
        return bits % 8 == 0 ? bits / 8 : null;
    }
}
