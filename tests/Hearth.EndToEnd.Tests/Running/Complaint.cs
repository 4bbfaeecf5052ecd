using Shouldly;

namespace Hearth.EndToEnd.Tests.Running;

/// <summary>How an error has to look.</summary>
internal static class Complaint
{
    /// <summary>Exit code, nothing on standard output, one line that begins with the program's name, at most one more that says where help is.</summary>
    public static void ShouldComplain(this Outcome outcome, int code, params string[] mentions)
    {
        outcome.ShouldExitWith(code);
        outcome.Output.ShouldBeEmpty();
        string[] lines = outcome.Error.TrimEnd('\n').Split('\n');
        lines[0].ShouldStartWith("hearth: ");
        lines[0].Length.ShouldBeGreaterThan(20);
        lines.Length.ShouldBeLessThanOrEqualTo(2, outcome.Error);
        if (lines.Length == 2) lines[1].ShouldStartWith("Try `hearth ");
        foreach (string mention in mentions) lines[0].ShouldContain(mention);
        ShouldHaveNoTrace(outcome);
    }

    public static void ShouldHaveNoTrace(this Outcome outcome)
    {
        outcome.Error.ShouldNotContain("   at ");
        outcome.Error.ShouldNotContain("Unhandled");
        outcome.Error.ShouldNotContain("System.");
    }
}
