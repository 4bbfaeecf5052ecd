using System.Diagnostics;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests;

/// <summary><c>hearth serve</c> as it is built, in a process of its own.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private ServerProcess(Process process) => (_process, _errors) = (process, process.StandardError.ReadToEndAsync());

    public Uri Address { get; private set; } = null!;

    /// <summary>Starts it, and waits until it listens.</summary>
    /// <param name="home">HEARTH_HOME.</param>
    /// <param name="database">HEARTH_DB; null for a file in the home.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public static async Task<ServerProcess> StartAsync(string home, string? database, CancellationToken cancel)
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        string command = Path.Combine(at.Parent!.Parent!.FullName, "Hearth.Cli", at.Name, "hearth.dll");
        if (!File.Exists(command)) Assert.Skip($"The command is not built at '{command}' (dotnet build src/Hearth.Cli -c {at.Name}).");
        var start = new ProcessStartInfo("dotnet", [command, "serve", "--port", "0", "--threads", "2"]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HEARTH_HOME"] = home;
        start.Environment["HEARTH_DB"] = database ?? "";
        var server = new ServerProcess(Process.Start(start)!);
        const string Sign = "Listening on ";
        while (await server._process.StandardOutput.ReadLineAsync(cancel) is { } line)
        {
            if (!line.StartsWith(Sign, StringComparison.Ordinal)) continue;
            server.Address = new Uri(line[Sign.Length..]);
            return server;
        }
        throw new InvalidOperationException(await server._errors);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.HasExited.ShouldBeFalse();
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
    }
}
