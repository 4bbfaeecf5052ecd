using Hearth.Models.Architectures.Parts;
using Hearth.Models.Formats.Gguf;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Architectures.Files;

/// <summary>
/// A model's parameters in a GGUF file, under Hugging Face's names and in its order: the rows that llama.cpp lays out for neighbouring pairs to turn
/// are put back into halves, so that one rotary kernel serves every family.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="config">The model's sizes.</param>
public sealed class GgufParameters(GgufModel file, ModelConfig config) : IParameterSource
{
    private readonly string _architecture = file.Metadata.Text("general.architecture");

    /// <inheritdoc/>
    public bool Has(string name) => file.Find(GgufNames.Of(_architecture, name)) is not null;

    /// <inheritdoc/>
    public Tensor Load(string name, params int[] shape)
    {
        bool transposed = config is Gpt2Config && shape.Length == 2 && name.StartsWith("transformer.h.", StringComparison.Ordinal);
        StoredTensor stored = Require(GgufNames.Of(_architecture, name), transposed ? [shape[1], shape[0]] : shape);
        if (transposed) return Transposed(name, stored);
        return Read(name, stored, RowOrder(name, shape), shape);
    }

    /// <inheritdoc/>
    public Tensor[] LoadMany(string name, int count, int rows, int columns)
    {
        string own = GgufNames.Of(_architecture, name);
        if (config is DeepSeekConfig deepSeek && file.Find(own) is null) return SplitKeysAndValues(name, own, deepSeek.Attention, rows, columns);
        StoredTensor stored = rows == 1 ? Require(own, [count, columns]) : Require(own, [count, rows, columns]);
        return [.. Enumerable.Range(0, count).Select(i => rows == 1
            ? Read($"{name}.{i}", stored, _ => i, [columns], rows: 1)
            : Read($"{name}.{i}", stored.Slice(i), null, [rows, columns]))];
    }

    /// <summary>Older files keep the matrices that make keys and values of the latent as one, [heads · (P + V), R].</summary>
    private Tensor[] SplitKeysAndValues(string name, string own, LatentAttentionSpec a, int rows, int columns)
    {
        bool keys = own.EndsWith("attn_k_b.weight", StringComparison.Ordinal);
        int each = a.PlainSize + a.ValueSize;
        StoredTensor both = Require(own.Replace(keys ? "attn_k_b" : "attn_v_b", "attn_kv_b", StringComparison.Ordinal), [a.Heads * each, a.Rank]);
        var row = new float[a.Rank];
        var parts = new Tensor[a.Heads];
        for (int head = 0; head < a.Heads; head++)
        {
            Tensor part = parts[head] = Tensor.Parameter($"{name}.{head}", rows, columns);
            if (!keys)
            {
                for (int i = 0; i < rows; i++) both.ReadRow((head * each) + a.PlainSize + i, part.Data.Slice(i * columns, columns));
                continue;
            }
            for (int c = 0; c < columns; c++)
            {
                both.ReadRow((head * each) + c, row);
                for (int r = 0; r < rows; r++) part.Data[(r * columns) + c] = row[r];
            }
        }
        return parts;
    }

    /// <summary>Where in the file a row stands; null when rows stand as they are.</summary>
    private Func<int, int>? RowOrder(string name, int[] shape)
    {
        if (name.EndsWith("q_proj.weight", StringComparison.Ordinal) || name.EndsWith("q_proj.bias", StringComparison.Ordinal)
            || name.EndsWith("k_proj.weight", StringComparison.Ordinal) || name.EndsWith("k_proj.bias", StringComparison.Ordinal))
        {
            if (_architecture == "llama") return Halves(config.HeadDim, 0, config.HeadDim);
        }
        if (config is not DeepSeekConfig { Attention: var a }) return null;
        if (name.EndsWith("q_proj.weight", StringComparison.Ordinal) || name.EndsWith("q_b_proj.weight", StringComparison.Ordinal))
        {
            return Halves(a.PlainSize + a.TurnedSize, a.PlainSize, a.TurnedSize);
        }
        return name.EndsWith("kv_a_proj_with_mqa.weight", StringComparison.Ordinal) ? Halves(shape[0], a.Rank, a.TurnedSize) : null;
    }

    /// <summary>Of each head's rows, those that turn stand in the file as neighbouring pairs, and here the firsts of all pairs before the seconds.</summary>
    private static Func<int, int> Halves(int headSize, int first, int size) => row =>
    {
        int head = row / headSize, at = (row % headSize) - first, half = size / 2;
        if (at < 0 || at >= size) return row;
        return (head * headSize) + first + (at < half ? 2 * at : (2 * (at - half)) + 1);
    };

    private static Tensor Read(string name, StoredTensor stored, Func<int, int>? order, int[] shape, int? rows = null)
    {
        Tensor tensor = Tensor.Parameter(name, shape);
        tensor.NeedsGradient = false;
        if (order is not null && shape.Length == 1 && rows is null)
        {
            var values = new float[stored.Columns];
            stored.ReadRow(0, values);
            for (int i = 0; i < values.Length; i++) tensor.Data[i] = values[order(i)];
            return tensor;
        }
        int count = rows ?? (int)stored.Rows;
        for (int row = 0; row < count; row++) stored.ReadRow(order?.Invoke(row) ?? row, tensor.Data.Slice(row * stored.Columns, stored.Columns));
        return tensor;
    }

    private static Tensor Transposed(string name, StoredTensor stored)
    {
        int rows = (int)stored.Rows, columns = stored.Columns;
        Tensor tensor = Tensor.Parameter(name, columns, rows);
        var row = new float[columns];
        for (int r = 0; r < rows; r++)
        {
            stored.ReadRow(r, row);
            for (int c = 0; c < columns; c++) tensor.Data[(c * rows) + r] = row[c];
        }
        tensor.NeedsGradient = false;
        return tensor;
    }

    private StoredTensor Require(string name, ReadOnlySpan<int> shape)
    {
        StoredTensor stored = file.Find(name) ?? throw new ModelFileException(file.Path, $"has no tensor '{name}', which {_architecture} needs. Part of the model is missing.");
        bool fits = stored.Shape.Length == shape.Length;
        for (int i = 0; fits && i < shape.Length; i++) fits = stored.Shape[i] == shape[i];
        return fits ? stored : throw new ModelFileException(file.Path,
            $"tensor '{name}' has shape {stored.ShapeText}, expected [{string.Join(", ", shape.ToArray())}]. Metadata and tensors come from different models.");
    }
}
