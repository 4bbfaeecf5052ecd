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
        Tensor y = tape.New(ids.Length, table.Columns);
        tape.Pool.For(ids.Length, 1, y.Length, (table, ids, y), static (s, from, to) =>
        {
            int c = s.table.Columns;
            for (int i = from; i < to; i++)
            {
                Span<float> row = s.y.Data.Slice(i * c, c);
                if (s.table.Weights is { } stored) stored.ReadRow(s.ids[i], row);
                else s.table.Data.Slice(s.ids[i] * c, c).CopyTo(row);
            }
        });
        if (tape.Recording) tape.Record(y, EmbedBackward(table, ids, y));
        return y;
    }

    private static Action EmbedBackward(Tensor table, int[] ids, Tensor y) => () =>
    {
        if (!table.NeedsGradient) return;
        table.BeginGradient(out bool add);
        if (!add) table.Gradient.Clear();
        int c = table.Columns;
        y.Tape!.Pool.For(c, Lanes.Count, y.Length, (from, to) => Embedding.Backward(ids, y.Gradient, table.Gradient, c, from, to));
    };
}
