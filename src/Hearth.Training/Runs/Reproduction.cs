using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Numerics;
using Hearth.Training.Forgetting;
using Hearth.Training.Ledger;

namespace Hearth.Training.Runs;

/// <summary>What came of training a run again.</summary>
/// <param name="Equal">True when every line and every byte was the same.</param>
/// <param name="FirstDifferentStep">The first step that differs, 0 for what comes before step 1; null when equal.</param>
/// <param name="Difference">What differs, in words; empty when equal.</param>
/// <param name="WeightsDigest">Digest of the weights as trained again; empty when there was no need to train to the end.</param>
/// <param name="LedgerHead">Hash of the last line of the run's ledger; empty likewise.</param>
public sealed record Reproduction(bool Equal, int? FirstDifferentStep, string Difference, string WeightsDigest, string LedgerHead)
{
    /// <summary>
    /// Checks that a run's files are those its ledger names, then trains it again from its recipe and documents in another folder and compares
    /// every line and every byte. It ends at the first difference.
    /// </summary>
    /// <param name="run">The run; it is only read.</param>
    /// <param name="setup">What it trains, made anew.</param>
    /// <param name="scratch">A folder to train in.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancel">Asks to stop.</param>
    /// <exception cref="OperationCanceledException">It was asked to stop.</exception>
    public static Reproduction Of(RunFolder run, TrainingSetup setup, RunFolder scratch, WorkerPool pool,
        Action<TrainingProgress>? progress = null, CancellationToken cancel = default)
    {
        IReadOnlyList<string> then = LedgerFile.RawLines(run.Ledger);
        if (FilesAgainstLedger(run, then) is { } broken) return broken;
        if (Lineage.Problem(run, [.. then.Select(LedgerFile.Parse)]) is { } forged) return Different(0, $"{run.Ledger}:2: the ledger {forged}");

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var comparison = new Comparison(run, then, setup);
        using Trainer trainer = Trainer.Begin(scratch, setup, pool);
        comparison.Line(LedgerFile.RawLines(scratch.Ledger)[0]);
        trainer.LineWritten = line =>
        {
            comparison.Line(line);
            if (comparison.StepDiffers) stop.Cancel();
        };
        trainer.Progress = progress;
        TrainingResult result = trainer.Train(cancel: stop.Token);
        cancel.ThrowIfCancellationRequested();
        if (comparison.End() is { } different) return different;
        return FirstDifferentFile(run, scratch) is { } file
            ? new Reproduction(false, result.Step, $"step {result.Step:N0}, the last: {file}", result.WeightsDigest, result.LedgerHead)
            : new Reproduction(true, null, "", result.WeightsDigest, LedgerFile.Read(run.Ledger).Head);
    }

    /// <summary>What can be seen without training: a broken chain, or files that are not the ones the ledger names.</summary>
    private static Reproduction? FilesAgainstLedger(RunFolder run, IReadOnlyList<string> lines)
    {
        int step = 0;
        string before = LedgerFile.Beginning;
        for (int i = 0; i < lines.Count; i++)
        {
            LedgerLine? line = LedgerFile.Parse(lines[i]);
            string own = Digest.Of(lines[i]);
            if (line is null) return null;                                       // training again finds the step it stands for
            if (line.Previous != before)
            {
                // A line whose own hash is what the next one names is as it was written, so the one before it was altered.
                bool isIntact = i > 0 && i + 1 < lines.Count && LedgerFile.Parse(lines[i + 1])?.Previous == own;
                if (!isIntact && line is StepLine altered) step = altered.Step;
                return Different(step, $"{run.Ledger}:{(isIntact ? i : i + 1)}: the chain is broken here; this line was altered.");
            }
            if (line is StepLine s) step = s.Step;
            before = own;
            string? file = line switch
            {
                CheckpointLine c => Path.Combine(run.Checkpoint(c.Step), ModelBundle.WeightsName),
                EndLine => Path.Combine(run.Model, ModelBundle.WeightsName),
                _ => null,
            };
            string named = (line as CheckpointLine)?.Weights ?? (line as EndLine)?.Weights ?? "";
            if (file is not null && File.Exists(file) && Digest.OfFile(file) is var found && found != named)
            {
                return Different(step, $"{file}: has digest {found[..12]}, and the ledger says {Short(named)}. The weights were altered after training.");
            }
        }
        return null;
    }

    private static string? FirstDifferentFile(RunFolder run, RunFolder again)
    {
        if (!Directory.Exists(run.Model)) return null;
        foreach (string path in Directory.GetFiles(again.Model).Order(StringComparer.Ordinal))
        {
            string other = Path.Combine(run.Model, Path.GetFileName(path));
            if (!File.Exists(other)) return $"{other} is missing.";
            if (Digest.OfFile(path) != Digest.OfFile(other)) return $"{other} has other bytes than training again gives.";
        }
        return null;
    }

    private static string Short(string hash) => hash.Length > 12 ? hash[..12] : hash;

    private static Reproduction Different(int step, string what) => new(false, step, $"step {step:N0}: {what}", "", "");

    /// <summary>
    /// Compares the ledger as written again, line by line, with the one of the run. A run that documents were taken out of has a forget line, which is
    /// checked on its own, and may lack the first measurements; training it from nothing gives the same lines otherwise.
    /// </summary>
    private sealed class Comparison(RunFolder run, IReadOnlyList<string> then, TrainingSetup setup)
    {
        private readonly ForgetLine? _forget = then.Count > 1 ? LedgerFile.Parse(then[1]) as ForgetLine : null;
        private string? _cause;
        private Reproduction? _different;
        private int _line;
        private int _step;

        public bool StepDiffers => _different is not null;

        public void Line(string written)
        {
            if (_different is not null) return;
            LedgerLine now = LedgerFile.Parse(written)!;
            if (now is StepLine s) _step = s.Step;
            if (now is EvaluationLine e && _forget is { Measured: false } && e.Step <= _forget.ReplayedFrom) return;
            if (_line == 1 && _forget is not null) _line++;
            LedgerLine? old = _line < then.Count ? LedgerFile.Parse(then[_line]) : null;
            _line++;
            if (old is not null && old with { Previous = "" } == now with { Previous = "" }) return;
            if (now is StartLine start)
            {
                _cause = Cause(old as StartLine, start);                         // go on to the first step where it shows
                return;
            }
            string found = old is null ? "the run has no such line" : "the run's line differs";
            _different = Different(_step, $"{run.Ledger}:{_line}: {found}. Trained again: {written}{(_cause is null ? "" : " Cause: " + _cause)}");
        }

        public Reproduction? End()
        {
            if (_different is not null) return _different;
            if (_cause is not null) return Different(0, _cause);
            return _line == then.Count ? null : Different(_step, $"{run.Ledger}: has {then.Count:N0} lines, and training again gives {_line:N0}.");
        }

        private string Cause(StartLine? old, StartLine now)
        {
            if (old is null) return "the ledger has no start line.";
            if (old.Numerics != now.Numerics) return $"the run has Numerics.Version {old.Numerics}, this is {now.Numerics}.";
            if (old.Recipe != now.Recipe) return "the recipe is another one.";
            if (old.Materials != now.Materials) return Materials.Difference(run, setup);
            return old.Tokenizer != now.Tokenizer ? "the tokenizer is another one." : "the first weights are others.";
        }
    }
}
