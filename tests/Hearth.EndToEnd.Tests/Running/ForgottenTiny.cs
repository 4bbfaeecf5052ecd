using System.Text.Json;

namespace Hearth.EndToEnd.Tests.Running;

/// <summary>recipes/tiny without one country, made once by <c>hearth forget --prove</c> for all tests, which only read it or copy it.</summary>
public sealed class ForgottenTiny : IDisposable
{
    public const string Country = "Brazil";

    private readonly TemporaryFolder _folder = new();

    public ForgottenTiny(TinyRun tiny)
    {
        Run = _folder.At("forgotten");
        ParentBefore = Files(tiny.Run);
        Outcome = tiny.Hearth("forget", "tiny", "--document", Country, "--out", Run, "--prove", "--json").ShouldExitWith(0);
        ParentAfter = Files(tiny.Run);
    }

    /// <summary>What the command said.</summary>
    public Outcome Outcome { get; }

    /// <summary>The run without the country.</summary>
    public string Run { get; }

    public string Model => Path.Combine(Run, "model");

    public string Weights => Outcome.Text("weightsDigestAfter");

    /// <summary>Every file of the parent with its digest, before and after.</summary>
    public string[] ParentBefore { get; }

    public string[] ParentAfter { get; }

    /// <summary>The share of held-out questions that a run answers right.</summary>
    public static double ExactMatch(string run)
    {
        using JsonDocument scores = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "evaluation.json")));
        return scores.RootElement.GetProperty("heldOutExactMatch").GetDouble();
    }

    public static string[] Files(string folder) =>
    [
        .. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => $"{f} {Ledger.HashOfFile(f)}"),
    ];

    public void Dispose() => _folder.Dispose();
}
