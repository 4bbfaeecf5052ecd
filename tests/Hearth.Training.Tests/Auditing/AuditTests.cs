using Hearth.Models.Architectures;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Safetensors;
using Hearth.Numerics;
using Hearth.Training.Auditing;
using Hearth.Training.Ledger;
using Hearth.Training.Runs;
using Hearth.Training.Tests.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Auditing;

public sealed class AuditTests : IDisposable
{
    private readonly MicroRun _micro = new();
    private readonly RunFolder _run;

    public AuditTests()
    {
        _run = _micro.Run("run");
        _micro.Train(_run);
    }

    public void Dispose() => _micro.Dispose();

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, true, true)]
    public void An_honest_run_is_sound_in_every_segment(bool muon, bool split, bool gpt2)
    {
        using var micro = new MicroRun(muon, split, gpt2);
        RunFolder run = micro.Run("run");
        micro.Train(run, threads: 2, stopAt: 3);
        micro.Resume(run);                                                       // leaves a checkpoint that the ledger does not name

        AuditReport report = All(micro, run);

        report.Problems.ShouldBeEmpty();
        (report.Sound, report.Finished, report.Interrupted).ShouldBe((true, true, false));
        report.Results.Select(r => r.Segment).ShouldBe([new RunSegment(0, 2), new RunSegment(2, 4), new RunSegment(4, 6)]);
        report.Results.ShouldAllBe(r => r.Equal && r.EndsEqual);
        report.NotChecked.ShouldBe(["other files of the model's folder"]);
        report.Checked.Count.ShouldBe(8);
        report.CaughtIfOneAltered.ShouldBe(1);
    }

    [Fact]
    public void Weights_of_another_seed_are_caught_at_their_step_when_every_hash_agrees_and_all_later_steps_follow_from_them()
    {
        Forgery.SwapWeights(_micro, _run, 4);

        Audit audit = Begin();
        audit.Problems.ShouldBeEmpty();
        AuditReport report = All(_micro, _run);

        report.Sound.ShouldBeFalse();
        report.Results.Select(r => r.FirstDifferentStep).ShouldBe([null, 4, null]);
        SegmentResult forged = report.Results[1];
        LanguageModel model = _micro.Setup().NewModel();
        forged.Number!.Tensor.ShouldBe(model.Parameters.All[0].Tensor.Name);
        forged.Number.Tensors.ShouldBe(model.Parameters.All.Count);
        forged.Verdict.ShouldContain("weights");
        forged.Verdict.ShouldContain(_run.Checkpoint(4));
    }

    [Fact]
    public void One_altered_weight_is_named_by_tensor_and_element_with_both_values()
    {
        Parameter[] parameters = [.. _micro.Setup().NewModel().Parameters.All];
        Tensor tensor = parameters[3].Tensor;
        int element = tensor.Length - 2;
        float honest = 0;
        Forgery.Alter(_run, 4, "model.safetensors", tensor.Name, element, v => (honest = v) + 0.25f);
        Forgery.MendAndTrainOn(_micro, _run, 4);

        AuditReport report = All(_micro, _run);

        report.Problems.ShouldBeEmpty();
        StateDifference number = report.Results.Single(r => !r.Equal).Number!;
        (number.Tensor, number.Recorded, number.Recomputed, number.Elements, number.Tensors).ShouldBe((tensor.Name, honest + 0.25f, honest, 1, 1));
        int[] shape = tensor.Shape.ToArray();
        number.Element.Zip(shape).Aggregate(0, (flat, d) => (flat * d.Second) + d.First).ShouldBe(element);
        number.Element.Count.ShouldBe(shape.Length);
    }

    [Fact]
    public void One_altered_number_of_the_optimizer_is_caught_though_all_weights_are_as_recorded()
    {
        string name;
        using (SafetensorsFile file = SafetensorsFile.Open(Path.Combine(_run.Checkpoint(2), "optimizer.safetensors"))) name = file.Entries[^1].Name;
        Forgery.Alter(_run, 2, "optimizer.safetensors", name, 1, v => v + 1);
        Forgery.MendAndTrainOn(_micro, _run, 2);

        AuditReport report = All(_micro, _run);

        report.Problems.ShouldBeEmpty();
        report.Results.Select(r => r.FirstDifferentStep).ShouldBe([2, null, null]);
        report.Results[0].Number!.Tensor.ShouldBe(name);
        report.Results[0].Number!.Element[^1].ShouldBe(1);
        report.Results[0].Difference.ShouldContain("state");
        report.Results[0].Difference.ShouldNotContain("weights");
    }

    [Fact]
    public void An_altered_loss_in_a_mended_chain_is_caught_at_its_step_and_told_from_altered_weights()
    {
        Forgery.Mend(_run, line => line is StepLine { Step: 3 } s ? s with { Loss = s.Loss / 2 } : line);

        AuditReport report = All(_micro, _run);

        report.Problems.ShouldBeEmpty();
        SegmentResult bad = report.Results.Single(r => !r.Equal);
        (bad.Segment, bad.FirstDifferentStep, bad.EndsEqual, bad.Number).ShouldBe((new RunSegment(2, 4), 3, true, null));
        bad.Difference.ShouldStartWith("the ledger has loss ");
        bad.Verdict.ShouldContain("the ledger's lines were altered");
    }

    [Fact]
    public void An_altered_measurement_is_caught()
    {
        Forgery.Mend(_run, line => line is EvaluationLine { Step: 6 } e ? e with { BitsPerByte = e.BitsPerByte * 0.9 } : line);
        SegmentResult bad = All(_micro, _run).Results.Single(r => !r.Equal);
        (bad.Segment, bad.FirstDifferentStep).ShouldBe((new RunSegment(4, 6), 6));
        bad.Difference.ShouldContain("bits per byte");
    }

    [Fact]
    public void A_finished_model_that_was_altered_with_its_last_checkpoint_is_caught_at_the_last_step()
    {
        string name = _micro.Setup().NewModel().Parameters.All[0].Tensor.Name;
        Forgery.Alter(_run, 6, "model.safetensors", name, 0, v => -v);
        Forgery.Mend(_run);
        AuditReport report = All(_micro, _run);
        report.Problems.ShouldBeEmpty();
        report.Results.Select(r => r.FirstDifferentStep).ShouldBe([null, null, 6]);
        report.Results[2].Number!.Element.ShouldAllBe(i => i == 0);
    }

    [Fact]
    public void A_state_swapped_without_training_on_shows_on_both_sides()
    {
        Forgery.Alter(_run, 4, "model.safetensors", _micro.Setup().NewModel().Parameters.All[0].Tensor.Name, 0, v => v + 0.5f);
        Forgery.Mend(_run);
        All(_micro, _run).Results.Select(r => r.FirstDifferentStep).ShouldBe([null, 4, 5]);
    }

    [Fact]
    public void A_state_that_is_no_numbers_is_a_difference_and_no_crash()
    {
        Forgery.Alter(_run, 4, "model.safetensors", _micro.Setup().NewModel().Parameters.All[0].Tensor.Name, 0, _ => float.NaN);
        for (int i = 1; i < 16; i++) Forgery.Alter(_run, 4, "model.safetensors", "model.norm.weight", i, _ => float.NaN);
        Forgery.Mend(_run);
        AuditReport report = All(_micro, _run);
        report.Results.Select(r => r.FirstDifferentStep).ShouldBe([null, 4, 5]);
        report.Results[2].Difference.ShouldContain("does not end in numbers");
    }

    [Fact]
    public void A_checkpoint_of_another_shape_is_a_difference_and_no_crash()
    {
        string file = Path.Combine(_run.Checkpoint(2), "model.safetensors");
        SafetensorsWriter.Write(file, [new SafetensorsTensor("model.norm.weight", [3], new float[3])]);
        Forgery.Mend(_run);
        AuditReport report = All(_micro, _run);
        report.Results.Select(r => r.FirstDifferentStep).ShouldBe([2, 2, null]);
        report.Results[1].Difference.ShouldContain("does not fit the recipe");
    }

    [Fact]
    public void An_unfinished_run_is_audited_as_far_as_it_is()
    {
        RunFolder run = _micro.Run("half");
        _micro.Train(run, stopAt: 5);
        AuditReport report = All(_micro, run);
        (report.Sound, report.Finished).ShouldBe((true, false));
        report.Problems.ShouldBeEmpty();
        report.Segments[^1].ShouldBe(new RunSegment(4, 5));
        report.NotChecked.ShouldContain(t => t.Contains("not finished"));
    }

    [Fact]
    public void A_model_with_its_provenance_alone_is_checked_as_far_as_it_can_be()
    {
        string model = _micro.Run("moved").Path;
        TemporaryFolder.Copy(_run.Model, model);
        var audit = Audit.Of(RunFolder.OfModel(model), _micro.Setup());
        audit.Problems.ShouldBeEmpty();
        audit.Segments.Count.ShouldBe(3);
        audit.Executable.ShouldBe([new RunSegment(0, 2)]);                          // the others begin from checkpoints
        using var pool = new WorkerPool(1);
        AuditReport report = audit.Execute(audit.Executable, pool, cancel: TestContext.Current.CancellationToken);
        report.Sound.ShouldBeTrue();
        report.NotChecked.ShouldContain(t => t.StartsWith("checkpoints after step 2, 4, 6"));
        report.NotChecked.ShouldContain(t => t.StartsWith("2 of these can not be executed again"));
    }

    [Fact]
    public void An_audit_that_is_asked_to_stop_reports_what_it_has()
    {
        using var cancel = new CancellationTokenSource();
        using var pool = new WorkerPool(1);
        Audit audit = Begin();
        AuditReport report = audit.Execute(audit.Segments, pool, p =>
        {
            if (p.Step == 3) cancel.Cancel();
        }, cancel.Token);
        report.Interrupted.ShouldBeTrue();
        report.Results.Select(r => r.Segment).ShouldBe([new RunSegment(0, 2)]);
    }

    [Fact]
    public void An_audit_leaves_the_run_as_it_is_and_shows_every_step_it_executes()
    {
        string[] Files() => [.. Directory.GetFileSystemEntries(_run.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(f => $"{f} {(File.Exists(f) ? Digest.OfFile(f) : "")} {File.GetLastWriteTimeUtc(f).Ticks}")];
        string[] before = Files();
        var told = new List<TrainingProgress>();
        using var pool = new WorkerPool(1);
        Begin().Execute([new RunSegment(2, 4), new RunSegment(4, 6)], pool, told.Add, TestContext.Current.CancellationToken);
        Files().ShouldBe(before);
        told.Select(p => (p.Step, p.Steps)).ShouldBe([(1, 4), (2, 4), (3, 4), (4, 4)]);
    }

    private Audit Begin() => Audit.Of(_run, _micro.Setup());

    private static AuditReport All(MicroRun micro, RunFolder run)
    {
        using var pool = new WorkerPool(1);
        var audit = Audit.Of(run, micro.Setup());
        return audit.Execute(audit.Segments, pool, cancel: TestContext.Current.CancellationToken);
    }
}
