using System.Text.Json.Nodes;
using Hearth.Numerics;
using Hearth.Training.Auditing;
using Hearth.Training.Ledger;
using Hearth.Training.Runs;
using Hearth.Training.Tests.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Auditing;

/// <summary>What is told before any step is executed.</summary>
public sealed class StaticCheckTests : IDisposable
{
    private readonly MicroRun _micro = new();
    private readonly RunFolder _run;

    public StaticCheckTests()
    {
        _run = _micro.Run("run");
        _micro.Train(_run);
    }

    public void Dispose() => _micro.Dispose();

    [Theory]
    [InlineData("ledger.jsonl", "the line before it")]
    [InlineData("materials.json", "materials.json: has digest")]
    [InlineData("tokenizer.json", "tokenizer.json: has digest")]
    [InlineData("checkpoints/step-000004/model.safetensors", "by its own description")]
    [InlineData("checkpoints/step-000004/optimizer.safetensors", "by its own description")]
    [InlineData("checkpoints/step-000004/checkpoint.json", "is missing or damaged")]
    [InlineData("model/model.safetensors", "by the ledger")]
    [InlineData("model/tokenizer.json", "model/tokenizer.json: has digest")]
    [InlineData("model/config.json", "config.json")]
    [InlineData("model/provenance/ledger.jsonl", "provenance/ledger.jsonl: has digest")]
    [InlineData("model/provenance/materials.json", "provenance/materials.json: has digest")]
    [InlineData("model/provenance/recipe.yaml", "provenance/recipe.yaml: has digest")]
    public void One_altered_digit_of_any_file_is_told(string name, string says)
    {
        string path = Path.Combine(_run.Path, name);
        byte[] bytes = File.ReadAllBytes(path);
        int at = name.EndsWith("safetensors", StringComparison.Ordinal) ? bytes.Length - 1 : Array.FindIndex(bytes, bytes.Length / 2, b => b is >= (byte)'0' and <= (byte)'8');
        bytes[at]++;
        File.WriteAllBytes(path, bytes);
        Problems().ShouldContain(p => p.Contains(says));
    }

    [Fact]
    public void All_problems_are_told_at_once()
    {
        foreach (string name in (string[])["checkpoints/step-000002/model.safetensors", "checkpoints/step-000004/optimizer.safetensors", "model/model.safetensors"])
        {
            string path = Path.Combine(_run.Path, name);
            File.WriteAllBytes(path, [.. File.ReadAllBytes(path), 0]);
        }
        IReadOnlyList<string> problems = Problems();
        problems.Count.ShouldBe(3);
        foreach (string where in (string[])["step-000002", "step-000004", "model"]) problems.ShouldContain(p => p.Contains(where));
        var audit = Audit.Of(_run, _micro.Setup());
        audit.Executable.Select(s => s.From).ShouldBe([0]);                      // altered checkpoints are no place to begin
    }

    public static TheoryData<string> Lies => ["documents", "learning rate", "order", "twice", "unplanned", "gone", "end", "start", "first weights", "spaces", "position", "tokens"];

    /// <summary>Every hash agrees, and still no step has to be executed.</summary>
    [Theory]
    [MemberData(nameof(Lies))]
    public void What_recipe_and_documents_do_not_give_is_told_though_every_hash_agrees(string lie)
    {
        switch (lie)
        {
            case "documents": Forge(l => l is StepLine { Step: 3 } s ? s with { Documents = new string('a', 64) } : l, "step 3: the ledger has documents"); break;
            case "learning rate": Forge(l => l is StepLine { Step: 5 } s ? s with { LearningRate = 0.5 } : l, "step 5: the ledger has learning rate 0.5 instead of"); break;
            case "tokens": Forge(l => l is StepLine { Step: 5 } s ? s with { Targets = 1 } : l, "step 5: the ledger has targets 1 instead of"); break;
            case "order": Forge(l => l is StepLine { Step: 3 } s ? s with { Step = 4 } : l, "is step 4, expected step 3"); break;
            case "twice": Forge(l => l is EvaluationLine { Step: 6 } e ? e with { Step = 3 } : l, "has no place after step 6"); break;
            case "unplanned": Forge(l => l is StepLine { Step: 4 } ? new EvaluationLine(3, 1) : l, "has no place after step 3"); break;
            case "gone": Forge(l => l is EvaluationLine { Step: 3 } ? null : l, "the measurement after step 3 is missing"); break;
            case "end": Forge(l => l is EndLine e ? e with { Weights = new string('b', 64) } : l, "ends with weights bbbbbbbbbbbb"); break;
            case "start": Forge(l => l is StartLine s ? s with { Recipe = new string('c', 64) } : l, "is not the recipe that the ledger names"); break;
            case "first weights": Forge(l => l is StartLine s ? s with { Weights = new string('d', 64) } : l, "begins with weights dddddddddddd"); break;
            case "spaces":
                File.WriteAllText(_run.Ledger, File.ReadAllText(_run.Ledger).Replace("{\"kind\":\"end\",", "{\"kind\":\"end\", ", StringComparison.Ordinal));
                Problems().ShouldContain(p => p.Contains("is not a ledger line"));
                break;
            case "position":
                string path = Path.Combine(_run.Checkpoint(2), "checkpoint.json");
                JsonNode json = JsonNode.Parse(File.ReadAllText(path))!;
                json["position"]!["index"] = json["position"]!["index"]!.GetValue<int>() + 1;
                var position = json["position"]!;
                json["state"] = Hearth.Models.Formats.Digest.Of($"{json["weights"]}\n{json["optimizer"]}\n2 {position["epoch"]} {position["index"]} {position["row"]}\n");
                File.WriteAllText(path, json.ToJsonString());
                Forge(l => l, "and the order of documents is at epoch");
                break;
        }
    }

    [Fact]
    public void A_missing_checkpoint_is_told_and_its_segment_can_not_be_executed()
    {
        Directory.Delete(_run.Checkpoint(2), recursive: true);
        var audit = Audit.Of(_run, _micro.Setup());
        audit.Problems.ShouldBeEmpty();
        audit.Executable.ShouldBe([new RunSegment(0, 2), new RunSegment(4, 6)]);
        using var pool = new WorkerPool(1);
        AuditReport report = audit.Execute([new RunSegment(0, 2)], pool, cancel: TestContext.Current.CancellationToken);
        report.Sound.ShouldBeTrue();                                             // the ledger names the state that the segment ends in
        report.NotChecked.ShouldContain(t => t.StartsWith("checkpoints after step 2:"));
    }

    [Fact]
    public void An_altered_document_is_named_and_what_hangs_on_it_is_not_told_as_well()
    {
        File.WriteAllText(_micro.Facts, File.ReadAllText(_micro.Facts).Replace("black", "brown", StringComparison.Ordinal));
        var audit = Audit.Of(_run, _micro.Setup());
        audit.Problems.Count.ShouldBe(1);
        audit.Problems[0].ShouldContain("document 'facts.csv#coal' of corpus 'facts' was altered");
    }

    [Fact]
    public void A_missing_document_is_named()
    {
        File.WriteAllText(_micro.Facts, File.ReadAllText(_micro.Facts).Replace("coal,black\n", "", StringComparison.Ordinal));
        Problems().ShouldBe([$"{_run.Path}: document 'facts.csv#coal' of corpus 'facts' is missing. Put the documents back as they were when the run was trained."]);
    }

    [Fact]
    public void A_run_of_other_arithmetic_is_refused()
    {
        Forgery.Mend(_run, l => l is StartLine s ? s with { Numerics = NumericsVersion.Current + 1 } : l);
        Should.Throw<RunException>(() => Audit.Of(_run, _micro.Setup())).Message.ShouldContain("Audit it with the Hearth that trained it");
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("{}")]
    [InlineData("{\"kind\":\"start\",\"numerics\":1,\"recipe\":null,\"materials\":null,\"tokenizer\":null,\"weights\":null,\"previous\":null}\n")]
    [InlineData("{\"kind\":\"step\",\"step\":1,\"documents\":null,\"tokens\":0,\"targets\":0,\"learningRate\":0,\"loss\":0,\"gradientNorm\":0,\"weights\":null,\"previous\":null}\n")]
    public void A_ledger_that_is_none_is_told_and_no_crash(string ledger)
    {
        File.WriteAllText(_run.Ledger, ledger);
        Problems().ShouldNotBeEmpty();
    }

    private void Forge(Func<LedgerLine, LedgerLine?> alter, string says)
    {
        Forgery.Mend(_run, alter);
        Problems().ShouldContain(p => p.Contains(says));
    }

    private IReadOnlyList<string> Problems() => Audit.Of(_run, _micro.Setup()).Problems;
}
