using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Hearth.Cli.Terminal;
using Hearth.Numerics;
using Hearth.Training.Auditing;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth audit</c>: checks a run and executes segments of it again.</summary>
internal static class AuditCommand
{
    private const int DefaultSamples = 3;

    public static Command Create()
    {
        var run = new Argument<string>("RUN") { Description = "A run's folder or name. It is only read." };
        var samples = new Option<int?>("--samples") { Description = $"Segments to execute again, drawn at random. Default: {DefaultSamples}.", HelpName = "N" };
        var seed = new Option<long?>("--seed") { Description = "Draws them; choose it after you were given the run. Default: a new one, which is shown.", HelpName = "NUMBER" };
        var segment = new Option<string?>("--segment") { Description = "Execute again what lies between two states, as steps: 50..100.", HelpName = "A..B" };
        var all = new Option<bool>("--all") { Description = "Execute every segment again." };
        Option<string[]> corpus = CorpusPaths.Option();
        Option<int> threads = Common.Threads();
        Option<bool> json = Common.Json();
        var command = new Command("audit", "Check a run's ledger, files and documents, execute segments of it again, and compare full state.\n"
            + "Exit code 0 when nothing differs, 1 when something does.")
        {
            run, samples, seed, segment, all, corpus, threads, json,
        };
        command.Example("hearth audit factbook", "hearth audit ./runs/novels --samples 12 --seed 20260131 --corpus texts=~/novels", "hearth audit factbook --all");
        command.SetAction(parsed =>
        {
            var choice = new Choice(parsed.GetValue(samples), parsed.GetValue(seed), parsed.GetValue(segment), parsed.GetValue(all));
            choice.Require();
            var display = new TrainingDisplay(quiet: parsed.GetValue(json));
            RunFolder folder = Places.Run(parsed.GetValue(run)!);
            Recipe recipe = CorpusPaths.Apply(RunAbout.Recipe(folder), parsed.GetValue(corpus));
            using var pool = new WorkerPool(parsed.GetValue(threads));
            TrainingSetup setup = TrainingSetup.Build(recipe, display.Say);
            MemoryPlan.Of(recipe, setup.Tokenizer.VocabularySize, pool.Threads).RequireMemory();
            var audit = Audit.Of(folder, setup);
            (IReadOnlyList<RunSegment> chosen, long? drawnBy) = audit.Problems.Count > 0 ? ([], null) : choice.From(audit, folder);
            Announce(display, folder, audit, chosen);
            AuditReport report = chosen.Count == 0
                ? audit.Execute(chosen, pool)
                : display.Train(recipe.Name, progress => audit.Execute(chosen, pool, progress, Common.Stopping));
            if (parsed.GetValue(json)) PrintJson(folder, report, drawnBy);
            else Print(report, drawnBy);
            return report.Interrupted ? Common.Interrupted : report.Sound ? Common.Done : Common.No;
        });
        return command;
    }

    private static void Announce(TrainingDisplay display, RunFolder folder, Audit audit, IReadOnlyList<RunSegment> chosen)
    {
        if (chosen.Count == 0) return;
        int steps = chosen.Sum(s => s.Steps), all = audit.Segments.Sum(s => s.Steps);
        string time = RunAbout.Read(folder) is { TrainSeconds: > 0 } about
            ? $"about {TimeText.Show(TimeSpan.FromSeconds(about.TrainSeconds / all * steps))} at the rate it was trained"
            : "the time left is shown as it goes";
        display.Say($"re-executing {chosen.Count:N0} of {audit.Segments.Count:N0} segments, {steps:N0} steps; {time}");
    }

    private static void Print(AuditReport report, long? seed)
    {
        foreach (string check in report.Checked) Console.WriteLine($"checked        {check}");
        foreach (string problem in report.Problems) Console.WriteLine($"WRONG          {problem}");
        foreach (SegmentResult result in report.Results) Console.WriteLine($"{(result.Equal ? "equal    " : "DIFFERENT")}      {result.Segment}: {result.Verdict}");
        foreach (string text in report.NotChecked) Console.WriteLine($"not checked    {text}");
        if (seed is { } s) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed           {s}"));
        string count = $"{report.Results.Count:N0} of {report.Segments.Count:N0} segments re-executed";
        if (report.Interrupted) count += ", then stopped";
        else if (report.Problems.Count > 0) count += ": the checks without training already say no";
        if (seed is not null && report.Results.Count < report.Segments.Count && !report.Interrupted)
        {
            count += $"; a forger who altered one segment would be caught with probability {Percent(report.CaughtIfOneAltered)}";
        }
        Console.WriteLine($"{count}\n{(report.Sound ? "sound: nothing that was checked differs" : "NOT SOUND")}");
    }

    private static void PrintJson(RunFolder folder, AuditReport report, long? seed) => Common.PrintJson(new
    {
        sound = report.Sound,
        run = Path.GetFullPath(folder.Path),
        finished = report.Finished,
        interrupted = report.Interrupted,
        seed,
        segments = report.Segments.Count,
        reExecuted = report.Results.Count,
        caughtIfOneAltered = report.CaughtIfOneAltered,
        @checked = report.Checked,
        problems = report.Problems,
        notChecked = report.NotChecked,
        results = report.Results.Select(r => new
        {
            from = r.Segment.From,
            to = r.Segment.To,
            equal = r.Equal,
            firstDifferentStep = r.FirstDifferentStep,
            difference = r.Equal ? "" : r.Verdict,
            number = r.Number is not { } n ? null : new
            {
                file = n.File,
                tensor = n.Tensor,
                element = n.Element,
                recorded = n.Recorded.ToString("R", CultureInfo.InvariantCulture),
                recomputed = n.Recomputed.ToString("R", CultureInfo.InvariantCulture),
                differentElements = n.Elements,
                differentTensors = n.Tensors,
            },
        }),
    });

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.#} %");

    /// <summary>Which segments are asked for.</summary>
    private sealed record Choice(int? Samples, long? Seed, string? Segment, bool All)
    {
        public void Require()
        {
            if (Samples is < 1) throw new UsageException($"--samples is {Samples}, expected 1 or more.");
            if (Seed is < 0) throw new UsageException($"--seed is {Seed}, expected 0 or more.");
            if ((Samples is null ? 0 : 1) + (Segment is null ? 0 : 1) + (All ? 1 : 0) > 1) throw new UsageException("Give one of --samples, --segment and --all.");
            if (Seed is not null && (Segment is not null || All)) throw new UsageException("--seed draws samples; it has no meaning with --segment or --all.");
            if (Segment is not null) Bounds();
        }

        public (IReadOnlyList<RunSegment> Chosen, long? Seed) From(Audit audit, RunFolder folder)
        {
            if (Segment is not null) return (Between(audit, folder), null);
            if (All || Samples > audit.Executable.Count) RequireAll(audit, folder);
            if (All) return (audit.Segments, null);
            long seed = Seed ?? RandomNumberGenerator.GetInt32(int.MaxValue);
            return (RunSegment.Draw(audit.Executable, Samples ?? DefaultSamples, seed), seed);
        }

        private RunSegment[] Between(Audit audit, RunFolder folder)
        {
            (int a, int b) = Bounds();
            RunSegment[] chosen = [.. audit.Segments.Where(s => s.From >= a && s.To <= b)];
            if (chosen is not [{ From: var from }, ..] || from != a || chosen[^1].To != b)
            {
                throw new UsageException($"--segment {Segment}: the run has states at the steps {string.Join(", ", audit.Segments.Select(s => s.To).Prepend(0))}. Give two of them.");
            }
            foreach (RunSegment s in chosen.Except(audit.Executable))
            {
                throw new RunException($"{folder.Checkpoint(s.From)}: is missing, and segment {s} begins there. Copy it from where the run was trained.");
            }
            return chosen;
        }

        private static void RequireAll(Audit audit, RunFolder folder)
        {
            if (audit.Executable.Count == audit.Segments.Count) return;
            throw new RunException($"{folder.Checkpoints}: only {audit.Executable.Count:N0} of {audit.Segments.Count:N0} segments can be executed again, as the checkpoints that the others begin from are missing. "
                + "Copy them from where the run was trained, ask for fewer --samples, or train all of it again with `hearth reproduce`.");
        }

        private (int A, int B) Bounds()
        {
            string[] parts = Segment!.Split("..");
            if (parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int a)
                && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int b) && a < b) return (a, b);
            throw new UsageException($"--segment '{Segment}' is not of the form A..B with A before B, such as 50..100.");
        }
    }
}
