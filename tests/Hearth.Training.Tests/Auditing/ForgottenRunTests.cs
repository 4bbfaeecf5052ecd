using Hearth.Numerics;
using Hearth.Training.Auditing;
using Hearth.Training.Forgetting;
using Hearth.Training.Ledger;
using Hearth.Training.Runs;
using Hearth.Training.Tests.Forgetting;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Auditing;

/// <summary>A run that documents were taken out of has a forget line, and steps and checkpoints that are its parent's.</summary>
public sealed class ForgottenRunTests : IDisposable
{
    private readonly Forgotten _forgotten = new(Forgotten.ManyRows, recipe => recipe with { Tokenizer = recipe.Tokenizer with { VocabularySize = 261 } });
    private readonly RunFolder _run;

    public ForgottenRunTests()
    {
        ParentRun parent = _forgotten.Parent;
        (RemovalPlan plan, _run) = _forgotten.Forget(parent, parent.Materials.Where(m => m.Name.Contains('#', StringComparison.Ordinal)).MaxBy(m => m.FirstStep)!);
        plan.ReplayFrom.ShouldBe(4);
    }

    public void Dispose() => _forgotten.Dispose();

    [Fact]
    public void It_is_sound_in_every_segment_the_parents_too()
    {
        using var pool = new WorkerPool(1);
        Audit audit = Begin();
        audit.Problems.ShouldBeEmpty();
        AuditReport report = audit.Execute(audit.Segments, pool, cancel: TestContext.Current.CancellationToken);
        report.Sound.ShouldBeTrue(string.Join('\n', report.Results.Select(r => r.Verdict)));
        report.Results.Count.ShouldBe(3);
    }

    [Fact]
    public void A_forget_line_that_is_not_true_is_told()
    {
        Forgery.Mend(_run, line => line is ForgetLine f ? f with { ReplayedFrom = 2 } : line);
        Begin().Problems.ShouldContain(p => p.Contains("ledger.jsonl:2: the ledger "));
    }

    [Fact]
    public void A_measurement_may_be_missing_only_where_the_forget_line_says_so()
    {
        int replayed = LedgerFile.Read(_run.Ledger).Lines.OfType<ForgetLine>().Single().ReplayedFrom;
        Forgery.Mend(_run, line => line is EvaluationLine e && e.Step > replayed ? null : line);
        Begin().Problems.ShouldContain(p => p.Contains("the measurement after step 6 is missing"));
    }

    private Audit Begin() => Audit.Of(_run, TrainingSetup.Build(RunAbout.Recipe(_run)));
}
