using System.Diagnostics;
using Hearth.Numerics;
using Hearth.Training.Ledger;
using Hearth.Training.Runs;

namespace Hearth.Training.Auditing;

/// <summary>
/// Checks a run: first all that can be seen without training, then segments of it that are executed again. The idea of recorded states between which
/// anyone can execute again is that of Arun et al. 2025 (arXiv:2502.19405); here there is one record to check, not two to choose between.
/// The run is only read.
/// </summary>
public sealed class Audit
{
    private readonly RunFolder _run;
    private readonly TrainingSetup _setup;
    private readonly RecordedRun _recorded;
    private readonly Findings _findings;
    private readonly SortedDictionary<int, Checkpoint> _checkpoints;

    private Audit(RunFolder run, TrainingSetup setup, RecordedRun recorded, Findings findings, SortedDictionary<int, Checkpoint> checkpoints)
    {
        _run = run;
        _setup = setup;
        _recorded = recorded;
        _findings = findings;
        _checkpoints = checkpoints;
        Segments = recorded.Segments;
        Executable = [.. Segments.Where(s => s.From == 0 || checkpoints.ContainsKey(s.From))];
    }

    /// <summary>The run's segments, in order.</summary>
    public IReadOnlyList<RunSegment> Segments { get; }

    /// <summary>Those that can be executed again: the state that they begin from is there.</summary>
    public IReadOnlyList<RunSegment> Executable { get; }

    /// <summary>What the checks without training found to be wrong; when there is anything, no segment need be executed.</summary>
    public IReadOnlyList<string> Problems => _findings.Problems;

    /// <summary>Checks all that can be seen without training.</summary>
    /// <param name="run">The run.</param>
    /// <param name="setup">What it trains, made anew from its recipe and documents.</param>
    /// <exception cref="LedgerException">There is no ledger.</exception>
    /// <exception cref="RunException">It was trained under another version of canonical arithmetic.</exception>
    public static Audit Of(RunFolder run, TrainingSetup setup)
    {
        var findings = new Findings();
        RecordedRun? recorded = null;
        findings.Pass("the ledger: an unbroken chain, every line in its place", () =>
            recorded = RecordedRun.Read(run, setup.Recipe.Training, setup.HeldOut.Length > 0, findings));
        if (recorded!.Start is { } start && start.Numerics != NumericsVersion.Current)
        {
            throw new RunException($"{run.Ledger}: was written with Numerics.Version {start.Numerics}, this is {NumericsVersion.Current}. Audit it with the Hearth that trained it.");
        }
        var materials = new MaterialChecks(run, setup, recorded, findings);
        materials.Run();
        var files = new FileChecks(run, recorded, findings);
        files.RunChecks(materials.Positions, setup.NewModel().Config);
        return new Audit(run, setup, recorded, findings, files.Checkpoints);
    }

    /// <summary>Executes segments again, in the order given.</summary>
    /// <param name="chosen">The segments.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="progress">Told after every step; counts the steps of all chosen segments.</param>
    /// <param name="cancel">Asks to stop; what was executed so far is in the report.</param>
    public AuditReport Execute(IReadOnlyList<RunSegment> chosen, WorkerPool pool, Action<TrainingProgress>? progress = null, CancellationToken cancel = default)
    {
        var replay = new SegmentReplay(_run, _setup, _recorded, _checkpoints, pool);
        var counter = new Counter(chosen.Sum(s => s.Steps), progress);
        return Execute(chosen, segment => replay.Run(segment, counter.Add, cancel));
    }

    /// <summary>Puts together what executing segments again gives.</summary>
    /// <param name="chosen">The segments.</param>
    /// <param name="execute">Executes one; ends by <see cref="OperationCanceledException"/> when asked to stop.</param>
    public AuditReport Execute(IReadOnlyList<RunSegment> chosen, Func<RunSegment, SegmentResult> execute)
    {
        var results = new List<SegmentResult>();
        bool interrupted = false;
        try
        {
            foreach (RunSegment segment in chosen) results.Add(execute(segment));
        }
        catch (OperationCanceledException)
        {
            interrupted = true;
        }
        var notChecked = new List<string>(_findings.NotChecked);
        RunSegment[] left = [.. Segments.Except(results.Select(r => r.Segment))];
        RunSegment[] impossible = [.. left.Except(Executable)];
        if (left.Length > 0) notChecked.Insert(0, $"the arithmetic of {left.Sum(s => s.Steps):N0} of {_recorded.Steps.Count:N0} steps: {left.Length:N0} segments were not executed again");
        if (impossible.Length > 0) notChecked.Insert(1, $"{impossible.Length:N0} of these can not be executed again: the checkpoint that they begin from is not there, or is not the recorded one");
        return new AuditReport(_findings.Checked, _findings.Problems, notChecked, Segments, results, _recorded.End is not null, interrupted);
    }

    /// <summary>Steps done over all segments, and how fast.</summary>
    private sealed class Counter(int steps, Action<TrainingProgress>? progress)
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private readonly RateMeter _rate = new();
        private int _done;

        public void Add(StepLine line)
        {
            _done++;
            double seconds = _clock.Elapsed.TotalSeconds, speed = _rate.Add(line.Tokens, seconds);
            progress?.Invoke(new TrainingProgress(_done, steps, line.Loss, line.LearningRate, null, speed, TimeSpan.FromSeconds(seconds / _done * (steps - _done))));
        }
    }
}
