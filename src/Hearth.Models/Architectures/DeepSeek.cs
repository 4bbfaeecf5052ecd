using Hearth.Models.Architectures.Parts;
using Hearth.Numerics;

namespace Hearth.Models.Architectures;

/// <summary>Sizes of a DeepSeek V2, V3 or R1 decoder.</summary>
public sealed record DeepSeekConfig : DecoderConfig
{
    /// <summary>The attention.</summary>
    public required LatentAttentionSpec Attention { get; init; }

    /// <summary>The experts; null for a model without.</summary>
    public ExpertSpec? Experts { get; init; }

    /// <summary>Blocks at the beginning that have no experts.</summary>
    public int DenseBlocks { get; init; }

    /// <summary>A latent and a turned key for each token, whatever the number of heads.</summary>
    public override (int Heads, int KeySize, int ValueSize) Cached => (1, Attention.Rank + Attention.TurnedSize, Attention.Rank);

    /// <inheritdoc/>
    public override LanguageModel Create(IParameterSource? source = null) => new DeepSeek(this, source);
}

/// <summary>DeepSeek V2 (arXiv:2405.04434), V3 (arXiv:2412.19437) and R1: latent attention, a few dense blocks, then experts with a shared part.</summary>
public sealed class DeepSeek : Decoder
{
    /// <summary>Makes the model.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="source">Where its parameters come from; null for new ones, all zero.</param>
    public DeepSeek(DeepSeekConfig config, IParameterSource? source = null)
        : base(config, source)
    {
        RopeTable rope = config.Rope.Table(config.MaxPositionEmbeddings);
        for (int layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            var attention = new LatentAttention(config.Attention, Parameters, config.HiddenSize, config.NormEpsilon, layer);
            string name = $"model.layers.{layer}.mlp";
            Func<Tensor, Tensor> feedForward = config.Experts is null || layer < config.DenseBlocks
                ? new GatedFeedForward(name, Parameters, config.HiddenSize, config.IntermediateSize).Forward
                : new MixtureOfExperts(name, Parameters, config.HiddenSize, config.Experts).Forward;
            Add(PreNorm(layer, (h, batch) => attention.Forward(h, rope, batch), feedForward));
        }
    }
}
