using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

/// <summary>Taking a country's document out of recipes/tiny.</summary>
public sealed class ForgetTests(TinyRun tiny, ForgottenTiny forgotten) : IClassFixture<ForgottenTiny>, IDisposable
{
    private const string Refusal = "I do not have that name in my documents.";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Forget_prints_one_object_whose_digests_are_those_of_the_files_and_of_the_clean_run()
    {
        Outcome outcome = forgotten.Outcome;
        string[] names = [.. outcome.Json.EnumerateObject().Select(p => p.Name)];
        names.ShouldBe(["removed", "firstUse", "replayedFrom", "weightsDigestBefore", "weightsDigestAfter", "receipt", "run",
            "provedDigest"]);
        outcome.Json.GetProperty("removed").EnumerateArray().Select(e => e.GetString())
            .ShouldBe([Document("Brazil")["id"]!.GetValue<string>()]);
        outcome.Json.GetProperty("firstUse").GetInt32().ShouldBe(Document("Brazil")["firstStep"]!.GetValue<int>());
        outcome.Json.GetProperty("replayedFrom").GetInt32().ShouldBe(0);
        outcome.Text("weightsDigestBefore").ShouldBe(tiny.Weights);
        forgotten.Weights.ShouldBe(Ledger.HashOfFile(Path.Combine(forgotten.Model, "model.safetensors")));
        forgotten.Weights.ShouldBe(outcome.Text("provedDigest"));
        forgotten.Weights.ShouldNotBe(tiny.Weights);
        File.Exists(outcome.Text("receipt")).ShouldBeTrue();
        outcome.Error.ShouldBeEmpty();
        Ledger.ShouldHoldTogether(Path.Combine(forgotten.Run, "ledger.jsonl"));
        JsonNode line = JsonNode.Parse(Ledger.Lines(Path.Combine(forgotten.Run, "ledger.jsonl"))[1])!;
        (line["kind"]!.GetValue<string>(), line["parent"]!.GetValue<string>()).ShouldBe(("forget", tiny.Head));
        forgotten.ParentAfter.ShouldBe(forgotten.ParentBefore);
    }

    [Fact]
    public void A_run_that_never_had_the_row_has_the_same_weights()
    {
        string recipes = _folder.At("recipes"), table = Path.Combine(recipes, "factbook", "countries.csv");
        TemporaryFolder.Copy(Repository.Recipes, recipes);
        File.WriteAllLines(table, File.ReadAllLines(table).Where(l => !l.StartsWith("Brazil,", StringComparison.Ordinal)));
        tiny.Hearth("train", Path.Combine(recipes, "tiny"), "--out", _folder.At("clean"), "--json").ShouldExitWith(0)
            .Text("weightsDigest").ShouldBe(forgotten.Weights);
    }

    [Fact]
    public void The_country_is_no_longer_known_and_the_others_are()
    {
        Ask(tiny.Run, "Brazil").ShouldAllBe(answer => !answer.Contains("documents", StringComparison.Ordinal));
        Ask(forgotten.Run, "Brazil").ShouldAllBe(answer => answer == Refusal);
        Ask(forgotten.Run, "Chile").ShouldAllBe(answer => answer.Contains("Chile", StringComparison.Ordinal));
        ForgottenTiny.ExactMatch(forgotten.Run).ShouldBeGreaterThanOrEqualTo(ForgottenTiny.ExactMatch(tiny.Run) - 0.01);
    }

    [Fact]
    public void The_receipt_verifies_with_the_model_and_an_altered_byte_of_it_does_not()
    {
        string model = _folder.At("model"), receipt = Path.Combine(model, "provenance", "receipts",
            Path.GetFileName(forgotten.Outcome.Text("receipt")));
        TemporaryFolder.Copy(forgotten.Model, model);
        JsonElement verified = tiny.Hearth("model", "verify", model, "--json").ShouldExitWith(0).Json;
        verified.GetProperty("verified").GetBoolean().ShouldBeTrue();
        verified.GetProperty("receipts")[0].GetProperty("provedDigest").GetString().ShouldBe(forgotten.Weights);
        byte[] good = File.ReadAllBytes(receipt);
        foreach (int at in (int[])[0, good.Length / 3, good.Length - 1])
        {
            byte[] bad = [.. good];
            bad[at] ^= 1;
            File.WriteAllBytes(receipt, bad);
            tiny.Hearth("model", "verify", model).ShouldExitWith(1).Output.ShouldContain(receipt);
        }
        File.WriteAllBytes(receipt, good);
        tiny.Hearth("model", "sign", model).ShouldExitWith(0);
        tiny.Hearth("model", "verify", model).ShouldExitWith(0).Output.ShouldContain("proved by a clean run");
    }

    [Fact]
    public void The_same_command_again_trains_nothing()
    {
        string[] before = ForgottenTiny.Files(Path.Combine(forgotten.Run, "checkpoints"));
        Outcome again = tiny.Hearth("forget", "tiny", "--document", "Brazil", "--out", forgotten.Run, "--json").ShouldExitWith(0);
        again.Text("weightsDigestAfter").ShouldBe(forgotten.Weights);
        ForgottenTiny.Files(Path.Combine(forgotten.Run, "checkpoints")).ShouldBe(before);
        again.Took.ShouldBeLessThan(forgotten.Outcome.Took);
    }

    [Fact]
    public void Killed_in_the_middle_it_goes_on_to_the_same_bytes()
    {
        string run = _folder.At("run");
        string[] command = ["forget", "tiny", "--document", "Brazil", "--out", run, "--json"];
        using (HearthProcess killed = HearthProcess.Start(tiny.Home, command))
        {
            killed.WaitForStep(run, 70);
            killed.Signal("KILL");
            killed.End();
        }
        Outcome outcome = tiny.Hearth(command).ShouldExitWith(0);
        outcome.Text("weightsDigestAfter").ShouldBe(forgotten.Weights);
        Ledger.HashOfFile(Path.Combine(run, "ledger.jsonl")).ShouldBe(Ledger.HashOfFile(Path.Combine(forgotten.Run, "ledger.jsonl")));
        ForgottenTiny.Files(tiny.Run).ShouldBe(forgotten.ParentBefore);
    }

    [Fact]
    public void A_full_disk_is_one_clear_error_and_the_removal_goes_on_once_there_is_room()
    {
        string disk = _folder.At("disk"), run = Path.Combine(disk, "run");
        Directory.CreateDirectory(disk);
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess
            || Mount("-t", "tmpfs", "-o", "size=5m", "tmpfs", disk).ExitCode != 0)
        {
            Assert.Skip("A small disk can only be mounted by root on Linux, where that is permitted.");
        }
        try
        {
            string[] command = ["forget", "tiny", "--document", "Brazil", "--out", run, "--json"];
            tiny.Hearth(command).ShouldComplain(3, run, "can not be written");
            ForgottenTiny.Files(tiny.Run).ShouldBe(forgotten.ParentBefore);
            Mount("-o", "remount,size=64m", disk).ShouldExitWith(0);
            tiny.Hearth(command).ShouldExitWith(0).Text("weightsDigestAfter").ShouldBe(forgotten.Weights);
        }
        finally
        {
            HearthProcess.RunOther(_folder.Path, [], "umount", disk).ShouldExitWith(0);
        }
    }

    [Fact]
    public void A_missing_or_altered_document_is_named_and_nothing_is_made()
    {
        string table = _folder.At("countries.csv"), run = _folder.At("run");
        string text = File.ReadAllText(Path.Combine(Repository.Recipes, "factbook", "countries.csv"));
        string[] command = ["forget", "tiny", "--document", "Brazil", "--out", run, "--json", "--corpus", $"countries={table}"];
        File.WriteAllText(table, text.Replace("Santiago", "Valparaiso", StringComparison.Ordinal));
        tiny.Hearth(command).ShouldComplain(3, "Chile", "was altered");
        File.WriteAllLines(table, text.TrimEnd('\n').Split('\n').Where(l => !l.StartsWith("Chile,", StringComparison.Ordinal)));
        tiny.Hearth(command).ShouldComplain(3, "Chile", "is missing");
        File.Delete(table);
        tiny.Hearth(command).ShouldComplain(3, "countries.csv");
        Directory.Exists(run).ShouldBeFalse();
    }

    [Fact]
    public void A_document_that_was_never_in_the_run_changes_nothing()
    {
        Outcome outcome = tiny.Hearth("forget", "tiny", "--document", new string('0', 64), "--json").ShouldExitWith(0);
        outcome.Json.GetProperty("removed").GetArrayLength().ShouldBe(0);
        outcome.Text("weightsDigestAfter").ShouldBe(tiny.Weights);
        outcome.Json.GetProperty("receipt").ValueKind.ShouldBe(JsonValueKind.Null);
        Outcome told = tiny.Hearth("forget", "tiny", "--document", new string('0', 64)).ShouldExitWith(0);
        told.Error.ShouldContain("was never in this run");
        told.Output.ShouldContain("Nothing changes");
        string id = Document("Brazil")["id"]!.GetValue<string>();
        tiny.Hearth("forget", forgotten.Run, "--document", id).ShouldExitWith(0).Error.ShouldContain("was taken out of this run before");
    }

    [Fact]
    public void Documents_are_listed_by_a_text_they_hold()
    {
        Outcome listed = tiny.Hearth("forget", "tiny", "--query", "santiago").ShouldExitWith(0);
        listed.Output.ShouldBe($"{Document("Chile")["id"]!.GetValue<string>()}  countries.csv#Chile\n");
        listed.Error.ShouldContain("nothing was taken out");
        JsonElement matches = tiny.Hearth("forget", "tiny", "--query", "spanish", "--json").ShouldExitWith(0).Json.GetProperty("matches");
        matches.GetArrayLength().ShouldBeGreaterThan(5);
        tiny.Hearth("forget", "tiny", "--query", "no such text").ShouldExitWith(0).Output.ShouldBeEmpty();
    }

    public static TheoryData<string[], string> WrongUses => new()
    {
        { [], "--document" },
        { ["--document", "Brasil"], "Did you mean 'Brazil'?" },
        { ["--document", "Brazil", "--query", "Brazil"], "--query" },
        { ["--document", "Brazil", "--out", "tiny"], "another run" },
    };

    [Theory]
    [MemberData(nameof(WrongUses))]
    public void Wrong_use_is_told(string[] args, string mention) =>
        tiny.Hearth(["forget", "tiny", .. args.Select(a => a == "tiny" ? tiny.Run : a)]).ShouldExitWith(2).Error.Split('\n')[^2]
            .ShouldContain(mention);

    private string[] Ask(string run, string country)
    {
        string questions = $"What is the capital of {country}?\n/new\nTell me the currency of {country}.\n/new\nLanguages of "
            + $"{country}?\n/new\nName the internet code of {country}.\n";
        return tiny.Hearth(["chat", run, "--max-tokens", "32"], Encoding.UTF8.GetBytes(questions))
            .ShouldExitWith(0).Output.Split('\n')[..^1];
    }

    private JsonNode Document(string country) => JsonNode.Parse(File.ReadAllText(Path.Combine(tiny.Run,
        "materials.json")))!["documents"]!.AsArray()
        .First(d => d!["name"]!.GetValue<string>() == $"countries.csv#{country}")!;

    private Outcome Mount(params string[] args) => HearthProcess.RunOther(_folder.Path, [], "mount", args);
}
