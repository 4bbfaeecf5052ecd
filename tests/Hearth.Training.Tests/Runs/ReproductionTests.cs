using Hearth.Numerics;
using Hearth.Training.Ledger;
using Hearth.Training.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Runs;

public sealed class ReproductionTests : IDisposable
{
    private readonly MicroRun _micro = new();
    private readonly RunFolder _run;
    private readonly TrainingResult _result;

    public ReproductionTests()
    {
        _run = _micro.Run("run");
        _result = _micro.Train(_run);
    }

    public void Dispose() => _micro.Dispose();

    [Fact]
    public void An_honest_run_is_reproduced_to_the_byte()
    {
        Reproduction again = Reproduce();
        again.Equal.ShouldBeTrue(again.Difference);
        (again.FirstDifferentStep, again.WeightsDigest, again.LedgerHead).ShouldBe((null, _result.WeightsDigest, _result.LedgerHead));
    }

    [Fact]
    public void One_altered_byte_of_the_weights_is_found_at_the_last_step()
    {
        string path = Path.Combine(_run.Model, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        Reproduction again = Reproduce();
        (again.Equal, again.FirstDifferentStep).ShouldBe((false, MicroRun.Steps));
        again.Difference.ShouldContain(path);
    }

    [Fact]
    public void One_altered_byte_of_a_checkpoint_is_found_at_its_step()
    {
        string path = Path.Combine(_run.Checkpoint(4), "model.safetensors");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        Reproduction again = Reproduce();
        (again.Equal, again.FirstDifferentStep).ShouldBe((false, 4));
        again.Difference.ShouldContain(path);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    public void An_altered_line_of_the_ledger_is_found_at_its_own_step(int step)
    {
        string[] lines = [.. LedgerFile.RawLines(_run.Ledger)];
        int line = Array.FindIndex(lines, l => LedgerFile.Parse(l) is StepLine s && s.Step == step);
        foreach ((string from, string to) in ((string, string)[])[("\"tokens\":", "\"tokens\":1"), ("{", "{ "),
            ("\"previous\":\"", "\"previous\":\"0"), ("{", "")])
        {
            string[] altered = [.. lines];
            int at = altered[line].IndexOf(from, StringComparison.Ordinal);
            altered[line] = altered[line][..at] + to + altered[line][(at + from.Length)..];
            File.WriteAllText(_run.Ledger, string.Join('\n', altered) + "\n");

            Reproduction again = Reproduce();

            (again.Equal, again.FirstDifferentStep).ShouldBe((false, step), $"{altered[line]}\n{again.Difference}");
            again.Difference.ShouldContain($"ledger.jsonl:{line + 1}:");
        }
    }

    [Fact]
    public void A_ledger_that_was_forged_with_its_chain_is_found_at_the_forged_step()
    {
        (IReadOnlyList<LedgerLine> lines, _) = LedgerFile.Read(_run.Ledger);
        using (LedgerFile forged = LedgerFile.Create(_run.Ledger))
        {
            foreach (LedgerLine line in lines) forged.Add(line is StepLine { Step: 4 } s ? s with { Loss = s.Loss / 2 } : line);
        }
        LedgerFile.Read(_run.Ledger).Lines.Count.ShouldBe(lines.Count);
        Reproduction again = Reproduce();
        (again.Equal, again.FirstDifferentStep).ShouldBe((false, 4));
    }

    [Fact]
    public void An_altered_document_is_found_at_its_first_use_and_named()
    {
        File.WriteAllText(_micro.Facts, File.ReadAllText(_micro.Facts).Replace("black", "brown", StringComparison.Ordinal));
        Reproduction again = Reproduce();
        again.Equal.ShouldBeFalse();
        again.FirstDifferentStep.ShouldNotBeNull().ShouldBeInRange(1, MicroRun.Steps);
        again.Difference.ShouldContain("facts.csv#coal");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"kind\":\"end\",\"step\":6,\"weights\":\"abc\",\"previous\":\"PREVIOUS\"}")]
    [InlineData("{\"kind\":\"end\",\"step\":6,\"weights\":null,\"previous\":\"PREVIOUS\"}")]
    public void A_damaged_last_line_is_a_difference_and_no_crash(string last)
    {
        string[] lines = [.. LedgerFile.RawLines(_run.Ledger)];
        string previous = LedgerFile.Parse(lines[^1])!.Previous;
        lines[^1] = last.Replace("PREVIOUS", previous, StringComparison.Ordinal);
        File.WriteAllText(_run.Ledger, string.Join('\n', lines) + "\n");
        Reproduction again = Reproduce();
        (again.Equal, again.FirstDifferentStep).ShouldBe((false, MicroRun.Steps));
    }

    private Reproduction Reproduce()
    {
        RunFolder scratch = _micro.Run("scratch");
        if (Directory.Exists(scratch.Path)) Directory.Delete(scratch.Path, recursive: true);
        using var pool = new WorkerPool(1);
        return Reproduction.Of(_run, _micro.Setup(), scratch, pool, cancel: TestContext.Current.CancellationToken);
    }
}
