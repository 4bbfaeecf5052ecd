using Hearth.Models.Architectures.Parts;
using Hearth.Numerics;
using Hearth.Numerics.Operations;

namespace Hearth.Models.Architectures;

/// <summary>Sizes of a Gemma 3 decoder. Norms hold the whole gain, 1 included.</summary>
public sealed record Gemma3Config : DecoderConfig
{
    /// <summary>How many tokens a token sees in five layers of six, itself included.</summary>
    public required int SlidingWindow { get; init; }

    /// <summary>The rotary positions of layers with a window.</summary>
    public required RopeSpec NearRope { get; init; }

    /// <summary>Factor of the scores.</summary>
    public required float Scale { get; init; }

    /// <inheritdoc/>
    public override int Window(int layer) => layer % Gemma3.Period != Gemma3.Period - 1 ? SlidingWindow : 0;

    /// <inheritdoc/>
    public override LanguageModel Create(IParameterSource? source = null) => new Gemma3(this, source);
}

/// <summary>
/// Gemma 3 (Gemma team 2025, arXiv:2503.19786): norms before and after each part, embeddings scaled by √C, five layers with a window to one without.
/// </summary>
public sealed class Gemma3 : Decoder
{
    /// <summary>Base of the rotary angles in layers with a window.</summary>
    public const double NearTheta = 10_000;

    /// <summary>Blocks of the largest model of the family.</summary>
    internal const int LargestLayers = 62;

    internal const int Period = 6;

    private protected override float EmbeddingFactor => MathF.Sqrt(Config.HiddenSize);

    /// <summary>Makes the model.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="source">Where its parameters come from; null for new ones, all zero.</param>
    public Gemma3(Gemma3Config config, IParameterSource? source = null)
        : base(config, source)
    {
        RopeTable rope = config.Rope.Table(config.MaxPositionEmbeddings);
        RopeTable nearRope = config.NearRope.Table(config.MaxPositionEmbeddings);
        for (int layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            int window = Window(layer);
            bool near = window > 0;
            var spec = new GroupedAttentionSpec { Norm = QkNorm.Head, Window = window, Scale = config.Scale };
            var attention = new GroupedAttention(config, spec, Parameters, layer);
            var feedForward = new GatedFeedForward($"model.layers.{layer}.mlp", Parameters, config.HiddenSize, config.IntermediateSize, gelu: true);
            Tensor before = Norm(layer, "input_layernorm"), after = Norm(layer, "post_attention_layernorm");
            Tensor beforeFeed = Norm(layer, "pre_feedforward_layernorm"), afterFeed = Norm(layer, "post_feedforward_layernorm");
            Add((x, batch) =>
            {
                Tensor h = attention.Forward(x.RmsNorm(before, config.NormEpsilon), near ? nearRope : rope, batch);
                x = x.Add(h.RmsNorm(after, config.NormEpsilon));
                return x.Add(feedForward.Forward(x.RmsNorm(beforeFeed, config.NormEpsilon)).RmsNorm(afterFeed, config.NormEpsilon));
            });
        }
    }
}
