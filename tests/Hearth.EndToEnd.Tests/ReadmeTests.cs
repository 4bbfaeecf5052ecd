using System.Text.RegularExpressions;
using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

/// <summary>The commands that README.md shows work as it shows them.</summary>
public sealed partial class ReadmeTests(ITestOutputHelper log) : IDisposable
{
    /// <summary>Other programs that README may show; they are not run here.</summary>
    private static readonly string[] Others = ["git clone ", "cd ", "dotnet test", ".ci/run", ".ci/nightly"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_command_in_README_works_in_order()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("README shows the commands of a Unix shell.");
        string[] commands = Commands(File.ReadAllText(Path.Combine(Repository.Root, "README.md")));
        string[] ours = [.. commands.Where(c => c.StartsWith("./hearth", StringComparison.Ordinal))];
        ours.ShouldNotBeEmpty();
        ours.ShouldContain("./hearth up");
        commands.Except(ours).Where(c => !Others.Any(o => c.StartsWith(o, StringComparison.Ordinal))).ShouldBeEmpty("README shows commands that nothing checks");

        // A folder like the repository's, in which the launcher starts what these tests were built with, so that a line may write where it likes.
        TemporaryFolder.Copy(Repository.Recipes, _folder.At("recipes"));
        File.WriteAllText(_folder.At("hearth"), $"#!/bin/sh\nexec dotnet '{Repository.Dll(Repository.Configuration)}' \"$@\"\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder.At("hearth"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Dictionary<string, string> environment = new() { ["HEARTH_HOME"] = _folder.At("home") };
        foreach (string command in ours)
        {
            Outcome outcome = HearthProcess.RunOther(_folder.Path, environment, "bash", "-c", OfTiny(command));
            log.WriteLine($"{outcome.Took.TotalSeconds,6:0.0} s  {OfTiny(command)}");
            outcome.ShouldExitWith(0);
        }
    }

    [Fact]
    public void A_command_is_found_with_its_continuation_and_without_its_comment() =>
        Commands("# Title\n```sh\ngit clone x  # first\n\n# a comment\n./hearth up \\\n  tiny\n```\ntext\n```text\n./hearth no\n```\n```sh\n./hearth chat \"a # b\"\n```\n")
            .ShouldBe(["git clone x", "./hearth up tiny", "./hearth chat \"a # b\""]);

    /// <summary>The recipe of a plain <c>up</c> trains for minutes, which .ci/nightly does; here its place is taken by the one that takes seconds.</summary>
    private static string OfTiny(string command) => (command == "./hearth up" ? "./hearth up tiny" : command).Replace("factbook", "tiny", StringComparison.Ordinal);

    private static string[] Commands(string readme) =>
    [
        .. Block().Matches(readme).SelectMany(m => m.Groups["lines"].Value.Replace("\\\n", "", StringComparison.Ordinal).Split('\n'))
            .Select(l => Spaces().Replace(Comment().Replace(l, ""), " ").Trim()).Where(l => l.Length > 0),
    ];

    [GeneratedRegex(@"^```sh\n(?<lines>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"(?:^|\s)#[^""']*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@" {2,}")]
    private static partial Regex Spaces();
}
