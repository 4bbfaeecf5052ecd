using Hearth.Benchmarks.Harness;

namespace Hearth.Benchmarks.Determinism;

/// <summary>A kernel in its canonical order and in free ones, at a shape of a training step.</summary>
/// <param name="Name">The kernel and its shape.</param>
/// <param name="Calls">How often a step calls it.</param>
/// <param name="Prepare">Allocates the operands and gives the canonical kernel, then the free ones.</param>
internal sealed record Comparison(string Name, int Calls, Func<Action<int>[]> Prepare)
{
    /// <summary>Times them in turn: the canonical kernel's median, and that of the fastest free one.</summary>
    public (double Canonical, double Free) Time(int repeats)
    {
        double[] medians = [.. Timing.Of(Prepare(), repeats).Select(t => t.Median)];
        GC.Collect();
        return (medians[0], medians[1..].Min());
    }
}
