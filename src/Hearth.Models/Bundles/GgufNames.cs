namespace Hearth.Models.Bundles;

/// <summary>Names of the same tensors in Hugging Face's layout and in GGUF (gguf-py, tensor_mapping.py).</summary>
internal static class GgufNames
{
    private const string LlamaLayer = "model.layers.", Gpt2Layer = "transformer.h.", GgufLayer = "blk.";

    private static readonly (string HuggingFace, string Gguf)[] LlamaOutside =
    [
        ("model.embed_tokens.weight", "token_embd.weight"), ("model.norm.weight", "output_norm.weight"),
        ("lm_head.weight", "output.weight"),
    ];

    private static readonly (string HuggingFace, string Gguf)[] LlamaInside =
    [
        ("input_layernorm.weight", "attn_norm.weight"), ("self_attn.q_proj.weight", "attn_q.weight"),
        ("self_attn.k_proj.weight", "attn_k.weight"),
        ("self_attn.v_proj.weight", "attn_v.weight"), ("self_attn.o_proj.weight", "attn_output.weight"),
        ("self_attn.q_norm.weight", "attn_q_norm.weight"), ("self_attn.k_norm.weight", "attn_k_norm.weight"),
        ("post_attention_layernorm.weight", "ffn_norm.weight"), ("mlp.gate_proj.weight", "ffn_gate.weight"),
        ("mlp.up_proj.weight", "ffn_up.weight"), ("mlp.down_proj.weight", "ffn_down.weight"),
    ];

    private static readonly (string HuggingFace, string Gguf)[] Gpt2Outside =
    [
        ("transformer.wte.weight", "token_embd.weight"), ("transformer.wpe.weight", "position_embd.weight"),
        ("transformer.ln_f.weight", "output_norm.weight"), ("transformer.ln_f.bias", "output_norm.bias"),
        ("lm_head.weight", "output.weight"),
    ];

    private static readonly (string HuggingFace, string Gguf)[] Gpt2Inside =
    [
        ("ln_1.weight", "attn_norm.weight"), ("ln_1.bias", "attn_norm.bias"), ("attn.c_attn.weight", "attn_qkv.weight"),
        ("attn.c_attn.bias", "attn_qkv.bias"), ("attn.c_proj.weight", "attn_output.weight"), ("attn.c_proj.bias", "attn_output.bias"),
        ("ln_2.weight", "ffn_norm.weight"), ("ln_2.bias", "ffn_norm.bias"), ("mlp.c_fc.weight", "ffn_up.weight"),
        ("mlp.c_fc.bias", "ffn_up.bias"),
        ("mlp.c_proj.weight", "ffn_down.weight"), ("mlp.c_proj.bias", "ffn_down.bias"),
    ];

    /// <summary>The name in GGUF of a parameter of Hearth's Llama-style or GPT-2-style models; null when it has none.</summary>
    public static string? ToGguf(string name) =>
        Find(name, LlamaOutside, LlamaLayer, LlamaInside, p => p.HuggingFace, p => p.Gguf, GgufLayer)
        ?? Find(name, Gpt2Outside, Gpt2Layer, Gpt2Inside, p => p.HuggingFace, p => p.Gguf, GgufLayer);

    /// <summary>The name in Hugging Face's layout of a tensor of an architecture; null when it has none.</summary>
    public static string? FromGguf(string name, bool gpt2) => gpt2
        ? Find(name, Gpt2Outside, GgufLayer, Gpt2Inside, p => p.Gguf, p => p.HuggingFace, Gpt2Layer)
        : Find(name, LlamaOutside, GgufLayer, LlamaInside, p => p.Gguf, p => p.HuggingFace, LlamaLayer);

    private static string? Find(string name, (string HuggingFace, string Gguf)[] outside, string layer,
        (string HuggingFace, string Gguf)[] inside,
        Func<(string HuggingFace, string Gguf), string> from, Func<(string HuggingFace, string Gguf), string> to, string otherLayer)
    {
        foreach (var pair in outside)
        {
            if (from(pair) == name) return to(pair);
        }
        int end = name.StartsWith(layer, StringComparison.Ordinal) ? name.IndexOf('.', layer.Length) : -1;
        if (end < 0 || !int.TryParse(name.AsSpan(layer.Length, end - layer.Length), System.Globalization.NumberStyles.None, null,
            out int number)) return null;
        foreach (var pair in inside)
        {
            if (name.AsSpan(end + 1).SequenceEqual(from(pair))) return $"{otherLayer}{number}.{to(pair)}";
        }
        return null;
    }
}
