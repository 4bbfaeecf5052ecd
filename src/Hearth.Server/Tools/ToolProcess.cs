using System.Diagnostics;

namespace Hearth.Server.Tools;

/// <summary>
/// A program that serves tools over its standard input and output. It gets no more of our environment than it needs; it is ended, with what it started, when we
/// are done. Should we be killed, its input ends, which tells it to stop.
/// </summary>
internal sealed class ToolProcess : IAsyncDisposable
{
    private const int LinesKept = 3, LongestLine = 300;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private static readonly string[] Shared = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "PATHEXT", "APPDATA", "LOCALAPPDATA", "USERPROFILE"];

    private readonly Process _process;
    private readonly Queue<string> _said = new();
    private readonly Task _listening;

    private ToolProcess(Process process)
    {
        _process = process;
        _listening = Task.Run(ListenAsync);
    }

    public Stream Input => _process.StandardInput.BaseStream;

    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>The program's number.</summary>
    public int Id => _process.Id;

    /// <summary>How it ended, with the last that it wrote to its error stream; empty while it runs.</summary>
    public async Task<string> EndAsync()
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(Grace).ConfigureAwait(false);
            await _listening.WaitAsync(Grace).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return "";
        }
        lock (_said) return $" It ended with exit code {_process.ExitCode}{(_said.Count > 0 ? ": " + string.Join(" / ", _said) : "")}.";
    }

    /// <summary>Starts a server's program.</summary>
    /// <exception cref="ToolException">There is no such program.</exception>
    public static ToolProcess Start(ToolServerSpec server)
    {
        var start = new ProcessStartInfo(server.Command!) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in server.Args) start.ArgumentList.Add(argument);
        start.Environment.Clear();
        foreach (string name in Shared.Concat(server.Env))
        {
            if (Environment.GetEnvironmentVariable(name) is { } value) start.Environment[name] = value;
            else if (server.Env.Contains(name, StringComparer.Ordinal)) throw new ToolException(server.Name, $"needs the environment variable {name}, which is not set.");
        }
        try
        {
            return new ToolProcess(Process.Start(start)!);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            throw new ToolException(server.Name, $"can not be started: {server.Command}: {e.Message}. Is it installed, and in PATH?", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.StandardInput.Close();                                      // what the protocol tells a server to stop by
            await _process.WaitForExitAsync().WaitAsync(Grace).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or IOException or InvalidOperationException)
        {
            // Then it is made to.
        }
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended.
        }
        _process.Dispose();
    }

    /// <summary>Keeps the last lines of the error stream, and reads on so that the program never waits.</summary>
    private async Task ListenAsync()
    {
        var buffer = new char[4096];
        var line = new System.Text.StringBuilder();
        try
        {
            int read;
            while ((read = await _process.StandardError.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            {
                foreach (char c in buffer.AsSpan(0, read))
                {
                    if (c == '\n') Keep(line);
                    else if (line.Length < LongestLine && !char.IsControl(c)) line.Append(c);
                }
            }
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // The program is gone.
        }
        Keep(line);
    }

    private void Keep(System.Text.StringBuilder line)
    {
        if (line.Length == 0) return;
        lock (_said)
        {
            _said.Enqueue(line.ToString());
            if (_said.Count > LinesKept) _said.Dequeue();
        }
        line.Clear();
    }
}
