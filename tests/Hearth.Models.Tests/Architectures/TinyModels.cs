using Hearth.Models.Architectures;
using Hearth.Numerics;
using Xunit;

namespace Hearth.Models.Tests.Architectures;

/// <summary>Models of two layers and width 24, one of each kind, small enough for float64 and central differences.</summary>
internal static class TinyModels
{
    public const int Vocabulary = 29;
    public const int Context = 160;

    /// <summary>Every architecture in its variants, by name.</summary>
    public static IReadOnlyDictionary<string, ModelConfig> All { get; } = new Dictionary<string, ModelConfig>(StringComparer.Ordinal)
    {
        ["llama, untied"] = Llama(keyValueHeads: 4, qkNorm: false, tied: false),
        ["llama, tied"] = Llama(keyValueHeads: 4, qkNorm: false, tied: true),
        ["llama, grouped heads, untied"] = Llama(keyValueHeads: 2, qkNorm: false, tied: false),
        ["llama, one key head, qk norm, tied"] = Llama(keyValueHeads: 1, qkNorm: true, tied: true),
        ["llama, grouped heads, qk norm, tied"] = Llama(keyValueHeads: 2, qkNorm: true, tied: true),
        ["gpt2, gelu, tied"] = Gpt2(Gpt2Activation.Gelu, tied: true),
        ["gpt2, squared relu, untied"] = Gpt2(Gpt2Activation.SquaredRelu, tied: false),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    /// <summary>
    /// A model with weights large enough that softmax, norms and activations are all off their straight parts, and gains and biases that
    /// are neither one nor zero.
    /// </summary>
    public static LanguageModel Create(string name, long seed = 5) => Create(All[name], seed);

    /// <summary>The model made wider, so that even one token's products are worth dividing among threads.</summary>
    public static LanguageModel CreateWide(string name) => Create(All[name] switch
    {
        LlamaConfig c => c with { HiddenSize = 192, IntermediateSize = 320, HeadDim = 48 },
        ModelConfig c => c with { HiddenSize = 192, IntermediateSize = 320 },
    });

    public static LanguageModel Create(ModelConfig config, long seed = 5)
    {
        LanguageModel model = config.Create();
        foreach (Parameter p in model.Parameters.All)
        {
            var random = new Philox(seed, "test " + p.Tensor.Name);
            double scale = p.Kind switch
            {
                ParameterKind.Matrix => 1.2 / Math.Sqrt(config.HiddenSize),
                ParameterKind.Table => 0.6,
                _ => 0.3,
            };
            Span<float> data = p.Tensor.Data;
            for (int i = 0; i < data.Length; i++) data[i] = (float)((random.Normal(i) * scale) + (p.Kind == ParameterKind.Gain ? 1 : 0));
            p.Tensor.Changed();
        }
        return model;
    }

    /// <summary>Tokens drawn evenly from the vocabulary.</summary>
    public static int[] Tokens(int count, long seed)
    {
        var random = new Philox(seed, "test tokens");
        return [.. Enumerable.Range(0, count).Select(i => (int)(random.Uniform(i) * Vocabulary))];
    }

    private static LlamaConfig Llama(int keyValueHeads, bool qkNorm, bool tied) => new()
    {
        VocabularySize = Vocabulary,
        HiddenSize = 24,
        IntermediateSize = 40,
        NumHiddenLayers = 2,
        NumAttentionHeads = 4,
        NumKeyValueHeads = keyValueHeads,
        HeadDim = 6,
        MaxPositionEmbeddings = Context,
        NormEpsilon = 1e-5f,
        RopeTheta = 10000,
        TieWordEmbeddings = tied,
        QkNorm = qkNorm,
    };

    private static Gpt2Config Gpt2(Gpt2Activation activation, bool tied) => new()
    {
        VocabularySize = Vocabulary,
        HiddenSize = 24,
        IntermediateSize = 40,
        NumHiddenLayers = 2,
        NumAttentionHeads = 4,
        MaxPositionEmbeddings = Context,
        NormEpsilon = 1e-5f,
        TieWordEmbeddings = tied,
        Activation = activation,
    };
}
