using Hearth.Numerics.Quantization;

namespace Hearth.Models.Formats.Gguf;

/// <summary>Which type each tensor of a model gets when it is written as GGUF.</summary>
/// <param name="Name">As <c>--type</c> takes it, for example <c>q4_k_m</c>.</param>
/// <param name="Type">The type of most matrices.</param>
/// <param name="FileType">The number under <c>general.file_type</c> (llama.cpp, llama.h, enum llama_ftype).</param>
/// <param name="Mixed">True when the output layer, and in some layers values and the way out of the feed-forward part, get Q6_K.</param>
public sealed record GgufMixture(string Name, TensorType Type, uint FileType, bool Mixed = false)
{
    /// <summary>Every mixture. Those named after a type use it for every matrix.</summary>
    public static IReadOnlyList<GgufMixture> All { get; } =
    [
        new("f32", TensorType.F32, 0), new("f16", TensorType.F16, 1), new("bf16", TensorType.BF16, 32), new("q8_0", TensorType.Q8_0, 7),
        new("q6_k", TensorType.Q6_K, 18), new("q5_k_m", TensorType.Q5_K, 17, Mixed: true), new("q5_k", TensorType.Q5_K, 16),
        new("q5_1", TensorType.Q5_1, 9), new("q5_0", TensorType.Q5_0, 8), new("q4_k_m", TensorType.Q4_K, 15, Mixed: true),
        new("q4_k", TensorType.Q4_K, 14), new("q4_1", TensorType.Q4_1, 3), new("q4_0", TensorType.Q4_0, 2),
        new("iq4_nl", TensorType.IQ4_NL, 25),
        new("iq4_xs", TensorType.IQ4_XS, 30), new("mxfp4", TensorType.MXFP4, 38), new("q3_k", TensorType.Q3_K, 11),
        new("q2_k", TensorType.Q2_K, 10),
        new("tq2_0", TensorType.TQ2_0, 37), new("tq1_0", TensorType.TQ1_0, 36),
    ];

    /// <summary>The mixture of that name, upper and lower case alike; null when there is none.</summary>
    /// <param name="name">For example <c>q4_k_m</c>.</param>
    public static GgufMixture? Find(string name) =>
        All.FirstOrDefault(m => string.Equals(m.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// The type of a tensor. Norms, biases, positions and what chooses experts stay F32; a type whose blocks do not fit the rows gives way to one that fits.
    /// </summary>
    /// <param name="tensor">Its name in GGUF.</param>
    /// <param name="columns">Its columns; 0 when it is not a matrix.</param>
    /// <param name="layers">Layers of the model.</param>
    /// <param name="tied">True when the embedding is the output layer as well.</param>
    public TensorType For(string tensor, int columns, int layers, bool tied)
    {
        return columns > 0 && IsMatrix(tensor) ? Fitting(Mixed ? Raised(tensor, layers, tied) : Type, columns) : TensorType.F32;
    }

    /// <summary>Whether a tensor of that name is one that mixtures are about; norms, biases, positions and what chooses experts are not.</summary>
    /// <param name="tensor">Its name in GGUF.</param>
    internal static bool IsMatrix(string tensor) => tensor.EndsWith(".weight", StringComparison.Ordinal)
        && !tensor.EndsWith("_norm.weight", StringComparison.Ordinal) && !tensor.StartsWith("position_embd", StringComparison.Ordinal)
        && !tensor.Contains("ffn_gate_inp", StringComparison.Ordinal) && !tensor.StartsWith("rope_", StringComparison.Ordinal);

    /// <summary>What llama.cpp gives more bits in its _M mixtures (llama-quant.cpp, llama_tensor_get_type).</summary>
    private TensorType Raised(string tensor, int layers, bool tied)
    {
        if (tensor == "output.weight" || (tied && tensor == "token_embd.weight")) return TensorType.Q6_K;
        string[] parts = tensor.Split('.');
        if (parts is not ["blk", var number, var part, "weight"] || !int.TryParse(number, out int layer)) return Type;
        int eighth = layers / 8;
        bool more = layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
        return part switch
        {
            "attn_v" or "ffn_down" when more => TensorType.Q6_K,
            "attn_qkv" => Type == TensorType.Q4_K ? TensorType.Q5_K : TensorType.Q6_K,
            _ => Type,
        };
    }

    private static TensorType Fitting(TensorType type, int columns)
    {
        if (columns % BlockFormat.Of(type).Elements == 0) return type;
        TensorType smaller = type switch
        {
            TensorType.Q6_K => TensorType.Q8_0,
            TensorType.Q5_K => TensorType.Q5_1,
            TensorType.Q4_K => TensorType.Q5_0,
            TensorType.IQ4_XS => TensorType.IQ4_NL,
            TensorType.Q3_K or TensorType.Q2_K or TensorType.TQ1_0 or TensorType.TQ2_0 => TensorType.Q4_0,
            _ => TensorType.F16,
        };
        return columns % BlockFormat.Of(smaller).Elements == 0 ? smaller : TensorType.F16;
    }
}
