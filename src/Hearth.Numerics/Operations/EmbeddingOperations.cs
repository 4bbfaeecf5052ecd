using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Operations;

/// <summary>Rows of a table by number.</summary>
public static class EmbeddingOperations
{
    /// <summary>The table's rows for some ids.</summary>
    /// <param name="tape">The tape that makes the activation.</param>
    /// <param name="table">[V, C], numbers or stored weights.</param>
    /// <param name="ids">[N], each below V.</param>
    /// <returns>[N, C]</returns>
    /// <exception cref="ShapeException">An id is not in the table.</exception>
    public static Tensor Embed(this Tape tape, Tensor table, int[] ids)
    {
        foreach (int id in ids)
        {
            if ((uint)id >= (uint)table.Rows) throw new ShapeException(nameof(Embed), "an id", $"value {id}", $"0 to {table.Rows - 1}");
        }
        int c = table.Columns;
        Tensor y = tape.New(ids.Length, c);
        tape.Pool.For(ids.Length, 1, y.Length, (from, to) =>
        {
            for (int i = from; i < to; i++)
            {
                Span<float> row = y.Data.Slice(i * c, c);
                if (table.Weights is { } stored) stored.ReadRow(ids[i], row);
                else table.Data.Slice(ids[i] * c, c).CopyTo(row);
            }
        });
        tape.Record(y, () =>
        {
            if (!table.NeedsGradient) return;
            table.BeginGradient(out bool add);
            if (!add) table.Gradient.Clear();
            tape.Pool.For(c, Lanes.Count, y.Length, (from, to) => Embedding.Backward(ids, y.Gradient, table.Gradient, c, from, to));
        });
        return y;
    }
}
