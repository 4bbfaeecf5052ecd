using Hearth.Numerics;
using Hearth.Numerics.Operations;

namespace Hearth.Models.Architectures;

/// <summary>The activation of a GPT-2-style feed-forward part.</summary>
public enum Gpt2Activation
{
    /// <summary>GELU in its tanh form, GPT-2's own.</summary>
    Gelu,

    /// <summary>max(x, 0)².</summary>
    SquaredRelu,
}

/// <summary>Sizes of a GPT-2-style decoder.</summary>
public sealed record Gpt2Config : ModelConfig
{
    /// <summary>The activation of the feed-forward part.</summary>
    public Gpt2Activation Activation { get; init; } = Gpt2Activation.Gelu;

    /// <inheritdoc/>
    public override int NumKeyValueHeads { get => NumAttentionHeads; init => _ = value; }

    /// <inheritdoc/>
    public override int HeadDim { get => HiddenSize / NumAttentionHeads; init => _ = value; }

    /// <inheritdoc/>
    public override LanguageModel Create(IParameterSource? source = null) => new Gpt2(this, source);
}

/// <summary>A GPT-2-style decoder (Radford et al. 2019): learned positions, LayerNorm, biases, full multi-head attention.</summary>
public sealed class Gpt2 : LanguageModel
{
    private readonly Gpt2Config _c;
    private readonly Tensor _tokens;
    private readonly Tensor _positions;
    private readonly Gpt2Block[] _blocks;
    private readonly Tensor _normWeight;
    private readonly Tensor _normBias;

    /// <summary>Makes the model.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="source">Where its parameters come from; null for new ones, all zero.</param>
    public Gpt2(Gpt2Config config, IParameterSource? source = null)
        : base(config, source)
    {
        _c = config;
        _tokens = Parameters.Table("transformer.wte.weight", config.VocabularySize, config.HiddenSize);
        _positions = Parameters.Table("transformer.wpe.weight", config.MaxPositionEmbeddings, config.HiddenSize);
        _blocks = new Gpt2Block[config.NumHiddenLayers];
        for (int i = 0; i < _blocks.Length; i++) _blocks[i] = new Gpt2Block(config, Parameters, i);
        _normWeight = Parameters.Gain("transformer.ln_f.weight", config.HiddenSize);
        _normBias = Parameters.Bias("transformer.ln_f.bias", config.HiddenSize);
        Head = config.TieWordEmbeddings ? _tokens : Parameters.Table("lm_head.weight", config.VocabularySize, config.HiddenSize);
    }

    /// <inheritdoc/>
    public override Tensor Head { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, SequenceBatch batch)
    {
        int begin = tape.Activations;
        Tensor x = tape.Embed(_tokens, batch.Tokens).Add(tape.Embed(_positions, batch.Positions));  // [N, C]
        foreach (Gpt2Block block in _blocks)
        {
            x = block.Forward(x, batch);                                                            // [N, C]
            tape.KeepOnly(x, begin);
        }
        batch.Commit();
        return x.LayerNorm(_normWeight, _normBias, _c.NormEpsilon);                                 // [N, C]
    }
}

/// <summary>One pre-norm block: attention, then a feed-forward, each added to the residual stream. Matrices stand as [inputs, outputs].</summary>
internal sealed class Gpt2Block(Gpt2Config c, ParameterSet p, int layer)
{
    private readonly Tensor _norm1 = p.Gain($"transformer.h.{layer}.ln_1.weight", c.HiddenSize);
    private readonly Tensor _norm1Bias = p.Bias($"transformer.h.{layer}.ln_1.bias", c.HiddenSize);
    private readonly Tensor _qkv = p.Matrix($"transformer.h.{layer}.attn.c_attn.weight", c.HiddenSize, 3 * c.HiddenSize, 0.02);
    private readonly Tensor _qkvBias = p.Bias($"transformer.h.{layer}.attn.c_attn.bias", 3 * c.HiddenSize);
    private readonly Tensor _out = p.Matrix($"transformer.h.{layer}.attn.c_proj.weight", c.HiddenSize, c.HiddenSize, 0.02 / Math.Sqrt(2.0 * c.NumHiddenLayers));
    private readonly Tensor _outBias = p.Bias($"transformer.h.{layer}.attn.c_proj.bias", c.HiddenSize);
    private readonly Tensor _norm2 = p.Gain($"transformer.h.{layer}.ln_2.weight", c.HiddenSize);
    private readonly Tensor _norm2Bias = p.Bias($"transformer.h.{layer}.ln_2.bias", c.HiddenSize);
    private readonly Tensor _up = p.Matrix($"transformer.h.{layer}.mlp.c_fc.weight", c.HiddenSize, c.IntermediateSize, 0.02);
    private readonly Tensor _upBias = p.Bias($"transformer.h.{layer}.mlp.c_fc.bias", c.IntermediateSize);
    private readonly Tensor _down = p.Matrix($"transformer.h.{layer}.mlp.c_proj.weight", c.IntermediateSize, c.HiddenSize, 0.02 / Math.Sqrt(2.0 * c.NumHiddenLayers));
    private readonly Tensor _downBias = p.Bias($"transformer.h.{layer}.mlp.c_proj.bias", c.HiddenSize);

    /// <summary>The residual stream after this block.</summary>
    /// <param name="x">[N, C]</param>
    /// <param name="batch">Which rows belong together, and their caches.</param>
    /// <returns>[N, C]</returns>
    public Tensor Forward(Tensor x, SequenceBatch batch)
    {
        Tensor qkv = x.LayerNorm(_norm1, _norm1Bias, c.NormEpsilon).Affine(_qkv, _qkvBias); // [N, 3C]
        Tensor q = qkv.TakeColumns(0, c.HiddenSize);                                        // [N, C]
        Tensor k = qkv.TakeColumns(c.HiddenSize, c.HiddenSize);                             // [N, C]
        Tensor v = qkv.TakeColumns(2 * c.HiddenSize, c.HiddenSize);                         // [N, C]
        x = x.Add(q.Attend(k, v, c.HeadDim, batch, layer).Affine(_out, _outBias));          // [N, C]

        Tensor h = x.LayerNorm(_norm2, _norm2Bias, c.NormEpsilon).Affine(_up, _upBias);     // [N, F]
        h = c.Activation == Gpt2Activation.Gelu ? h.Gelu() : h.SquaredRelu();               // [N, F]
        return x.Add(h.Affine(_down, _downBias));                                           // [N, C]
    }
}
