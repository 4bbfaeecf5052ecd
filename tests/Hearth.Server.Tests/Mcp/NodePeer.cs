using System.Diagnostics;
using System.Text.Json.Nodes;
using Hearth.Server.Tools;
using Xunit;

namespace Hearth.Server.Tests.Mcp;

/// <summary>The official SDK of the Model Context Protocol from npm, as it comes, in the folder mcp below the one that HEARTH_NPM names, or below artifacts/npm.</summary>
internal static class NodePeer
{
    /// <summary>The folder of packages; the test is skipped where there is none.</summary>
    public static string Packages()
    {
        string folder = Environment.GetEnvironmentVariable("HEARTH_NPM") is { Length: > 0 } named ? named : Path.Combine(Root(), "artifacts", "npm");
        if (!Directory.Exists(Path.Combine(folder, "mcp", "node_modules", "@modelcontextprotocol", "sdk")))
            Assert.Skip($"The npm package '@modelcontextprotocol/sdk' is not in '{folder}/mcp' (.ci/run installs it, HEARTH_NPM names another folder).");
        return folder;
    }

    /// <summary>The SDK's server as a program whose named tools are allowed.</summary>
    public static ToolServerSpec Server(params string[] tools)
    {
        Environment.SetEnvironmentVariable("HEARTH_NPM", Packages());
        return new ToolServerSpec { Name = "peer", Command = "node", Args = [Script("server.mjs")], Env = ["HEARTH_NPM"], Tools = tools, TimeoutSeconds = 30 };
    }

    /// <summary>Runs the SDK's client.</summary>
    /// <param name="environment">HEARTH_URL, HEARTH_KEY, HEARTH_CALLS.</param>
    /// <param name="program">The server's program and its arguments; none for an address.</param>
    public static async Task<JsonNode> Client(Dictionary<string, string> environment, params string[] program)
    {
        using Process node = Start([Script("client.mjs"), .. program], environment);
        string output = await node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
        return JsonNode.Parse(output)!;
    }

    public static Process Start(string[] arguments, Dictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("node") { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["HEARTH_NPM"] = Packages();
        foreach ((string name, string value) in environment ?? []) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    public static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "Mcp", name);

    public static string Root()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Hearth.slnx"))) at = at.Parent;
        return at?.FullName ?? AppContext.BaseDirectory;
    }
}
