using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Shouldly;

namespace Hearth.EndToEnd.Tests.Running;

/// <summary>What a command did.</summary>
public sealed record Outcome(string Command, int ExitCode, byte[] Bytes, string Error, TimeSpan Took)
{
    public string Output => Encoding.UTF8.GetString(Bytes);

    /// <summary>Its standard output as one JSON object.</summary>
    public JsonElement Json
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(Bytes);
            return document.RootElement.Clone();
        }
    }

    public string Text(string property) => Json.GetProperty(property).GetString()!;

    public Outcome ShouldExitWith(int code)
    {
        ExitCode.ShouldBe(code, $"{Command}\n{Error}\n{Output}");
        return this;
    }
}

/// <summary>The built command line, run as a user does: in a process of its own.</summary>
public sealed class HearthProcess : IDisposable
{
    private const int DefaultSeconds = 240;

    private readonly Process _process;
    private readonly string _command;
    private readonly Task<byte[]> _output;
    private readonly Task<string> _error;
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    private HearthProcess(ProcessStartInfo start)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.UseShellExecute = false;
        start.StandardErrorEncoding = Encoding.UTF8;
        _command = string.Join(' ', start.ArgumentList);
        _process = Process.Start(start)!;
        _output = Task.Run(() =>
        {
            var bytes = new MemoryStream();
            _process.StandardOutput.BaseStream.CopyTo(bytes);
            return bytes.ToArray();
        });
        _error = _process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Runs a command to its end, with nothing to read on standard input.</summary>
    public static Outcome Run(string home, params string[] args) => Run(home, args, [], []);

    /// <summary>Runs a command to its end.</summary>
    /// <param name="home">HEARTH_HOME.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="input">Its standard input, which then ends.</param>
    /// <param name="environment">More variables.</param>
    /// <param name="configuration">The configuration of the program; the one of these tests when null.</param>
    public static Outcome Run(string home, string[] args, byte[] input, Dictionary<string, string> environment, string? configuration = null)
    {
        using HearthProcess process = Start(home, args, environment, configuration);
        process.Say(input);
        return process.End();
    }

    /// <summary>Starts a command.</summary>
    public static HearthProcess Start(string home, string[] args, Dictionary<string, string>? environment = null, string? configuration = null)
    {
        var start = new ProcessStartInfo("dotnet", [Repository.Dll(configuration ?? Repository.Configuration), .. args]);
        start.Environment["HEARTH_HOME"] = home;
        foreach ((string name, string value) in environment ?? []) start.Environment[name] = value;
        return new HearthProcess(start);
    }

    /// <summary>Runs another program to its end.</summary>
    public static Outcome RunOther(string folder, Dictionary<string, string> environment, string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args) { WorkingDirectory = folder };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using var process = new HearthProcess(start);
        process.Say([]);
        return process.End();
    }

    /// <summary>Gives standard input its content, and its end.</summary>
    public void Say(byte[] input)
    {
        try
        {
            using Stream stream = _process.StandardInput.BaseStream;
            stream.Write(input);
        }
        catch (IOException)
        {
            // It ended without reading.
        }
    }

    /// <summary>Waits for the end; a command that takes longer than it may is killed, and the test fails.</summary>
    public Outcome End(int seconds = DefaultSeconds)
    {
        if (!_process.WaitForExit(TimeSpan.FromSeconds(seconds)))
        {
            _process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{_command}: did not end in {seconds} s");
        }
        _process.WaitForExit();
        return new Outcome(_command, _process.ExitCode, _output.Result, _error.Result, _clock.Elapsed);
    }

    /// <summary>Waits until a run's ledger holds a step.</summary>
    public void WaitForStep(string run, int step)
    {
        string ledger = Path.Combine(run, "ledger.jsonl");
        while (!File.Exists(ledger) || !Ledger.Lines(ledger).Any(l => Ledger.Step(l) >= step))
        {
            HasExited.ShouldBeFalse($"{_command}: ended before step {step}: {(HasExited ? _error.Result : "")}");
            _clock.Elapsed.TotalSeconds.ShouldBeLessThan(DefaultSeconds, $"{_command}: did not reach step {step}");
            Thread.Sleep(5);
        }
    }

    /// <summary>Sends a signal by its name.</summary>
    public void Signal(string name)
    {
        HasExited.ShouldBeFalse($"{_command}: ended before it could be sent {name}");
        RunOther(Path.GetTempPath(), [], "/bin/sh", "-c", $"kill -{name} {Id}").ShouldExitWith(0);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }
        _process.Dispose();
    }
}
