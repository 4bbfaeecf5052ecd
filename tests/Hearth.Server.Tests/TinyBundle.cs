using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Tokenizers;

namespace Hearth.Server.Tests;

/// <summary>A small model of random weights, as Hearth writes one: it says nonsense, and always the same.</summary>
internal static class TinyBundle
{
    public const string Name = "tiny";

    private static readonly Lazy<(LanguageModel Model, Tokenizer Tokenizer)> Made = new(() =>
    {
        Tokenizer tokenizer = BpeTrainer.Train(
            [.. Enumerable.Repeat("<|user|>What is the capital?<|end|><|assistant|>The capital is Quito. {\"name\": \"x\"} one two three four<|end|>", 20)],
            new BpeTrainingOptions { VocabularySize = 330, SpecialTokens = ChatFormat.SpecialTokens });
        LanguageModel model = new LlamaConfig
        {
            VocabularySize = tokenizer.VocabularySize,
            HiddenSize = 32,
            IntermediateSize = 64,
            NumHiddenLayers = 2,
            NumAttentionHeads = 4,
            NumKeyValueHeads = 2,
            HeadDim = 8,
            MaxPositionEmbeddings = 512,
            NormEpsilon = 1e-5f,
            TieWordEmbeddings = true,
            RopeTheta = 10_000,
            QkNorm = true,
        }.Create();
        model.Parameters.Initialise(7);
        foreach (Parameter p in model.Parameters.All.Where(p => p.Kind != ParameterKind.Gain))
        {
            for (int i = 0; i < p.Tensor.Length; i++) p.Tensor.Data[i] *= 8;
            p.Tensor.Changed();
        }
        return (model, tokenizer);
    });

    /// <summary>Writes it into a home's models.</summary>
    public static void Into(string home) => ModelBundle.Save(Path.Combine(home, "models", Name), Made.Value.Model, Made.Value.Tokenizer);
}
