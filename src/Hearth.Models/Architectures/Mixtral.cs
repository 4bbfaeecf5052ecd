using Hearth.Models.Architectures.Parts;
using Hearth.Numerics;

namespace Hearth.Models.Architectures;

/// <summary>Sizes of a Mixtral-style decoder; with <see cref="QkNorm"/> it is Qwen3-MoE or MiniMax-M2.</summary>
public sealed record MixtralConfig : DecoderConfig
{
    /// <summary>The experts.</summary>
    public required ExpertSpec Experts { get; init; }

    /// <summary>What queries and keys are normalised over.</summary>
    public QkNorm QkNorm { get; init; }

    /// <summary>How many tokens a token sees, itself included; 0 for all before it.</summary>
    public int SlidingWindow { get; init; }

    /// <inheritdoc/>
    public override int Window(int layer) => SlidingWindow;

    /// <inheritdoc/>
    public override LanguageModel Create(IParameterSource? source = null) => new Mixtral(this, source);
}

/// <summary>
/// A pre-norm decoder whose feed-forward parts are mixtures of experts: Mixtral (Jiang et al. 2024, arXiv:2401.04088), Qwen3-MoE (arXiv:2505.09388),
/// whose heads are normalised, and MiniMax-M2, whose rows are, with some numbers of a head turned and a bias for the choice.
/// </summary>
public sealed class Mixtral : Decoder
{
    /// <summary>Makes the model.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="source">Where its parameters come from; null for new ones, all zero.</param>
    public Mixtral(MixtralConfig config, IParameterSource? source = null)
        : base(config, source)
    {
        RopeTable rope = config.Rope.Table(config.MaxPositionEmbeddings);
        for (int layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            var attention = new GroupedAttention(config, new GroupedAttentionSpec { Norm = config.QkNorm, Window = config.SlidingWindow }, Parameters, layer);
            var experts = new MixtureOfExperts($"model.layers.{layer}.mlp", Parameters, config.HiddenSize, config.Experts);
            Add(PreNorm(layer, (h, batch) => attention.Forward(h, rope, batch), experts.Forward));
        }
    }
}
