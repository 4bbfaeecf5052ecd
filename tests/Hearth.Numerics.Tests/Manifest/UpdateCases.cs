using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Tests.Manifest;

internal static class UpdateCases
{
    public static KernelCase[] All { get; } =
    [
        new("Updates.AdamW", AdamW),
        new("Updates.Nesterov", Nesterov),
        new("Updates.Combine", Combine),
    ];

    /// <summary>
    /// The factors are rounded to float32 first, then every moment has two products and a sum. The second moment's terms are positive, so
    /// its root, the two quotients and the sum keep relative errors: 9 roundings of the step beside the first moment's own 4, whose terms
    /// may cancel.
    /// </summary>
    private static void AdamW(WorkerPool pool, Evidence e)
    {
        const double beta1 = 0.9, beta2 = 0.95;
        const float rate = 0.01f, root = 0.5f, epsilon = 1e-8f, shrink = 0.999f;
        var inputs = new Inputs(81);
        foreach (int n in Inputs.Lengths)
        {
            float[] w = inputs.Spread(n), g = inputs.Spread(n), m = inputs.Spread(n), v = [.. inputs.Spread(n).Select(Math.Abs)];
            float[] w0 = [.. w], m0 = [.. m], v0 = [.. v];
            pool.For(n, Lanes.Count, (from, to) => Updates.AdamW(w.AsSpan(from..to), g.AsSpan(from..to), m.AsSpan(from..to),
                v.AsSpan(from..to),
                rate, beta1, beta2, root, epsilon, shrink));
            e.Add(m, First);
            e.Add(v, Second);
            e.Add(w, i =>
            {
                double below = (Math.Sqrt(Second(i).Value) / root) + epsilon, step = rate * First(i).Value / below;
                // Where v is below the normal range its root may lose more than a few parts in 2^24 of itself.
                double lost = Second(i).Value < 1e-36 ? Math.Abs(step) : 0;
                return Exact.Chain((w0[i] * shrink) - step, 10, Math.Abs(w0[i] * shrink) + Math.Abs(step))
                    .Plus((rate * First(i).Bound / below) + lost);
            });

            Exact First(int i) => Exact.Chain((beta1 * m0[i]) + ((1 - beta1) * g[i]), 4, Math.Abs(beta1 * m0[i]) + Math.Abs((1 - beta1)
                * g[i]));
            Exact Second(int i) => Exact.Chain((beta2 * v0[i]) + ((1 - beta2) * g[i] * g[i]), 4, (beta2 * v0[i]) + ((1 - beta2)
                * g[i] * g[i]));
        }
    }

    /// <summary>Two roundings on the way to the momentum, two more to the direction.</summary>
    private static void Nesterov(WorkerPool pool, Evidence e)
    {
        const float mu = 0.9375f;                                                // its complement is exact in float32
        var inputs = new Inputs(82);
        foreach (int n in Inputs.Lengths)
        {
            float[] g = inputs.Spread(n), b = inputs.Spread(n), b0 = [.. b], u = new float[n];
            pool.For(n, Lanes.Count, (from, to) => Updates.Nesterov(g.AsSpan(from..to), b.AsSpan(from..to), mu, u.AsSpan(from..to)));
            e.Add(b, i => Exact.Chain(Momentum(i), 2, Size(i)));
            e.Add(u, i => Exact.Chain(((1 - mu) * (double)g[i]) + (mu * Momentum(i)), 4, Math.Abs((1 - mu) * (double)g[i])
                + (mu * Size(i))));

            double Momentum(int i) => ((double)mu * b0[i]) + ((1 - mu) * (double)g[i]);
            double Size(int i) => Math.Abs((double)mu * b0[i]) + Math.Abs((1 - mu) * (double)g[i]);
        }
    }

    /// <summary>A product and a fused multiply-add.</summary>
    private static void Combine(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(83);
        foreach (int n in Inputs.Lengths)
        {
            float[] x = inputs.Spread(n), y = inputs.Spread(n), before = [.. y];
            float a = inputs.Unit(), b = inputs.Unit();
            pool.For(n, Lanes.Count, (from, to) => Updates.Combine(x.AsSpan(from..to), a, b, y.AsSpan(from..to)));
            e.Add(y, i => Exact.Chain(((double)a * x[i]) + ((double)b * before[i]), 2, Math.Abs((double)a * x[i])
                + Math.Abs((double)b * before[i])));
        }
    }
}
