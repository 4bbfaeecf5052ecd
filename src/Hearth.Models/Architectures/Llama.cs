using Hearth.Models.Architectures.Parts;
using Hearth.Numerics;
using Hearth.Numerics.Operations;

namespace Hearth.Models.Architectures;

/// <summary>Sizes of a Llama-style decoder; with <see cref="QkNorm"/> it is what Hugging Face calls Qwen3, with <see cref="QkvBias"/> Qwen2.</summary>
public sealed record LlamaConfig : ModelConfig
{
    /// <inheritdoc/>
    public override required int NumKeyValueHeads { get; init; }

    /// <inheritdoc/>
    public override required int HeadDim { get; init; }

    /// <summary>Base of the rotary angles.</summary>
    public required double RopeTheta { get; init; }

    /// <summary>True when queries and keys are normalised, head by head, before they are turned.</summary>
    public required bool QkNorm { get; init; }

    /// <summary>How the rotary angles are stretched; null for not at all.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>True when something is added to queries, keys and values.</summary>
    public bool QkvBias { get; init; }

    /// <summary>How many tokens a token sees, itself included; 0 for all before it.</summary>
    public int SlidingWindow { get; init; }

    /// <inheritdoc/>
    public override int Window(int layer) => SlidingWindow;

    /// <inheritdoc/>
    public override LanguageModel Create(IParameterSource? source = null) => new Llama(this, source);
}

/// <summary>A Llama-style decoder (Touvron et al. 2023, arXiv:2302.13971, section 2.2): pre-norm, rotary positions, grouped-query attention, SwiGLU.</summary>
public sealed class Llama : LanguageModel
{
    private readonly LlamaConfig _c;
    private readonly Tensor _embedding;
    private readonly LlamaBlock[] _blocks;
    private readonly Tensor _norm;
    private readonly RopeTable _rope;

    /// <summary>Makes the model.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="source">Where its parameters come from; null for new ones, all zero.</param>
    public Llama(LlamaConfig config, IParameterSource? source = null)
        : base(config, source)
    {
        _c = config;
        _embedding = Parameters.Table("model.embed_tokens.weight", config.VocabularySize, config.HiddenSize);
        _blocks = new LlamaBlock[config.NumHiddenLayers];
        for (int i = 0; i < _blocks.Length; i++) _blocks[i] = new LlamaBlock(config, Parameters, i);
        _norm = Parameters.Gain("model.norm.weight", config.HiddenSize);
        Head = config.TieWordEmbeddings ? _embedding : Parameters.Table("lm_head.weight", config.VocabularySize, config.HiddenSize);
        _rope = new RopeSpec(config.HeadDim, config.RopeTheta, config.RopeScaling).Table(config.MaxPositionEmbeddings);
    }

    /// <inheritdoc/>
    public override Tensor Head { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, SequenceBatch batch)
    {
        int begin = tape.Activations;
        Tensor x = tape.Embed(_embedding, batch.Tokens);                                    // [N, C]
        foreach (LlamaBlock block in _blocks)
        {
            x = block.Forward(x, _rope, batch);                                             // [N, C]
            tape.KeepOnly(x, begin);
        }
        batch.Commit();
        return x.RmsNorm(_norm, _c.NormEpsilon);                                            // [N, C]
    }
}

/// <summary>One pre-norm block: attention, then a gated feed-forward, each added to the residual stream.</summary>
/// <remarks>N tokens, C hidden size, H query heads, K key-value heads, D head size, F feed-forward size.</remarks>
internal sealed class LlamaBlock(LlamaConfig c, ParameterSet p, int layer)
{
    private readonly Tensor _attnNorm = p.Gain($"model.layers.{layer}.input_layernorm.weight", c.HiddenSize);
    private readonly Tensor _wq = Inner(p, layer, "self_attn.q_proj", c.NumAttentionHeads * c.HeadDim, c.HiddenSize);
    private readonly Tensor _wk = Inner(p, layer, "self_attn.k_proj", c.NumKeyValueHeads * c.HeadDim, c.HiddenSize);
    private readonly Tensor _wv = Inner(p, layer, "self_attn.v_proj", c.NumKeyValueHeads * c.HeadDim, c.HiddenSize);
    private readonly Tensor? _bq = p.Bias(c.QkvBias, $"model.layers.{layer}.self_attn.q_proj.bias", c.NumAttentionHeads * c.HeadDim);
    private readonly Tensor? _bk = p.Bias(c.QkvBias, $"model.layers.{layer}.self_attn.k_proj.bias", c.NumKeyValueHeads * c.HeadDim);
    private readonly Tensor? _bv = p.Bias(c.QkvBias, $"model.layers.{layer}.self_attn.v_proj.bias", c.NumKeyValueHeads * c.HeadDim);
    private readonly Tensor _wo = Outer(p, layer, "self_attn.o_proj", c.HiddenSize, c.NumAttentionHeads * c.HeadDim, c.NumHiddenLayers);
    private readonly Tensor? _qNorm = c.QkNorm ? p.Gain($"model.layers.{layer}.self_attn.q_norm.weight", c.HeadDim) : null;
    private readonly Tensor? _kNorm = c.QkNorm ? p.Gain($"model.layers.{layer}.self_attn.k_norm.weight", c.HeadDim) : null;
    private readonly AttentionShape _attention = new AttentionShape(c.HeadDim) with { Window = c.SlidingWindow };
    private readonly Tensor _mlpNorm = p.Gain($"model.layers.{layer}.post_attention_layernorm.weight", c.HiddenSize);
    private readonly Tensor _gate = Inner(p, layer, "mlp.gate_proj", c.IntermediateSize, c.HiddenSize);
    private readonly Tensor _up = Inner(p, layer, "mlp.up_proj", c.IntermediateSize, c.HiddenSize);
    private readonly Tensor _down = Outer(p, layer, "mlp.down_proj", c.HiddenSize, c.IntermediateSize, c.NumHiddenLayers);

    /// <summary>The residual stream after this block.</summary>
    /// <param name="x">[N, C]</param>
    /// <param name="rope">The rotary table.</param>
    /// <param name="batch">Which rows belong together, and their caches.</param>
    /// <returns>[N, C]</returns>
    public Tensor Forward(Tensor x, RopeTable rope, SequenceBatch batch)
    {
        Tensor h = x.RmsNorm(_attnNorm, c.NormEpsilon);                                     // [N, C]
        Tensor q = Normed(h.Linear(_wq, _bq), _qNorm).Rotate(rope, batch);                  // [N, H·D]
        Tensor k = Normed(h.Linear(_wk, _bk), _kNorm).Rotate(rope, batch);                  // [N, K·D]
        Tensor v = h.Linear(_wv, _bv);                                                      // [N, K·D]
        x = x.Add(q.Attend(k, v, _attention, batch, layer).Linear(_wo));                    // [N, C]

        h = x.RmsNorm(_mlpNorm, c.NormEpsilon);                                             // [N, C]
        return x.Add(h.Linear(_gate).SwiGlu(h.Linear(_up)).Linear(_down));                  // [N, F] inside, [N, C] out
    }

    private Tensor Normed(Tensor heads, Tensor? gain) => gain is null ? heads : heads.RmsNorm(gain, c.NormEpsilon);

    private static Tensor Inner(ParameterSet p, int layer, string name, int rows, int columns) =>
        p.Matrix($"model.layers.{layer}.{name}.weight", rows, columns, 1 / Math.Sqrt(columns));

    /// <summary>A matrix that writes to the residual stream starts smaller (Radford et al. 2019, GPT-2, section 2.3).</summary>
    private static Tensor Outer(ParameterSet p, int layer, string name, int rows, int columns, int layers) =>
        p.Matrix($"model.layers.{layer}.{name}.weight", rows, columns, 1 / Math.Sqrt(2.0 * layers * columns));
}
