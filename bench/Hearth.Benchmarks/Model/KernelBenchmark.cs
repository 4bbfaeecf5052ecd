using Hearth.Benchmarks.Harness;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Benchmarks.Model;

/// <summary>The rate of every kernel of a training step, and of some that only other models use.</summary>
internal static class KernelBenchmark
{
    public static void Run(Arguments arguments)
    {
        ModelShape shape = ModelShape.Of(arguments.Text("model", "d256"));
        int threads = arguments.Number("threads", 1), repeats = arguments.Number("repeats", 9);
        string json = arguments.Text("json", "");
        arguments.RequireAllUsed();
        using var pool = new WorkerPool(threads);
        double flops = Peaks.Flops(pool, repeats), bandwidth = Peaks.AddBytes(pool, repeats), copy = Peaks.CopyBytes(pool, repeats);
        var report = new Report($"kernels {shape.Name}", threads, "kernel", "calls a step", "ms", "best ms", "GFLOP/s", "% of FMA peak", "GB/s", "% of bandwidth");
        foreach (Part part in Profile.Parts(shape, pool).Concat(Others(shape, pool)))
        {
            Timing time = part.Time(repeats);
            bool counted = part.Flops > 0;
            double? rate = counted ? part.Flops / time.Median : null, bytes = counted ? null : part.Bytes / time.Median;
            report.Row(part.Name, part.Calls, time.Median * 1e3, time.Min * 1e3, rate / 1e9, 100 * rate / flops, bytes / 1e9, 100 * bytes / bandwidth);
        }
        report.Fact("fmaPeakGflops", flops / 1e9);
        report.Fact("addBandwidthGBs", bandwidth / 1e9);
        report.Fact("copyBandwidthGBs", copy / 1e9);
        report.Finish(json);
    }

    private static IEnumerable<Part> Others(ModelShape s, WorkerPool pool)
    {
        int rows = ModelShape.Tokens, c = s.Hidden, length = rows * c;
        yield return new Part("", $"GELU [{rows}, {c}]", 0, 0, 2.0 * sizeof(float) * length, () =>
        {
            Ring x = new(length), y = new(length);
            return i => pool.For(length, 1024, length, (from, to) => Activations.Gelu(x[i].Span[from..to], y[i].Span[from..to]));
        });
        yield return new Part("", $"LayerNorm [{rows}, {c}]", 0, 0, 2.0 * sizeof(float) * length, () =>
        {
            Ring x = new(length, 1), y = new(length), w = new(c, 2), b = new(c, 3);
            return i => pool.For(rows, 1, length, (from, to) =>
            {
                Span<float> xi = x[i].Span, yi = y[i].Span;
                for (int r = from; r < to; r++) Norms.Layer(xi.Slice(r * c, c), w[0].Span, b[0].Span, 1e-5f, yi.Slice(r * c, c));
            });
        });
        yield return new Part("", $"softmax [{rows}, {c}]", 0, 0, 2.0 * sizeof(float) * length, () =>
        {
            Ring x = new(length, 1), y = new(length);
            return i => pool.For(rows, 1, length, (from, to) =>
            {
                Span<float> xi = x[i].Span, yi = y[i].Span;
                for (int r = from; r < to; r++) Softmax.Forward(xi.Slice(r * c, c), yi.Slice(r * c, c));
            });
        });
        yield return new Part("", $"sum of squares, {length:N0}", 0, 0, (double)sizeof(float) * length, () =>
        {
            var x = new Ring(length);
            return i => Elementwise.SumOfSquares(pool, x[i].Memory);
        });
    }
}
