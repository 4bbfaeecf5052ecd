using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Tests.Manifest;

internal static class ElementwiseCases
{
    public static KernelCase[] All { get; } =
    [
        new("Elementwise.Add", Add),
        new("Elementwise.Scale", Scale),
        new("Elementwise.Multiply", Multiply),
        new("Elementwise.AddScaled", AddScaled),
        new("Elementwise.AddRow", AddRow),
        new("Elementwise.AddColumns", AddColumns),
        new("Elementwise.SumOfSquares", SumOfSquares),
        new("Embedding.Backward", EmbeddingBackward),
    ];

    private static void Add(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(31);
        foreach (int n in Inputs.Lengths)
        {
            float[] a = inputs.Spread(n), b = inputs.Spread(n), y = new float[n], inPlace = [.. a];
            pool.For(n, Lanes.Count, (from, to) => Elementwise.Add(a.AsSpan(from..to), b.AsSpan(from..to), y.AsSpan(from..to)));
            Elementwise.Add(inPlace, b, inPlace);
            e.Add(y, i => Exact.Chain((double)a[i] + b[i], 1, Math.Abs((double)a[i] + b[i])));
            e.AddSame(inPlace, i => y[i]);
        }
    }

    private static void Scale(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(32);
        foreach (int n in Inputs.Lengths)
        {
            float[] x = inputs.Spread(n), y = new float[n];
            float factor = inputs.Unit();
            pool.For(n, Lanes.Count, (from, to) => Elementwise.Scale(x.AsSpan(from..to), factor, y.AsSpan(from..to)));
            e.Add(y, i => Exact.Chain((double)x[i] * factor, 1, Math.Abs((double)x[i] * factor)));
        }
    }

    private static void Multiply(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(37);
        foreach (int n in Inputs.Lengths)
        {
            float[] a = inputs.Spread(n), b = inputs.Spread(n), y = new float[n];
            pool.For(n, Lanes.Count, (from, to) => Elementwise.Multiply(a.AsSpan(from..to), b.AsSpan(from..to), y.AsSpan(from..to)));
            e.Add(y, i => Exact.Chain((double)a[i] * b[i], 1, Math.Abs((double)a[i] * b[i])));
        }
    }

    private static void AddScaled(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(38);
        foreach (int n in Inputs.Lengths)
        {
            float[] x = inputs.Spread(n), y = inputs.Spread(n), before = [.. y];
            float factor = inputs.Unit();
            pool.For(n, Lanes.Count, (from, to) => Elementwise.AddScaled(x.AsSpan(from..to), factor, y.AsSpan(from..to)));
            e.Add(y, i => Exact.Chain(before[i] + ((double)x[i] * factor), 1, Math.Abs(before[i] + ((double)x[i] * factor))));
        }
    }

    private static void AddRow(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(33);
        foreach (int c in Inputs.SomeLengths)
        {
            float[] b = inputs.Spread(c), y = inputs.Spread(5 * c), before = [.. y];
            pool.For(5, 1, (from, to) => Elementwise.AddRow(b, y.AsSpan((from * c)..(to * c))));
            e.Add(y, i => Exact.Chain((double)before[i] + b[i % c], 1, Math.Abs((double)before[i] + b[i % c])));
        }
    }

    private static void AddColumns(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(34);
        const int rows = 21;
        foreach (int c in Inputs.SomeLengths)
        {
            float[] dy = inputs.Spread(rows * c), db = inputs.Spread(c), before = [.. db];
            pool.For(c, Lanes.Count, (from, to) => Elementwise.AddColumns(dy, db, from, to));
            e.Add(db, i => Chain(before[i], rows, t => dy[(t * c) + i]));
        }
    }

    private static void SumOfSquares(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(35);
        foreach (int n in (int[])[0, 1, 17, 4095, 4096, 4097, 9000])
        {
            float[] x = inputs.Spread(n);
            double sum = Elementwise.SumOfSquares(pool, x), exact = x.Sum(v => (double)v * v);
            // A piece is 256 fused multiply-adds a lane and four levels of the tree; the sum of pieces is in float64.
            e.AddDoubles([sum], _ => Math.Abs(sum - exact) / Exact.Chain(exact, (Elementwise.Piece / 16) + 4, exact).Bound);
        }
    }

    private static void EmbeddingBackward(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(36);
        const int vocabulary = 5, rows = 40;
        foreach (int c in Inputs.SomeLengths)
        {
            int[] ids = [.. Enumerable.Range(0, rows).Select(_ => inputs.Below(vocabulary - 1))];
            float[] dy = inputs.Spread(rows * c), table = inputs.Spread(vocabulary * c), before = [.. table];
            pool.For(c, Lanes.Count, (from, to) => Embedding.Backward(ids, dy, table, c, from, to));
            e.Add(table, i => Chain(before[i], rows, n => ids[n] == i / c ? dy[(n * c) + (i % c)] : 0f));
        }
    }

    /// <summary>A chain of so many additions that goes on from a value: one rounding a term.</summary>
    public static Exact Chain(float start, int terms, Func<int, double> term)
    {
        double sum = start, size = Math.Abs(start);
        for (int t = 0; t < terms; t++)
        {
            sum += term(t);
            size += Math.Abs(term(t));
        }
        return Exact.Chain(sum, terms, size);
    }
}
