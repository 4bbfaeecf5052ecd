using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Training.Loading;
using Hearth.Training.Optimizers;
using Hearth.Training.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Runs;

public sealed class CheckpointTests : IDisposable
{
    private readonly MicroRun _micro = new();
    private readonly TrainingSetup _setup;
    private readonly LanguageModel _model;
    private readonly IReadOnlyList<Optimizer> _optimizers;
    private readonly RunFolder _run;

    public CheckpointTests()
    {
        _setup = _micro.Setup();
        _model = _setup.NewModel();
        _optimizers = _setup.NewOptimizers(_model);
        _run = _micro.Run("run");
        int number = 0;
        foreach (OptimizerState state in _optimizers.SelectMany(o => o.States))
        {
            for (int i = 0; i < state.Data.Length; i++) state.Data.Span[i] = ++number * 0.001f;
        }
    }

    public void Dispose() => _micro.Dispose();

    [Fact]
    public void What_was_saved_is_restored_to_the_bit()
    {
        Checkpoint saved = Saved(40, new DataPosition(2, 3, 17));
        (string folder, Checkpoint read) = Checkpoint.List(_run).ShouldHaveSingleItem();
        (folder, read).ShouldBe((_run.Checkpoint(40), saved));

        LanguageModel model = _setup.NewModel();
        foreach (Parameter p in model.Parameters.All) p.Tensor.Data.Fill(7);
        IReadOnlyList<Optimizer> optimizers = _setup.NewOptimizers(model);
        read.Restore(folder, model, optimizers);

        foreach ((Parameter a, Parameter b) in _model.Parameters.All.Zip(model.Parameters.All))
            b.Tensor.Data.ToArray().ShouldBe(a.Tensor.Data.ToArray(), a.Tensor.Name);
        foreach ((OptimizerState a, OptimizerState b) in _optimizers.SelectMany(o => o.States).Zip(optimizers.SelectMany(o => o.States)))
            b.Data.Span.ToArray().ShouldBe(a.Data.Span.ToArray(), a.Name);
        Checkpoint.Of(40, new DataPosition(2, 3, 17), model, optimizers).State.ShouldBe(saved.State);
    }

    [Fact]
    public void The_digest_of_the_state_is_of_weights_optimizer_step_and_position()
    {
        var position = new DataPosition(2, 3, 17);
        string state = Checkpoint.Of(40, position, _model, _optimizers).State;
        var others = new List<string> { state, Checkpoint.Of(41, position, _model, _optimizers).State };
        others.AddRange(((DataPosition[])[position with { Epoch = 1 }, position with { Index = 2 }, position with { Row = 16 }])
            .Select(p => Checkpoint.Of(40, p, _model, _optimizers).State));
        _optimizers[^1].States[^1].Data.Span[0] += 1;
        others.Add(Checkpoint.Of(40, position, _model, _optimizers).State);
        _optimizers[^1].States[^1].Data.Span[0] -= 1;
        _model.Parameters.All[0].Tensor.Data[0] += 1;
        others.Add(Checkpoint.Of(40, position, _model, _optimizers).State);
        others.Distinct().Count().ShouldBe(others.Count);
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("optimizer.safetensors")]
    public void An_altered_or_missing_file_is_refused_with_the_way_to_the_checkpoint_before_it(string file)
    {
        Saved(40);
        string folder = _run.Checkpoint(40), path = Path.Combine(folder, file);
        Checkpoint checkpoint = Checkpoint.List(_run)[0].Checkpoint;
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^3] ^= 1;
        File.WriteAllBytes(path, bytes);
        Refused(() => checkpoint.Restore(folder, _model, _optimizers), path);
        File.Delete(path);
        Refused(() => checkpoint.Restore(folder, _model, _optimizers), path);
    }

    [Theory]
    [InlineData("\"step\": 40", "\"step\": 41")]
    [InlineData("\"index\": 0", "\"index\": 1")]
    [InlineData("\"row\": 0", "\"row\": -1")]
    [InlineData("\"weights\": \"", "\"weights\": \"0")]
    [InlineData("{", "[")]
    [InlineData("\"state\"", "\"estate\"")]
    public void An_altered_description_is_refused_with_the_way_to_the_checkpoint_before_it(string found, string put)
    {
        Saved(40);
        string path = Path.Combine(_run.Checkpoint(40), "checkpoint.json"), text = File.ReadAllText(path);
        text.ShouldContain(found);
        File.WriteAllText(path, text.Replace(found, put, StringComparison.Ordinal));
        Refused(() => Checkpoint.List(_run), path);
    }

    [Fact]
    public void After_the_damaged_checkpoint_is_deleted_the_run_goes_on_from_the_one_before_to_the_same_end()
    {
        RunFolder straight = _micro.Run("straight");
        TrainingResult result = _micro.Train(straight);
        _micro.Train(_run, stopAt: 5);
        string path = Path.Combine(_run.Checkpoint(5), "model.safetensors");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 0x40;
        File.WriteAllBytes(path, bytes);
        Refused(() => _micro.Resume(_run), path);
        Directory.Delete(_run.Checkpoint(5), recursive: true);

        _micro.Resume(_run).LedgerHead.ShouldBe(result.LedgerHead);
        MicroRun.Proof(_run).ShouldBe(MicroRun.Proof(straight));
    }

    [Fact]
    public void A_folder_that_was_not_finished_is_passed_over_and_later_replaced()
    {
        Saved(20);
        string partial = _run.Checkpoint(40) + AtomicFile.TemporarySuffix, old = _run.Checkpoint(40) + ".old" + AtomicFile.TemporarySuffix;
        foreach (string folder in (string[])[partial, old])
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "model.safetensors"), "half");
        }
        Checkpoint.List(_run).Select(c => c.Checkpoint.Step).ShouldBe([20]);
        Saved(40);
        Saved(40);                                                               // in place of the one that is there
        Checkpoint.List(_run).Select(c => c.Checkpoint.Step).ShouldBe([20, 40]);
        Directory.GetDirectories(_run.Checkpoints).Select(Path.GetFileName).Order(StringComparer.Ordinal)
            .ShouldBe(["step-000020", "step-000040"]);
    }

    [Fact]
    public void Checkpoints_are_listed_by_step_beyond_a_million_too()
    {
        foreach (int step in (int[])[1_000_000, 999_999, 20, 12_345_678]) Saved(step);
        Checkpoint.List(_run).Select(c => c.Checkpoint.Step).ShouldBe([20, 999_999, 1_000_000, 12_345_678]);
        Checkpoint.List(_micro.Run("nothing")).ShouldBeEmpty();
    }

    private Checkpoint Saved(int step, DataPosition position = default)
    {
        Checkpoint checkpoint = Checkpoint.Of(step, position, _model, _optimizers) with { LedgerHead = new string('e', 64),
            LedgerLength = 1234 };
        checkpoint.Save(_run.Checkpoint(step), _model, _optimizers);
        checkpoint.Weights.ShouldBe(Digest.OfFile(Path.Combine(_run.Checkpoint(step), ModelBundle.WeightsName)));
        return checkpoint;
    }

    private static void Refused(Action action, string path)
    {
        string message = Should.Throw<RunException>(action).Message;
        message.ShouldStartWith(path);
        message.ShouldContain($"Delete the folder {Path.GetDirectoryName(path)}");
        message.ShouldContain("the checkpoint before it");
    }
}
