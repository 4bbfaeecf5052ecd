using System.Diagnostics;
using System.Globalization;
using Shouldly;

namespace Hearth.Models.Tests;

/// <summary>What the tests with altered files share.</summary>
internal static class Fuzz
{
    private const int MostTries = 4;

    /// <summary>How many alterations to try: some in every run, as many as <c>HEARTH_FUZZ</c> says at night.</summary>
    public static int Rounds(int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable("HEARTH_FUZZ"), NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) ? Math.Max(usual, rounds) : usual;

    /// <summary>Runs something that must end within a second, in so much memory. The best of some tries counts, as other tests use the cores too.</summary>
    public static void Bounded(Action action, long bytes, string what)
    {
        for (int tries = 1; ; tries++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread(), started = Stopwatch.GetTimestamp();
            action();
            TimeSpan took = Stopwatch.GetElapsedTime(started);
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(bytes, what);
            if (took.TotalSeconds < 1 || Debugger.IsAttached) return;
            tries.ShouldBeLessThan(MostTries, $"took {took.TotalSeconds:0.0} s at the last try: {what}");
        }
    }

    /// <summary>A text with one to three pieces dropped, doubled, moved, replaced or cut off.</summary>
    public static string Mutate(string text, string[] planted, Random random)
    {
        for (int n = random.Next(1, 4); n > 0 && text.Length > 2; n--)
        {
            int at = random.Next(text.Length), length = Math.Min(random.Next(1, 16), text.Length - at);
            text = random.Next(6) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, text.Substring(at, length)),
                2 => text.Insert(at, text.Substring(random.Next(text.Length - length + 1), length)),
                3 => text.Insert(at, planted[random.Next(planted.Length)]),
                4 => text.Remove(at, length).Insert(at, planted[random.Next(planted.Length)]),
                _ => random.Next(4) == 0 ? text[..(at + 1)] : text.Remove(at, 1),
            };
        }
        return text;
    }
}
