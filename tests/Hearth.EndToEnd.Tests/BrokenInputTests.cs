using System.Text;
using System.Text.Json.Nodes;
using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

/// <summary>What is missing or broken is named, with exit code 3 and without a stack trace.</summary>
public sealed class BrokenInputTests(TinyRun tiny) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void All_mistakes_of_a_recipe_are_listed_at_once()
    {
        string recipe = _folder.At("recipe.yaml");
        File.WriteAllText(recipe, File.ReadAllText(Path.Combine(Repository.Recipes, "tiny", "recipe.yaml"))
            .Replace("  layers: 2", "  layer: 2", StringComparison.Ordinal)
            .Replace("  steps: 200", "  steps: many", StringComparison.Ordinal)
            .Replace("kind: muon", "kind: adagrad", StringComparison.Ordinal));
        Outcome outcome = tiny.Hearth("train", recipe, "--out", _folder.At("run")).ShouldExitWith(3);
        outcome.ShouldHaveNoTrace();
        outcome.Error.ShouldStartWith("hearth: ");
        foreach (string mention in (string[])["layers", "many", "adagrad"]) outcome.Error.ShouldContain(mention);
        outcome.Error.Split('\n').Count(l => l.Contains(recipe + ":", StringComparison.Ordinal)).ShouldBeGreaterThanOrEqualTo(3);
        Directory.Exists(_folder.At("run")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("tinny")]
    [InlineData("recipes/tinny")]
    public void A_recipe_that_is_missing_is_named_beside_those_that_exist(string recipe) =>
        tiny.Hearth("train", recipe, "--out", _folder.At("run")).ShouldComplain(3, "tinny", "factbook", "prose", "tiny");

    [Fact]
    public void Documents_that_are_missing_are_named() =>
        tiny.Hearth("train", "tiny", "--corpus", $"countries={_folder.At("nowhere.csv")}", "--out", _folder.At("run")).ShouldComplain(3, "nowhere.csv");

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("tokenizer.json")]
    [InlineData("config.json")]
    public void A_damaged_model_is_an_error_that_names_the_file(string name)
    {
        string model = _folder.At("model"), file = Path.Combine(model, name);
        TemporaryFolder.Copy(Path.Combine(tiny.Run, "model"), model);
        byte[] good = File.ReadAllBytes(file);
        byte[][] damaged =
        [
            [],
            good[..(good.Length / 2)],
            [0xff, .. good[1..]],
            [.. Enumerable.Repeat((byte)0xff, 16), .. good[16..]],
            "{}"u8.ToArray(),
            Encoding.UTF8.GetBytes(new string('[', 5000)),
        ];
        foreach (byte[] bytes in damaged)
        {
            File.WriteAllBytes(file, bytes);
            tiny.Hearth("generate", model, "Hello", "--max-tokens", "1").ShouldComplain(3, name);
        }
        File.Delete(file);
        tiny.Hearth("generate", model, "Hello", "--max-tokens", "1").ShouldComplain(3, name);
    }

    [Fact]
    public void A_configuration_that_asks_for_more_than_the_weights_is_refused_before_memory_is_taken()
    {
        string model = _folder.At("model"), config = Path.Combine(model, "config.json");
        TemporaryFolder.Copy(Path.Combine(tiny.Run, "model"), model);
        string text = File.ReadAllText(config);
        foreach (string key in (string[])["hidden_size", "num_hidden_layers", "vocab_size", "intermediate_size", "num_attention_heads", "max_position_embeddings"])
        {
            int at = text.IndexOf($"\"{key}\": ", StringComparison.Ordinal);
            at.ShouldBeGreaterThan(0, key);
            int from = at + key.Length + 4, to = text.IndexOfAny([',', '\n'], from);
            File.WriteAllText(config, text[..from] + "2000000000" + text[to..]);
            tiny.Hearth("model", "logits", model, "--tokens", "1", "--out", _folder.At("logits")).ShouldComplain(3, "config.json");
        }
    }

    [Theory]
    [InlineData("ledger.jsonl")]
    [InlineData("recipe.yaml")]
    [InlineData("run.json")]
    [InlineData("checkpoints/step-000050/checkpoint.json")]
    [InlineData("checkpoints/step-000050/model.safetensors")]
    [InlineData("checkpoints/step-000050/optimizer.safetensors")]
    public void A_damaged_run_does_not_go_on_and_the_file_is_named(string name)
    {
        string run = StoppedRun(), file = Path.Combine(run, name);
        byte[] good = File.ReadAllBytes(file);
        byte[] flipped = [.. good];
        flipped[good.Length / 2] ^= 0x80;
        foreach (byte[] bytes in (byte[][])[good[..(good.Length / 2)], flipped, []])
        {
            File.WriteAllBytes(file, bytes);
            Outcome outcome = tiny.Hearth("train", "--resume", run).ShouldExitWith(3);
            outcome.ShouldHaveNoTrace();
            outcome.Error.ShouldContain(Path.GetFileName(name));
        }
        File.WriteAllBytes(file, good);
        tiny.Hearth("train", "--resume", run, "--stop-at", "50", "--json").ShouldExitWith(0);
    }

    [Fact]
    public void A_run_whose_last_checkpoint_is_damaged_goes_on_from_the_one_before_as_the_message_says()
    {
        string run = StoppedRun(), damaged = Path.Combine(run, "checkpoints", "step-000053");
        tiny.Hearth("train", "--resume", run, "--stop-at", "53", "--json").ShouldExitWith(0);
        File.WriteAllBytes(Path.Combine(damaged, "model.safetensors"), []);
        tiny.Hearth("train", "--resume", run).Error.ShouldContain($"Delete the folder {damaged}");
        Directory.Delete(damaged, recursive: true);
        tiny.Hearth("train", "--resume", run, "--json").ShouldExitWith(0).Text("weightsDigest").ShouldBe(tiny.Weights);
    }

    [Fact]
    public void Verbose_shows_where_an_error_came_from() => tiny.Hearth("train", "tinny", "--verbose").ShouldExitWith(3).Error.ShouldContain("   at Hearth.");

    /// <summary>The first quarter of the run: what the folder held when step 50 was done.</summary>
    private string StoppedRun()
    {
        string run = tiny.CopyInto(_folder);
        Directory.Delete(Path.Combine(run, "model"), recursive: true);
        foreach (int step in (int[])[100, 150, 200]) Directory.Delete(Path.Combine(run, "checkpoints", $"step-{step:D6}"), recursive: true);
        string ledger = Path.Combine(run, "ledger.jsonl"), last = Path.Combine(run, "checkpoints", "step-000050", "checkpoint.json");
        using (FileStream stream = File.OpenWrite(ledger)) stream.SetLength(JsonNode.Parse(File.ReadAllText(last))!["ledgerLength"]!.GetValue<long>());
        return run;
    }
}
