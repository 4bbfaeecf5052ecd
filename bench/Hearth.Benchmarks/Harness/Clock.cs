using System.Diagnostics;

namespace Hearth.Benchmarks.Harness;

/// <summary>
/// The clock of all measurements. On a machine that others use too, the processor time of this process says what one thread's work costs,
/// where the time on the wall says how often it was made to wait; for more threads only the wall is honest.
/// </summary>
internal static class Clock
{
    /// <summary>True to measure processor time.</summary>
    public static bool OfProcessor { get; private set; }

    /// <summary>Seconds from some moment.</summary>
    public static double Now => OfProcessor ? Environment.CpuUsage.TotalTime.TotalSeconds : Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

    /// <summary>Chooses by the name of an option.</summary>
    public static void Choose(string name) => OfProcessor = name switch
    {
        "wall" => false,
        "processor" => true,
        _ => throw new ArgumentException($"--clock is '{name}', expected wall or processor."),
    };
}
