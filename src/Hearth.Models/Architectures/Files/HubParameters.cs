using Hearth.Models.Formats.Safetensors;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Architectures.Files;

/// <summary>A model's parameters in a folder as Hugging Face's hub holds it: safetensors under transformers' names.</summary>
/// <param name="files">The files.</param>
/// <param name="config">The model's sizes.</param>
/// <param name="pool">The threads that lay out matrices.</param>
public sealed class HubParameters(SafetensorsModel files, ModelConfig config, WorkerPool pool) : StoredParameters(files, config, pool)
{
    private const string LayerPrefix = "model.layers.";

    /// <summary>The language model inside a larger one has its names behind those of the whole.</summary>
    private readonly string _prefix = files.Find("language_model.model.embed_tokens.weight") is null ? "" : "language_model.";

    /// <summary>Mixtral's name of the feed-forward part, which MiniMax shares.</summary>
    private readonly bool _isMixtral = files.Find("model.layers.0.block_sparse_moe.gate.weight") is not null;

    /// <inheritdoc/>
    public override Tensor[] LoadMany(string name, int count, int rows, int columns)
    {
        if (Config is DeepSeekConfig && (name.EndsWith(".k_b_proj", StringComparison.Ordinal) || name.EndsWith(".v_b_proj", StringComparison.Ordinal)))
        {
            bool keys = name.EndsWith(".k_b_proj", StringComparison.Ordinal);
            return SplitKeysAndValues(name, $"{_prefix}{name[..name.LastIndexOf('.')]}.kv_b_proj.weight", keys);
        }
        if (Config is GptOssConfig)
        {
            return rows == 1 ? new GptOssExperts(files).Biases(name, count, columns) : new GptOssExperts(files).Matrices(name, count, rows, columns, Pack);
        }
        int dot = name.LastIndexOf('.');
        string part = name[(dot + 1)..];
        if (_isMixtral) part = part switch { "gate_proj" => "w1", "down_proj" => "w2", "up_proj" => "w3", _ => part };
        string experts = Own(name[..dot]);
        return [.. Enumerable.Range(0, count).Select(i => Read($"{name}.{i}", Require($"{experts}.{i}.{part}.weight", [rows, columns]), null, rows, columns))];
    }

    /// <inheritdoc/>
    protected override string Own(string name)
    {
        if (_isMixtral && name.StartsWith(LayerPrefix, StringComparison.Ordinal))
        {
            name = name.Replace(".mlp.gate.e_score_correction_bias", ".block_sparse_moe.e_score_correction_bias", StringComparison.Ordinal)
                .Replace(".mlp.", ".block_sparse_moe.", StringComparison.Ordinal);
        }
        if (Config is GptOssConfig) name = name.Replace(".mlp.gate.", ".mlp.router.", StringComparison.Ordinal);
        return _prefix + name;
    }

    /// <inheritdoc/>
    protected override StoredTensor Require(string name, ReadOnlySpan<int> shape) =>
        files.Has(name) && files.FileOf(name).Entry(name).Type == SafetensorsType.F8E4M3 ? Float8Weights.Read(files, name, shape) : base.Require(name, shape);

    /// <summary>Gemma's files hold the gain of a norm less 1.</summary>
    protected override float Offset(string name) =>
        Config is Gemma3Config && (name.EndsWith("norm.weight", StringComparison.Ordinal) || name.EndsWith("layernorm.weight", StringComparison.Ordinal)) ? 1f : 0f;
}
