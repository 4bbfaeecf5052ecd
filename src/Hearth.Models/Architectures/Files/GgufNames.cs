using System.Globalization;

namespace Hearth.Models.Architectures.Files;

/// <summary>How GGUF calls what Hugging Face's files call otherwise.</summary>
internal static class GgufNames
{
    private const string LayerPrefix = "model.layers.", Gpt2LayerPrefix = "transformer.h.", GgufLayerPrefix = "blk.";

    private static readonly Dictionary<string, string> Whole = new(StringComparer.Ordinal)
    {
        ["model.embed_tokens.weight"] = "token_embd.weight",
        ["model.norm.weight"] = "output_norm.weight",
        ["lm_head.weight"] = "output.weight",
    };

    private static readonly Dictionary<string, string> WholeGpt2 = new(StringComparer.Ordinal)
    {
        ["transformer.wte.weight"] = "token_embd.weight",
        ["transformer.wpe.weight"] = "position_embd.weight",
        ["transformer.ln_f.weight"] = "output_norm.weight",
        ["transformer.ln_f.bias"] = "output_norm.bias",
        ["lm_head.weight"] = "output.weight",
    };

    private static readonly Dictionary<string, string> InLayer = new(StringComparer.Ordinal)
    {
        ["input_layernorm.weight"] = "attn_norm.weight",
        ["post_attention_layernorm.weight"] = "ffn_norm.weight",
        ["pre_feedforward_layernorm.weight"] = "ffn_norm.weight",
        ["post_feedforward_layernorm.weight"] = "post_ffw_norm.weight",
        ["self_attn.q_proj.weight"] = "attn_q.weight",
        ["self_attn.k_proj.weight"] = "attn_k.weight",
        ["self_attn.v_proj.weight"] = "attn_v.weight",
        ["self_attn.q_proj.bias"] = "attn_q.bias",
        ["self_attn.k_proj.bias"] = "attn_k.bias",
        ["self_attn.v_proj.bias"] = "attn_v.bias",
        ["self_attn.qkv_proj.weight"] = "attn_qkv.weight",
        ["self_attn.o_proj.weight"] = "attn_output.weight",
        ["self_attn.o_proj.bias"] = "attn_output.bias",
        ["self_attn.q_norm.weight"] = "attn_q_norm.weight",
        ["self_attn.k_norm.weight"] = "attn_k_norm.weight",
        ["self_attn.sinks"] = "attn_sinks.weight",
        ["self_attn.q_a_proj.weight"] = "attn_q_a.weight",
        ["self_attn.q_a_layernorm.weight"] = "attn_q_a_norm.weight",
        ["self_attn.q_b_proj.weight"] = "attn_q_b.weight",
        ["self_attn.kv_a_proj_with_mqa.weight"] = "attn_kv_a_mqa.weight",
        ["self_attn.kv_a_layernorm.weight"] = "attn_kv_a_norm.weight",
        ["self_attn.k_b_proj"] = "attn_k_b.weight",
        ["self_attn.v_b_proj"] = "attn_v_b.weight",
        ["mlp.gate_proj.weight"] = "ffn_gate.weight",
        ["mlp.up_proj.weight"] = "ffn_up.weight",
        ["mlp.gate_up_proj.weight"] = "ffn_up.weight",
        ["mlp.down_proj.weight"] = "ffn_down.weight",
        ["mlp.gate.weight"] = "ffn_gate_inp.weight",
        ["mlp.gate.bias"] = "ffn_gate_inp.bias",
        ["mlp.gate.e_score_correction_bias"] = "exp_probs_b.bias",
        ["mlp.experts.gate_proj"] = "ffn_gate_exps.weight",
        ["mlp.experts.up_proj"] = "ffn_up_exps.weight",
        ["mlp.experts.down_proj"] = "ffn_down_exps.weight",
        ["mlp.experts.gate_proj_bias"] = "ffn_gate_exps.bias",
        ["mlp.experts.up_proj_bias"] = "ffn_up_exps.bias",
        ["mlp.experts.down_proj_bias"] = "ffn_down_exps.bias",
        ["mlp.shared_experts.gate_proj.weight"] = "ffn_gate_shexp.weight",
        ["mlp.shared_experts.up_proj.weight"] = "ffn_up_shexp.weight",
        ["mlp.shared_experts.down_proj.weight"] = "ffn_down_shexp.weight",
    };

    private static readonly Dictionary<string, string> InGpt2Layer = new(StringComparer.Ordinal)
    {
        ["ln_1.weight"] = "attn_norm.weight",
        ["ln_1.bias"] = "attn_norm.bias",
        ["attn.c_attn.weight"] = "attn_qkv.weight",
        ["attn.c_attn.bias"] = "attn_qkv.bias",
        ["attn.c_proj.weight"] = "attn_output.weight",
        ["attn.c_proj.bias"] = "attn_output.bias",
        ["ln_2.weight"] = "ffn_norm.weight",
        ["ln_2.bias"] = "ffn_norm.bias",
        ["mlp.c_fc.weight"] = "ffn_up.weight",
        ["mlp.c_fc.bias"] = "ffn_up.bias",
        ["mlp.c_proj.weight"] = "ffn_down.weight",
        ["mlp.c_proj.bias"] = "ffn_down.bias",
    };

    /// <summary>Architectures that keep the norm after attention apart from the one before the feed-forward part.</summary>
    private static readonly string[] NormAfterAttention = ["gpt-oss", "olmo2", "gemma3"];

    /// <summary>The name in a GGUF file.</summary>
    /// <param name="architecture">The file's general.architecture.</param>
    /// <param name="name">The parameter's name here.</param>
    /// <exception cref="ArgumentException">No family has a parameter of that name.</exception>
    public static string Of(string architecture, string name)
    {
        if (Whole.TryGetValue(name, out string? found) || WholeGpt2.TryGetValue(name, out found)) return found;
        bool gpt2 = name.StartsWith(Gpt2LayerPrefix, StringComparison.Ordinal);
        string prefix = gpt2 ? Gpt2LayerPrefix : LayerPrefix;
        int dot = name.StartsWith(prefix, StringComparison.Ordinal) ? name.IndexOf('.', prefix.Length) : -1;
        string layer = dot < 0 ? "" : name[prefix.Length..dot], part = dot < 0 ? "" : name[(dot + 1)..];
        if (part == "post_attention_layernorm.weight" && NormAfterAttention.Contains(architecture)) return $"{GgufLayerPrefix}{layer}.post_attention_norm.weight";
        return (gpt2 ? InGpt2Layer : InLayer).TryGetValue(part, out found)
            ? $"{GgufLayerPrefix}{layer}.{found}"
            : throw new ArgumentException($"GGUF has no name for '{name}'.", nameof(name));
    }

    /// <summary>The name here of a tensor of a plain Llama-style or GPT-2-style file; null when it has none.</summary>
    /// <param name="name">The name in GGUF.</param>
    /// <param name="gpt2">True for GPT-2's names.</param>
    public static string? From(string name, bool gpt2)
    {
        foreach ((string own, string other) in gpt2 ? WholeGpt2 : Whole)
        {
            if (other == name) return own;
        }
        int dot = name.StartsWith(GgufLayerPrefix, StringComparison.Ordinal) ? name.IndexOf('.', GgufLayerPrefix.Length) : -1;
        if (dot < 0 || !int.TryParse(name.AsSpan(GgufLayerPrefix.Length, dot - GgufLayerPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int layer)) return null;
        string? part = (gpt2 ? InGpt2Layer : InLayer).FirstOrDefault(p => name.AsSpan(dot + 1).SequenceEqual(p.Value)).Key;
        return part is null ? null : $"{(gpt2 ? Gpt2LayerPrefix : LayerPrefix)}{layer.ToString(CultureInfo.InvariantCulture)}.{part}";
    }
}
