using Hearth.Models.Architectures;
using Hearth.Training.Recipes;

namespace Hearth.Training.Runs;

/// <summary>From a recipe's sizes to a model's.</summary>
public static class ModelSizes
{
    /// <summary>The configuration of the model that a recipe describes.</summary>
    /// <param name="spec">The recipe's part.</param>
    /// <param name="vocabulary">Tokens in the vocabulary.</param>
    public static ModelConfig Config(ModelSpec spec, int vocabulary) => spec.Architecture switch
    {
        Architecture.Gpt2 => new Gpt2Config
        {
            VocabularySize = vocabulary,
            HiddenSize = spec.HiddenSize,
            IntermediateSize = spec.IntermediateSize,
            NumHiddenLayers = spec.Layers,
            NumAttentionHeads = spec.Heads,
            MaxPositionEmbeddings = spec.Context,
            NormEpsilon = (float)spec.NormEpsilon,
            TieWordEmbeddings = spec.TiedEmbeddings,
            Activation = spec.Activation == Activation.SquaredRelu ? Gpt2Activation.SquaredRelu : Gpt2Activation.Gelu,
        },
        _ => new LlamaConfig
        {
            VocabularySize = vocabulary,
            HiddenSize = spec.HiddenSize,
            IntermediateSize = spec.IntermediateSize,
            NumHiddenLayers = spec.Layers,
            NumAttentionHeads = spec.Heads,
            NumKeyValueHeads = spec.KeyValueHeads,
            HeadDim = spec.HeadSize,
            MaxPositionEmbeddings = spec.Context,
            NormEpsilon = (float)spec.NormEpsilon,
            RopeTheta = spec.RopeTheta,
            TieWordEmbeddings = spec.TiedEmbeddings,
            QkNorm = spec.QkNorm,
        },
    };
}
