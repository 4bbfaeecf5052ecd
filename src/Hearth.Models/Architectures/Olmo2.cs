using Hearth.Models.Architectures.Parts;
using Hearth.Numerics;
using Hearth.Numerics.Operations;

namespace Hearth.Models.Architectures;

/// <summary>Sizes of an OLMo 2 decoder; with <see cref="SlidingWindow"/> it is OLMo 3.</summary>
public sealed record Olmo2Config : DecoderConfig
{
    /// <summary>How many tokens a token sees in all but every fourth layer, itself included; 0 for all before it in every layer.</summary>
    public int SlidingWindow { get; init; }

    /// <inheritdoc/>
    public override int Window(int layer) => layer % Olmo2.Period != Olmo2.Period - 1 ? SlidingWindow : 0;

    /// <inheritdoc/>
    public override LanguageModel Create(IParameterSource? source = null) => new Olmo2(this, source);
}

/// <summary>
/// OLMo 2 (OLMo team 2024, arXiv:2501.00656): what a part gives is normalised before it is added, and so are rows of queries and keys. OLMo 3 has a window
/// in three layers of four and stretches the rotary angles in the fourth alone.
/// </summary>
public sealed class Olmo2 : Decoder
{
    internal const int Period = 4;

    /// <summary>Makes the model.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="source">Where its parameters come from; null for new ones, all zero.</param>
    public Olmo2(Olmo2Config config, IParameterSource? source = null)
        : base(config, source)
    {
        RopeTable rope = config.Rope.Table(config.MaxPositionEmbeddings);
        RopeTable plainRope = (config.Rope with { Scaling = null }).Table(config.MaxPositionEmbeddings);
        for (int layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            int window = Window(layer);
            bool near = window > 0;
            var attention = new GroupedAttention(config, new GroupedAttentionSpec { Norm = QkNorm.Row, Window = window }, Parameters, layer);
            var feedForward = new GatedFeedForward($"model.layers.{layer}.mlp", Parameters, config.HiddenSize, config.IntermediateSize);
            Tensor afterAttention = Norm(layer, "post_attention_layernorm"), afterFeedForward = Norm(layer, "post_feedforward_layernorm");
            Add((x, batch) =>
            {
                x = x.Add(attention.Forward(x, near ? plainRope : rope, batch).RmsNorm(afterAttention, config.NormEpsilon));
                return x.Add(feedForward.Forward(x).RmsNorm(afterFeedForward, config.NormEpsilon));
            });
        }
    }
}
