using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Tests.Manifest;

internal static class ActivationCases
{
    /// <summary>Relative error of 4 ulp, in roundings.</summary>
    private const double FourUlps = 8;

    public static KernelCase[] All { get; } =
    [
        new("Activations.SwiGlu", SwiGlu),
        new("Activations.SwiGluBackward", SwiGluBackward),
        new("Activations.LimitedSwiGlu", LimitedSwiGlu),
        new("Activations.Sigmoid", (pool, e) => Forward(pool, e, 48, Activations.Sigmoid,
            x => Exact.Chain(Sigmoid(x), FourUlps, Sigmoid(x)).Plus(Exact.Normal))),
        new("Activations.Gelu", (pool, e) => Forward(pool, e, 42, Activations.Gelu, Gelu)),
        new("Activations.GeluBackward", (pool, e) => Backward(pool, e, 43, Activations.GeluBackward, GeluSlope)),
        new("Activations.SquaredRelu", (pool, e) => Forward(pool, e, 44, Activations.SquaredRelu, SquaredRelu)),
        new("Activations.SquaredReluBackward", (pool, e) => Backward(pool, e, 45, Activations.SquaredReluBackward, SquaredReluSlope)),
    ];

    private delegate void Map(ReadOnlySpan<float> x, Span<float> y);

    private delegate void Derivative(ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx, bool add);

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>The sigmoid's 4 ulp and two products; where the sigmoid is below the normal range it may be 0.</summary>
    private static void SwiGlu(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(41);
        foreach (int n in Inputs.Lengths)
        {
            float[] gate = inputs.Spread(n), up = inputs.Spread(n), y = new float[n];
            pool.For(n, Lanes.Count, (from, to) => Activations.SwiGlu(gate.AsSpan(from..to), up.AsSpan(from..to), y.AsSpan(from..to)));
            e.Add(y, i =>
            {
                double exact = gate[i] * Sigmoid(gate[i]) * up[i];
                return Exact.Chain(exact, FourUlps + 2, Math.Abs(exact)).Plus(Exact.Normal * (1 + Math.Abs(gate[i]))
                    * (1 + Math.Abs(up[i])));
            });
        }
    }

    /// <summary>The sigmoid's 4 ulp, of an argument that is rounded once and so has its own size as error; then two products and a sum.</summary>
    private static void LimitedSwiGlu(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(47);
        const float limit = 7, slope = 1.702f;
        foreach (int n in Inputs.Lengths)
        {
            float[] gate = inputs.Spread(n), up = inputs.Spread(n), y = new float[n];
            pool.For(n, Lanes.Count, (from, to) => Activations.LimitedSwiGlu(gate.AsSpan(from..to), up.AsSpan(from..to), limit, y.AsSpan(from..to)));
            e.Add(y, i =>
            {
                double g = Math.Min(gate[i], limit), u = Math.Clamp(up[i], -limit, limit), exact = g * Sigmoid(g * slope) * (u + 1);
                double size = Math.Abs(g * Sigmoid(g * slope)) * (Math.Abs(u) + 1);
                return Exact.Chain(exact, FourUlps + 4 + Math.Abs(g * slope), size).Plus(Exact.Normal * (1 + Math.Abs(g)) * (1 + limit));
            });
        }
    }

    /// <summary>As above; in 1 + gate · (1 - s), both roundings and the error of s meet terms that may cancel, so they count with the
    /// terms' sizes.</summary>
    private static void SwiGluBackward(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(46);
        foreach (int n in Inputs.Lengths)
        {
            float[] gate = inputs.Spread(n), up = inputs.Spread(n), dy = inputs.Spread(n), before = inputs.Spread(n);
            foreach (bool add in (bool[])[false, true])
            {
                float[] dgate = [.. before], dup = [.. before];
                pool.For(n, Lanes.Count, (from, to) => Activations.SwiGluBackward(gate.AsSpan(from..to), up.AsSpan(from..to),
                    dy.AsSpan(from..to),
                    dgate.AsSpan(from..to), add, dup.AsSpan(from..to), add));
                e.Add(dgate, i =>
                {
                    double s = Sigmoid(gate[i]), front = (double)dy[i] * up[i] * s, start = add ? before[i] : 0;
                    double flushed = Exact.Normal * (1 + Math.Abs((double)dy[i])) * (1 + Math.Abs((double)up[i]))
                        * (1 + Math.Abs((double)gate[i]));
                    return Exact.Chain(start + (front * (1 + (gate[i] * (1 - s)))), (2 * FourUlps) + 5, Math.Abs(start)
                        + Math.Abs(front * (1 + Math.Abs(gate[i]))))
                        .Plus(flushed);
                });
                e.Add(dup, i =>
                {
                    double exact = dy[i] * gate[i] * Sigmoid(gate[i]), start = add ? before[i] : 0;
                    return Exact.Chain(start + exact, FourUlps + 3, Math.Abs(start) + Math.Abs(exact))
                        .Plus(Exact.Normal * (1 + Math.Abs((double)dy[i])) * (1 + Math.Abs((double)gate[i])));
                });
            }
        }
    }

    /// <summary>
    /// The argument of tanh is within 6 roundings, which its slope turns into at most 0.45 · 6 absolutely; tanh adds 4 ulp, the sum one
    /// rounding, all halved by x / 2; the product adds one.
    /// </summary>
    private static Exact Gelu(double x) => Exact.Chain(0.5 * x * (1 + Math.Tanh(GeluInner(x))), ((2.7 + FourUlps + 1) / 2) + 2,
        Math.Abs(x));

    private static double GeluInner(double x) => Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x));

    /// <summary>
    /// tanh is within 11 roundings as above, so its square is within 22 and 1 - t² within 24, which x · slope multiplies, itself within 7;
    /// beyond an argument of 10 tanh is exactly 1 and only what it should have been is missing.
    /// </summary>
    private static Exact GeluSlope(double x)
    {
        double t = Math.Tanh(GeluInner(x)), slope = Math.Sqrt(2 / Math.PI) * (1 + (3 * 0.044715 * x * x)), size = Math.Abs(x) * slope;
        double lost = Math.Abs(GeluInner(x)) > 10 ? 4 * Math.Exp(-20) : 31 * Exact.U;
        return new Exact(0.5 * (1 + t + (x * (1 - (t * t)) * slope)), (size * lost) + (16 * Exact.U));
    }

    private static Exact SquaredRelu(double x) => Exact.Chain(x > 0 ? x * x : 0, 1, x * x);

    private static Exact SquaredReluSlope(double x) => Exact.Same(2 * Math.Max(x, 0));

    private static void Forward(WorkerPool pool, Evidence e, ulong seed, Map kernel, Func<double, Exact> exact)
    {
        var inputs = new Inputs(seed);
        foreach (int n in Inputs.Lengths)
        {
            float[] x = inputs.Spread(n), y = new float[n];
            pool.For(n, Lanes.Count, (from, to) => kernel(x.AsSpan(from..to), y.AsSpan(from..to)));
            e.Add(y, i => exact(x[i]));
        }
    }

    /// <summary>dy times the slope, stored and added: two more roundings.</summary>
    private static void Backward(WorkerPool pool, Evidence e, ulong seed, Derivative kernel, Func<double, Exact> slope)
    {
        var inputs = new Inputs(seed);
        foreach (int n in Inputs.Lengths)
        {
            float[] x = inputs.Spread(n), dy = inputs.Spread(n), before = inputs.Spread(n);
            foreach (bool add in (bool[])[false, true])
            {
                float[] dx = [.. before];
                pool.For(n, Lanes.Count, (from, to) => kernel(x.AsSpan(from..to), dy.AsSpan(from..to), dx.AsSpan(from..to), add));
                e.Add(dx, i =>
                {
                    double start = add ? before[i] : 0;
                    Exact s = slope(x[i]);
                    return Exact.Chain(start + (dy[i] * s.Value), 2, Math.Abs(start) + Math.Abs(dy[i] * s.Value))
                        .Plus(s.Bound * Math.Abs(dy[i]));
                });
            }
        }
    }
}
