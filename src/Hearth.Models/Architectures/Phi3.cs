using Hearth.Models.Architectures.Parts;
using Hearth.Numerics;

namespace Hearth.Models.Architectures;

/// <summary>Sizes of a Phi-3 decoder.</summary>
public sealed record Phi3Config : DecoderConfig
{
    /// <summary>How many tokens a token sees, itself included; 0 for all before it.</summary>
    public int SlidingWindow { get; init; }

    /// <inheritdoc/>
    public override int Window(int layer) => SlidingWindow;

    /// <inheritdoc/>
    public override LanguageModel Create(IParameterSource? source = null) => new Phi3(this, source);
}

/// <summary>Phi-3 (Abdin et al. 2024, arXiv:2404.14219): Llama's block with queries, keys and values in one matrix, and gate and up in another.</summary>
public sealed class Phi3 : Decoder
{
    /// <summary>Makes the model.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="source">Where its parameters come from; null for new ones, all zero.</param>
    public Phi3(Phi3Config config, IParameterSource? source = null)
        : base(config, source)
    {
        RopeTable rope = config.Rope.Table(config.MaxPositionEmbeddings);
        for (int layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            var attention = new GroupedAttention(config, new GroupedAttentionSpec { Fused = true, Window = config.SlidingWindow }, Parameters, layer);
            var feedForward = new GatedFeedForward($"model.layers.{layer}.mlp", Parameters, config.HiddenSize, config.IntermediateSize, fused: true);
            Add(PreNorm(layer, (h, batch) => attention.Forward(h, rope, batch), feedForward.Forward));
        }
    }
}
