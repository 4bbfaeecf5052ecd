using Hearth.Models.Architectures;
using Hearth.Models.Architectures.Parts;
using Hearth.Numerics.Operations;

namespace Hearth.Models.Bundles;

/// <summary>Turns the fields of Hugging Face's config.json into a model's sizes. Keys are those of transformers' configuration classes.</summary>
/// <param name="f">The fields.</param>
internal sealed class ConfigReader(ConfigFields f)
{
    private const int MaxSize = 1 << 20;
    private const int MaxLayers = 4096;
    private const int MaxContext = 1 << 24;
    private const int MaxExperts = 1 << 16;
    private const double MaxEpsilon = 1;
    private const double MaxTheta = 1e12;

    private static readonly string[] Known =
    [
        "llama", "mistral", "mixtral", "qwen2", "qwen3", "qwen3_moe", "deepseek_v2", "deepseek_v3", "olmo2", "olmo3", "gemma3", "gemma3_text", "minimax_m2",
        "phi3", "gpt2", "gpt_oss",
    ];

    /// <summary>Ways to write weights that a folder may have besides plain numbers.</summary>
    private static readonly string[] Quantised = ["fp8", "mxfp4", "compressed-tensors"];

    private int Heads => f.Whole("num_attention_heads", MaxSize);

    private int Hidden => f.Whole("hidden_size", MaxSize);

    private double Theta => f.Number("rope_theta", MaxTheta, 10000);

    private int Window => f.Flag("use_sliding_window", true) ? f.Count("sliding_window", MaxContext, 0) : 0;

    private int KeyValueHeads
    {
        get
        {
            int heads = Heads, keyValueHeads = f.Whole("num_key_value_heads", MaxSize, heads);
            return heads % keyValueHeads == 0 ? keyValueHeads : throw f.Bad("num_key_value_heads", $"{keyValueHeads}", $"a divisor of num_attention_heads, {heads}");
        }
    }

    private int HeadSize
    {
        get
        {
            int size = f.Whole("head_dim", 65536, Math.Max(1, Hidden / Heads));
            return size % 2 == 0 ? size : throw f.Bad("head_dim", $"{size}", "an even number");
        }
    }

    /// <summary>The sizes.</summary>
    /// <param name="f">The fields.</param>
    /// <exception cref="ModelFileException">A field is missing or impossible, or Hearth does not know the architecture.</exception>
    public static ModelConfig Read(ConfigFields f)
    {
        string type = f.Text("model_type");
        var reader = new ConfigReader(f);
        if (f.Inside("quantization_config") is { } q && q.Text("quant_method", "") is var method && !Quantised.Contains(method, StringComparer.Ordinal))
            throw q.Bad("quant_method", ConfigFields.Shorten($"'{method}'"), "fp8 or mxfp4, or plain weights. Get the model as a GGUF file, or the folder it was made from");
        return type switch
        {
            "llama" or "mistral" => reader.Llama(qkNorm: false, qkvBias: false),
            "qwen2" => reader.Llama(qkNorm: false, qkvBias: true),
            "qwen3" => reader.Llama(qkNorm: true, qkvBias: false),
            "mixtral" => reader.Mixtral(QkNorm.None, ExpertGate.Softmax, "num_local_experts", "intermediate_size"),
            "qwen3_moe" => reader.Mixtral(QkNorm.Head, ExpertGate.Softmax, "num_experts", "moe_intermediate_size"),
            "minimax_m2" => reader.Mixtral(QkNorm.Row, ExpertGate.Sigmoid, "num_local_experts", "intermediate_size"),
            "deepseek_v2" or "deepseek_v3" => reader.DeepSeek(type == "deepseek_v3"),
            "olmo2" or "olmo3" => reader.Olmo2(),
            "gemma3_text" => reader.Gemma3(),
            "gemma3" => new ConfigReader(f.Inside("text_config") ?? throw f.Bad("text_config", "nothing", "the sizes of the language model")).Gemma3(),
            "phi3" => reader.Phi3(),
            "gpt2" => reader.Gpt2(),
            "gpt_oss" => reader.GptOss(),
            _ => throw f.Bad("model_type", ConfigFields.Shorten($"'{type}'"), $"one of {string.Join(", ", Known)}. Hearth can not run this architecture yet"),
        };
    }

    private LlamaConfig Llama(bool qkNorm, bool qkvBias) => new()
    {
        VocabularySize = f.Whole("vocab_size", MaxSize * 4),
        HiddenSize = Hidden,
        IntermediateSize = f.Whole("intermediate_size", MaxSize * 4),
        NumHiddenLayers = f.Whole("num_hidden_layers", MaxLayers),
        NumAttentionHeads = Heads,
        NumKeyValueHeads = KeyValueHeads,
        HeadDim = HeadSize,
        MaxPositionEmbeddings = f.Whole("max_position_embeddings", MaxContext),
        NormEpsilon = (float)f.Number("rms_norm_eps", MaxEpsilon, 1e-6),
        RopeTheta = Theta,
        RopeScaling = Scaling(HeadSize),
        TieWordEmbeddings = f.Flag("tie_word_embeddings", false),
        QkNorm = qkNorm,
        QkvBias = qkvBias,
        SlidingWindow = Silu(Window),
    };

    private MixtralConfig Mixtral(QkNorm norm, ExpertGate gate, string experts, string inner) => new()
    {
        VocabularySize = f.Whole("vocab_size", MaxSize * 4),
        HiddenSize = Hidden,
        IntermediateSize = f.Whole("intermediate_size", MaxSize * 4),
        NumHiddenLayers = f.Whole("num_hidden_layers", MaxLayers),
        NumAttentionHeads = Heads,
        NumKeyValueHeads = KeyValueHeads,
        HeadDim = HeadSize,
        MaxPositionEmbeddings = f.Whole("max_position_embeddings", MaxContext),
        NormEpsilon = (float)f.Number("rms_norm_eps", MaxEpsilon, 1e-6),
        Rope = new RopeSpec(f.Whole("rotary_dim", HeadSize, HeadSize), Theta, Scaling(HeadSize)),
        TieWordEmbeddings = f.Flag("tie_word_embeddings", false),
        QkNorm = norm,
        SlidingWindow = Silu(Window),
        Experts = new ExpertSpec
        {
            Inner = f.Whole(inner, MaxSize * 4),
            Routing = new ExpertRouting(f.Whole(experts, MaxExperts), f.Whole("num_experts_per_tok", f.Whole(experts, MaxExperts)), gate,
                gate == ExpertGate.Sigmoid || f.Flag("norm_topk_prob", true)),
            ChoiceBias = gate == ExpertGate.Sigmoid,
        },
    };

    private DeepSeekConfig DeepSeek(bool isThird)
    {
        int plain = f.Whole("qk_nope_head_dim", MaxSize), turned = f.Whole("qk_rope_head_dim", MaxSize);
        ConfigFields? scaling = f.Inside("rope_scaling");
        double factor = scaling?.Number("factor", 1e6, 1) ?? 1, weight = scaling?.Number("mscale_all_dim", 100, 1) ?? 1;
        double temperature = factor > 1 ? YarnScaling.Temperature(factor, weight) : 1;
        int experts = f.Count("n_routed_experts", MaxExperts, 0), inner = experts > 0 ? f.Whole("moe_intermediate_size", MaxSize * 4) : 0;
        bool grouped = isThird || f.Text("topk_method", "greedy") != "greedy";
        return new DeepSeekConfig
        {
            VocabularySize = f.Whole("vocab_size", MaxSize * 4),
            HiddenSize = Hidden,
            IntermediateSize = f.Whole("intermediate_size", MaxSize * 4),
            NumHiddenLayers = f.Whole("num_hidden_layers", MaxLayers),
            NumAttentionHeads = Heads,
            NumKeyValueHeads = Heads,
            HeadDim = plain + turned,
            MaxPositionEmbeddings = f.Whole("max_position_embeddings", MaxContext),
            NormEpsilon = (float)f.Number("rms_norm_eps", MaxEpsilon, 1e-6),
            Rope = new RopeSpec(turned, Theta, factor > 1
                ? Yarn(scaling!, factor, YarnScaling.Temperature(factor, scaling!.Number("mscale", 100, 1)) / temperature)
                : null),
            TieWordEmbeddings = f.Flag("tie_word_embeddings", false),
            DenseBlocks = f.Count("first_k_dense_replace", MaxLayers, 0),
            Attention = new LatentAttentionSpec(Heads, f.Count("q_lora_rank", MaxSize, 0), f.Whole("kv_lora_rank", MaxSize), plain, turned,
                f.Whole("v_head_dim", MaxSize), (float)(temperature * temperature / Math.Sqrt(plain + turned))),
            Experts = experts == 0 ? null : new ExpertSpec
            {
                Inner = inner,
                SharedInner = f.Count("n_shared_experts", MaxExperts, 0) * inner,
                ChoiceBias = isThird,
                Routing = new ExpertRouting(experts, f.Whole("num_experts_per_tok", experts),
                    f.Text("scoring_func", "softmax") == "sigmoid" ? ExpertGate.Sigmoid : ExpertGate.Softmax, f.Flag("norm_topk_prob", false),
                    (float)f.Number("routed_scaling_factor", 1e6, 1), grouped ? f.Whole("n_group", experts, 1) : 1, grouped ? f.Whole("topk_group", experts, 1) : 1),
            },
        };
    }

    private Olmo2Config Olmo2() => new()
    {
        VocabularySize = f.Whole("vocab_size", MaxSize * 4),
        HiddenSize = Hidden,
        IntermediateSize = f.Whole("intermediate_size", MaxSize * 4),
        NumHiddenLayers = f.Whole("num_hidden_layers", MaxLayers),
        NumAttentionHeads = Heads,
        NumKeyValueHeads = KeyValueHeads,
        HeadDim = HeadSize,
        MaxPositionEmbeddings = f.Whole("max_position_embeddings", MaxContext),
        NormEpsilon = (float)f.Number("rms_norm_eps", MaxEpsilon, 1e-6),
        Rope = new RopeSpec(HeadSize, Theta, Scaling(HeadSize)),
        TieWordEmbeddings = f.Flag("tie_word_embeddings", false),
        SlidingWindow = Silu(Window),
    };

    private Gemma3Config Gemma3()
    {
        string activation = f.Text("hidden_activation", "gelu_pytorch_tanh");
        if (activation != "gelu_pytorch_tanh") throw f.Bad("hidden_activation", ConfigFields.Shorten($"'{activation}'"), "gelu_pytorch_tanh");
        int head = f.Whole("head_dim", 65536, 256);
        double theta = f.Number("rope_theta", MaxTheta, 1e6);
        return new Gemma3Config
        {
            VocabularySize = f.Whole("vocab_size", MaxSize * 4, 262_208),
            HiddenSize = Hidden,
            IntermediateSize = f.Whole("intermediate_size", MaxSize * 4),
            NumHiddenLayers = f.Whole("num_hidden_layers", MaxLayers),
            NumAttentionHeads = f.Whole("num_attention_heads", MaxSize, 8),
            NumKeyValueHeads = f.Whole("num_key_value_heads", MaxSize, 4),
            HeadDim = head,
            MaxPositionEmbeddings = f.Whole("max_position_embeddings", MaxContext, 131_072),
            NormEpsilon = (float)f.Number("rms_norm_eps", MaxEpsilon, 1e-6),
            Rope = new RopeSpec(head, theta, Scaling(head)),
            NearRope = new RopeSpec(head, f.Number("rope_local_base_freq", MaxTheta, Architectures.Gemma3.NearTheta)),
            TieWordEmbeddings = f.Flag("tie_word_embeddings", true),
            SlidingWindow = f.Whole("sliding_window", MaxContext, 4096),
            Scale = (float)(1 / Math.Sqrt(f.Number("query_pre_attn_scalar", 1e6, 256))),
        };
    }

    private Phi3Config Phi3()
    {
        int context = f.Whole("max_position_embeddings", MaxContext), size = (int)(f.Number("partial_rotary_factor", 1, 1) * HeadSize);
        RopeScaling? scaling = null;
        if (f.Inside("rope_scaling") is { } inside)
        {
            // Factors for a long context would change every token of a shorter one too: the model gets the context it was trained with at first.
            int original = f.Whole("original_max_position_embeddings", MaxContext, context);
            double longer = context / (double)original;
            double[] near = inside.Numbers("short_factor", size / 2) ?? throw inside.Bad("short_factor", "nothing", $"a list of {size / 2} numbers");
            scaling = new FactorScaling(near, longer <= 1 ? 1 : Math.Sqrt(1 + (Numerics.Canonical.Log(longer) / Numerics.Canonical.Log(original))));
            context = original;
        }
        return new Phi3Config
        {
            VocabularySize = f.Whole("vocab_size", MaxSize * 4),
            HiddenSize = Hidden,
            IntermediateSize = f.Whole("intermediate_size", MaxSize * 4),
            NumHiddenLayers = f.Whole("num_hidden_layers", MaxLayers),
            NumAttentionHeads = Heads,
            NumKeyValueHeads = KeyValueHeads,
            HeadDim = HeadSize,
            MaxPositionEmbeddings = context,
            NormEpsilon = (float)f.Number("rms_norm_eps", MaxEpsilon, 1e-5),
            Rope = new RopeSpec(size, Theta, scaling),
            TieWordEmbeddings = f.Flag("tie_word_embeddings", false),
            SlidingWindow = Silu(Window),
        };
    }

    private GptOssConfig GptOss()
    {
        int experts = f.Whole("num_local_experts", MaxExperts);
        return new GptOssConfig
        {
            VocabularySize = f.Whole("vocab_size", MaxSize * 4),
            HiddenSize = Hidden,
            IntermediateSize = f.Whole("intermediate_size", MaxSize * 4),
            NumHiddenLayers = f.Whole("num_hidden_layers", MaxLayers),
            NumAttentionHeads = Heads,
            NumKeyValueHeads = KeyValueHeads,
            HeadDim = HeadSize,
            MaxPositionEmbeddings = f.Whole("max_position_embeddings", MaxContext),
            NormEpsilon = (float)f.Number("rms_norm_eps", MaxEpsilon, 1e-5),
            Rope = new RopeSpec(HeadSize, Theta, Scaling(HeadSize)),
            TieWordEmbeddings = f.Flag("tie_word_embeddings", false),
            SlidingWindow = f.Whole("sliding_window", MaxContext, 128),
            Experts = new ExpertSpec
            {
                Inner = f.Whole("intermediate_size", MaxSize * 4),
                Routing = new ExpertRouting(experts, f.Whole(f.Has("num_experts_per_tok") ? "num_experts_per_tok" : "experts_per_token", experts), ExpertGate.SoftmaxOfChosen, false),
                Bias = true,
                Limit = (float)f.Number("swiglu_limit", 1e6, Architectures.GptOss.GateLimit),
            },
        };
    }

    private Gpt2Config Gpt2()
    {
        int hidden = f.Whole("n_embd", MaxSize), heads = f.Whole("n_head", MaxSize);
        if (hidden % heads != 0) throw f.Bad("n_head", $"{heads}", $"a divisor of n_embd, {hidden}");
        string activation = f.Text("activation_function", "gelu_new");
        return new Gpt2Config
        {
            VocabularySize = f.Whole("vocab_size", MaxSize * 4),
            HiddenSize = hidden,
            IntermediateSize = f.Whole("n_inner", MaxSize * 4, 4 * hidden),
            NumHiddenLayers = f.Whole("n_layer", MaxLayers),
            NumAttentionHeads = heads,
            MaxPositionEmbeddings = f.Whole("n_positions", MaxContext),
            NormEpsilon = (float)f.Number("layer_norm_epsilon", MaxEpsilon, 1e-5),
            TieWordEmbeddings = f.Flag("tie_word_embeddings", true),
            Activation = activation switch
            {
                "gelu_new" => Gpt2Activation.Gelu,
                "relu2" => Gpt2Activation.SquaredRelu,
                _ => throw f.Bad("activation_function", ConfigFields.Shorten($"'{activation}'"), "gelu_new or relu2"),
            },
        };
    }

    /// <summary>Passes a value on once it is sure that attention has no biases but its family's and the feed-forward part the one activation.</summary>
    private int Silu(int value)
    {
        if (f.Flag("attention_bias", false)) throw f.Bad("attention_bias", "true", "false. Biases in attention are not supported in this family");
        string activation = f.Text("hidden_act", "silu");
        return activation == "silu" ? value : throw f.Bad("hidden_act", ConfigFields.Shorten($"'{activation}'"), "silu");
    }

    private RopeScaling? Scaling(int size)
    {
        if (f.Inside("rope_scaling") is not { } s) return null;
        string type = s.Text(s.Has("rope_type") ? "rope_type" : "type");
        return type switch
        {
            "default" => null,
            "linear" => new LinearScaling(s.Number("factor", 1e6, 1)),
            "llama3" => FactorScaling.Llama3(size, Theta, s.Number("factor", 1e6, 1), s.Number("low_freq_factor", 1e6, 1), s.Number("high_freq_factor", 1e6, 4),
                s.Whole("original_max_position_embeddings", MaxContext, 8192)),
            "yarn" => Yarn(s, s.Number("factor", 1e6, 1), s.Number("attention_factor", 1e6, YarnScaling.Temperature(s.Number("factor", 1e6, 1)))),
            _ => throw s.Bad("rope_type", ConfigFields.Shorten($"'{type}'"), "default, linear, llama3 or yarn"),
        };
    }

    private YarnScaling Yarn(ConfigFields s, double factor, double magnitude) => new(factor,
        s.Whole("original_max_position_embeddings", MaxContext, f.Whole("max_position_embeddings", MaxContext)), magnitude,
        s.Number("beta_fast", 1e6, 32), s.Number("beta_slow", 1e6, 1), s.Flag("truncate", true));
}
