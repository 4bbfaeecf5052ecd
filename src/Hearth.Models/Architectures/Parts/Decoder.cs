using Hearth.Numerics;
using Hearth.Numerics.Operations;

namespace Hearth.Models.Architectures.Parts;

/// <summary>Sizes of a decoder with grouped heads and rotary positions.</summary>
public abstract record DecoderConfig : ModelConfig
{
    /// <inheritdoc/>
    public override required int NumKeyValueHeads { get; init; }

    /// <inheritdoc/>
    public override required int HeadDim { get; init; }

    /// <summary>The rotary positions.</summary>
    public required RopeSpec Rope { get; init; }
}

/// <summary>One block of a decoder.</summary>
/// <param name="x">The residual stream, [N, C].</param>
/// <param name="batch">Which rows belong together, and their caches.</param>
/// <returns>The residual stream after it, [N, C].</returns>
internal delegate Tensor Block(Tensor x, SequenceBatch batch);

/// <summary>What the families have in common: embedding, blocks one after the other, a last norm, an output layer.</summary>
public abstract class Decoder : LanguageModel
{
    private readonly Tensor _embedding;
    private readonly List<Block> _blocks = [];
    private readonly Tensor _norm;

    /// <summary>Makes the model.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="source">Where its parameters come from; null for new ones, all zero.</param>
    private protected Decoder(DecoderConfig config, IParameterSource? source)
        : base(config, source)
    {
        _embedding = Parameters.Table("model.embed_tokens.weight", config.VocabularySize, config.HiddenSize);
        _norm = Parameters.Gain("model.norm.weight", config.HiddenSize);
        Head = config.TieWordEmbeddings ? _embedding : Parameters.Table("lm_head.weight", config.VocabularySize, config.HiddenSize);
    }

    /// <inheritdoc/>
    public override Tensor Head { get; }

    /// <summary>Factor of the embeddings.</summary>
    private protected virtual float EmbeddingFactor => 1f;

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, SequenceBatch batch)
    {
        int begin = tape.Activations;
        Tensor x = tape.Embed(_embedding, batch.Tokens);                                    // [N, C]
        if (EmbeddingFactor != 1f) x = x.Scale(EmbeddingFactor);                            // [N, C]
        foreach (Block block in _blocks)
        {
            x = block(x, batch);                                                            // [N, C]
            tape.KeepOnly(x, begin);
        }
        batch.Commit();
        return x.RmsNorm(_norm, Config.NormEpsilon);                                        // [N, C]
    }

    /// <summary>Adds the next block.</summary>
    private protected void Add(Block block) => _blocks.Add(block);

    /// <summary>x + attention(norm(x)), then + feed-forward(norm(x)).</summary>
    private protected Block PreNorm(int layer, Block attention, Func<Tensor, Tensor> feedForward)
    {
        Tensor first = Norm(layer, "input_layernorm"), second = Norm(layer, "post_attention_layernorm");
        return (x, batch) =>
        {
            x = x.Add(attention(x.RmsNorm(first, Config.NormEpsilon), batch));
            return x.Add(feedForward(x.RmsNorm(second, Config.NormEpsilon)));
        };
    }

    /// <summary>The gain of a block's norm.</summary>
    private protected Tensor Norm(int layer, string name) => Parameters.Gain($"model.layers.{layer}.{name}.weight", Config.HiddenSize);
}
