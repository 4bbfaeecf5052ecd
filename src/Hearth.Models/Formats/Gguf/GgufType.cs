using Hearth.Numerics.Quantization;

namespace Hearth.Models.Formats.Gguf;

/// <summary>Types of values in a GGUF file's metadata, by their numbers there (ggml, docs/gguf.md).</summary>
public enum GgufType
{
    /// <summary>Unsigned byte.</summary>
    UInt8 = 0,

    /// <summary>Signed byte.</summary>
    Int8 = 1,

    /// <summary>Unsigned 16-bit integer.</summary>
    UInt16 = 2,

    /// <summary>Signed 16-bit integer.</summary>
    Int16 = 3,

    /// <summary>Unsigned 32-bit integer.</summary>
    UInt32 = 4,

    /// <summary>Signed 32-bit integer.</summary>
    Int32 = 5,

    /// <summary>IEEE single.</summary>
    Float32 = 6,

    /// <summary>A byte that is 0 or 1.</summary>
    Bool = 7,

    /// <summary>Length and UTF-8 bytes.</summary>
    String = 8,

    /// <summary>Type, length and values.</summary>
    Array = 9,

    /// <summary>Unsigned 64-bit integer.</summary>
    UInt64 = 10,

    /// <summary>Signed 64-bit integer.</summary>
    Int64 = 11,

    /// <summary>IEEE double.</summary>
    Float64 = 12,
}

/// <summary>Numbers that GGUF files use for types.</summary>
internal static class GgufTypes
{
    // ggml, ggml.h, enum ggml_type. Numbers between these were given to types that are gone.
    private static readonly (int Number, TensorType Type)[] Tensors =
    [
        (0, TensorType.F32), (1, TensorType.F16), (2, TensorType.Q4_0), (3, TensorType.Q4_1), (6, TensorType.Q5_0), (7, TensorType.Q5_1),
        (8, TensorType.Q8_0), (10, TensorType.Q2_K), (11, TensorType.Q3_K), (12, TensorType.Q4_K), (13, TensorType.Q5_K),
        (14, TensorType.Q6_K),
        (16, TensorType.IQ2_XXS), (17, TensorType.IQ2_XS), (18, TensorType.IQ3_XXS), (19, TensorType.IQ1_S), (20, TensorType.IQ4_NL),
        (21, TensorType.IQ3_S), (22, TensorType.IQ2_S), (23, TensorType.IQ4_XS), (24, TensorType.I8), (25, TensorType.I16),
        (26, TensorType.I32),
        (27, TensorType.I64), (28, TensorType.F64), (29, TensorType.IQ1_M), (30, TensorType.BF16), (34, TensorType.TQ1_0),
        (35, TensorType.TQ2_0), (39, TensorType.MXFP4), (40, TensorType.NVFP4),
    ];

    private static readonly Dictionary<uint, TensorType> ByNumber = Tensors.ToDictionary(t => (uint)t.Number, t => t.Type);

    private static readonly Dictionary<TensorType, uint> Numbers = Tensors.ToDictionary(t => t.Type, t => (uint)t.Number);

    public static TensorType? Tensor(uint number) => ByNumber.TryGetValue(number, out TensorType type) ? type : null;

    public static uint Number(TensorType type) => Numbers[type];

    /// <summary>Bytes of a value, or 0 when they depend on the value.</summary>
    public static int Size(GgufType type) => type switch
    {
        GgufType.UInt8 or GgufType.Int8 or GgufType.Bool => 1,
        GgufType.UInt16 or GgufType.Int16 => 2,
        GgufType.UInt32 or GgufType.Int32 or GgufType.Float32 => 4,
        GgufType.UInt64 or GgufType.Int64 or GgufType.Float64 => 8,
        _ => 0,
    };
}
