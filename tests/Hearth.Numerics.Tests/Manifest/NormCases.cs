using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Tests.Manifest;

/// <summary>A sum over a row of n is a chain of n / 16 terms in each lane and four levels of the tree: <c>n / 16 + 5</c> roundings at
/// most.</summary>
internal static class NormCases
{
    private const int Rows = 9;
    private const float Epsilon = 1e-5f;

    public static KernelCase[] All { get; } =
    [
        new("Norms.Rms", Rms),
        new("Norms.RmsBackward", RmsBackward),
        new("Norms.RmsWeightBackward", RmsWeightBackward),
        new("Norms.Layer", Layer),
        new("Norms.LayerBackward", LayerBackward),
        new("Norms.LayerWeightBackward", LayerWeightBackward),
    ];

    public static double RowRoundings(int n) => (n / 16.0) + 5;

    private static void Rms(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(51);
        foreach (int n in Inputs.Lengths)
        {
            float[] x = inputs.Spread(n), w = inputs.Spread(n), y = new float[n];
            float inverse = Norms.Rms(x, w, Epsilon, y);
            // The mean square is relatively within the row's roundings and two more, the root halves that; then root, quotient, two
            // products.
            double roundings = ((RowRoundings(n) + 2) / 2) + 2;
            double exact = 1 / Math.Sqrt((x.Sum(v => (double)v * v) / n) + Epsilon);
            e.Add(inverse, () => Exact.Chain(exact, roundings, exact));
            // x / rms may be below the normal range before w multiplies it.
            e.Add(y, i => Exact.Chain(x[i] * exact * w[i], roundings + 2, Math.Abs(x[i] * exact * w[i])).Plus(Exact.Tiny * Math.Abs(w[i])));
        }
    }

    /// <summary>The sum's error reaches every element through x · inverse²; what is added to it has three roundings of its own.</summary>
    private static void RmsBackward(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(52);
        foreach (int n in Inputs.Lengths)
        {
            float[] x = inputs.Spread(n), w = inputs.Spread(n), dy = inputs.Spread(n), before = inputs.Spread(n), unused = new float[n];
            float inverse = Norms.Rms(x, w, Epsilon, unused);
            foreach (bool add in (bool[])[false, true])
            {
                float[] dx = [.. before];
                Norms.RmsBackward(x, w, inverse, dy, dx, add);
                e.Add(dx, () =>
                {
                    double sum = 0, size = 0, square = (double)inverse * inverse;
                    for (int i = 0; i < n; i++)
                    {
                        sum += (double)dy[i] * w[i] * x[i];
                        size += Math.Abs((double)dy[i] * w[i] * x[i]);
                    }
                    return Each(n, i =>
                    {
                        double start = add ? before[i] : 0, direct = (double)dy[i] * w[i];
                        return Exact.Chain(start + ((direct - (x[i] * sum / n * square)) * inverse), RowRoundings(n) + 7,
                            Math.Abs(start) + ((Math.Abs(direct) + (Math.Abs(x[i]) * size / n * square)) * inverse));
                    });
                });
            }
        }
    }

    /// <summary>One fused multiply-add a row, on a product rounded once.</summary>
    private static void RmsWeightBackward(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(53);
        foreach (int c in Inputs.SomeLengths)
        {
            float[] x = inputs.Spread(Rows * c), dy = inputs.Spread(Rows * c), inverse = inputs.Even(Rows), dw = inputs.Spread(c),
                before = [.. dw];
            pool.For(c, Lanes.Count, (from, to) => Norms.RmsWeightBackward(x, inverse, dy, dw, from, to));
            e.Add(dw, i => Sum(before[i], Rows + 1, t => dy[(t * c) + i] * (double)x[(t * c) + i] * inverse[t]));
        }
    }

    private static void Layer(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(54);
        foreach (int n in Inputs.Lengths)
        {
            float[] x = inputs.Spread(n), w = inputs.Spread(n), b = inputs.Spread(n), y = new float[n];
            (float mean, float inverse) = Norms.Layer(x, w, b, Epsilon, y);
            double center = x.Average(v => (double)v), variance = x.Average(v => (v - center) * (v - center));
            // The mean is off by its row's roundings; a difference from it by that and one rounding; the variance by twice the mean of
            // |difference| times that, by the square of the mean's error, and by its own row's roundings.
            double centerOff = Exact.Chain(0, RowRoundings(n) + 1, x.Average(v => Math.Abs((double)v))).Bound;
            double varianceOff = (2 * x.Average(v => Math.Abs(v - center) * (centerOff + (Exact.U * Math.Abs(v - center)))))
                + (centerOff * centerOff)
                + Exact.Chain(0, RowRoundings(n) + 3, variance + Epsilon).Bound;
            double exact = 1 / Math.Sqrt(variance + Epsilon);
            // 1/√v falls fastest at its smallest argument.
            double inverseOff = (1 / Math.Sqrt(Math.Max(variance - varianceOff, 0) + Epsilon)) - exact + (3 * Exact.U * exact);
            e.Add(mean, () => new Exact(center, centerOff));
            e.Add(inverse, () => new Exact(exact, inverseOff));
            e.Add(y, i =>
            {
                double d = x[i] - center, unitOff = (centerOff * (exact + inverseOff)) + (Math.Abs(d) * inverseOff)
                    + (2 * Exact.U * Math.Abs(d) * exact);
                return Exact.Chain((d * exact * w[i]) + b[i], 1, Math.Abs(d * exact * w[i]) + Math.Abs(b[i]))
                    .Plus(1.01 * unitOff * Math.Abs(w[i]));
            });
        }
    }

    /// <summary>Mean and inverse are taken as given; two row sums and seven roundings of an element's own.</summary>
    private static void LayerBackward(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(55);
        foreach (int n in Inputs.Lengths)
        {
            float[] x = inputs.Spread(n), w = inputs.Spread(n), dy = inputs.Spread(n), before = inputs.Spread(n), unused = new float[n];
            (float mean, float inverse) = Norms.Layer(x, w, unused, Epsilon, new float[n]);
            foreach (bool add in (bool[])[false, true])
            {
                float[] dx = [.. before];
                Norms.LayerBackward(x, w, mean, inverse, dy, dx, add);
                e.Add(dx, () =>
                {
                    double[] g = [.. dy.Select((d, i) => (double)d * w[i])], unit = [.. x.Select(v => ((double)v - mean) * inverse)];
                    double meanG = g.Average(), product = g.Select((v, i) => v * unit[i]).Average();
                    double sizeG = g.Average(Math.Abs), sizeProduct = g.Select((v, i) => Math.Abs(v * unit[i])).Average();
                    return Each(n, i =>
                    {
                        double start = add ? before[i] : 0;
                        return Exact.Chain(start + ((g[i] - meanG - (unit[i] * product)) * inverse), RowRoundings(n) + 10,
                            Math.Abs(start) + ((Math.Abs(g[i]) + sizeG + (Math.Abs(unit[i]) * sizeProduct)) * inverse));
                    });
                });
            }
        }
    }

    /// <summary>One fused multiply-add a row on a difference and a product, each rounded once; the bias one addition a row.</summary>
    private static void LayerWeightBackward(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(56);
        foreach (int c in Inputs.SomeLengths)
        {
            float[] x = inputs.Spread(Rows * c), dy = inputs.Spread(Rows * c), mean = inputs.Even(Rows), inverse = inputs.Even(Rows);
            float[] dw = inputs.Spread(c), db = inputs.Spread(c), weight = [.. dw], bias = [.. db];
            pool.For(c, Lanes.Count, (from, to) => Norms.LayerWeightBackward(x, mean, inverse, dy, dw, db, from, to));
            e.Add(dw, i => Sum(weight[i], Rows + 2, t => dy[(t * c) + i] * ((double)x[(t * c) + i] - mean[t]) * inverse[t]));
            e.Add(db, i => Sum(bias[i], Rows, t => dy[(t * c) + i]));
        }
    }

    private static Exact Sum(float start, int roundings, Func<int, double> term)
    {
        double sum = start, size = Math.Abs(start);
        for (int t = 0; t < Rows; t++)
        {
            sum += term(t);
            size += Math.Abs(term(t));
        }
        return Exact.Chain(sum, roundings, size);
    }

    private static Exact[] Each(int n, Func<int, Exact> exact) => [.. Enumerable.Range(0, n).Select(exact)];
}
