namespace Hearth.Benchmarks.Harness;

/// <summary>Seconds of each repeat, ascending.</summary>
internal sealed record Timing(double[] Seconds)
{
    /// <summary>A sample is at least this long; a shorter piece of work is repeated inside it.</summary>
    private const double SampleSeconds = 0.02;

    private const int MostCallsInSample = 100_000;

    public double Min => Seconds[0];

    public double Median => (Seconds[(Seconds.Length - 1) / 2] + Seconds[Seconds.Length / 2]) / 2;

    /// <summary>Times one piece of work, which is told the number of the call so that it can take turns between buffers.</summary>
    public static Timing Of(Action<int> work, int repeats) => Of([work], repeats)[0];

    /// <summary>
    /// Times several pieces of work in turn, a sample of each in every round, so that what else the machine does falls on all alike. Calls before
    /// the first sample warm up caches and give the compiler time for its last tier.
    /// </summary>
    public static Timing[] Of(Action<int>[] works, int repeats)
    {
        int[] calls = [.. works.Select(WarmUp)];
        double[][] seconds = [.. works.Select(_ => new double[repeats])];
        for (int repeat = 0; repeat < repeats; repeat++)
        {
            for (int w = 0; w < works.Length; w++) seconds[w][repeat] = Sample(works[w], calls[w]);
        }
        foreach (double[] samples in seconds) Array.Sort(samples);
        return [.. seconds.Select(s => new Timing(s))];
    }

    /// <summary>Runs the work until it is compiled for good, and says how many calls fill a sample.</summary>
    private static int WarmUp(Action<int> work)
    {
        for (int i = 0; i < 3; i++) work(i);
        Thread.Sleep(150);                                                       // tiered compilation waits 100 ms for calls to stop
        double one = Sample(work, 1);
        int calls = (int)Math.Clamp(SampleSeconds / Math.Max(one, 1e-7), 1, MostCallsInSample);
        for (int i = 0; i < Math.Clamp(calls, 3, 60); i++) work(i);
        Thread.Sleep(150);
        return (int)Math.Clamp(SampleSeconds / Math.Max(Sample(work, calls), 1e-7), 1, MostCallsInSample);
    }

    private static double Sample(Action<int> work, int calls)
    {
        double start = Clock.Now;
        for (int i = 0; i < calls; i++) work(i);
        return (Clock.Now - start) / calls;
    }
}
