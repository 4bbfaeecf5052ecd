using System.Diagnostics;
using Hearth.Benchmarks.Harness;
using Hearth.Models.Bundles;
using Hearth.Models.Generation;
using Hearth.Numerics;
using Hearth.Server.Scheduling;

namespace Hearth.Benchmarks.Serving;

/// <summary>
/// The scheduler with 1, 4, 8 and 16 answers side by side: tokens a second while all of them are being written, the time to the first token, and beside
/// it passes alone, without scheduler, sampling or log-probabilities.
/// </summary>
internal static class ServingBenchmark
{
    public static void Run(Arguments arguments)
    {
        string path = arguments.Text("model", ""), json = arguments.Text("json", "");
        int threads = arguments.Number("threads", Environment.ProcessorCount), prompt = arguments.Number("prompt", 64), tokens = arguments.Number("tokens", 32);
        int[] streams = [.. arguments.Text("streams", "1,4,8,16").Split(',').Select(int.Parse)];
        double temperature = arguments.Number("temperature-percent", 80) / 100.0;
        arguments.RequireAllUsed();
        ModelBundle bundle = ModelBundle.Load(path);
        var report = new Report("serving", threads, "streams", "tokens/s", "times 1", "passes alone, tokens/s", "first token p50, ms", "p95, ms");
        double one = 0;
        foreach (int n in streams)
        {
            (double rate, double[] first) = Measure(bundle, threads, n, prompt, tokens, temperature);
            if (one == 0) one = rate / n;
            report.Row(n, rate, rate / one, Alone(bundle, threads, n, prompt, tokens), first[first.Length / 2] * 1e3, first[first.Length * 95 / 100] * 1e3);
        }
        report.Finish(json);
    }

    private static (double Rate, double[] First) Measure(ModelBundle bundle, int threads, int streams, int prompt, int tokens, double temperature)
    {
        var scheduler = new Scheduler(options: new SchedulerOptions { Threads = threads });
        scheduler.Add("it", bundle);
        Ask(scheduler, 1, prompt, 4, temperature, 1_000);                        // first passes compile
        double[][] times = Ask(scheduler, streams, prompt, tokens, temperature, 0);
        double from = times.Max(t => t[0]), to = times.Min(t => t[^1]);
        if (to <= from) throw new ArgumentException($"{tokens} tokens are too few: the first of {streams} answers ended before the last began. Give more --tokens.");
        double rate = times.Sum(t => t.Count(x => x > from && x <= to)) / (to - from);
        scheduler.DisposeAsync().AsTask().Wait();
        return (rate, [.. times.Select(t => t[0]).Order()]);
    }

    /// <summary>For each stream, when its tokens came, in seconds.</summary>
    private static double[][] Ask(Scheduler scheduler, int streams, int prompt, int tokens, double temperature, int seed)
    {
        long begin = Stopwatch.GetTimestamp();
        return Task.WhenAll(Enumerable.Range(0, streams).Select(i => Task.Run(async () =>
        {
            var random = new Philox(seed + i, "prompt");
            int[] ids = [.. Enumerable.Range(0, prompt).Select(k => (int)(random.Uniform(k) * 1_000))];
            var options = new GenerationOptions { MaxTokens = tokens, Temperature = temperature, Seed = i, TopP = 0.95 };
            var times = new List<double>();
            await foreach (GeneratedToken _ in scheduler.For("it", "owner").GenerateAsync(ids, options)) times.Add(Stopwatch.GetElapsedTime(begin).TotalSeconds);
            return times.ToArray();
        }))).Result;
    }

    private static double Alone(ModelBundle bundle, int threads, int streams, int prompt, int tokens)
    {
        using var pool = new WorkerPool(threads);
        var model = new Stepper(bundle.Model, pool);
        KeyValueCache[] caches = [.. Enumerable.Range(0, streams).Select(_ => bundle.Model.NewCache())];
        int[] ids = [.. Enumerable.Range(0, prompt).Select(i => i)];
        foreach (KeyValueCache cache in caches) model.Read(ids, cache);
        var tape = new Tape(pool, recording: false);
        int[] rows = [.. Enumerable.Range(0, streams)];
        long begin = 0;
        for (int t = 0; t <= tokens; t++)
        {
            if (t == 1) begin = Stopwatch.GetTimestamp();
            _ = bundle.Model.Logits(tape, new SequenceBatch([.. rows], [.. caches.Select((c, i) => new Segment(i, 1, c))]), rows).Data[0];
            tape.Reset();
        }
        return streams * tokens / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }
}
