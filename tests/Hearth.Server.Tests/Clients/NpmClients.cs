using System.Diagnostics;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Clients;

/// <summary>
/// Runs scripts with the clients of OpenAI and Anthropic from npm, as they come. They are in the folder that HEARTH_NPM names (with node_modules), or in
/// artifacts/npm, where .ci/run installs them. Without them, or without node, a test is skipped, saying so.
/// </summary>
internal static class NpmClients
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    /// <summary>Runs a script to its end, which is its last line saying so.</summary>
    /// <param name="script">Its name, without .mjs.</param>
    /// <param name="package">The package that it needs.</param>
    /// <param name="variables">What it is told.</param>
    /// <param name="cancel">Ends it early.</param>
    public static async Task RunAsync(string script, string package, Dictionary<string, string> variables, CancellationToken cancel)
    {
        string folder = Folder(package);
        var start = new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "Clients", script + ".mjs")])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment["HEARTH_NPM"] = folder;
        foreach ((string name, string value) in variables) start.Environment[name] = value;
        using Process process = StartOrSkip(start);
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancel), errors = process.StandardError.ReadToEndAsync(cancel);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(Longest);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        string said = $"{await output}\n{await errors}";
        process.ExitCode.ShouldBe(0, said);
        said.ShouldContain("all of it holds");                                   // a script that ended early has shown nothing
    }

    private static string Folder(string package)
    {
        string folder = Environment.GetEnvironmentVariable("HEARTH_NPM") is { Length: > 0 } named ? named : Path.Combine(Root(), "artifacts", "npm");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", package))) Assert.Skip($"The npm package '{package}' is not in '{folder}' (.ci/run installs it, HEARTH_NPM names another folder).");
        return folder;
    }

    private static string Root()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Hearth.slnx"))) return at.FullName;
        }
        return AppContext.BaseDirectory;
    }

    private static Process StartOrSkip(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("node is not installed on this machine (Debian: apt-get install nodejs).");
            throw;
        }
    }
}
