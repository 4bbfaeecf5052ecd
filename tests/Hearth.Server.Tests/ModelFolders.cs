using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Models.Formats.Safetensors;
using Hearth.Models.Tokenizers;
using Hearth.Numerics;

namespace Hearth.Server.Tests;

/// <summary>
/// Small models of random weights in folders as the hub has them, one of each kind of cache and of feed-forward part: they say nonsense, and always the same.
/// </summary>
internal static class ModelFolders
{
    /// <summary>The names of <see cref="All"/>.</summary>
    public const string Dense = "dense", Windowed = "windowed", Experts = "experts", Latent = "latent", Thinker = "thinker";

    public const int Context = 2048;

    private const int Hidden = 32, Inner = 48, Heads = 4, Layers = 2, Head = 16;

    /// <summary>Tools and thinking in a family's own way: every answer begins with a thought, unless it is asked not to.</summary>
    private const string ThinkingTemplate = """
        {%- if tools %}{{- '<|system|>' }}{%- for tool in tools %}{{- tool | tojson }}{%- endfor %}{{- '<|end|>' }}{%- endif %}
        {%- for message in messages %}
        {{- '<|' + ('user' if message.role == 'tool' else message.role) + '|>' + message.content }}
        {%- for call in message.tool_calls or [] %}{{- '<tool_call>{"name": "' + call.function.name + '", "arguments": ' }}{{- call.function.arguments | tojson }}{{- '}</tool_call>' }}{%- endfor %}
        {{- '<|end|>' }}
        {%- endfor %}
        {%- if add_generation_prompt %}{{- '<|assistant|>' + ('<think>\n\n</think>\n\n' if enable_thinking is defined and enable_thinking is false else '<think>\n') }}{%- endif %}
        """;

    private static readonly Lazy<Tokenizer> Words = new(() => BpeTrainer.Train(
        [.. Enumerable.Repeat("What is the capital? The capital is Quito. {\"name\": \"x\", \"arguments\": {\"to\": 12}} one two three four", 20)],
        new BpeTrainingOptions { VocabularySize = 340, SpecialTokens = [.. ChatFormat.SpecialTokens, "<think>", "</think>", "<tool_call>", "</tool_call>"] }));

    public static IReadOnlyList<string> All { get; } = [Dense, Windowed, Experts, Latent, Thinker];

    public static Tokenizer Tokenizer => Words.Value;

    /// <summary>Writes them all into a home's models.</summary>
    public static void Into(string home)
    {
        foreach (string name in All) Write(Path.Combine(home, "models", name), name);
    }

    /// <summary>Writes one.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="name">Its name in <see cref="All"/>.</param>
    /// <param name="template">Another chat template than its own.</param>
    public static void Write(string folder, string name, string? template = null)
    {
        Directory.CreateDirectory(folder);
        JsonObject config = Config(name);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), Tensors(name));
        Tokenizer.Save(Path.Combine(folder, "tokenizer.json"));
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), new JsonObject
        {
            ["eos_token"] = ChatFormat.End,
            ["chat_template"] = template ?? (name == Thinker ? ThinkingTemplate : ChatFormat.Template),
        }.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
    }

    private static JsonObject Config(string name)
    {
        JsonObject config = (name switch
        {
            Dense => JsonNode.Parse("""{"model_type":"qwen3","tie_word_embeddings":true}"""),
            Windowed => JsonNode.Parse("""{"model_type":"mistral","sliding_window":70}"""),
            Experts => JsonNode.Parse("""{"model_type":"qwen3_moe","num_experts":6,"num_experts_per_tok":2,"moe_intermediate_size":24,"norm_topk_prob":true}"""),
            Latent => JsonNode.Parse("""
                {"model_type":"deepseek_v2","q_lora_rank":0,"kv_lora_rank":32,"qk_nope_head_dim":16,"qk_rope_head_dim":8,"v_head_dim":16,"n_routed_experts":4,"num_experts_per_tok":2,
                 "n_shared_experts":1,"moe_intermediate_size":24,"first_k_dense_replace":1}
                """),
            _ => JsonNode.Parse("""{"model_type":"qwen3","tie_word_embeddings":false}"""),
        })!.AsObject();
        config["vocab_size"] = Tokenizer.VocabularySize;
        config["hidden_size"] = Hidden;
        config["intermediate_size"] = Inner;
        config["num_hidden_layers"] = Layers;
        config["num_attention_heads"] = Heads;
        config["num_key_value_heads"] = name == Latent ? Heads : 2;
        config["head_dim"] = Head;
        config["max_position_embeddings"] = Context;
        config["rms_norm_eps"] = 1e-5;
        config["rope_theta"] = 10_000;
        config["eos_token_id"] = Tokenizer.Special(ChatFormat.End)!.Value;
        return config;
    }

    /// <summary>Random numbers under the hub's names, large enough that no token is always the likeliest.</summary>
    private static List<SafetensorsTensor> Tensors(string model)
    {
        var all = new List<SafetensorsTensor>();
        Matrix("model.embed_tokens.weight", Tokenizer.VocabularySize, Hidden, 0.8);
        if (model != Dense) Matrix("lm_head.weight", Tokenizer.VocabularySize, Hidden, 0.8);
        Gain("model.norm.weight", Hidden);
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"model.layers.{layer}", attention = $"{block}.self_attn";
            Gain($"{block}.input_layernorm.weight", Hidden);
            Gain($"{block}.post_attention_layernorm.weight", Hidden);
            if (model == Latent)
            {
                Matrix($"{attention}.q_proj.weight", Heads * 24, Hidden);
                Matrix($"{attention}.kv_a_proj_with_mqa.weight", 40, Hidden);
                Gain($"{attention}.kv_a_layernorm.weight", 32);
                Matrix($"{attention}.kv_b_proj.weight", Heads * 32, 32);
            }
            else
            {
                Matrix($"{attention}.q_proj.weight", Heads * Head, Hidden);
                Matrix($"{attention}.k_proj.weight", 2 * Head, Hidden);
                Matrix($"{attention}.v_proj.weight", 2 * Head, Hidden);
                if (model != Windowed)
                {
                    Gain($"{attention}.q_norm.weight", Head);
                    Gain($"{attention}.k_norm.weight", Head);
                }
            }
            Matrix($"{attention}.o_proj.weight", Hidden, Heads * Head);
            if (model is Experts || (model is Latent && layer > 0))
            {
                int count = model == Experts ? 6 : 4;
                Matrix($"{block}.mlp.gate.weight", count, Hidden);
                for (int i = 0; i < count; i++) FeedForward($"{block}.mlp.experts.{i}", 24);
                if (model == Latent) FeedForward($"{block}.mlp.shared_experts", 24);
            }
            else FeedForward($"{block}.mlp", Inner);
        }
        return all;

        void FeedForward(string name, int inner)
        {
            Matrix($"{name}.gate_proj.weight", inner, Hidden);
            Matrix($"{name}.up_proj.weight", inner, Hidden);
            Matrix($"{name}.down_proj.weight", Hidden, inner);
        }

        void Matrix(string name, int rows, int columns, double scale = 0) => Add(name, [rows, columns], scale > 0 ? scale : 1.4 / Math.Sqrt(columns), 0);

        void Gain(string name, int size) => Add(name, [size], 0.2, 1);

        void Add(string name, int[] shape, double scale, double mean)
        {
            var random = new Philox(5, $"test {model} {name}");
            all.Add(new SafetensorsTensor(name, shape, Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(i => (float)((random.Normal(i) * scale) + mean)).ToArray()));
        }
    }
}
