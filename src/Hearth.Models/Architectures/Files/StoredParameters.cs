using Hearth.Models.Architectures.Parts;
using Hearth.Models.Formats;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Architectures.Files;

/// <summary>
/// A model's parameters in files, under Hugging Face's names and in its order of rows: rows that a file lays out for neighbouring pairs to turn are
/// put into halves, so that one rotary kernel serves every family. Matrices stay in the type in which the files hold them.
/// </summary>
/// <param name="source">The files; they may be closed once the model is made.</param>
/// <param name="config">The model's sizes.</param>
/// <param name="pool">The threads that lay out matrices.</param>
public abstract class StoredParameters(IWeightSource source, ModelConfig config, WorkerPool pool) : IParameterSource
{
    /// <summary>The model's sizes.</summary>
    protected ModelConfig Config { get; } = config;

    /// <summary>The files.</summary>
    protected IWeightSource Source { get; } = source;

    /// <inheritdoc/>
    public bool Has(string name) => Source.Find(Own(name)) is not null;

    /// <inheritdoc/>
    public Tensor Load(string name, params int[] shape)
    {
        if (IsTransposed(name, shape)) return Read(name, Require(Own(name), [shape[1], shape[0]]), null, shape[1], shape[0]);
        Tensor tensor = Read(name, Require(Own(name), shape), RowOrder(name, shape), shape);
        if (Offset(name) is not 0f and var offset)
        {
            for (int i = 0; i < tensor.Length; i++) tensor.Data[i] += offset;
        }
        return tensor;
    }

    /// <inheritdoc/>
    public abstract Tensor[] LoadMany(string name, int count, int rows, int columns);

    /// <summary>The name in the files.</summary>
    /// <param name="name">The name here.</param>
    protected abstract string Own(string name);

    /// <summary>True for a matrix that the files hold the other way round, as [outputs, inputs].</summary>
    /// <param name="name">The name here.</param>
    /// <param name="shape">The shape here.</param>
    protected virtual bool IsTransposed(string name, int[] shape) => false;

    /// <summary>What is added to a gain that the files hold without it.</summary>
    /// <param name="name">The name here.</param>
    protected virtual float Offset(string name) => 0f;

    /// <summary>Where in the files a row stands; null when rows stand as they are.</summary>
    /// <param name="name">The name here.</param>
    /// <param name="shape">The shape here.</param>
    protected virtual Func<int, int>? RowOrder(string name, int[] shape)
    {
        if (Config is not DeepSeekConfig { Attention: var a }) return null;
        if (name.EndsWith("q_proj.weight", StringComparison.Ordinal) || name.EndsWith("q_b_proj.weight", StringComparison.Ordinal))
        {
            return Halves(a.PlainSize + a.TurnedSize, a.PlainSize, a.TurnedSize);
        }
        return name.EndsWith("kv_a_proj_with_mqa.weight", StringComparison.Ordinal) ? Halves(shape[0], a.Rank, a.TurnedSize) : null;
    }

    /// <summary>Of each head's rows, those that turn stand in the file as neighbouring pairs, and here the firsts of all pairs before the seconds.</summary>
    /// <param name="headSize">Rows of a head.</param>
    /// <param name="first">The first that turns.</param>
    /// <param name="size">How many turn.</param>
    protected static Func<int, int> Halves(int headSize, int first, int size) => row =>
    {
        int head = row / headSize, at = (row % headSize) - first, half = size / 2;
        if (at < 0 || at >= size) return row;
        return (head * headSize) + first + (at < half ? 2 * at : (2 * (at - half)) + 1);
    };

    /// <summary>The matrices that make keys, or values, of the latent, where a file holds them as one, [heads · (P + V), R].</summary>
    /// <param name="name">The name here.</param>
    /// <param name="both">The one matrix's name in the files.</param>
    /// <param name="keys">True for keys.</param>
    protected Tensor[] SplitKeysAndValues(string name, string both, bool keys)
    {
        LatentAttentionSpec a = ((DeepSeekConfig)Config).Attention;
        int each = a.PlainSize + a.ValueSize;
        StoredTensor stored = Require(both, [a.Heads * each, a.Rank]);
        var row = new float[a.Rank];
        var parts = new Tensor[a.Heads];
        for (int head = 0; head < a.Heads; head++)
        {
            Tensor part = parts[head] = keys ? Tensor.Parameter($"{name}.{head}", a.Rank, a.PlainSize) : Tensor.Parameter($"{name}.{head}", a.ValueSize, a.Rank);
            part.NeedsGradient = false;
            int first = (head * each) + (keys ? 0 : a.PlainSize), count = keys ? a.PlainSize : a.ValueSize;
            for (int i = 0; i < count; i++)
            {
                stored.ReadRow(first + i, row);
                if (!keys) row.CopyTo(part.Data.Slice(i * a.Rank, a.Rank));
                else for (int r = 0; r < a.Rank; r++) part.Data[(r * a.PlainSize) + i] = row[r];
            }
        }
        return parts;
    }

    /// <summary>A stored tensor as a parameter: a matrix in its own type, anything else as singles.</summary>
    /// <param name="name">The name here.</param>
    /// <param name="stored">What the file holds.</param>
    /// <param name="order">Where in it a row stands; null when rows stand as they are. Of a single row, its numbers.</param>
    /// <param name="shape">The shape here.</param>
    protected Tensor Read(string name, StoredTensor stored, Func<int, int>? order, params int[] shape)
    {
        if (shape.Length == 2)
        {
            var rows = new StoredRows(stored);
            return Pack(name, stored.Type, shape[0], shape[1], row => rows.Row(order?.Invoke((int)row) ?? row));
        }
        Tensor tensor = Tensor.Parameter(name, shape);
        tensor.NeedsGradient = false;
        var values = new float[tensor.Length];
        stored.Read(values);
        for (int i = 0; i < values.Length; i++) tensor.Data[i] = values[order?.Invoke(i) ?? i];
        return tensor;
    }

    /// <summary>A matrix in a file's type.</summary>
    /// <param name="name">The name here.</param>
    /// <param name="type">The type.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="bytes">Gives a row's bytes; called from any thread.</param>
    protected Tensor Pack(string name, TensorType type, int rows, int columns, Func<long, ReadOnlySpan<byte>> bytes)
    {
        var packed = new PackedWeights(type, 1, rows, columns);
        packed.PackAll(pool, bytes);
        return Tensor.Stored(name, packed);
    }

    /// <summary>A tensor that must be there in a shape.</summary>
    /// <param name="name">The name in the files.</param>
    /// <param name="shape">The shape, outermost first.</param>
    /// <exception cref="ModelFileException">It is missing or has another shape.</exception>
    protected virtual StoredTensor Require(string name, ReadOnlySpan<int> shape)
    {
        Span<long> dimensions = stackalloc long[shape.Length];
        for (int i = 0; i < shape.Length; i++) dimensions[i] = shape[i];
        return Source.Require(name, dimensions);
    }
}
