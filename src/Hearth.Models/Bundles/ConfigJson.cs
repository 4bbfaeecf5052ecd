using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Architectures;

namespace Hearth.Models.Bundles;

/// <summary>config.json, in the form of Hugging Face's transformers, so that other engines load what Hearth makes.</summary>
public static class ConfigJson
{
    private const int MaxBytes = 1 << 20;

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
            return ConfigReader.Read(new ConfigFields(path, json.RootElement));
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

    /// <summary>The float32 as the shortest decimal that reads back to it.</summary>
    private static double Exact(float value) => double.Parse(value.ToString("R"));
}
