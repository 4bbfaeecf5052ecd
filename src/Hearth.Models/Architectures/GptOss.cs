using Hearth.Models.Architectures.Parts;
using Hearth.Numerics;

namespace Hearth.Models.Architectures;

/// <summary>Sizes of a gpt-oss decoder.</summary>
public sealed record GptOssConfig : DecoderConfig
{
    /// <summary>The experts.</summary>
    public required ExpertSpec Experts { get; init; }

    /// <summary>How many tokens a token sees in every other layer, the first among them, itself included.</summary>
    public required int SlidingWindow { get; init; }

    /// <inheritdoc/>
    public override int Window(int layer) => layer % 2 == 0 ? SlidingWindow : 0;

    /// <inheritdoc/>
    public override LanguageModel Create(IParameterSource? source = null) => new GptOss(this, source);
}

/// <summary>
/// OpenAI's gpt-oss (model card, 2025, arXiv:2508.10925, section 2): biases, attention sinks, a window in every other layer, experts with a limited gate.
/// </summary>
public sealed class GptOss : Decoder
{
    /// <summary>The limit of the experts' gated unit, as the model's reference code has it.</summary>
    public const float GateLimit = 7f;

    /// <summary>Makes the model.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="source">Where its parameters come from; null for new ones, all zero.</param>
    public GptOss(GptOssConfig config, IParameterSource? source = null)
        : base(config, source)
    {
        RopeTable rope = config.Rope.Table(config.MaxPositionEmbeddings);
        for (int layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            var spec = new GroupedAttentionSpec { QkvBias = true, OutputBias = true, Sinks = true, Window = Window(layer) };
            var attention = new GroupedAttention(config, spec, Parameters, layer);
            var experts = new MixtureOfExperts($"model.layers.{layer}.mlp", Parameters, config.HiddenSize, config.Experts);
            Add(PreNorm(layer, (h, batch) => attention.Forward(h, rope, batch), experts.Forward));
        }
    }
}
