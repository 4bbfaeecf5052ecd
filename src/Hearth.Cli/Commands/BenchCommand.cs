using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Hearth.Models.Bundles;
using Hearth.Models.Generation;
using Hearth.Numerics;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth bench</c>: how fast a model runs on this machine.</summary>
internal static class BenchCommand
{
    private const int MostThreads = 1024;
    private const int MostTokens = 1 << 20;
    private const int MostSequences = 1024;

    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A model's folder or name, or a .gguf file." };
        Option<string> prompt = List("--prompt", "-p", "512", "Tokens of a prompt; several with commas."), answer = List("--answer", "-n", "128", "Tokens to say; several with commas.");
        Option<string> threads = List("--threads", "-t", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture), "Threads; several with commas.");
        Option<string> batch = List("--batch", "-b", "1", "Sequences side by side; several with commas.");
        var repeats = new Option<int>("--repeats", "-r") { Description = "Runs of each measurement; the median is shown.", DefaultValueFactory = _ => 3 };
        Option<bool> json = Common.Json();
        var command = new Command("bench", "Measure how fast a model reads prompts and says tokens.") { model, prompt, answer, threads, batch, repeats, json };
        command.Example("hearth bench factbook", "hearth bench qwen3-0.6b-q8_0.gguf -p 512 -n 128 -t 1,2 -b 1,8 --json");
        command.SetAction(parsed =>
        {
            int[] prompts = Read(parsed.GetValue(prompt)!, "-p", MostTokens), answers = Read(parsed.GetValue(answer)!, "-n", MostTokens);
            int[] counts = Read(parsed.GetValue(threads)!, "-t", MostThreads), batches = Read(parsed.GetValue(batch)!, "-b", MostSequences);
            int times = parsed.GetValue(repeats);
            if (times is < 1 or > 1000) throw new UsageException($"--repeats is {times}, expected 1 to 1,000.");
            var clock = Stopwatch.StartNew();
            ModelBundle bundle = Places.Model(parsed.GetValue(model)!);
            double loadSeconds = clock.Elapsed.TotalSeconds;
            int context = bundle.Model.Config.MaxPositionEmbeddings;
            if (prompts.Concat(answers).Max() >= context) throw new UsageException($"The model's context is {context:N0} tokens; -p and -n must be smaller.");
            var rows = new List<Row>();
            foreach (int count in counts)
            {
                using var pool = new WorkerPool(count);
                double peak = MemorySpeed.Read(pool);
                var test = new SpeedTest(bundle.Model, pool);
                test.Prefill(Math.Min(32, prompts[0]));                          // warms up
                foreach (int p in prompts) rows.Add(Row.OfPrefill(count, p, Median(times, () => test.Prefill(p)), loadSeconds));
                var decoded = new List<(int Tokens, int Batch, double Seconds)>();
                foreach (int b in batches)
                {
                    foreach (int n in answers) decoded.Add((n, b, Median(times, () => test.Decode(n, b))));
                    peak = Math.Max(peak, MemorySpeed.Read(pool));               // others on the machine may have disturbed one reading
                }
                foreach ((int n, int b, double seconds) in decoded) rows.Add(Row.OfDecode(count, n, b, seconds, test.WeightBytes, peak));
            }
            if (parsed.GetValue(json)) Common.PrintJson(new { model = bundle.Folder, loadSeconds = Math.Round(loadSeconds, 3), weightBytes = new SpeedTest(bundle.Model, WorkerPool.Alone).WeightBytes, results = rows });
            else Show(rows, loadSeconds);
            return Common.Done;
        });
        return command;
    }

    private static Option<string> List(string name, string alias, string otherwise, string description) =>
        new(name, alias) { Description = description, HelpName = "N,N", DefaultValueFactory = _ => otherwise };

    private static int[] Read(string given, string option, int most) => [.. given.Split(',').Select(part =>
        int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n >= 1 && n <= most
            ? n
            : throw new UsageException($"{option} is '{given}', expected whole numbers from 1 to {most:N0} with commas, such as 1,2."))];

    private static double Median(int times, Func<double> measure)
    {
        double[] seconds = [.. Enumerable.Range(0, times).Select(_ =>
        {
            Common.Stopping.ThrowIfCancellationRequested();
            return measure();
        }).Order()];
        return seconds[times / 2];
    }

    private static void Show(List<Row> rows, double loadSeconds)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"loaded in {loadSeconds:0.00} s"));
        Console.WriteLine($"{"what",-10} {"threads",7} {"tokens",7} {"batch",6} {"tokens/s",10} {"GB/s",7} {"of peak",8} {"to first token",15}");
        foreach (Row r in rows)
        {
            string memory = r.BytesPerSecond is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9,7:0.0} {r.ShareOfPeak,8:0 %}") : $"{"",16}";
            string first = r.SecondsToFirstToken is { } s ? string.Create(CultureInfo.InvariantCulture, $"{s,13:0.00} s") : "";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{r.What,-10} {r.Threads,7} {r.Tokens,7} {r.Batch,6} {r.TokensPerSecond,10:0.0} {memory} {first}"));
        }
    }

    /// <summary>One measurement.</summary>
    /// <param name="What">prefill or decode.</param>
    /// <param name="Threads">Threads.</param>
    /// <param name="Tokens">Tokens of the prompt, or of each answer.</param>
    /// <param name="Batch">Sequences side by side.</param>
    /// <param name="TokensPerSecond">Of all sequences together.</param>
    /// <param name="BytesPerSecond">Bytes of weights read, of decoding.</param>
    /// <param name="ShareOfPeak">The same over what these threads read at most.</param>
    /// <param name="SecondsToFirstToken">From the command to the first token of an answer, loading included.</param>
    private sealed record Row(string What, int Threads, int Tokens, int Batch, double TokensPerSecond, double? BytesPerSecond, double? ShareOfPeak, double? SecondsToFirstToken)
    {
        public static Row OfPrefill(int threads, int tokens, double seconds, double load) =>
            new("prefill", threads, tokens, 1, tokens / seconds, null, null, load + seconds);

        public static Row OfDecode(int threads, int tokens, int batch, double seconds, long weights, double peak) =>
            new("decode", threads, tokens, batch, tokens * batch / seconds, weights * (tokens / seconds), weights * (tokens / seconds) / peak, null);
    }
}
