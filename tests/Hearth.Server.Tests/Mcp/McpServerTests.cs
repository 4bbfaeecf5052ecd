using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Hearth.Server.Auditing;
using Hearth.Server.Mcp;
using Hearth.Server.Security;
using Hearth.Server.Tools;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Mcp;

/// <summary>Hearth as a server of the Model Context Protocol, asked by the official SDK's client, by our own, and request by request.</summary>
public sealed class McpServerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_official_client_lists_the_tools_and_asks_a_model()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        (_, KeySecret secret) = await server.Services.GetRequiredService<KeyStore>().AddAsync("peer", false, KeyLimits.None, null, null, Cancel);
        JsonNode came = await NodePeer.Client(new()
        {
            ["HEARTH_URL"] = new Uri(server.Address, "mcp").ToString(),
            ["HEARTH_KEY"] = secret.ToString(),
            ["HEARTH_CALLS"] = """
                [{"name":"chat","arguments":{"message":"What is the capital?","model":"tiny","maxTokens":12,"seed":7,"temperature":0.8}},
                 {"name":"chat","arguments":{"message":"x","model":"none"}},
                 {"name":"search_models","arguments":{"query":"TINY qwen3"}},
                 {"name":"search_models","arguments":{"query":"nothing like it"}},
                 {"name":"search_documents","arguments":{"model":"tiny","text":"Quito"}},
                 {"name":"search_documents","arguments":{"model":"../../etc","text":"Quito"}}]
                """,
        });
        came["server"]!["name"]!.GetValue<string>().ShouldBe("hearth", came.ToJsonString());
        came["tools"]!.AsArray().Select(t => t!["name"]!.GetValue<string>()).Order().ShouldBe(["chat", "search_documents", "search_models"]);
        JsonNode[] results = [.. came["results"]!.AsArray().Select(r => r!)];
        string answer = Text(results[0]);
        using var asked = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = JsonContent.Create(JsonNode.Parse("""{"model":"tiny","messages":[{"role":"user","content":"What is the capital?"}],"max_tokens":12,"seed":7,"temperature":0.8}""")),
        };
        asked.Headers.Authorization = new("Bearer", secret.ToString());
        JsonNode same = JsonNode.Parse(await (await server.Client.SendAsync(asked, Cancel)).Content.ReadAsStringAsync(Cancel))!;
        answer.ShouldBe(same["choices"]![0]!["message"]!["content"]!.GetValue<string>());
        results[0]["structuredContent"]!["seed"]!.GetValue<long>().ShouldBe(7);
        results[1]["isError"]!.GetValue<bool>().ShouldBeTrue();
        Text(results[1]).ShouldContain("'none'");
        results[2]["structuredContent"]!["models"]![0]!["name"]!.GetValue<string>().ShouldBe("tiny");
        results[3]["structuredContent"]!["models"]!.AsArray().ShouldBeEmpty();
        Text(results[4]).ShouldBe("The model 'tiny' was not trained here, so its documents are not known.");
        Text(results[5]).ShouldContain("There is no model '../../etc'");
        AuditRecord[] written = [.. (await server.Services.GetRequiredService<AuditLog>().ListAsync(cancel: Cancel)).Where(r => r.Line is AnswerLine { Endpoint: "/mcp" })];
        written.ShouldHaveSingleItem().Line.ShouldBeOfType<AnswerLine>().Name.ShouldBe("peer");
    }

    [Fact]
    public async Task Without_a_key_from_another_site_or_for_a_model_of_others_nothing_is_told()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        KeyStore keys = server.Services.GetRequiredService<KeyStore>();
        (_, KeySecret secret) = await keys.AddAsync("peer", false, KeyLimits.None, ["other"], null, Cancel);
        const string Call = """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"chat","arguments":{"message":"x","model":"tiny"}}}""";
        (await Post(server, Call, null)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await Post(server, Call, "wrong")).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await Post(server, Call, secret.ToString(), r => r.Headers.Add("Origin", "https://evil.example"))).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await Post(server, Call, secret.ToString(), r => r.Headers.Host = "evil.example")).Status.ShouldBe(HttpStatusCode.Forbidden);
        (HttpStatusCode status, string text) = await Post(server, Call, secret.ToString());
        status.ShouldBe(HttpStatusCode.OK, text);
        text.ShouldContain("for this key.");
        (await Post(server, """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search_models","arguments":{}}}""", secret.ToString())).Text.ShouldNotContain("llama");
        (await Post(server, "{", secret.ToString())).Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Our_client_asks_our_server()
    {
        await using TestServer far = await TestServer.Start(TinyBundle.Into);
        await using TestServer near = await TestServer.Start(home => new ToolServers(home).Add(
            new ToolServerSpec { Name = "far", Url = new Uri(far.Address, "mcp").ToString(), Tools = ["search_models"] }));
        IToolCalls tools = near.Services.GetRequiredService<ToolService>().Begin(isAdmin: true);
        (await tools.OfferAsync(Cancel)).ShouldHaveSingleItem().Name.ShouldBe("far__search_models");
        (await tools.CallAsync(new("1", "far__search_models", "{}"), (_, _) => Task.FromResult(ToolDecision.Yes), Cancel)).Text.ShouldContain("tiny");
    }

    [Fact]
    public async Task Over_streams_whoever_started_it_needs_no_key()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        string requests = string.Join('\n',
            """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}""",
            """{"jsonrpc":"2.0","method":"notifications/initialized"}""",
            """{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"search_models","arguments":{}}}""") + "\n";
        using var output = new MemoryStream();
        var input = new System.IO.Pipelines.Pipe();
        Task serving = McpSetup.ServeAsync(server.Services, input.Reader.AsStream(), output, Cancel);
        await input.Writer.WriteAsync(Encoding.UTF8.GetBytes(requests), Cancel);
        for (int i = 0; i < 200 && Encoding.UTF8.GetString(output.ToArray()).Count(c => c == '\n') < 2; i++) await Task.Delay(20, Cancel);
        await input.Writer.CompleteAsync();
        await serving.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        JsonNode[] answers = [.. Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).OrderBy(a => a["id"]!.GetValue<int>())];
        answers[0]["result"]!["protocolVersion"]!.GetValue<string>().ShouldBe("2025-06-18");
        answers[1]["result"]!["content"]![0]!["text"]!.GetValue<string>().ShouldContain("tiny");
    }

    private static string Text(JsonNode result) => result["content"]![0]!["text"]!.GetValue<string>();

    private static async Task<(HttpStatusCode Status, string Text)> Post(TestServer server, string body, string? key, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        if (key is not null) request.Headers.Authorization = new("Bearer", key);
        change?.Invoke(request);
        HttpResponseMessage response = await server.Client.SendAsync(request, Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }
}
