namespace Hearth.Models.Architectures;

/// <summary>What every decoder has. Names are those of config.json, in Pascal case.</summary>
public abstract record ModelConfig
{
    /// <summary>V, tokens in the vocabulary.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>C, width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>F, width inside the feed-forward part.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>L, blocks.</summary>
    public required int NumHiddenLayers { get; init; }

    /// <summary>H, query heads.</summary>
    public required int NumAttentionHeads { get; init; }

    /// <summary>The longest sequence, in tokens.</summary>
    public required int MaxPositionEmbeddings { get; init; }

    /// <summary>ε of the norms, dimensionless.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>True when the output layer is the embedding table.</summary>
    public required bool TieWordEmbeddings { get; init; }

    /// <summary>K, key-value heads.</summary>
    public abstract int NumKeyValueHeads { get; init; }

    /// <summary>D, numbers in a head.</summary>
    public abstract int HeadDim { get; init; }

    /// <summary>How many tokens a token sees in a layer, itself included; 0 for all before it.</summary>
    /// <param name="layer">The layer, from 0.</param>
    public virtual int Window(int layer) => 0;

    /// <summary>What a token leaves in a layer's cache: so many heads, with numbers of a key and of a value in each.</summary>
    public virtual (int Heads, int KeySize, int ValueSize) Cached => (NumKeyValueHeads, HeadDim, HeadDim);

    /// <summary>Makes the model.</summary>
    /// <param name="source">Where its parameters come from; null for new ones, all zero.</param>
    public abstract LanguageModel Create(IParameterSource? source = null);
}
