using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

/// <summary>Folders that can not be written, disks that are full, and two programs in one folder.</summary>
public sealed class RoomTests(TinyRun tiny) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_that_can_not_be_made_is_named()
    {
        // Below a file there can be no folder, not even for root.
        string file = _folder.At("file"), below = Path.Combine(file, "run");
        File.WriteAllText(file, "a file");
        TrainedInto(below).ShouldComplain(3, below, "can not be written");
        HearthProcess.Run(file, "up", "tiny", "--json").ShouldComplain(3, file, "can not be written");
        tiny.Hearth("model", "logits", "tiny", "--tokens", "1", "--out", Path.Combine(below, "logits")).ShouldComplain(3, below);
    }

    [Fact]
    public void A_folder_that_may_not_be_written_is_named()
    {
        if (Environment.IsPrivilegedProcess) Assert.Skip("This user may write everywhere.");
        string closed = _folder.At("closed");
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has other permissions.");
        else Directory.CreateDirectory(closed, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        TrainedInto(Path.Combine(closed, "run")).ShouldComplain(3, closed, "can not be written");
    }

    [Fact]
    public void A_full_disk_is_one_clear_error_and_the_run_goes_on_once_there_is_room()
    {
        string disk = _folder.At("disk"), run = Path.Combine(disk, "run");
        Directory.CreateDirectory(disk);
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || Mount("-t", "tmpfs", "-o", "size=5m", "tmpfs", disk).ExitCode != 0)
        {
            Assert.Skip("A small disk can only be mounted by root on Linux, where that is permitted.");
        }
        try
        {
            Outcome full = TrainedInto(run);
            full.ShouldComplain(3, run, "can not be written", "checkpoints are intact");
            string[] kept = [.. Directory.GetDirectories(Path.Combine(run, "checkpoints")).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)];
            kept.ShouldNotBeEmpty();
            kept.ShouldBe(((string[])["step-000050", "step-000100", "step-000150", "step-000200"])[..kept.Length]);
            tiny.Hearth("train", "--resume", run).ShouldExitWith(3);                  // still full, still one error, nothing lost
            Mount("-o", "remount,size=64m", disk).ShouldExitWith(0);
            tiny.Hearth("train", "--resume", run, "--json").ShouldExitWith(0).Text("ledgerHead").ShouldBe(tiny.Head);
        }
        finally
        {
            HearthProcess.RunOther(_folder.Path, [], "umount", disk).ShouldExitWith(0);
        }
    }

    [Fact]
    public void A_disk_without_room_for_a_checkpoint_is_refused_before_training()
    {
        string disk = _folder.At("disk"), run = Path.Combine(disk, "run");
        Directory.CreateDirectory(disk);
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || Mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", disk).ExitCode != 0)
        {
            Assert.Skip("A small disk can only be mounted by root on Linux, where that is permitted.");
        }
        try
        {
            TrainedInto(run).ShouldComplain(3, disk, "1 MB left");
            Directory.Exists(run).ShouldBeFalse();
        }
        finally
        {
            HearthProcess.RunOther(_folder.Path, [], "umount", disk).ShouldExitWith(0);
        }
    }

    [Fact]
    public void A_second_program_does_not_train_into_the_folder_of_the_first()
    {
        string run = _folder.At("run");
        using HearthProcess first = HearthProcess.Start(tiny.Home, ["train", "tiny", "--out", run, "--json"]);
        first.WaitForStep(run, 3);
        TrainedInto(run).ShouldComplain(2, run, "already holds a run");
        tiny.Hearth("train", "--resume", run, "--json").ShouldComplain(3, run, "another hearth is training here");
        first.HasExited.ShouldBeFalse();
        first.End().ShouldExitWith(0).Text("ledgerHead").ShouldBe(tiny.Head);
    }

    private Outcome TrainedInto(string run) => tiny.Hearth("train", "tiny", "--out", run, "--json");

    private Outcome Mount(params string[] args) => HearthProcess.RunOther(_folder.Path, [], "mount", args);
}
