using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

public sealed class ReproduceTests(TinyRun tiny) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_honest_run_is_reproduced()
    {
        Outcome outcome = tiny.Hearth("reproduce", "tiny", "--json").ShouldExitWith(0);
        outcome.Json.GetProperty("equal").GetBoolean().ShouldBeTrue();
        outcome.Json.GetProperty("firstDifferentStep").ValueKind.ShouldBe(JsonValueKind.Null);
        outcome.Text("weightsDigest").ShouldBe(tiny.Weights);
        outcome.Text("ledgerHead").ShouldBe(tiny.Head);
    }

    [Fact]
    public void A_model_that_was_moved_away_is_reproduced_from_its_provenance_and_the_documents()
    {
        string model = _folder.At("model");
        TemporaryFolder.Copy(Path.Combine(tiny.Run, "model"), model);
        File.Copy(Path.Combine(Repository.Recipes, "tiny", "invented.txt"), Path.Combine(model, "provenance", "invented.txt"));
        string table = Path.Combine(Repository.Recipes, "factbook", "countries.csv");
        tiny.Hearth("reproduce", model, "--corpus", $"countries={table}").ShouldExitWith(0).Output.ShouldContain(tiny.Weights);
    }

    [Theory]
    [InlineData("model", TinyRun.Steps)]
    [InlineData("checkpoints/step-000100", 100)]
    public void One_altered_byte_of_the_weights_is_found(string where, int step)
    {
        string run = tiny.CopyInto(_folder);
        string weights = Path.Combine(run, where, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        ShouldDiffer(run, step).ShouldContain(weights);
    }

    [Theory]
    [InlineData(60, false)]
    [InlineData(30, true)]
    public void One_altered_ledger_line_is_found_even_when_the_chain_was_mended(int step, bool andChain)
    {
        string run = tiny.CopyInto(_folder);
        string ledger = Path.Combine(run, "ledger.jsonl");
        Ledger.ChangeLoss(ledger, step, andChain);
        if (andChain) Ledger.ShouldHoldTogether(ledger);
        int line = Array.FindIndex(Ledger.Lines(ledger), l => Ledger.Step(l) == step) + 1;
        ShouldDiffer(run, step).ShouldContain($"{ledger}:{line}:");
    }

    [Fact]
    public void One_altered_document_is_found_and_named()
    {
        string recipes = _folder.At("recipes"), run = _folder.At("run"), table = Path.Combine(recipes, "factbook", "countries.csv");
        TemporaryFolder.Copy(Repository.Recipes, recipes);
        tiny.Hearth("train", Path.Combine(recipes, "tiny"), "--out", run, "--json").ShouldExitWith(0).Text("weightsDigest").ShouldBe(tiny.Weights);
        string text = File.ReadAllText(table);
        text.ShouldContain("Santiago");
        File.WriteAllText(table, text.Replace("Santiago", "Valparaiso", StringComparison.Ordinal));

        Outcome outcome = tiny.Hearth("reproduce", run, "--json").ShouldExitWith(1);
        JsonNode materials = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "materials.json")))!;
        int firstUse = materials["documents"]!.AsArray().First(d => d!["name"]!.GetValue<string>().Contains("Chile", StringComparison.Ordinal))!["firstStep"]!.GetValue<int>();
        outcome.Json.GetProperty("firstDifferentStep").GetInt32().ShouldBeInRange(1, firstUse);
        outcome.Text("difference").ShouldContain("Chile");
        outcome.Text("difference").ShouldContain("was altered");

        // Neither does the run go on with other documents.
        tiny.Hearth("train", "--resume", run).ShouldExitWith(3).Error.ShouldContain("Chile");
    }

    private string ShouldDiffer(string run, int step)
    {
        Outcome outcome = tiny.Hearth("reproduce", run, "--json").ShouldExitWith(1);
        outcome.Json.GetProperty("equal").GetBoolean().ShouldBeFalse();
        outcome.Json.GetProperty("firstDifferentStep").GetInt32().ShouldBe(step);
        outcome.Text("difference").ShouldContain($"step {step}");
        return outcome.Text("difference");
    }
}
