using Hearth.Benchmarks.Harness;
using Hearth.Numerics;

namespace Hearth.Benchmarks.Model;

/// <summary>
/// Where a training step's time goes: every kernel of the step at the step's shapes, timed alone on operands that no cache holds, times how often
/// the step calls it, beside the whole step.
/// </summary>
internal static class Profile
{
    private const string Optimizer = "optimizer";

    public static void Run(Arguments arguments)
    {
        ModelShape shape = ModelShape.Of(arguments.Text("model", "d256"));
        int threads = arguments.Number("threads", 1), repeats = arguments.Number("repeats", 9);
        string json = arguments.Text("json", "");
        arguments.RequireAllUsed();
        using var pool = new WorkerPool(threads);
        double flops = Peaks.Flops(pool, repeats), bandwidth = Peaks.AddBytes(pool, repeats);
        var report = new Report($"profile {shape.Name}", threads, "kind", "ms a step", "% of the step", "GFLOP/s", "% of FMA peak", "GB/s", "% of bandwidth");
        double step = WholeStep(shape, pool, Math.Max(3, repeats / 2)), sum = 0;
        foreach (IGrouping<string, (Part Part, double Seconds)> kind in Parts(shape, pool).Select(p => (p, p.Calls * p.Time(repeats).Median)).GroupBy(p => p.p.Kind))
        {
            double seconds = kind.Sum(p => p.Seconds), work = kind.Sum(p => p.Part.Calls * p.Part.Flops), bytes = kind.Sum(p => p.Part.Calls * p.Part.Bytes);
            report.Row(kind.Key, seconds * 1e3, 100 * seconds / step, work > 0 ? work / seconds / 1e9 : null, work > 0 ? 100 * work / seconds / flops : null,
                work > 0 ? null : bytes / seconds / 1e9, work > 0 ? null : 100 * bytes / seconds / bandwidth);
            sum += seconds;
        }
        report.Row("the rest", (step - sum) * 1e3, 100 * (1 - (sum / step)), null, null, null, null);
        report.Row("the whole step", step * 1e3, 100.0, null, null, null, null);
        report.Fact("fmaPeakGflops", flops / 1e9);
        report.Fact("addBandwidthGBs", bandwidth / 1e9);
        report.Fact("tokensPerSecond", ModelShape.Tokens / step);
        report.Finish(json);
    }

    /// <summary>All parts of a step.</summary>
    public static IEnumerable<Part> Parts(ModelShape shape, WorkerPool pool)
    {
        foreach (Part part in ProductParts.Of(shape, pool)) yield return part;
        foreach (Part part in AttentionParts.Of(shape, pool)) yield return part;
        foreach (Part part in ElementParts.Of(shape, pool)) yield return part;
        yield return new Part(Optimizer, $"AdamW, {shape.Weights:N0} weights", 1, 0, 7.0 * sizeof(float) * shape.Weights, () =>
        {
            var training = new TrainingStep(shape, pool, 1);
            training.Run();                                                      // gives every parameter a gradient
            return _ => training.Optimize();
        });
    }

    private static double WholeStep(ModelShape shape, WorkerPool pool, int repeats)
    {
        var training = new TrainingStep(shape, pool, 1);
        double seconds = Timing.Of(_ => training.Run(), repeats).Median;
        GC.Collect();
        return seconds;
    }
}
