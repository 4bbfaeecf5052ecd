using Hearth.Models.Formats.Gguf;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Architectures.Files;

/// <summary>A model's parameters in a GGUF file.</summary>
/// <param name="file">The file.</param>
/// <param name="config">The model's sizes.</param>
/// <param name="pool">The threads that lay out matrices.</param>
public sealed class GgufParameters(GgufModel file, ModelConfig config, WorkerPool pool) : StoredParameters(file, config, pool)
{
    private readonly string _architecture = file.Metadata.Text("general.architecture");

    /// <inheritdoc/>
    public override Tensor[] LoadMany(string name, int count, int rows, int columns)
    {
        string own = Own(name);
        if (Config is DeepSeekConfig && Source.Find(own) is null)
        {
            bool keys = own.EndsWith("attn_k_b.weight", StringComparison.Ordinal);
            return SplitKeysAndValues(name, own.Replace(keys ? "attn_k_b" : "attn_v_b", "attn_kv_b", StringComparison.Ordinal), keys);
        }
        if (rows == 1)
        {
            StoredTensor biases = Require(own, [count, columns]);
            return [.. Enumerable.Range(0, count).Select(i => Read($"{name}.{i}", biases.Slice(i), null, columns))];
        }
        StoredTensor matrices = Require(own, [count, rows, columns]);
        return [.. Enumerable.Range(0, count).Select(i => Read($"{name}.{i}", matrices.Slice(i), null, rows, columns))];
    }

    /// <inheritdoc/>
    protected override string Own(string name) => GgufNames.Of(_architecture, name);

    /// <inheritdoc/>
    protected override bool IsTransposed(string name, int[] shape) =>
        Config is Gpt2Config && shape.Length == 2 && name.StartsWith("transformer.h.", StringComparison.Ordinal);

    /// <summary>llama.cpp lays out the rows of queries and keys for neighbouring pairs to turn in this one architecture.</summary>
    protected override Func<int, int>? RowOrder(string name, int[] shape)
    {
        bool turns = name.Contains(".q_proj.", StringComparison.Ordinal) || name.Contains(".k_proj.", StringComparison.Ordinal);
        return _architecture == "llama" && turns ? Halves(Config.HeadDim, 0, Config.HeadDim) : base.RowOrder(name, shape);
    }
}
