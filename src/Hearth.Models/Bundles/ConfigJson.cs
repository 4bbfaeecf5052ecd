using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Architectures;

namespace Hearth.Models.Bundles;

/// <summary>config.json, in the form of Hugging Face's transformers, so that other engines load what Hearth makes.</summary>
public static class ConfigJson
{
    private const int MaxBytes = 1 << 20;
    private const int MaxSize = 1 << 20;
    private const int MaxLayers = 4096;
    private const double MaxEpsilon = 1;
    private const double MaxTheta = 1e12;

    /// <summary>The configuration as JSON.</summary>
    /// <param name="config">Sizes of the model.</param>
    /// <param name="endToken">The token that ends an answer.</param>
    public static JsonObject Write(ModelConfig config, int endToken) => config switch
    {
        LlamaConfig c => new JsonObject
        {
            ["architectures"] = new JsonArray(c.QkNorm ? "Qwen3ForCausalLM" : "LlamaForCausalLM"),
            ["model_type"] = c.QkNorm ? "qwen3" : "llama",
            ["vocab_size"] = c.VocabularySize,
            ["hidden_size"] = c.HiddenSize,
            ["intermediate_size"] = c.IntermediateSize,
            ["num_hidden_layers"] = c.NumHiddenLayers,
            ["num_attention_heads"] = c.NumAttentionHeads,
            ["num_key_value_heads"] = c.NumKeyValueHeads,
            ["head_dim"] = c.HeadDim,
            ["max_position_embeddings"] = c.MaxPositionEmbeddings,
            ["rms_norm_eps"] = Exact(c.NormEpsilon),
            ["rope_theta"] = c.RopeTheta,
            ["hidden_act"] = "silu",
            ["attention_bias"] = false,
            ["tie_word_embeddings"] = c.TieWordEmbeddings,
            ["eos_token_id"] = endToken,
            ["torch_dtype"] = "float32",
        },
        Gpt2Config c => new JsonObject
        {
            ["architectures"] = new JsonArray("GPT2LMHeadModel"),
            ["model_type"] = "gpt2",
            ["vocab_size"] = c.VocabularySize,
            ["n_embd"] = c.HiddenSize,
            ["n_inner"] = c.IntermediateSize,
            ["n_layer"] = c.NumHiddenLayers,
            ["n_head"] = c.NumAttentionHeads,
            ["n_positions"] = c.MaxPositionEmbeddings,
            ["layer_norm_epsilon"] = Exact(c.NormEpsilon),
            ["activation_function"] = c.Activation == Gpt2Activation.Gelu ? "gelu_new" : "relu2",
            ["tie_word_embeddings"] = c.TieWordEmbeddings,
            ["eos_token_id"] = endToken,
            ["torch_dtype"] = "float32",
        },
        _ => throw new ArgumentException($"No config.json for {config.GetType().Name}.", nameof(config)),
    };

    /// <summary>Reads a configuration.</summary>
    /// <param name="path">The config.json.</param>
    /// <exception cref="ModelFileException">It is missing, not JSON, or describes no model that Hearth knows.</exception>
    public static ModelConfig Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) throw new ModelFileException(path, "does not exist. A model folder has config.json, model.safetensors and tokenizer.json.");
        if (file.Length > MaxBytes) throw new ModelFileException(path, $"has {file.Length:N0} bytes, expected at most {MaxBytes:N0}. It is not a model's configuration.");
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 32 });
            return Read(new Fields(path, json.RootElement));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)                             // the latter for broken UTF-8 in a text
        {
            throw new ModelFileException(path, $"is not JSON: {e.Message} It was altered or damaged; copy or download the model again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, $"can not be read: {e.Message} Check that you may read it.", e);
        }
    }

    private static ModelConfig Read(Fields f)
    {
        string type = f.Text("model_type");
        return type switch
        {
            "llama" or "qwen3" => ReadLlama(f, type == "qwen3"),
            "gpt2" => ReadGpt2(f),
            _ => throw f.Bad("model_type", Shorten($"'{type}'"), "llama, qwen3 or gpt2. Hearth can not run this architecture yet"),
        };
    }

    private static LlamaConfig ReadLlama(Fields f, bool qkNorm)
    {
        int heads = f.Whole("num_attention_heads", MaxSize), hidden = f.Whole("hidden_size", MaxSize);
        int keyValueHeads = f.Whole("num_key_value_heads", MaxSize, heads);
        if (heads % keyValueHeads != 0) throw f.Bad("num_key_value_heads", $"{keyValueHeads}", $"a divisor of num_attention_heads, {heads}");
        int headSize = f.Whole("head_dim", 65536, Math.Max(1, hidden / heads));
        if (headSize % 2 != 0) throw f.Bad("head_dim", $"{headSize}", "an even number");
        if (f.Has("rope_scaling")) throw f.Bad("rope_scaling", "a value", "null. Scaled rotary positions are not supported yet");
        if (f.Flag("attention_bias", false)) throw f.Bad("attention_bias", "true", "false. Biases in attention are not supported yet");
        string activation = f.Text("hidden_act", "silu");
        if (activation != "silu") throw f.Bad("hidden_act", Shorten($"'{activation}'"), "silu");
        return new LlamaConfig
        {
            VocabularySize = f.Whole("vocab_size", MaxSize * 4),
            HiddenSize = hidden,
            IntermediateSize = f.Whole("intermediate_size", MaxSize * 4),
            NumHiddenLayers = f.Whole("num_hidden_layers", MaxLayers),
            NumAttentionHeads = heads,
            NumKeyValueHeads = keyValueHeads,
            HeadDim = headSize,
            MaxPositionEmbeddings = f.Whole("max_position_embeddings", 1 << 24),
            NormEpsilon = (float)f.Number("rms_norm_eps", MaxEpsilon, 1e-6),
            RopeTheta = f.Number("rope_theta", MaxTheta, 10000),
            TieWordEmbeddings = f.Flag("tie_word_embeddings", false),
            QkNorm = qkNorm,
        };
    }

    private static Gpt2Config ReadGpt2(Fields f)
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
            MaxPositionEmbeddings = f.Whole("n_positions", 1 << 24),
            NormEpsilon = (float)f.Number("layer_norm_epsilon", MaxEpsilon, 1e-5),
            TieWordEmbeddings = f.Flag("tie_word_embeddings", true),
            Activation = activation switch
            {
                "gelu_new" => Gpt2Activation.Gelu,
                "relu2" => Gpt2Activation.SquaredRelu,
                _ => throw f.Bad("activation_function", Shorten($"'{activation}'"), "gelu_new or relu2"),
            },
        };
    }

    /// <summary>The float32 as the shortest decimal that reads back to it.</summary>
    private static double Exact(float value) => double.Parse(value.ToString("R"));

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";

    /// <summary>Fields of config.json with bounds, each error naming its key.</summary>
    private sealed class Fields(string path, JsonElement root)
    {
        public bool Has(string name) => Find(name) is not null;

        public string Text(string name, string? otherwise = null) => Find(name) switch
        {
            { ValueKind: JsonValueKind.String } e => e.GetString()!,
            null when otherwise is not null => otherwise,
            JsonElement e => throw Bad(name, $"{e.ValueKind}", "a text"),
            null => throw Bad(name, "nothing", "a text"),
        };

        public int Whole(string name, int most, int? otherwise = null)
        {
            JsonElement? found = Find(name);
            if (found is null && otherwise is not null) return otherwise.Value;
            if (found is { ValueKind: JsonValueKind.Number } e && e.TryGetInt32(out int value) && value >= 1 && value <= most) return value;
            throw Bad(name, found is null ? "nothing" : Shorten(found.Value.GetRawText()), $"a whole number from 1 to {most:N0}");
        }

        public double Number(string name, double most, double otherwise)
        {
            JsonElement? found = Find(name);
            if (found is null) return otherwise;
            if (found.Value.ValueKind == JsonValueKind.Number && found.Value.TryGetDouble(out double value) && value > 0 && value <= most) return value;
            throw Bad(name, Shorten(found.Value.GetRawText()), $"a positive number up to {most:N0}");
        }

        public bool Flag(string name, bool otherwise) => Find(name)?.ValueKind switch
        {
            null => otherwise,
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Bad(name, "another value", "true or false"),
        };

        public ModelFileException Bad(string name, string found, string expected) =>
            new(path, $"'{name}' is {found}, expected {expected}.");

        private JsonElement? Find(string name)
        {
            if (root.ValueKind != JsonValueKind.Object) throw new ModelFileException(path, $"holds {root.ValueKind}, expected an object.");
            return root.TryGetProperty(name, out JsonElement e) && e.ValueKind != JsonValueKind.Null ? e : null;
        }
    }
}
