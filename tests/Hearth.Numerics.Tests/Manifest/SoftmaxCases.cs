using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Tests.Manifest;

/// <summary>
/// exp is within 2 ulp (4 roundings); its argument x - max, rounded once, makes that 4 + |x - max|. A row sum of positive terms keeps the
/// relative error of its terms, weighted by their share, and adds its own roundings.
/// </summary>
internal static class SoftmaxCases
{
    public static KernelCase[] All { get; } =
    [
        new("Softmax.LogSum", LogSum),
        new("Softmax.Forward", Forward),
        new("Softmax.Backward", Backward),
        new("Softmax.CrossEntropy", CrossEntropy),
    ];

    /// <summary>A row in float64: its softmax, log sum and the roundings of the sum of exponentials.</summary>
    private sealed class Row
    {
        public Row(float[] x)
        {
            Max = x.Max();
            double sum = x.Sum(v => Math.Exp(v - Max));
            P = [.. x.Select(v => Math.Exp(v - Max) / sum)];
            LogSum = Max + Math.Log(sum);
            Roundings = NormCases.RowRoundings(x.Length) + 4 + P.Select((p, i) => p * (Max - x[i])).Sum();
        }

        public double Max { get; }

        public double[] P { get; }

        public double LogSum { get; }

        public double Roundings { get; }

        /// <summary>A relative error of the sum is an absolute one of its logarithm; the logarithm and the last sum are rounded once
        /// each.</summary>
        public Exact LogSumExact => Exact.Chain(LogSum, 1, Roundings + (2 * Math.Abs(LogSum - Max)) + Math.Abs(LogSum));
    }

    private static IEnumerable<float[]> Rows(ulong seed)
    {
        var inputs = new Inputs(seed);
        foreach (int n in Inputs.Lengths)
        {
            yield return inputs.Spread(n);
            yield return inputs.Even(n, 3);
        }
    }

    private static void LogSum(WorkerPool pool, Evidence e)
    {
        foreach (float[] x in Rows(61)) e.Add(Softmax.LogSum(x), () => new Row(x).LogSumExact);
    }

    private static void Forward(WorkerPool pool, Evidence e)
    {
        foreach (float[] x in Rows(62))
        {
            var y = new float[x.Length];
            Softmax.Forward(x, y);
            e.Add(y, () =>
            {
                var row = new Row(x);
                // Its own exponential, the sum, the reciprocal and the product.
                return [.. x.Select((v, i) => Exact.Chain(row.P[i], row.Roundings + 4 + (row.Max - v) + 2, row.P[i]))];
            });
        }
    }

    /// <summary>The row's dot product, the difference and the product.</summary>
    private static void Backward(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(63);
        foreach (int n in Inputs.Lengths)
        {
            float[] y = [.. inputs.Even(n).Select(Math.Abs)], dy = inputs.Spread(n), dx = new float[n];
            Softmax.Backward(y, dy, dx);
            e.Add(dx, i =>
            {
                double dot = 0, size = 0;
                for (int j = 0; j < n; j++)
                {
                    dot += (double)y[j] * dy[j];
                    size += Math.Abs((double)y[j] * dy[j]);
                }
                return Exact.Chain(y[i] * (dy[i] - dot), NormCases.RowRoundings(n) + 2, y[i] * (Math.Abs(dy[i]) + size));
            });
        }
    }

    private static void CrossEntropy(WorkerPool pool, Evidence e)
    {
        const float scale = 0.125f;
        var inputs = new Inputs(64);
        foreach (float[] x in Rows(65))
        {
            int target = inputs.Below(x.Length);
            float[] gradient = [.. x];
            float loss = Softmax.CrossEntropy(gradient, target, scale);
            e.Add(loss, () =>
            {
                Exact logSum = new Row(x).LogSumExact;
                return Exact.Chain(logSum.Value - x[target], 1, Math.Abs(logSum.Value - x[target])).Plus(logSum.Bound);
            });
            e.Add(gradient, () =>
            {
                var row = new Row(x);
                Exact logSum = row.LogSumExact;
                // exp(x - log sum): the log sum's absolute error becomes relative, the difference is rounded, then exp, product and sum.
                return [.. x.Select((v, i) => Exact.Chain((row.P[i] - (i == target ? 1 : 0)) * scale, 4 + (row.LogSum - v)
                    + 2 + (logSum.Bound / Exact.U),
                    (row.P[i] + (i == target ? 1 : 0)) * scale))];
            });
        }
    }
}
