namespace Hearth.Numerics.Quantization;

/// <summary>How the numbers of a stored tensor are written. Names are those of the formats that define them.</summary>
public enum TensorType
{
    /// <summary>IEEE single precision.</summary>
    F32,

    /// <summary>IEEE half precision.</summary>
    F16,

    /// <summary>The upper half of a single.</summary>
    BF16,

    /// <summary>IEEE double precision.</summary>
    F64,

    /// <summary>Signed bytes.</summary>
    I8,

    /// <summary>Signed 16-bit integers.</summary>
    I16,

    /// <summary>Signed 32-bit integers.</summary>
    I32,

    /// <summary>Signed 64-bit integers.</summary>
    I64,

    /// <summary>4 bits, a scale for 32 numbers.</summary>
    Q4_0,

    /// <summary>4 bits, a scale and an offset for 32 numbers.</summary>
    Q4_1,

    /// <summary>5 bits, a scale for 32 numbers.</summary>
    Q5_0,

    /// <summary>5 bits, a scale and an offset for 32 numbers.</summary>
    Q5_1,

    /// <summary>8 bits, a scale for 32 numbers.</summary>
    Q8_0,

    /// <summary>2 bits, 4-bit scales and offsets for 16 numbers, 256 to a block.</summary>
    Q2_K,

    /// <summary>3 bits, 6-bit scales for 16 numbers, 256 to a block.</summary>
    Q3_K,

    /// <summary>4 bits, 6-bit scales and offsets for 32 numbers, 256 to a block.</summary>
    Q4_K,

    /// <summary>5 bits, 6-bit scales and offsets for 32 numbers, 256 to a block.</summary>
    Q5_K,

    /// <summary>6 bits, 8-bit scales for 16 numbers, 256 to a block.</summary>
    Q6_K,

    /// <summary>One of 256 patterns for 8 numbers and their signs.</summary>
    IQ2_XXS,

    /// <summary>One of 512 patterns for 8 numbers and their signs, 4-bit scales for 16 numbers.</summary>
    IQ2_XS,

    /// <summary>One of 1,024 patterns for 8 numbers, free signs, 4-bit scales for 16 numbers.</summary>
    IQ2_S,

    /// <summary>One of 256 patterns for 4 numbers and their signs.</summary>
    IQ3_XXS,

    /// <summary>One of 512 patterns for 4 numbers, free signs, 4-bit scales for 32 numbers.</summary>
    IQ3_S,

    /// <summary>One of 2,048 ternary patterns for 8 numbers, 3-bit scales and a shift for 32 numbers.</summary>
    IQ1_S,

    /// <summary>One of 2,048 ternary patterns for 8 numbers, 3-bit scales for 16 numbers, a shift for 8.</summary>
    IQ1_M,

    /// <summary>One of sixteen unevenly spaced values, a scale for 32 numbers.</summary>
    IQ4_NL,

    /// <summary>One of sixteen unevenly spaced values, 6-bit scales for 32 numbers, 256 to a block.</summary>
    IQ4_XS,

    /// <summary>-1, 0 or 1 times a scale for 256 numbers, five to a byte.</summary>
    TQ1_0,

    /// <summary>-1, 0 or 1 times a scale for 256 numbers, four to a byte.</summary>
    TQ2_0,

    /// <summary>4-bit floats (E2M1) with a power of two for 32 numbers (OCP Microscaling Formats 1.0).</summary>
    MXFP4,

    /// <summary>4-bit floats (E2M1) with an 8-bit float (E4M3) for 16 numbers, 64 to a block.</summary>
    NVFP4,
}
