using Hearth.Benchmarks.Harness;
using Hearth.Benchmarks.Model;
using Hearth.Numerics;

namespace Hearth.Benchmarks.Determinism;

/// <summary>
/// What a fixed order of summation costs: each kernel that sums against the fastest of its free variants, weighted by how often a step calls it;
/// and the tree over micro-batches against adding them into one buffer. Whoever is free may also choose the canonical order, so a free variant
/// that is slower counts as no gain.
/// </summary>
internal static class DeterminismCost
{
    private const int MicroBatches = 4;

    public static void Run(Arguments arguments)
    {
        ModelShape shape = ModelShape.Of(arguments.Text("model", "d256"));
        int threads = arguments.Number("threads", 1), repeats = arguments.Number("repeats", 15);
        string json = arguments.Text("json", "");
        arguments.RequireAllUsed();
        using var pool = new WorkerPool(threads);
        var report = new Report($"determinism-cost {shape.Name}", threads, "kernel", "calls a step", "canonical ms", "free ms", "canonical / free", "gain ms a step");
        double gain = 0;
        foreach (Comparison comparison in Comparisons.Of(shape, pool))
        {
            (double canonical, double free) = comparison.Time(repeats);
            double gained = comparison.Calls * Math.Max(0, canonical - free);
            report.Row(comparison.Name, comparison.Calls, canonical * 1e3, free * 1e3, canonical / free, gained * 1e3);
            gain += gained;
        }
        using var training = new TrainingStep(shape, pool, MicroBatches);
        Timing[] trees = Timing.Of([_ => training.Run(), _ => training.RunIntoOneBuffer()], Math.Max(5, repeats / 2));
        double tree = trees[0].Median, one = trees[1].Median;
        report.Row($"a step of {MicroBatches} micro-batches: tree, or one buffer", 1, tree * 1e3, one * 1e3, tree / one, Math.Max(0, tree - one) * 1e3);
        double step = Timing.Of(_ => training.Run(), 3).Median;
        report.Fact("kernels: whole step / step with the free kernels", step / (step - gain));
        report.Fact("kernels and tree together", step / (step - gain - Math.Max(0, tree - one)));
        report.Finish(json);
    }
}
