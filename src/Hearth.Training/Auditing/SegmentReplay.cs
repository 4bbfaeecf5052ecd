using System.Globalization;
using Hearth.Numerics;
using Hearth.Training.Ledger;
using Hearth.Training.Runs;

namespace Hearth.Training.Auditing;

/// <summary>
/// Executes a segment's steps again, in order, from the run's own state at its beginning, in memory alone. Every step's line names the weights after
/// it, so the first line that differs is the first step that differs: nothing has to be searched for.
/// </summary>
/// <param name="run">The run; it is only read.</param>
/// <param name="setup">What it trains, made anew.</param>
/// <param name="recorded">Its ledger.</param>
/// <param name="checkpoints">Its checkpoints, by step.</param>
/// <param name="pool">Threads.</param>
internal sealed class SegmentReplay(RunFolder run, TrainingSetup setup, RecordedRun recorded, IReadOnlyDictionary<int, Checkpoint> checkpoints, WorkerPool pool)
{
    private int? _first;
    private string _difference = "";

    /// <summary>Executes the segment.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="done">Told each step as it comes out.</param>
    /// <param name="cancel">Asks to stop.</param>
    /// <exception cref="OperationCanceledException">It was asked to stop.</exception>
    public SegmentResult Run(RunSegment segment, Action<StepLine>? done, CancellationToken cancel)
    {
        (_first, _difference) = (null, "");
        using var state = new TrainingState(setup, pool);
        try
        {
            if (segment.From > 0) state.Restore(run.Checkpoint(segment.From), checkpoints[segment.From]);
        }
        catch (HearthException e)
        {
            Differ(segment.From, $"the state to begin from does not fit the recipe: {e.Message}");
            return Result(segment, null, false);
        }
        try
        {
            while (state.Step < segment.To)
            {
                cancel.ThrowIfCancellationRequested();
                StepLine line = state.Advance();
                Compare(line.Step, recorded.Steps[line.Step - 1], line);
                if (recorded.Evaluations.TryGetValue(line.Step, out EvaluationLine? measured)) Compare(line.Step, measured, state.Evaluate());
                done?.Invoke(line);
            }
        }
        catch (DivergedException e)
        {
            Differ(e.Step, $"executed again, it does not end in numbers: {e.Message}");
            return Result(segment, null, false);
        }
        return AtEnd(segment, state);
    }

    /// <summary>The fields in which two lines differ, with what is recorded and what is expected.</summary>
    public static string Fields(LedgerLine recorded, LedgerLine? expected)
    {
        if (expected is null) return "a line where there is nothing to measure";
        (string Name, object? Then, object? Now)[] fields = (recorded, expected) switch
        {
            (StepLine a, StepLine b) =>
            [
                ("documents", Findings.Short(a.Documents), Findings.Short(b.Documents)), ("tokens", a.Tokens, b.Tokens), ("targets", a.Targets, b.Targets),
                ("learning rate", a.LearningRate, b.LearningRate), ("loss", a.Loss, b.Loss), ("gradient norm", a.GradientNorm, b.GradientNorm),
                ("weights", Findings.Short(a.Weights), Findings.Short(b.Weights)),
            ],
            (EvaluationLine a, EvaluationLine b) => [("bits per byte", a.BitsPerByte, b.BitsPerByte)],
            (CheckpointLine a, CheckpointLine b) => [("state", Findings.Short(a.State), Findings.Short(b.State)), ("weights", Findings.Short(a.Weights), Findings.Short(b.Weights))],
            _ => [],
        };
        return string.Join(", ", fields.Where(f => !Equals(f.Then, f.Now)).Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Name} {f.Then} instead of {f.Now}")));
    }

    private SegmentResult AtEnd(RunSegment segment, TrainingState state)
    {
        Checkpoint now = state.Describe();
        recorded.Checkpoints.TryGetValue(segment.To, out CheckpointLine? named);
        bool equal = named is null ? recorded.WeightsAfter(segment.To) == now.Weights : (named.State, named.Weights) == (now.State, now.Weights);
        if (named is not null) Compare(segment.To, named, new CheckpointLine(segment.To, now.State, now.Weights));
        StateDifference? number = null;
        if (!equal && checkpoints.ContainsKey(segment.To))
        {
            try
            {
                number = state.FirstDifference(run.Checkpoint(segment.To));
            }
            catch (HearthException e)
            {
                _difference += $"; {e.Message}";
            }
        }
        return Result(segment, number, equal);
    }

    private void Compare(int step, LedgerLine then, LedgerLine? now)
    {
        if (then with { Previous = "" } != now) Differ(step, $"the ledger has {Fields(then, now)}");
    }

    private void Differ(int step, string what)
    {
        if (_first is null) (_first, _difference) = (step, what);
        else if (_first == step) _difference += $"; {what}";
    }

    private SegmentResult Result(RunSegment segment, StateDifference? number, bool endsEqual) => new(segment, _first, _difference, number, endsEqual);
}
