using System.Net;
using System.Net.Sockets;
using System.Text;
using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

/// <summary>Remote models and tools on the command line: a scripted server plays the model, <c>hearth mcp serve</c> has the tools.</summary>
public sealed class ToolsTests(TinyRun tiny) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _asked = [];
    private HttpListener? _model;

    public void Dispose()
    {
        _model?.Close();
        _folder.Dispose();
    }

    [Fact]
    public void A_remote_model_searches_the_documents_of_a_run_when_a_person_lets_it()
    {
        string home = _folder.At("home"), url = Serve();
        TemporaryFolder.Copy(tiny.Run, Path.Combine(home, "runs", "tiny"));
        Hearth(home, [], "model", "remote", "add", "far", "--url", url, "--model", "theirs");
        Hearth(home, [], "model", "list").Output.ShouldContain($"far   remote: theirs at {url}/v1/");
        Hearth(home, [], "mcp", "add", "docs", "--tool", "search_documents", "--env", "HEARTH_HOME", "--", "dotnet", Repository.Dll(Repository.Configuration), "mcp", "serve");
        string tools = Hearth(home, [], "mcp", "tools").Output;
        tools.ShouldContain("allowed  docs__search_documents");
        tools.ShouldContain("         docs__chat");
        string said = Hearth(home, Encoding.UTF8.GetBytes("Where is it?\ny\nAgain?\nn\n"), "chat", "far", "--tools").Output;
        said.ShouldContain("The model wants to call docs__search_documents (server docs) with\n{\n  \"model\": \"tiny\",\n  \"text\": \"Brazil\"\n}\n");
        string[] lines = said.Split('\n');
        lines.ShouldContain("It is in a document.");
        lines.ShouldContain("I may not look.");
        _asked[1].ShouldContain("countries.csv#Brazil");
        _asked[1].ShouldContain("licence");
        _asked[3].ShouldContain("The user did not allow this call.");
    }

    [Fact]
    public void What_can_not_be_registered_is_told_in_a_line()
    {
        string home = _folder.At("home");
        HearthProcess.Run(home, "model", "remote", "add", "far", "--url", "ftp://x").ShouldComplain(2, "ftp://x", "http://127.0.0.1:8000/v1");
        HearthProcess.Run(home, "model", "remote", "add", "far", "--url", "http://cluster.example", "--key-env", "K").ShouldComplain(2, "not encrypted");
        HearthProcess.Run(home, "model", "remote", "test", "far").ShouldComplain(2, "far", "hearth model remote add");
        HearthProcess.Run(home, "mcp", "add", "docs").ShouldComplain(2, "a program or an address");
        HearthProcess.Run(home, "mcp", "remove", "docs").ShouldComplain(2, "hearth mcp add");
        tiny.Hearth("model", "remote", "add", "tiny", "--url", "http://127.0.0.1:1").ShouldComplain(2, "there is a model of this name on this machine");
    }

    private static Outcome Hearth(string home, byte[] input, params string[] args) => HearthProcess.Run(home, args, input, []).ShouldExitWith(0);

    /// <summary>A server that calls a tool when the last message is a person's, and says what came of it when it is a tool's.</summary>
    private string Serve()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        string url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}";
        free.Stop();
        _model = new HttpListener();
        _model.Prefixes.Add(url + "/");
        _model.Start();
        _ = Task.Run(async () =>
        {
            while (_model.IsListening)
            {
                HttpListenerContext context = await _model.GetContextAsync();
                using var reader = new StreamReader(context.Request.InputStream);
                string body = await reader.ReadToEndAsync();
                _asked.Add(body);
                string delta = body.LastIndexOf("\"role\":\"user\"", StringComparison.Ordinal) > body.LastIndexOf("\"role\":\"tool\"", StringComparison.Ordinal)
                    ? """{"tool_calls":[{"index":0,"id":"c1","function":{"name":"docs__search_documents","arguments":"{\"model\":\"tiny\",\"text\":\"Brazil\"}"}}]}"""
                    : body.Contains("did not allow", StringComparison.Ordinal) ? """{"content":"I may not look."}""" : """{"content":"It is in a document."}""";
                context.Response.ContentType = "text/event-stream";
                byte[] answer = Encoding.UTF8.GetBytes($$$"""data: {"id":"x","choices":[{"index":0,"delta":{{{delta}}},"finish_reason":"stop"}]}""" + "\n\ndata: [DONE]\n\n");
                await context.Response.OutputStream.WriteAsync(answer);
                context.Response.Close();
            }
        });
        return url;
    }
}
