namespace Hearth.Numerics.Kernels;

/// <summary>The gradient of a table whose rows were looked up.</summary>
public static class Embedding
{
    /// <summary>dtable[ids[n]] += dy[n], ascending over n, for the columns [from, to).</summary>
    /// <param name="ids">[N]</param>
    /// <param name="dy">[N, C]</param>
    /// <param name="dtable">[V, C]</param>
    /// <param name="columns">C.</param>
    /// <param name="from">First column.</param>
    /// <param name="to">Beyond the last column.</param>
    public static void Backward(ReadOnlySpan<int> ids, ReadOnlySpan<float> dy, Span<float> dtable, int columns, int from, int to)
    {
        for (int n = 0; n < ids.Length; n++)
        {
            Span<float> row = dtable[((ids[n] * columns) + from)..((ids[n] * columns) + to)];
            Elementwise.Add(row, dy[((n * columns) + from)..((n * columns) + to)], row);
        }
    }
}
