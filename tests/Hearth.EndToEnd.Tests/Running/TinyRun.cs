namespace Hearth.EndToEnd.Tests.Running;

/// <summary>recipes/tiny, trained once by <c>hearth up</c> for all tests, which only read it or copy it.</summary>
public sealed class TinyRun : IDisposable
{
    public const int Steps = 200;

    private readonly TemporaryFolder _folder = new();

    public TinyRun() => Up = HearthProcess.Run(Home, "up", "tiny", "--json").ShouldExitWith(0);

    public string Home => _folder.At("home");

    /// <summary>What <c>up tiny --json</c> said when it trained.</summary>
    public Outcome Up { get; }

    /// <summary>The run's folder.</summary>
    public string Run => Path.Combine(Home, "runs", "tiny");

    public string Weights => Up.Text("weightsDigest");

    public string Head => Up.Text("ledgerHead");

    /// <summary>Runs a command in the home that has the run.</summary>
    public Outcome Hearth(params string[] args) => HearthProcess.Run(Home, args);

    /// <summary>Runs a command with something to read.</summary>
    public Outcome Hearth(string[] args, byte[] input) => HearthProcess.Run(Home, args, input, []);

    /// <summary>A copy of the run that a test may alter.</summary>
    public string CopyInto(TemporaryFolder folder)
    {
        string copy = folder.At("run");
        TemporaryFolder.Copy(Run, copy);
        return copy;
    }

    public void Dispose() => _folder.Dispose();
}
