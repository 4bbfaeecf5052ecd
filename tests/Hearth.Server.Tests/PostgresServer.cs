using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hearth.Server.Tests;
using Npgsql;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Hearth.Server.Tests;

/// <summary>
/// A PostgreSQL of its own for the tests, in a temporary folder on loopback, started when a test first asks for a database. Where it is not installed
/// (Debian: postgresql) the test is skipped, saying so.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly SemaphoreSlim _starting = new(1);
    private Process? _process;
    private string? _folder;
    private int _port, _databases;

    /// <summary>A connection string of a new and empty database.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        await _starting.WaitAsync();
        try
        {
            if (_process is null) await StartAsync();
        }
        finally
        {
            _starting.Release();
        }
        string name = $"hearth_{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync($"CREATE DATABASE {name}");
        return Connection(name);
    }

    public async ValueTask DisposeAsync()
    {
        _starting.Dispose();
        if (_folder is null) return;
        NpgsqlConnection.ClearAllPools();
        if (_process is not null)
        {
            await RunAsync("pg_ctl", "stop", "-m", "immediate", "-D", Data);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder!, "data");

    private async Task StartAsync()
    {
        if (Programs() is null) Assert.Skip("PostgreSQL is not installed on this machine (Debian: apt-get install postgresql).");
        if (_folder is not null) Assert.Skip("PostgreSQL did not start before.");
        _folder = Directory.CreateTempSubdirectory("hearth-postgres-").FullName;
        if (Environment.IsPrivilegedProcess) await ToolAsync("chown", User(), _folder);
        await RunAsync("initdb", "-D", Data, "-U", "hearth", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
        using (var socket = new TcpListener(IPAddress.Loopback, 0))
        {
            socket.Start();
            _port = ((IPEndPoint)socket.LocalEndpoint).Port;
        }
        _process = Process.Start(Start("postgres", "-D", Data, "-p", $"{_port}", "-k", _folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=200"))!;
        for (int i = 0; ; i++)
        {
            try
            {
                await ExecuteAsync("SELECT 1");
                return;
            }
            catch (NpgsqlException) when (i < 200)
            {
                await Task.Delay(50);
            }
        }
    }

    private string Connection(string database) => $"Host=127.0.0.1;Port={_port};Username=hearth;Database={database};Maximum Pool Size=20";

    private async Task ExecuteAsync(string command)
    {
        await using var connection = new NpgsqlConnection(Connection("postgres"));
        await connection.OpenAsync();
        await using var it = new NpgsqlCommand(command, connection);
        await it.ExecuteNonQueryAsync();
    }

    private static string? Programs() => !Directory.Exists("/usr/lib/postgresql") ? null : Directory.GetDirectories("/usr/lib/postgresql")
        .Select(d => Path.Combine(d, "bin")).Where(d => File.Exists(Path.Combine(d, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault();

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static string User() => File.ReadLines("/etc/passwd").Any(l => l.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";

    private static ProcessStartInfo Start(string program, params string[] arguments)
    {
        string path = Path.Combine(Programs()!, program);
        string[] asUser = Environment.IsPrivilegedProcess ? ["setpriv", $"--reuid={User()}", "--clear-groups", path] : [path];
        return new ProcessStartInfo(asUser[0], [.. asUser[1..], .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
    }

    private static Task RunAsync(string program, params string[] arguments) => EndAsync(Start(program, arguments));

    private static Task ToolAsync(string program, params string[] arguments) =>
        EndAsync(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true });

    private static async Task EndAsync(ProcessStartInfo start)
    {
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{start.FileName} {string.Join(' ', start.ArgumentList)}: {await errors}");
    }
}
