using Hearth.Models.Architectures;

namespace Hearth.Benchmarks.Model;

/// <summary>Sizes of a training step: a Llama-style decoder with as many key-value heads as query heads and a head of its own.</summary>
internal sealed record ModelShape(string Name, int Hidden, int Layers, int FeedForward, int Heads)
{
    public const int Vocabulary = 4096;

    public const int Sequences = 16;

    public const int Length = 256;

    /// <summary>Rows of a step's matrices.</summary>
    public const int Tokens = Sequences * Length;

    public int HeadSize => Hidden / Heads;

    public long Weights => (Layers * ((4L * Hidden * Hidden) + (3L * Hidden * FeedForward) + (2L * Hidden))) + (2L * Vocabulary * Hidden) + Hidden;

    public static ModelShape Of(string name) => name switch
    {
        "d256" => new ModelShape(name, 256, 6, 768, 4),
        "d512" => new ModelShape(name, 512, 8, 1536, 8),
        "tiny" => new ModelShape(name, 64, 2, 128, 2),
        _ => throw new ArgumentException($"--model is '{name}', expected d256, d512 or tiny."),
    };

    public LlamaConfig Config() => new()
    {
        VocabularySize = Vocabulary,
        HiddenSize = Hidden,
        IntermediateSize = FeedForward,
        NumHiddenLayers = Layers,
        NumAttentionHeads = Heads,
        NumKeyValueHeads = Heads,
        HeadDim = HeadSize,
        MaxPositionEmbeddings = Length,
        NormEpsilon = 1e-5f,
        RopeTheta = 10000,
        QkNorm = false,
        TieWordEmbeddings = false,
    };
}
