using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Generation.Constraints;
using Hearth.Numerics;

namespace Hearth.Server.Tests.Scheduling;

/// <summary>Models small enough to answer hundreds of requests in a second.</summary>
internal static class SmallModels
{
    public const int Vocabulary = 96;

    /// <summary>A random dense model, with a window over all layers or none.</summary>
    public static ModelBundle Random(int window = 0, int context = 640, long seed = 5)
    {
        var config = new LlamaConfig
        {
            VocabularySize = Vocabulary,
            HiddenSize = 32,
            IntermediateSize = 48,
            NumHiddenLayers = 2,
            NumAttentionHeads = 2,
            NumKeyValueHeads = 1,
            HeadDim = 32,
            MaxPositionEmbeddings = context,
            NormEpsilon = 1e-5f,
            RopeTheta = 10000,
            TieWordEmbeddings = true,
            QkNorm = true,
            SlidingWindow = window,
        };
        LanguageModel model = config.Create();
        foreach (Parameter p in model.Parameters.All)
        {
            var random = new Philox(seed, "test " + p.Tensor.Name);
            double scale = p.Kind switch { ParameterKind.Matrix => 1.2 / Math.Sqrt(config.HiddenSize), ParameterKind.Table => 0.6, _ => 0.3 };
            Span<float> data = p.Tensor.Data;
            for (int i = 0; i < data.Length; i++) data[i] = (float)((random.Normal(i) * scale) + (p.Kind == ParameterKind.Gain ? 1 : 0));
            p.Tensor.Changed();
        }
        return new ModelBundle("", model, null!);
    }

    /// <summary>A random model, as "random" or "random, window 70", or a file of the reference data.</summary>
    public static ModelBundle Named(string name) => name switch
    {
        "random" => Random(),
        "random, window 70" => Random(window: 70),
        _ => ModelBundle.Load(SharedData.At($"conformance/gguf/{name}.gguf")),
    };

    /// <summary>The tokens' bytes, for constraints: printable characters, one each, where there is no tokenizer.</summary>
    public static TokenVocabulary VocabularyOf(ModelBundle bundle) =>
        bundle.Tokenizer is { } tokenizer ? new TokenVocabulary(tokenizer) : new TokenVocabulary([.. Enumerable.Range(0, Vocabulary).Select(i => (byte[])[(byte)(32 + i)])]);

    /// <summary>Tokens drawn evenly.</summary>
    public static int[] Tokens(int count, long seed, int vocabulary = Vocabulary)
    {
        var random = new Philox(seed, "test tokens");
        return [.. Enumerable.Range(0, count).Select(i => (int)(random.Uniform(i) * vocabulary))];
    }
}
