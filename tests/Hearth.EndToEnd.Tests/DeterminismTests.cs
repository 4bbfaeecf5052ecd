using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json;
using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

/// <summary>recipes/tiny gives one weights digest and one ledger head, whatever it is trained with and whatever happens to it.</summary>
public sealed class DeterminismTests(TinyRun tiny, ITestOutputHelper log) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Run => _folder.At("run");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_digests_printed_are_those_of_the_files_written()
    {
        tiny.Weights.ShouldBe(Ledger.HashOfFile(Path.Combine(tiny.Run, "model", "model.safetensors")));
        string ledger = Path.Combine(tiny.Run, "ledger.jsonl");
        tiny.Head.ShouldBe(Ledger.Hash(Ledger.Lines(ledger)[^1]));
        Ledger.ShouldHoldTogether(ledger);
        Ledger.Lines(ledger).Count(l => Ledger.Step(l) > 0).ShouldBe(TinyRun.Steps);
    }

    [Fact]
    public void Train_prints_digests_steps_and_speed() => ShouldBeTheSame(HearthProcess.Run(tiny.Home, "train", "tiny", "--out", Run, "--json"))
        .GetProperty("tokensPerSecond").GetDouble().ShouldBeGreaterThan(0);

    [Theory]
    [InlineData("DOTNET_EnableAVX512", "Vector512")]
    [InlineData("DOTNET_TieredCompilation", null)]
    public void Training_gives_the_same_bytes_when_the_runtime_is_told_to_do_without(string switchedOff, string? missing)
    {
        ShouldTakeEffect(switchedOff, missing);
        ShouldBeTheSame(Train([], switchedOff));
    }

    [Theory]
    [InlineData("DOTNET_EnableAVX2", "Vector256")]
    [InlineData("DOTNET_EnableHWIntrinsic", "Vector128")]
    public void Training_gives_the_same_bytes_without_fused_multiply_add(string switchedOff, string missing)
    {
        // It goes with AVX2, and is then emulated and some fifty times slower: here the first steps, in .ci/nightly all of them.
        ShouldTakeEffect(switchedOff, missing);
        Outcome with = HearthProcess.Run(tiny.Home, "train", "tiny", "--out", _folder.At("with"), "--stop-at", "2", "--json").ShouldExitWith(0);
        Outcome without = Train(["--stop-at", "2"], switchedOff).ShouldExitWith(0);
        without.Text("weightsDigest").ShouldBe(with.Text("weightsDigest"));
        without.Text("ledgerHead").ShouldBe(with.Text("ledgerHead"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Training_gives_the_same_bytes_with_any_number_of_threads(int threads) => ShouldBeTheSame(Train(["--threads", $"{threads}"]));

    [Fact]
    public void Training_stopped_at_three_steps_and_resumed_gives_the_same_bytes()
    {
        int[] stops = Environment.GetEnvironmentVariable("HEARTH_STOPS") is { } given
            ? [.. given.Split(',').Select(int.Parse)]
            : [.. Enumerable.Range(1, TinyRun.Steps - 1).OrderBy(_ => Random.Shared.Next()).Take(3).Order()];
        log.WriteLine($"HEARTH_STOPS={string.Join(',', stops)} stops there again");
        Outcome stopped = Train(["--stop-at", $"{stops[0]}"]).ShouldExitWith(0);
        foreach (int stop in stops)
        {
            if (stop != stops[0]) stopped = Resume("--stop-at", $"{stop}").ShouldExitWith(0);
            stopped.Json.GetProperty("steps").GetInt32().ShouldBe(stop);
            stopped.Text("weightsDigest").ShouldBe(Ledger.HashOfFile(Path.Combine(Run, "checkpoints", $"step-{stop:D6}", "model.safetensors")));
        }
        ShouldBeTheSame(Resume(), $"stops {string.Join(", ", stops)}");
    }

    [Theory]
    [InlineData(5)]
    [InlineData(70)]
    public void Training_killed_and_resumed_gives_the_same_bytes(int step)
    {
        using (HearthProcess process = HearthProcess.Start(tiny.Home, ["train", "tiny", "--out", Run, "--json"]))
        {
            process.WaitForStep(Run, step);
            process.Signal("KILL");
            process.End().ExitCode.ShouldNotBe(0);
        }
        ShouldBeTheSame(Resume());
    }

    [Theory]
    [InlineData("INT", 2)]
    [InlineData("TERM", 15)]
    public void Training_that_is_asked_to_stop_exits_with_130_and_resumes_to_the_same_bytes(string signal, int number)
    {
        if (IsIgnored(number)) Assert.Skip($"SIG{signal} is ignored by what runs these tests, and so by what they start.");
        using (HearthProcess process = HearthProcess.Start(tiny.Home, ["train", "tiny", "--out", Run, "--json"]))
        {
            process.WaitForStep(Run, 20);
            process.Signal(signal);
            Outcome stopped = process.End().ShouldExitWith(130);
            stopped.Json.GetProperty("finished").GetBoolean().ShouldBeFalse();
            int at = stopped.Json.GetProperty("steps").GetInt32();
            stopped.Text("weightsDigest").ShouldBe(Ledger.HashOfFile(Path.Combine(Run, "checkpoints", $"step-{at:D6}", "model.safetensors")));
        }
        ShouldBeTheSame(Resume());
    }

    [Fact]
    public void Debug_and_Release_give_the_same_bytes()
    {
        string other = Repository.OtherConfiguration;
        if (!File.Exists(Repository.Dll(other)))
        {
            string build = $"Build it by `dotnet build src/Hearth.Cli -c {other}`.";
            Environment.GetEnvironmentVariable("CI").ShouldNotBe("true", $"There is no {other} build to compare with. {build}");
            Assert.Skip($"There is no {other} build to compare with. {build}");
        }
        // Debug is some twenty times slower: up to the first step with an evaluation and a checkpoint.
        string[] args = ["train", "tiny", "--stop-at", "50", "--json", "--out"];
        Outcome mine = HearthProcess.Run(tiny.Home, [.. args, Run]).ShouldExitWith(0);
        Outcome its = HearthProcess.Run(tiny.Home, [.. args, _folder.At("other")], [], [], other).ShouldExitWith(0);
        its.Text("weightsDigest").ShouldBe(mine.Text("weightsDigest"), $"is artifacts/bin/Hearth.Cli/{other} built from the same sources?");
        its.Text("ledgerHead").ShouldBe(mine.Text("ledgerHead"));
    }

    private Outcome Train(string[] args, string? switchedOff = null) => HearthProcess.Run(tiny.Home, ["train", "tiny", "--out", Run, "--json", .. args], [],
        switchedOff is null ? [] : new() { [switchedOff] = "0" });

    private Outcome Resume(params string[] args) => HearthProcess.Run(tiny.Home, ["train", "--resume", Run, "--json", .. args]);

    private JsonElement ShouldBeTheSame(Outcome outcome, string? how = null)
    {
        outcome.ShouldExitWith(0);
        outcome.Text("weightsDigest").ShouldBe(tiny.Weights, how);
        outcome.Text("ledgerHead").ShouldBe(tiny.Head, how);
        outcome.Json.GetProperty("steps").GetInt32().ShouldBe(TinyRun.Steps);
        File.ReadAllText(Path.Combine(Run, "ledger.jsonl")).ShouldBe(File.ReadAllText(Path.Combine(tiny.Run, "ledger.jsonl")), how);
        return outcome.Json;
    }

    /// <summary>A switch that is spelled wrongly changes nothing, and the test would then show nothing.</summary>
    private static void ShouldTakeEffect(string switchedOff, string? missing)
    {
        if (missing is null || RuntimeInformation.ProcessArchitecture != Architecture.X64) return;
        if (missing == "Vector512" && !Vector512.IsHardwareAccelerated) return;      // this processor has none to switch off
        string tests = typeof(Program).Assembly.Location;
        HearthProcess.RunOther(Path.GetTempPath(), new() { [switchedOff] = "0" }, "dotnet", tests, Program.Vectors).ShouldExitWith(0)
            .Output.ShouldContain($"{missing} False");
    }

    private static bool IsIgnored(int signal)
    {
        if (!File.Exists("/proc/self/status")) return OperatingSystem.IsWindows();
        string ignored = File.ReadLines("/proc/self/status").First(l => l.StartsWith("SigIgn:", StringComparison.Ordinal));
        return ((Convert.ToUInt64(ignored.Split('\t')[1], 16) >> (signal - 1)) & 1) == 1;
    }
}
