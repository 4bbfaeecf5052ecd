using Hearth.Training.Forgetting;
using Hearth.Training.Ledger;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Training.Auditing;

/// <summary>What a run's ledger says, by step. Lines that have no place in a ledger are problems and are left out.</summary>
internal sealed class RecordedRun
{
    private readonly string _path;
    private readonly Findings _findings;
    private readonly HashSet<(int Step, string Hash, long Length)> _marks = [];

    private RecordedRun(string path, Findings findings)
    {
        _path = path;
        _findings = findings;
    }

    public int Lines { get; private set; }

    public StartLine? Start { get; private set; }

    /// <summary>Says of a run that documents were taken out of an earlier one to make it.</summary>
    public ForgetLine? Forget { get; private set; }

    public EndLine? End { get; private set; }

    /// <summary>The steps, without a gap from 1.</summary>
    public List<StepLine> Steps { get; } = [];

    public Dictionary<int, EvaluationLine> Evaluations { get; } = [];

    public SortedDictionary<int, CheckpointLine> Checkpoints { get; } = [];

    /// <summary>The segments, in order.</summary>
    public IReadOnlyList<RunSegment> Segments
    {
        get
        {
            int[] ends = [.. Checkpoints.Keys.Append(Steps.Count).Where(s => s > 0).Distinct().Order()];
            return [.. ends.Select((to, i) => new RunSegment(i == 0 ? 0 : ends[i - 1], to))];
        }
    }

    /// <summary>Digest of the weights after a step, as the ledger has it.</summary>
    public string? WeightsAfter(int step) => step == 0 ? Start?.Weights : step <= Steps.Count ? Steps[step - 1].Weights : null;

    /// <summary>True when the ledger had such a head and length after a step.</summary>
    public bool HasMark(int step, string head, long length) => _marks.Contains((step, head, length));

    /// <summary>Reads a ledger: its chain, and every line in its place.</summary>
    /// <param name="run">The run.</param>
    /// <param name="plan">What the recipe schedules.</param>
    /// <param name="measures">Whether something is held out to measure on.</param>
    /// <param name="findings">Told every problem.</param>
    public static RecordedRun Read(RunFolder run, TrainingSpec plan, bool measures, Findings findings)
    {
        var recorded = new RecordedRun(run.Ledger, findings);
        var lines = new List<LedgerLine?>();
        string before = LedgerFile.Beginning;
        foreach ((LedgerLine? line, string hash, long length) in LedgerFile.Entries(run.Ledger))
        {
            recorded.Lines++;
            lines.Add(line);
            if (line is null)
            {
                recorded.Problem("is not a ledger line. It was altered or cut short.");
            }
            else
            {
                if (line.Previous != before)
                {
                    recorded.Problem($"names {Findings.Short(line.Previous)} as the line before it, whose hash is {Findings.Short(before)}. Line {recorded.Lines - 1} or this one was altered.");
                }
                recorded.Place(line, plan, measures);
                recorded._marks.Add((recorded.Steps.Count, hash, length));
            }
            before = hash;
        }
        if (recorded.Start is null) findings.Problem($"{run.Ledger}: has no start line.");
        if (Lineage.Problem(run, lines) is { } untrue) findings.Problem($"{run.Ledger}:2: the ledger {untrue}");
        if (recorded.End is null && recorded.Steps.Count == plan.Steps) recorded.Scheduled(plan, measures, "the end of the ledger");
        return recorded;
    }

    private void Place(LedgerLine line, TrainingSpec plan, bool measures)
    {
        int step = Steps.Count;
        if (End is not null) Problem("stands after the end line.");
        if (Start is null && line is not StartLine) Problem("stands before any start line.");
        switch (line)
        {
            case StartLine start:
                if (Lines > 1) Problem("is a start line, which stands at the beginning alone.");
                Start ??= start;
                break;
            case ForgetLine forget:
                if (Lines != 2) Problem("is a forget line, which stands after the start line alone.");
                Forget ??= forget;
                break;
            case StepLine s:
                if (s.Step != step + 1 || s.Step > plan.Steps)
                {
                    Problem($"is step {s.Step:N0}, expected step {step + 1:N0} of {plan.Steps:N0}.");
                    break;
                }
                if (step > 0) Scheduled(plan, measures, "this step");
                Steps.Add(s);
                break;
            case EvaluationLine e:
                bool isDue = measures && step > 0 && plan.EvaluatesAfter(step) && !Checkpoints.ContainsKey(step);
                if (e.Step != step || !isDue || !Evaluations.TryAdd(step, e)) Problem($"is a measurement after step {e.Step:N0}, which has no place after step {step:N0}.");
                break;
            case CheckpointLine c:
                if (c.Step != step || step == 0 || !plan.HasCheckpointAfter(step) || !Checkpoints.TryAdd(step, c))
                {
                    Problem($"is a checkpoint of step {c.Step:N0}, which has no place after step {step:N0}.");
                }
                else if (c.Weights != Steps[^1].Weights)
                {
                    Problem($"gives the weights after step {step:N0} as {Findings.Short(c.Weights)}, and the step's own line as {Findings.Short(Steps[^1].Weights)}.");
                }
                break;
            case EndLine end:
                Scheduled(plan, measures, "the end");
                if (end.Step != step || step != plan.Steps) Problem($"ends the run at step {end.Step:N0} after step {step:N0}, expected step {plan.Steps:N0}.");
                if (end.Weights != WeightsAfter(step)) Problem($"ends with weights {Findings.Short(end.Weights)}, and the last step has {Findings.Short(WeightsAfter(step))}.");
                End ??= end;
                break;
            default:
                Problem("is a line of a kind that has no place here.");
                break;
        }
    }

    /// <summary>What the recipe wants after the last step has to stand there.</summary>
    private void Scheduled(TrainingSpec plan, bool measures, string before)
    {
        int step = Steps.Count;
        if (step == 0) return;
        bool isLeftOut = Forget is { Measured: false } && step <= Forget.ReplayedFrom;       // a parent's measurement that no longer holds
        if (measures && !isLeftOut && plan.EvaluatesAfter(step) && !Evaluations.ContainsKey(step)) Problem($"the measurement after step {step:N0} is missing before {before}.");
        if (plan.HasCheckpointAfter(step) && !Checkpoints.ContainsKey(step)) Problem($"the checkpoint after step {step:N0} is missing before {before}.");
    }

    private void Problem(string text) => _findings.Problem($"{_path}:{Lines}: {text}");
}
