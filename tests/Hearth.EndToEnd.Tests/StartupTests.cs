using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

public sealed class StartupTests(TinyRun tiny, ITestOutputHelper log)
{
    [Fact]
    public void Help_comes_at_once()
    {
        double[] seconds = [.. Enumerable.Range(0, 5).Select(_ => tiny.Hearth("--help").ShouldExitWith(0).Took.TotalSeconds).Order()];
        string found = $"hearth --help takes {seconds[2]:0.000} s, the median of {string.Join(", ", seconds.Select(s => $"{s:0.000}"))}";
        log.WriteLine(found);
        seconds[2].ShouldBeLessThan(1.0, found);                                     // 0.3 s on a quiet machine; others may be at work on this one
    }

    [Fact]
    public void The_launcher_runs_the_command_it_is_given()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("The launcher for Windows is hearth.cmd.");
        Dictionary<string, string> environment = new() { ["HEARTH_CONFIGURATION"] = Repository.Configuration == "debug" ? "Debug" : "Release", ["HEARTH_HOME"] = tiny.Home };
        Outcome told = HearthProcess.RunOther(Path.GetTempPath(), environment, Path.Combine(Repository.Root, "hearth"), "model", "show", "tiny", "--json");
        told.ShouldExitWith(0).Text("weightsDigest").ShouldBe(tiny.Weights);
        HearthProcess.RunOther(Path.GetTempPath(), environment, Path.Combine(Repository.Root, "hearth"), "frobnicate").ShouldComplain(2, "frobnicate");
    }
}
