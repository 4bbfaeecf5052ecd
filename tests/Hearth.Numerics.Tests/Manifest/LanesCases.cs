using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Tests.Manifest;

internal static class LanesCases
{
    public static KernelCase[] All { get; } =
    [
        new("Lanes.Load", Load),
        new("Lanes.Store", Store),
        new("Lanes.Sum", Sum),
        new("Lanes.Max", Max),
        new("Lanes.Dot", Dot),
        new("Lanes.Exp", (pool, e) => Function(pool, e, Lanes.Exp, Exp, -106f, 90f)),
        new("Lanes.Sigmoid", (pool, e) => Function(pool, e, Lanes.Sigmoid, Sigmoid, -120f, 120f)),
        new("Lanes.Tanh", (pool, e) => Function(pool, e, Lanes.Tanh, x => Exact.Ulps(Math.Tanh(x), 4), -20f, 20f)),
    ];

    /// <summary>Within 2 ulp, as documented, and that below the normal range too; infinity where float32 ends.</summary>
    public static Exact Exp(float x)
    {
        double exact = Math.Exp(x);
        return exact > float.MaxValue ? Exact.Same(double.PositiveInfinity) : Exact.Ulps(exact, 2);
    }

    /// <summary>Within 4 ulp, as documented, for results that are normal; below, e^-x may be infinite and the result 0.</summary>
    public static Exact Sigmoid(float x)
    {
        double exact = 1 / (1 + Math.Exp(-(double)x));
        return exact < Exact.Normal ? new Exact(exact, Exact.Normal) : Exact.Ulps(exact, 4);
    }

    private static void Load(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(1);
        var lanes = new float[Lanes.Count];
        foreach (int n in Inputs.Lengths)
        {
            float[] x = inputs.Spread(n);
            for (int start = 0; start < n; start += Lanes.Count)
            {
                int from = start;
                Lanes.Load(x, from).CopyTo(lanes);
                e.AddSame(lanes, l => from + l < n ? x[from + l] : 0f);
                Lanes.Load(x, from, -3f).CopyTo(lanes);
                e.AddSame(lanes, l => from + l < n ? x[from + l] : -3f);
            }
        }
    }

    private static void Store(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(2);
        foreach (int n in Inputs.Lengths)
        {
            float[] x = inputs.Spread(Lanes.Count), y = inputs.Spread(n), before = [.. y];
            int last = (n - 1) / Lanes.Count * Lanes.Count;
            Lanes.Store(Vector512.Create(x), y, last);
            e.AddSame(y, i => i < last ? before[i] : x[i - last]);
        }
    }

    private static void Sum(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(3);
        for (int t = 0; t < 100; t++)
        {
            float[] x = inputs.Spread(Lanes.Count);
            e.AddSame([Lanes.Sum(Vector512.Create(x))], _ => ScalarLanes.Tree(x));
            // Four levels of the tree: four roundings on the way from any lane to the sum.
            e.Add(Lanes.Sum(Vector512.Create(x)), () => Exact.Chain(x.Sum(v => (double)v), 4, x.Sum(v => Math.Abs((double)v))));
        }
    }

    private static void Max(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(4);
        var lanes = new float[Lanes.Count];
        for (int t = 0; t < 100; t++)
        {
            float[] x = inputs.Spread(Lanes.Count), y = inputs.Spread(Lanes.Count);
            Lanes.Max(Vector512.Create(x), Vector512.Create(y)).CopyTo(lanes);
            e.AddSame(lanes, l => Math.Max(x[l], y[l]));
            e.AddSame([Lanes.Max(Vector512.Create(x))], _ => x.Max());
        }
    }

    private static void Dot(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(5);
        foreach (int n in Inputs.Lengths)
        {
            float[] x = inputs.Spread(n), y = inputs.Spread(n);
            double sum = 0, size = 0;
            for (int i = 0; i < n; i++)
            {
                sum += (double)x[i] * y[i];
                size += Math.Abs((double)x[i] * y[i]);
            }
            // A lane is a chain of n / 16 fused multiply-adds, then four levels of the tree.
            e.Add(Lanes.Dot(x, y), () => Exact.Chain(sum, ((n + 15) / 16) + 4, size));
        }
    }

    /// <summary>Tries a function on floats of both signs, evenly spread over their bit patterns within a range.</summary>
    private static void Function(WorkerPool pool, Evidence e, Func<Vector512<float>, Vector512<float>> function, Func<float, Exact> exact,
        float low, float high)
    {
        float[] x = Floats.Between(low, high, stride: 100_003);
        var y = new float[x.Length];
        pool.For(x.Length, Lanes.Count, (from, to) =>
        {
            for (int i = from; i < to; i += Lanes.Count) Lanes.Store(function(Lanes.Load(x, i)), y.AsSpan(0, to), i);
        });
        e.Add(y, i => exact(x[i]));
    }
}
