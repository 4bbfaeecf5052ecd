using System.Text.Json;
using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

public sealed class AuditTests(TinyRun tiny) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_honest_run_is_sound_in_all_its_segments()
    {
        Outcome outcome = tiny.Hearth("audit", "tiny", "--all", "--json").ShouldExitWith(0);
        outcome.Json.GetProperty("sound").GetBoolean().ShouldBeTrue();
        outcome.Json.GetProperty("finished").GetBoolean().ShouldBeTrue();
        (outcome.Json.GetProperty("segments").GetInt32(), outcome.Json.GetProperty("reExecuted").GetInt32()).ShouldBe((4, 4));
        outcome.Json.GetProperty("problems").GetArrayLength().ShouldBe(0);
        outcome.Json.GetProperty("results").EnumerateArray().ShouldAllBe(r => r.GetProperty("equal").GetBoolean());
    }

    [Fact]
    public void Samples_are_drawn_by_the_auditors_seed_and_the_probability_is_stated()
    {
        Outcome outcome = tiny.Hearth("audit", "tiny", "--samples", "2", "--seed", "5").ShouldExitWith(0);
        outcome.Output.ShouldContain("2 of 4 segments re-executed; a forger who altered one segment would be caught with probability 50 %");
        outcome.Output.ShouldContain("not checked    the arithmetic of 100 of 200 steps");
        outcome.Error.ShouldContain("re-executing 2 of 4 segments, 100 steps; about ");
        Outcome json = tiny.Hearth("audit", "tiny", "--samples", "2", "--seed", "5", "--json").ShouldExitWith(0);
        json.Json.GetProperty("caughtIfOneAltered").GetDouble().ShouldBe(0.5);
        foreach (JsonElement r in json.Json.GetProperty("results").EnumerateArray())
        {
            outcome.Output.ShouldContain($"equal          {r.GetProperty("from").GetInt32()}..{r.GetProperty("to").GetInt32()}: ");
        }
    }

    [Fact]
    public void A_copied_run_is_audited_on_another_machine_with_the_documents_alone()
    {
        string run = tiny.CopyInto(_folder), documents = _folder.At("documents"), table = Path.Combine(documents, "countries.csv");
        Directory.CreateDirectory(documents);
        File.Copy(Path.Combine(Repository.Recipes, "factbook", "countries.csv"), table);
        File.Copy(Path.Combine(Repository.Recipes, "tiny", "invented.txt"), Path.Combine(documents, "invented.txt"));
        File.Delete(Path.Combine(run, "run.json"));
        string home = _folder.At("other home");
        HearthProcess.Run(home, "audit", run, "--segment", "50..100", "--corpus", $"countries={table}", "--json").ShouldExitWith(0);

        // With what run.json says of the first machine it is the same.
        File.WriteAllText(Path.Combine(run, "run.json"), File.ReadAllText(Path.Combine(tiny.Run, "run.json")).Replace(Repository.Root, "/nowhere", StringComparison.Ordinal));
        HearthProcess.Run(home, "audit", run, "--segment", "150..200", "--corpus", $"countries={table}").ShouldExitWith(0).Output.ShouldContain("sound");

        // Documents that are missing or altered.
        HearthProcess.Run(home, "audit", run, "--all").ShouldComplain(3, "countries", "/nowhere");
        File.WriteAllText(table, File.ReadAllText(table).Replace("Santiago", "Valparaiso", StringComparison.Ordinal));
        Outcome altered = HearthProcess.Run(home, "audit", run, "--all", "--corpus", $"countries={table}", "--json").ShouldExitWith(1);
        altered.Json.GetProperty("problems")[0].GetString()!.ShouldContain("Chile");
        altered.Json.GetProperty("reExecuted").GetInt32().ShouldBe(0);
        File.Delete(Path.Combine(documents, "invented.txt"));
        HearthProcess.Run(home, "audit", run, "--corpus", $"countries={table}").ShouldComplain(3, "invented.txt");
    }

    [Fact]
    public void A_forged_loss_in_a_mended_chain_is_told_with_its_step()
    {
        string run = tiny.CopyInto(_folder), ledger = Path.Combine(run, "ledger.jsonl");
        Ledger.ChangeLoss(ledger, 60, andChain: true);
        foreach (string file in Directory.GetFiles(Path.Combine(run, "checkpoints"), "checkpoint.json", SearchOption.AllDirectories)) MendCheckpoint(file, ledger);
        File.Copy(ledger, Path.Combine(run, "model", "provenance", "ledger.jsonl"), overwrite: true);

        Outcome outcome = tiny.Hearth("audit", run, "--segment", "50..100", "--json").ShouldExitWith(1);
        outcome.Json.GetProperty("problems").GetArrayLength().ShouldBe(0);
        outcome.Json.GetProperty("results")[0].GetProperty("firstDifferentStep").GetInt32().ShouldBe(60);
        tiny.Hearth("audit", run, "--segment", "50..100").ShouldExitWith(1).Output.ShouldContain("DIFFERENT      50..100: step 60: the ledger has loss");
        tiny.Hearth("audit", run, "--segment", "0..50").ShouldExitWith(0);
    }

    [Fact]
    public void A_killed_audit_and_an_interrupted_one_leave_the_run_as_it_is()
    {
        string run = tiny.CopyInto(_folder);
        string[] before = Files(run);
        using (HearthProcess killed = HearthProcess.Start(tiny.Home, ["audit", run, "--all"]))
        {
            Thread.Sleep(1500);
            killed.Signal("KILL");
            killed.End().ExitCode.ShouldBe(137);
        }
        Files(run).ShouldBe(before);
        using (HearthProcess interrupted = HearthProcess.Start(tiny.Home, ["audit", run, "--all", "--threads", "1"]))
        {
            Thread.Sleep(1500);
            interrupted.Signal("INT");
            Outcome outcome = interrupted.End().ShouldExitWith(130);
            if (outcome.Output.Length > 0) outcome.Output.ShouldContain("re-executed, then stopped");
        }
        Files(run).ShouldBe(before);
        tiny.Hearth("audit", run, "--segment", "0..50").ShouldExitWith(0);
    }

    [Fact]
    public void A_run_on_a_full_disk_that_can_not_be_written_is_audited_all_the_same()
    {
        string disk = _folder.At("disk"), run = Path.Combine(disk, "run");
        Directory.CreateDirectory(disk);
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || Mount("-t", "tmpfs", "-o", "size=12m", "tmpfs", disk).ExitCode != 0)
        {
            Assert.Skip("A small disk can only be mounted by root on Linux, where that is permitted.");
        }
        try
        {
            TemporaryFolder.Copy(tiny.Run, run);
            HearthProcess.RunOther(disk, [], "/bin/sh", "-c", "cat /dev/zero > filler || true");
            string[] before = Files(run);
            tiny.Hearth("audit", run, "--segment", "0..50", "--json").ShouldExitWith(0);
            Mount("-o", "remount,ro", disk).ShouldExitWith(0);
            tiny.Hearth("audit", run, "--segment", "50..100", "--json").ShouldExitWith(0);
            Files(run).ShouldBe(before);
        }
        finally
        {
            HearthProcess.RunOther(_folder.Path, [], "umount", disk).ShouldExitWith(0);
        }
    }

    [Fact]
    public void A_model_alone_is_checked_as_far_as_it_can_be_and_more_is_refused()
    {
        string model = _folder.At("model");
        TemporaryFolder.Copy(Path.Combine(tiny.Run, "model"), model);
        File.Copy(Path.Combine(Repository.Recipes, "tiny", "invented.txt"), Path.Combine(model, "provenance", "invented.txt"));
        string corpus = $"countries={Path.Combine(Repository.Recipes, "factbook", "countries.csv")}";
        tiny.Hearth("audit", model, "--corpus", corpus).ShouldExitWith(0).Output.ShouldContain("1 of 4 segments re-executed");
        tiny.Hearth("audit", model, "--corpus", corpus, "--all").ShouldExitWith(3).Error.ShouldContain("only 1 of 4 segments can be executed again");
    }

    [Theory]
    [InlineData("--samples", "--samples", "0")]
    [InlineData("--seed", "--seed", "-1")]
    [InlineData("--segment", "--segment", "7")]
    [InlineData("--segment", "--segment", "100..50")]
    [InlineData("0, 50, 100, 150, 200", "--segment", "10..50")]
    [InlineData("one of", "--segment", "0..50", "--all")]
    [InlineData("--seed draws", "--all", "--seed", "1")]
    public void What_can_not_be_meant_is_wrong_use(string says, params string[] options) => tiny.Hearth(["audit", "tiny", .. options]).ShouldExitWith(2).Error.ShouldContain(says);

    private Outcome Mount(params string[] args) => HearthProcess.RunOther(_folder.Path, [], "mount", args);

    private static string[] Files(string run) =>
        [.. Directory.GetFileSystemEntries(run, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => $"{f} {(File.Exists(f) ? Ledger.HashOfFile(f) : "")}")];

    /// <summary>Gives a checkpoint's description the ledger's head and length after its line.</summary>
    private static void MendCheckpoint(string file, string ledger)
    {
        System.Text.Json.Nodes.JsonNode json = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(file))!;
        string[] lines = Ledger.Lines(ledger);
        string step = $"\"step\":{json["step"]},";
        int at = Array.FindIndex(lines, l => l.StartsWith("{\"kind\":\"checkpoint\"", StringComparison.Ordinal) && l.Contains(step, StringComparison.Ordinal));
        json["ledgerHead"] = Ledger.Hash(lines[at]);
        json["ledgerLength"] = lines[..(at + 1)].Sum(l => System.Text.Encoding.UTF8.GetByteCount(l) + 1L);
        File.WriteAllText(file, json.ToJsonString());
    }
}
