using Hearth.Models.Architectures.Parts;
using Hearth.Models.Formats.Gguf;
using Hearth.Numerics.Operations;

namespace Hearth.Models.Architectures.Files;

/// <summary>Reads a model's sizes from the metadata of a GGUF file. Keys are those of ggml's docs/gguf.md.</summary>
public sealed class GgufConfig
{
    private const int MostSize = 1 << 22;
    private const int MostLayers = 4096;
    private const int MostContext = 1 << 24;
    private const int MostExperts = 1 << 16;

    private static readonly string[] Known = ["llama", "qwen2", "qwen3", "qwen3moe", "deepseek2", "gpt-oss", "olmo2", "gemma3", "minimax-m2", "phi3", "gpt2"];

    private readonly GgufModel _file;
    private readonly GgufMetadata _m;
    private readonly string _architecture;
    private readonly int? _context;

    private GgufConfig(GgufModel file, int? context)
    {
        _file = file;
        _context = context;
        _m = file.Metadata;
        _architecture = _m.Text("general.architecture");
    }

    /// <summary>The sizes.</summary>
    /// <param name="file">The file.</param>
    /// <param name="context">The longest sequence wanted, in tokens; null for what the model was made for.</param>
    /// <exception cref="ModelFileException">A key is missing or impossible, or Hearth does not know the architecture.</exception>
    public static ModelConfig Read(GgufModel file, int? context = null)
    {
        var reader = new GgufConfig(file, context);
        return reader._architecture switch
        {
            "llama" => reader.Has("expert_count") && reader.Count("expert_count", 0) > 0 ? reader.Mixtral(QkNorm.None, ExpertGate.Softmax, false) : reader.Llama(false, false),
            "qwen2" => reader.Llama(qkNorm: false, qkvBias: true),
            "qwen3" => reader.Llama(qkNorm: true, qkvBias: false),
            "qwen3moe" => reader.Mixtral(QkNorm.Head, ExpertGate.Softmax, choiceBias: false),
            "minimax-m2" => reader.Mixtral(QkNorm.Row, ExpertGate.Sigmoid, choiceBias: true),
            "deepseek2" => reader.DeepSeek(),
            "gpt-oss" => reader.GptOss(),
            "olmo2" => reader.Olmo2(),
            "gemma3" => reader.Gemma3(),
            "phi3" => reader.Phi3(),
            "gpt2" => reader.Gpt2(),
            _ => throw reader._m.Bad("general.architecture", $"'{reader._architecture}'", $"one that Hearth runs: {string.Join(", ", Known)}"),
        };
    }

    private int Layers => Whole("block_count", MostLayers);

    private int Hidden => Whole("embedding_length", MostSize);

    private int Heads => Whole("attention.head_count", MostSize);

    /// <summary>
    /// The longest sequence. Factors for a long context would change every token of a shorter one too, so a model that has them gets the context it was
    /// trained with at first unless a longer one is asked for.
    /// </summary>
    private int Context => Math.Min(Whole("context_length", MostContext), _context ?? (_file.Find("rope_factors_long.weight") is null ? MostContext : Original));

    private int Original => Whole("rope.scaling.original_context_length", MostContext, Whole("context_length", MostContext));

    private float Epsilon => (float)Number("attention.layer_norm_rms_epsilon", 0, 1);

    private double Theta => Number("rope.freq_base", 1, 1e12, 10_000);

    private bool Tied => _file.Find("output.weight") is null;

    private int Vocabulary => Rows("token_embd.weight");

    private int KeyValueHeads
    {
        get
        {
            int heads = Heads, groups = Whole("attention.head_count_kv", MostSize, heads);
            return heads % groups == 0 ? groups : throw _m.Bad(Key("attention.head_count_kv"), $"{groups}", $"a divisor of the {heads} heads");
        }
    }

    private int HeadSize
    {
        get
        {
            int size = Whole("attention.key_length", MostSize, Math.Max(1, Hidden / Heads));
            if (size % 2 != 0) throw _m.Bad(Key("attention.key_length"), $"{size}", "an even number");
            return size;
        }
    }

    private LlamaConfig Llama(bool qkNorm, bool qkvBias) => new()
    {
        VocabularySize = Vocabulary,
        HiddenSize = Hidden,
        IntermediateSize = Whole("feed_forward_length", MostSize),
        NumHiddenLayers = Layers,
        NumAttentionHeads = Heads,
        NumKeyValueHeads = KeyValueHeads,
        HeadDim = HeadSize,
        MaxPositionEmbeddings = Context,
        NormEpsilon = Epsilon,
        RopeTheta = Theta,
        RopeScaling = Scaling(HeadSize),
        TieWordEmbeddings = Tied,
        QkNorm = qkNorm,
        QkvBias = qkvBias || _file.Find("blk.0.attn_q.bias") is not null,
        SlidingWindow = Count("attention.sliding_window", 0),
    };

    private MixtralConfig Mixtral(QkNorm norm, ExpertGate gate, bool choiceBias) => new()
    {
        VocabularySize = Vocabulary,
        HiddenSize = Hidden,
        IntermediateSize = Whole("feed_forward_length", MostSize),
        NumHiddenLayers = Layers,
        NumAttentionHeads = Heads,
        NumKeyValueHeads = KeyValueHeads,
        HeadDim = HeadSize,
        MaxPositionEmbeddings = Context,
        NormEpsilon = Epsilon,
        Rope = Rope(),
        TieWordEmbeddings = Tied,
        QkNorm = norm,
        SlidingWindow = Count("attention.sliding_window", 0),
        Experts = new ExpertSpec
        {
            Inner = Whole("expert_feed_forward_length", MostSize, Whole("feed_forward_length", MostSize)),
            Routing = Routing(gate, normalised: true),
            ChoiceBias = choiceBias,
        },
    };

    private DeepSeekConfig DeepSeek()
    {
        int rope = Whole("rope.dimension_count", MostSize), rank = Whole("attention.kv_lora_rank", MostSize);
        int key = Whole("attention.key_length_mla", MostSize, Whole("attention.key_length", MostSize));
        int value = Whole("attention.value_length_mla", MostSize, Whole("attention.value_length", MostSize));
        if (rope >= key || rope % 2 != 0) throw _m.Bad(Key("rope.dimension_count"), $"{rope}", $"an even number below the key's {key}");
        double factor = Scale("yarn"), weight = Number("rope.scaling.yarn_log_multiplier", 0, 10, 0);
        double temperature = factor > 1 ? YarnScaling.Temperature(factor, 10 * weight) : 1;
        int experts = Count("expert_count", 0), shared = Count("expert_shared_count", 0);
        int inner = experts > 0 ? Whole("expert_feed_forward_length", MostSize) : 0;
        return new DeepSeekConfig
        {
            VocabularySize = Vocabulary,
            HiddenSize = Hidden,
            IntermediateSize = Whole("feed_forward_length", MostSize),
            NumHiddenLayers = Layers,
            NumAttentionHeads = Heads,
            NumKeyValueHeads = Heads,
            HeadDim = key,
            MaxPositionEmbeddings = Context,
            NormEpsilon = Epsilon,
            // The stretched angles' own factor is in the scale of the scores already.
            Rope = new RopeSpec(rope, Theta, factor > 1 ? Yarn(factor, 1) : null),
            TieWordEmbeddings = Tied,
            DenseBlocks = Count("leading_dense_block_count", 0),
            Attention = new LatentAttentionSpec(Heads, Count("attention.q_lora_rank", 0), rank, key - rope, rope, value,
                (float)(temperature * temperature / Math.Sqrt(key))),
            Experts = experts == 0 ? null : new ExpertSpec
            {
                Inner = inner,
                SharedInner = shared * inner,
                ChoiceBias = Enumerable.Range(0, Layers).Any(i => _file.Find($"blk.{i}.exp_probs_b.bias") is not null),
                Routing = Routing(Count("expert_gating_func", 1) == 2 ? ExpertGate.Sigmoid : ExpertGate.Softmax, _m.Flag(Key("expert_weights_norm"), false)),
            },
        };
    }

    private GptOssConfig GptOss() => new()
    {
        VocabularySize = Vocabulary,
        HiddenSize = Hidden,
        IntermediateSize = Whole("expert_feed_forward_length", MostSize),
        NumHiddenLayers = Layers,
        NumAttentionHeads = Heads,
        NumKeyValueHeads = KeyValueHeads,
        HeadDim = HeadSize,
        MaxPositionEmbeddings = Context,
        NormEpsilon = Epsilon,
        Rope = Rope(),
        TieWordEmbeddings = Tied,
        SlidingWindow = Whole("attention.sliding_window", MostContext),
        Experts = new ExpertSpec
        {
            Inner = Whole("expert_feed_forward_length", MostSize),
            Routing = Routing(ExpertGate.SoftmaxOfChosen, normalised: false),
            Bias = true,
            Limit = Architectures.GptOss.GateLimit,
        },
    };

    private Olmo2Config Olmo2() => new()
    {
        VocabularySize = Vocabulary,
        HiddenSize = Hidden,
        IntermediateSize = Whole("feed_forward_length", MostSize),
        NumHiddenLayers = Layers,
        NumAttentionHeads = Heads,
        NumKeyValueHeads = KeyValueHeads,
        HeadDim = HeadSize,
        MaxPositionEmbeddings = Context,
        NormEpsilon = Epsilon,
        Rope = Rope(),
        TieWordEmbeddings = Tied,
        SlidingWindow = Count("attention.sliding_window", 0),
    };

    private Gemma3Config Gemma3() => new()
    {
        VocabularySize = Vocabulary,
        HiddenSize = Hidden,
        IntermediateSize = Whole("feed_forward_length", MostSize),
        NumHiddenLayers = Layers,
        NumAttentionHeads = Heads,
        NumKeyValueHeads = KeyValueHeads,
        HeadDim = HeadSize,
        MaxPositionEmbeddings = Context,
        NormEpsilon = Epsilon,
        Rope = Rope(),
        NearRope = new RopeSpec(HeadSize, Number("rope.freq_base_swa", 1, 1e12, Architectures.Gemma3.NearTheta)),
        TieWordEmbeddings = Tied,
        SlidingWindow = Whole("attention.sliding_window", MostContext),
        // The largest Gemma 3 divides by the root of hidden size / heads instead of the head's size (its config's query_pre_attn_scalar).
        Scale = (float)(1 / Math.Sqrt(Layers == Architectures.Gemma3.LargestLayers ? Hidden / (double)Heads : HeadSize)),
    };

    private Phi3Config Phi3() => new()
    {
        VocabularySize = Vocabulary,
        HiddenSize = Hidden,
        IntermediateSize = Whole("feed_forward_length", MostSize),
        NumHiddenLayers = Layers,
        NumAttentionHeads = Heads,
        NumKeyValueHeads = KeyValueHeads,
        HeadDim = HeadSize,
        MaxPositionEmbeddings = Context,
        NormEpsilon = Epsilon,
        Rope = Rope(),
        TieWordEmbeddings = Tied,
        SlidingWindow = Count("attention.sliding_window", 0),
    };

    private Gpt2Config Gpt2() => new()
    {
        VocabularySize = Vocabulary,
        HiddenSize = Hidden,
        IntermediateSize = Whole("feed_forward_length", MostSize),
        NumHiddenLayers = Layers,
        NumAttentionHeads = Heads,
        MaxPositionEmbeddings = Context,
        NormEpsilon = (float)Number("attention.layer_norm_epsilon", 0, 1),
        TieWordEmbeddings = Tied,
    };

    private ExpertRouting Routing(ExpertGate gate, bool normalised)
    {
        int experts = Whole("expert_count", MostExperts), chosen = Whole("expert_used_count", experts);
        int groups = Whole("expert_group_count", experts, 1), open = Whole("expert_group_used_count", groups, 1);
        if (experts % groups != 0) throw _m.Bad(Key("expert_group_count"), $"{groups}", $"a divisor of the {experts} experts");
        if (chosen > experts / groups * open) throw _m.Bad(Key("expert_used_count"), $"{chosen}", $"at most the {experts / groups * open} experts of {open} groups");
        return new ExpertRouting(experts, chosen, gate, normalised, (float)Number("expert_weights_scale", -1e6, 1e6, 1), groups, open);
    }

    private RopeSpec Rope()
    {
        int size = Whole("rope.dimension_count", HeadSize, HeadSize);
        if (size % 2 != 0) throw _m.Bad(Key("rope.dimension_count"), $"{size}", "an even number");
        return new RopeSpec(size, Theta, Scaling(size));
    }

    private RopeScaling? Scaling(int size)
    {
        if (Factors("rope_freqs.weight", size) is { } factors) return new FactorScaling(factors);
        if (Factors("rope_factors_short.weight", size) is { } near)
        {
            bool isLong = Context > Original;
            return new FactorScaling(isLong ? Factors("rope_factors_long.weight", size) ?? near : near, Number("rope.scaling.attn_factor", 0, 100, 1));
        }
        if (Scale("yarn") is > 1 and var yarn) return Yarn(yarn, Number("rope.scaling.attn_factor", 0, 100, 1) * YarnScaling.Temperature(yarn));
        return Scale("linear") is > 1 and var linear ? new LinearScaling(linear) : null;
    }

    private YarnScaling Yarn(double factor, double magnitude) => new(factor, Original, magnitude,
        Number("rope.scaling.yarn_beta_fast", 0, 1e6, 32), Number("rope.scaling.yarn_beta_slow", 0, 1e6, 1));

    /// <summary>The factor of a kind of scaling; 1 when the file has another kind or none.</summary>
    private double Scale(string kind) => _m.Text(Key("rope.scaling.type"), "none") == kind ? Number("rope.scaling.factor", 1e-6, 1e6, 1) : 1;

    private double[]? Factors(string name, int size)
    {
        if (_file.Find(name) is not { } stored) return null;
        if (stored.Count != size / 2) throw new ModelFileException(_file.Path, $"tensor '{name}' has {stored.Count:N0} numbers, expected {size / 2}, half of what turns of a head.");
        var values = new float[size / 2];
        stored.Read(values);
        return [.. values.Select(v => v > 0 && float.IsFinite(v) ? (double)v
            : throw new ModelFileException(_file.Path, $"tensor '{name}' holds {v}, expected positive numbers. The file was altered or damaged."))];
    }

    private int Rows(string name) => _file.Find(name) is { } stored && stored.Rows is > 0 and <= MostSize ? (int)stored.Rows
        : throw new ModelFileException(_file.Path, $"has no tensor '{name}' of at most {MostSize:N0} rows. Part of the model is missing.");

    private string Key(string name) => $"{_architecture}.{name}";

    private bool Has(string name) => _m.Has(Key(name));

    private int Whole(string name, int most, int? otherwise = null) => _m.Whole(Key(name), 1, most, otherwise);

    private int Count(string name, int otherwise) => _m.Whole(Key(name), 0, MostContext, otherwise);

    private double Number(string name, double least, double most, double? otherwise = null) => _m.Number(Key(name), least, most, otherwise);
}
