using Hearth.Benchmarks.Harness;

namespace Hearth.Benchmarks.Model;

/// <summary>Something that a training step does a number of times.</summary>
/// <param name="Kind">What it is counted as in the profile.</param>
/// <param name="Name">The kernel and its shape.</param>
/// <param name="Calls">How often a step does it.</param>
/// <param name="Flops">Floating-point operations of one call; 0 where memory is what counts.</param>
/// <param name="Bytes">Bytes that one call has to read and write.</param>
/// <param name="Prepare">Allocates the operands and gives the work, told the number of the call.</param>
internal sealed record Part(string Kind, string Name, int Calls, double Flops, double Bytes, Func<Action<int>> Prepare)
{
    /// <summary>Times it alone. What it allocated is free again afterwards.</summary>
    public Timing Time(int repeats)
    {
        Timing timing = Timing.Of(Prepare(), repeats);
        GC.Collect();
        return timing;
    }
}
