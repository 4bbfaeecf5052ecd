using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Kernels;

/// <summary>Sums, copies and scalings, element by element, and the two long sums that training needs.</summary>
public static class Elementwise
{
    /// <summary>Numbers in a piece of a long sum. A part of the arithmetic: pieces are summed in lanes, then added ascending in float64.</summary>
    public const int Piece = 4096;

    /// <summary>y = a + b.</summary>
    /// <param name="a">[n]</param>
    /// <param name="b">[n]</param>
    /// <param name="y">[n]; may be a or b.</param>
    public static void Add(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y)
    {
        for (int i = 0; i < y.Length; i += Lanes.Count) Lanes.Store(Lanes.Load(a, i) + Lanes.Load(b, i), y, i);
    }

    /// <summary>y = a · b.</summary>
    /// <param name="a">[n]</param>
    /// <param name="b">[n]</param>
    /// <param name="y">[n]; may be a or b.</param>
    public static void Multiply(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y)
    {
        for (int i = 0; i < y.Length; i += Lanes.Count) Lanes.Store(Lanes.Load(a, i) * Lanes.Load(b, i), y, i);
    }

    /// <summary>y goes on with factor · x, one fused multiply-add.</summary>
    /// <param name="x">[n]</param>
    /// <param name="factor">The factor.</param>
    /// <param name="y">[n]</param>
    public static void AddScaled(ReadOnlySpan<float> x, float factor, Span<float> y)
    {
        Vector512<float> f = Vector512.Create(factor);
        for (int i = 0; i < y.Length; i += Lanes.Count) Lanes.Store(Vector512.FusedMultiplyAdd(f, Lanes.Load(x, i), Lanes.Load(y, i)), y, i);
    }

    /// <summary>y = x · factor.</summary>
    /// <param name="x">[n]</param>
    /// <param name="factor">The factor.</param>
    /// <param name="y">[n]; may be x.</param>
    public static void Scale(ReadOnlySpan<float> x, float factor, Span<float> y)
    {
        Vector512<float> f = Vector512.Create(factor);
        for (int i = 0; i < y.Length; i += Lanes.Count) Lanes.Store(Lanes.Load(x, i) * f, y, i);
    }

    /// <summary>Adds a row to every row of y: y[t][c] += b[c].</summary>
    /// <param name="b">[C]</param>
    /// <param name="y">[T, C]</param>
    public static void AddRow(ReadOnlySpan<float> b, Span<float> y)
    {
        for (int t = 0; t < y.Length; t += b.Length)
        {
            Span<float> row = y.Slice(t, b.Length);
            Add(row, b, row);
        }
    }

    /// <summary>db[c] goes on with Σ dy[t][c], ascending over rows, for the columns [from, to).</summary>
    /// <param name="dy">[T, C]</param>
    /// <param name="db">[C]</param>
    /// <param name="from">First column, a multiple of 16.</param>
    /// <param name="to">Beyond the last column.</param>
    public static void AddColumns(ReadOnlySpan<float> dy, Span<float> db, int from, int to)
    {
        int c = db.Length;
        Span<float> into = db[..to];
        for (int t = 0; t < dy.Length; t += c)
        {
            ReadOnlySpan<float> row = dy.Slice(t, c);
            for (int i = from; i < to; i += Lanes.Count) Lanes.Store(Lanes.Load(into, i) + Lanes.Load(row, i), into, i);
        }
    }

    /// <summary>Σ x²: sixteen lanes within pieces of <see cref="Piece"/> numbers, pieces added ascending in float64.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="x">[n]</param>
    public static double SumOfSquares(WorkerPool pool, ReadOnlyMemory<float> x)
    {
        var sums = new float[(x.Length + Piece - 1) / Piece];
        pool.For(sums.Length, 1, x.Length, (from, to) =>
        {
            for (int i = from; i < to; i++)
            {
                ReadOnlySpan<float> piece = x.Span.Slice(i * Piece, Math.Min(Piece, x.Length - (i * Piece)));
                sums[i] = Lanes.Dot(piece, piece);
            }
        });
        double total = 0;
        foreach (float sum in sums) total += sum;
        return total;
    }
}
