using System.Text.Json.Nodes;
using Hearth.Models.Architectures;
using Hearth.Models.Architectures.Files;
using Hearth.Models.Architectures.Parts;
using Hearth.Models.Bundles;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Formats.Safetensors;
using Hearth.Models.Tests.Formats;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Architectures;

/// <summary>The same small model as a GGUF file, whose logits are checked against references, and as a folder of Hugging Face's hub: equal bits.</summary>
public sealed class HubFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("llama3-rope", """{"model_type":"llama","rope_theta":500000,"rope_scaling":{"rope_type":"llama3","factor":32,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":8192},"tie_word_embeddings":true,"rms_norm_eps":1e-5}""")]
    [InlineData("llama-moe", """{"model_type":"mixtral","rope_theta":1000000,"num_local_experts":4,"num_experts_per_tok":2,"rms_norm_eps":1e-5}""")]
    [InlineData("qwen2", """{"model_type":"qwen2","rope_theta":1000000,"tie_word_embeddings":true}""")]
    [InlineData("qwen3moe", """{"model_type":"qwen3_moe","rope_theta":1000000,"num_experts":8,"num_experts_per_tok":2,"moe_intermediate_size":32,"norm_topk_prob":true}""")]
    [InlineData("olmo3", """{"model_type":"olmo3","rope_theta":500000,"sliding_window":8,"rope_scaling":{"rope_type":"yarn","factor":8,"original_max_position_embeddings":8192,"attention_factor":1.2079441541679836,"beta_fast":32,"beta_slow":1}}""")]
    [InlineData("gemma3", """{"model_type":"gemma3_text","rope_theta":1000000,"sliding_window":8,"query_pre_attn_scalar":32,"rope_scaling":{"rope_type":"linear","factor":8}}""")]
    [InlineData("minimax-m2", """{"model_type":"minimax_m2","rope_theta":5000000,"rotary_dim":16,"num_local_experts":8,"num_experts_per_tok":2}""")]
    [InlineData("phi3", """{"model_type":"phi3","rope_theta":10000,"rms_norm_eps":1e-5}""")]
    [InlineData("deepseek2-v3", """{"model_type":"deepseek_v3","rope_theta":10000,"q_lora_rank":48,"kv_lora_rank":32,"qk_nope_head_dim":16,"qk_rope_head_dim":8,"v_head_dim":16,"n_routed_experts":8,"num_experts_per_tok":3,"n_shared_experts":1,"moe_intermediate_size":24,"first_k_dense_replace":1,"scoring_func":"sigmoid","norm_topk_prob":true,"routed_scaling_factor":2.5,"n_group":4,"topk_group":2,"rope_scaling":{"type":"yarn","factor":40,"original_max_position_embeddings":4096,"mscale":1,"mscale_all_dim":1}}""")]
    public void A_folder_of_the_hub_gives_the_bits_of_the_GGUF_file(string name, string config)
    {
        using GgufModel file = GgufModel.Open(Path.Combine(SharedData.At("conformance/gguf"), name + ".gguf"));
        ModelConfig sizes = GgufConfig.Read(file, 4096);
        LanguageModel original = sizes.Create(new GgufParameters(file, sizes, WorkerPool.Alone));
        WriteConfig(config, sizes);
        SafetensorsWriter.Write(_folder["model.safetensors"], [.. HubTensors(original, sizes).OrderBy(t => t.Name, StringComparer.Ordinal)], []);

        ModelConfig read = ConfigJson.Read(_folder["config.json"]);
        using SafetensorsModel weights = SafetensorsModel.Open(Path.GetDirectoryName(_folder["config.json"])!);
        LanguageModel model = read.Create(new HubParameters(weights, read, WorkerPool.Alone));
        int[] tokens = [.. Enumerable.Range(1, 40)];
        float difference = Logits(model, tokens).Zip(Logits(original, tokens)).Max(p => Math.Abs(p.First - p.Second));
        // A gain less 1 and plus 1 again is rounded twice; the file's factors of the angles are float32.
        difference.ShouldBeLessThanOrEqualTo(name is "gemma3" or "llama3-rope" ? 1e-4f : 0f);
    }

    private static float[] Logits(LanguageModel model, int[] tokens) =>
        model.Logits(new Tape(WorkerPool.Alone, recording: false), new SequenceBatch(tokens)).Data.ToArray();

    private void WriteConfig(string config, ModelConfig c)
    {
        JsonObject json = JsonNode.Parse(config)!.AsObject();
        json["vocab_size"] = c.VocabularySize;
        json["hidden_size"] = c.HiddenSize;
        json["intermediate_size"] = c.IntermediateSize;
        json["num_hidden_layers"] = c.NumHiddenLayers;
        json["num_attention_heads"] = c.NumAttentionHeads;
        json["num_key_value_heads"] = c.NumKeyValueHeads;
        json["head_dim"] = c.HeadDim;
        json["max_position_embeddings"] = 4096;
        if (c is MixtralConfig m && (string)json["model_type"]! != "qwen3_moe") json["intermediate_size"] = m.Experts.Inner;
        File.WriteAllText(_folder["config.json"], json.ToJsonString());
    }

    /// <summary>The parameters under the hub's names, in the hub's order of rows.</summary>
    private static IEnumerable<SafetensorsTensor> HubTensors(LanguageModel model, ModelConfig c)
    {
        bool isMixtral = c is MixtralConfig { QkNorm: QkNorm.None or QkNorm.Row };
        var latent = new SortedDictionary<string, Dictionary<(bool, int), Tensor>>(StringComparer.Ordinal);
        foreach (Tensor t in model.Parameters.All.Select(p => p.Tensor))
        {
            float[] values = Values(t);
            string name = t.Name;
            if (name.Contains("_b_proj.", StringComparison.Ordinal) && !name.Contains("q_b_proj", StringComparison.Ordinal))
            {
                string[] parts = name.Split('.');
                string layer = string.Join('.', parts[..^2]);
                if (!latent.TryGetValue(layer, out var heads)) latent[layer] = heads = [];
                heads[(parts[^2] == "k_b_proj", int.Parse(parts[^1]))] = t;
                continue;
            }
            int experts = name.IndexOf(".experts.", StringComparison.Ordinal);
            if (experts > 0)
            {
                string[] parts = name.Split('.');
                string matrix = isMixtral ? parts[^2] switch { "gate_proj" => "w1", "down_proj" => "w2", _ => "w3" } : parts[^2];
                name = $"{name[..experts]}.experts.{parts[^1]}.{matrix}.weight";
            }
            if (isMixtral) name = name.Replace(".mlp.gate.e_score", ".block_sparse_moe.e_score", StringComparison.Ordinal).Replace(".mlp.", ".block_sparse_moe.", StringComparison.Ordinal);
            if (c is Gemma3Config && name.EndsWith("norm.weight", StringComparison.Ordinal)) values = [.. values.Select(v => v - 1)];
            if (c is DeepSeekConfig { Attention: var a }) values = Interleaved(name, values, t, a);
            yield return new SafetensorsTensor(name, t.Shape, values);
        }
        foreach ((string layer, Dictionary<(bool, int), Tensor> heads) in latent) yield return Joined(layer, heads, ((DeepSeekConfig)c).Attention);
    }

    private static float[] Values(Tensor tensor)
    {
        if (tensor.Weights is not { } stored) return tensor.Data.ToArray();
        var values = new float[tensor.Length];
        for (int row = 0; row < tensor.Rows; row++) stored.ReadRow(row, values.AsSpan(row * tensor.Columns, tensor.Columns));
        return values;
    }

    private static float[] Interleaved(string name, float[] values, Tensor t, LatentAttentionSpec a)
    {
        bool isQuery = name.Contains("q_b_proj", StringComparison.Ordinal) || name.Contains("q_proj", StringComparison.Ordinal);
        if (!isQuery && !name.Contains("kv_a_proj", StringComparison.Ordinal)) return values;
        int size = isQuery ? a.PlainSize + a.TurnedSize : t.Rows, first = isQuery ? a.PlainSize : a.Rank, half = a.TurnedSize / 2;
        float[] rows = [.. values];
        for (int r = 0; r < t.Rows; r++)
        {
            int at = (r % size) - first;
            if (at < 0) continue;
            int own = r - at + (at % 2 == 0 ? at / 2 : half + (at / 2));
            values.AsSpan(own * t.Columns, t.Columns).CopyTo(rows.AsSpan(r * t.Columns));
        }
        return rows;
    }

    private static SafetensorsTensor Joined(string layer, Dictionary<(bool, int), Tensor> heads, LatentAttentionSpec a)
    {
        var rows = new List<float>();
        for (int h = 0; h < a.Heads; h++)
        {
            for (int p = 0; p < a.PlainSize; p++)
            {
                for (int r = 0; r < a.Rank; r++) rows.Add(Values(heads[(true, h)])[(r * a.PlainSize) + p]);
            }
            rows.AddRange(Values(heads[(false, h)]));
        }
        return new SafetensorsTensor($"{layer}.kv_b_proj.weight", [a.Heads * (a.PlainSize + a.ValueSize), a.Rank], rows.ToArray());
    }
}
