namespace Hearth.Training.Recipes;

/// <summary>The family of a model.</summary>
public enum Architecture
{
    /// <summary>Pre-norm with RMSNorm, rotary positions, grouped-query attention and a gated feed-forward part.</summary>
    Llama,

    /// <summary>Pre-norm with LayerNorm, learned positions and a plain feed-forward part.</summary>
    Gpt2,
}

/// <summary>The function inside the feed-forward part.</summary>
public enum Activation
{
    /// <summary>SiLU of one half times the other; Llama's.</summary>
    SwiGlu,

    /// <summary>GELU; GPT-2's own.</summary>
    Gelu,

    /// <summary>The square of ReLU, for GPT-2.</summary>
    SquaredRelu,
}

/// <summary>The shape of the model.</summary>
/// <param name="Architecture">Its family.</param>
/// <param name="Layers">L, blocks.</param>
/// <param name="HiddenSize">C, width of the residual stream.</param>
/// <param name="Heads">H, query heads.</param>
/// <param name="KeyValueHeads">K, key-value heads; divides <paramref name="Heads"/>, and equals it for GPT-2.</param>
/// <param name="HeadSize">D, numbers in a head; even.</param>
/// <param name="IntermediateSize">F, width inside the feed-forward part.</param>
/// <param name="Context">The longest sequence, in tokens.</param>
/// <param name="QkNorm">Whether queries and keys are normalised; Llama only.</param>
/// <param name="TiedEmbeddings">Whether the output layer is the embedding table.</param>
/// <param name="RopeTheta">Base of the rotary positions; nothing to GPT-2.</param>
/// <param name="NormEpsilon">ε of the norms, dimensionless.</param>
/// <param name="Activation">The function inside the feed-forward part.</param>
public sealed record ModelSpec(
    Architecture Architecture, int Layers, int HiddenSize, int Heads, int KeyValueHeads, int HeadSize, int IntermediateSize, int Context,
    bool QkNorm, bool TiedEmbeddings, double RopeTheta, double NormEpsilon, Activation Activation);

/// <summary>How text is cut before pairs are merged.</summary>
public enum TokenizerPattern
{
    /// <summary>GPT-4's.</summary>
    Gpt4,

    /// <summary>GPT-2's.</summary>
    Gpt2,
}

/// <summary>The tokenizer: trained on the documents, or a file there already.</summary>
/// <param name="VocabularySize">V, tokens with the special ones; 0 when <paramref name="File"/> says it.</param>
/// <param name="Pattern">How text is cut; nothing when <paramref name="File"/> says it.</param>
/// <param name="File">A tokenizer.json, relative to the recipe's folder; null to train one.</param>
public sealed record TokenizerSpec(int VocabularySize, TokenizerPattern Pattern, string? File);
