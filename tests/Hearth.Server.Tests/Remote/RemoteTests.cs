using System.ClientModel;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Bundles;
using Hearth.Models.Generation;
using Hearth.Models.Remote;
using Hearth.Numerics;
using Hearth.Server.Auditing;
using Hearth.Server.Security;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using OpenAI;
using OpenAI.Chat;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Remote;

/// <summary>A server whose model another server has: a second real one.</summary>
public sealed class RemoteTests : IAsyncLifetime
{
    private const string Far = "far";

    private TestServer _upstream = null!, _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _upstream = await TestServer.Start(TinyBundle.Into);
        _server = await TestServer.Start(home => Register(home, Spec()));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Theory]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"What is the capital?"}],"max_tokens":20,"temperature":0.9,"seed":4,"logprobs":true,"top_logprobs":2}""")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"x"}],"max_tokens":12,"temperature":1,"seed":9,"n":2,"top_k":20,"min_p":0.01,"repetition_penalty":1.1,"presence_penalty":0.2,"logit_bias":{"40":-5},"stop":["e","zz"]}""")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"Pick"}],"temperature":1,"seed":3,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"colour":{"enum":["red","blue"]}},"required":["colour"],"additionalProperties":false}}}}""")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"Pick"}],"temperature":1,"seed":3,"guided_regex":"[ab]{3}"}""")]
    [InlineData("/v1/completions", """{"prompt":"The capital is","max_tokens":8,"temperature":0,"seed":1}""")]
    [InlineData("/v1/completions", """{"prompt":["one two"," three four"],"max_tokens":1,"temperature":0,"logprobs":1,"echo":true,"seed":1}""")]
    [InlineData("/v1/completions", """{"prompt":[[10,11,12,13],[20,21]],"max_tokens":0,"logprobs":2,"echo":true,"seed":1}""")]
    [InlineData("/v1/responses", """{"input":"What is the capital?","max_output_tokens":16,"temperature":0.8,"store":false}""")]
    [InlineData("/v1/responses", """{"input":"x","max_output_tokens":8,"temperature":1,"store":false,"top_logprobs":2,"include":["message.output_text.logprobs"]}""")]
    [InlineData("/v1/messages", """{"messages":[{"role":"user","content":"What is the capital?"}],"max_tokens":20,"temperature":0.8}""")]
    [InlineData("/v1/embeddings", """{"input":["one","two words"]}""")]
    [InlineData("/v1/embeddings", """{"input":[[10,11]],"encoding_format":"base64"}""")]
    [InlineData("/v1/rerank", """{"query":"one","documents":["two words","one"],"top_n":1}""")]
    public async Task A_remote_model_answers_every_interface_as_its_own_server_does(string path, string body)
    {
        bool writes = path is not ("/v1/embeddings" or "/v1/rerank");
        foreach (bool stream in writes ? (bool[])[false, true] : [false])
        {
            JsonObject asked = JsonNode.Parse(body)!.AsObject();
            if (writes) asked["seed"] ??= 5;
            if (stream) asked["stream"] = true;
            string near = await Answer(_upstream, path, asked, TinyBundle.Name), far = await Answer(_server, path, asked, Far);
            far.ShouldBe(near);
            near.Length.ShouldBeGreaterThan(20);
        }
    }

    [Fact]
    public async Task The_official_client_streams_and_calls_tools_of_a_remote_model()
    {
        ChatClient chat = new OpenAIClient(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(_server.Address, "v1") }).GetChatClient(Far);
        var tools = new ChatCompletionOptions { Temperature = 1, ToolChoice = ChatToolChoice.CreateFunctionChoice("count") };
        tools.Tools.Add(ChatTool.CreateFunctionTool("count", "Counts.", BinaryData.FromString("""{"type":"object","properties":{"to":{"type":"integer","minimum":1,"maximum":99}},"required":["to"]}""")));
        ChatCompletion called = (await chat.CompleteChatAsync([new UserChatMessage("Count")], tools, Cancel)).Value;
        called.FinishReason.ShouldBe(OpenAI.Chat.ChatFinishReason.ToolCalls);
        ChatToolCall call = called.ToolCalls.ShouldHaveSingleItem();
        JsonNode.Parse(call.FunctionArguments)!["to"]!.GetValue<int>().ShouldBeInRange(1, 99);
        List<OpenAI.Chat.ChatMessage> next = [new UserChatMessage("Count"), new AssistantChatMessage(called), new ToolChatMessage(call.Id, "1 2 3")];
        (await chat.CompleteChatAsync(next, new ChatCompletionOptions { MaxOutputTokenCount = 4 }, Cancel)).Value.Usage.InputTokenCount.ShouldBeGreaterThan(20);
        string arguments = "";
        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync([new UserChatMessage("Count")], tools, Cancel))
            arguments += string.Concat(update.ToolCallUpdates.Select(u => u.FunctionArgumentsUpdate?.ToString()));
        JsonNode.Parse(arguments)!["to"].ShouldNotBeNull();
    }

    [Fact]
    public async Task A_remote_model_is_listed_as_one_and_written_down_with_its_address()
    {
        JsonNode list = JsonNode.Parse(await _server.Client.GetStringAsync("/v1/models", Cancel))!;
        list["data"]!.AsArray().ShouldHaveSingleItem()!["owned_by"]!.GetValue<string>().ShouldBe("remote");
        await Answer(_server, "/v1/chat/completions", JsonNode.Parse("""{"messages":[{"role":"user","content":"x"}],"max_tokens":4,"seed":3}""")!.AsObject(), Far);
        AuditRecord record = (await _server.Services.GetRequiredService<AuditLog>().ListAsync(cancel: Cancel)).ShouldHaveSingleItem();
        record.Line.ShouldBeOfType<AnswerLine>().ModelDigest.ShouldBe($"remote {_upstream.Address}v1/ {TinyBundle.Name}");
        (await _server.Services.GetRequiredService<UsageMeter>().TodayAsync(Caller.LocalId, Cancel)).ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("/tokenize", """{"model":"far","content":"x"}""", "tokens")]
    [InlineData("/apply-template", """{"model":"far","messages":[{"role":"user","content":"x"}]}""", "tokens")]
    [InlineData("/v1/messages/count_tokens", """{"model":"far","messages":[{"role":"user","content":"x"}]}""", "tokens")]
    [InlineData("/v1/chat/completions", """{"model":"far","messages":[{"role":"user","content":"x"}],"thinking_budget":5}""", "budget")]
    [InlineData("/v1/chat/completions", """{"model":"far","messages":[{"role":"user","content":"x"}],"max_tokens":4,"logit_bias":{"999999":1}}""", "refuses this request: The field 'logit_bias' names the token '999999'")]
    public async Task What_a_remote_model_can_not_do_is_an_error_that_names_it(string path, string body, string named)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        HttpResponseMessage response = await _server.Client.PostAsync(path, content, Cancel);
        string text = await response.Content.ReadAsStringAsync(Cancel);
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest, text);
        text.ShouldContain("The remote model 'far'");
        text.ShouldContain(named);
    }

    [Fact]
    public async Task Log_likelihoods_of_a_remote_model_are_those_of_direct_scoring()
    {
        ModelBundle bundle = ModelBundle.Load(Path.Combine(_upstream.Home, "models", TinyBundle.Name));
        int[] tokens = bundle.Tokenizer.Encode("The capital is Quito.");
        using var pool = new WorkerPool(1);
        JsonNode answer = await Post(_server, "/v1/completions", new JsonObject
        {
            ["model"] = Far, ["prompt"] = new JsonArray([.. tokens.Select(t => JsonValue.Create(t))]), ["echo"] = true, ["logprobs"] = 1, ["max_tokens"] = 0,
        });
        answer["choices"]![0]!["logprobs"]!["token_logprobs"]!.AsArray().Skip(1).Select(v => (float)v!.GetValue<double>())
            .ShouldBe(new Generator(bundle.Model, pool).Score(tokens, 1).Select(t => t.LogProbability));
    }

    [Fact]
    public async Task A_model_registered_while_the_server_runs_is_served_and_one_taken_away_is_not()
    {
        using (var remotes = new RemoteModels(_server.Home)) remotes.Add(Spec() with { Name = "later" });
        (await Post(_server, "/v1/embeddings", new JsonObject { ["model"] = "later", ["input"] = "x" }))["data"]!.AsArray().Count.ShouldBe(1);
        using (var remotes = new RemoteModels(_server.Home)) remotes.Remove("later").ShouldBeTrue();
        (await _server.Client.PostAsJsonAsync("/v1/embeddings", new JsonObject { ["model"] = "later", ["input"] = "x" }, Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_remote_model_is_a_chat_client_in_process()
    {
        using var model = new RemoteModel(Spec());
        ChatResponse answer = await model.AsChatClient().GetResponseAsync("What is the capital?", new ChatOptions { MaxOutputTokens = 8 }, Cancel);
        JsonNode near = await Post(_upstream, "/v1/chat/completions", JsonNode.Parse("""{"model":"tiny","messages":[{"role":"user","content":"What is the capital?"}],"max_tokens":8,"temperature":0}""")!.AsObject());
        answer.Text.ShouldBe(near["choices"]![0]!["message"]!["content"]!.GetValue<string>());
        answer.Usage!.OutputTokenCount.ShouldBe(near["usage"]!["completion_tokens"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_test_of_a_remote_model_finds_what_it_can_do()
    {
        using var model = new RemoteModel(Spec());
        IReadOnlyList<RemoteAbility> found = await model.ProbeAsync(Cancel);
        foreach (RemoteAbility ability in found) ability.Works.ShouldBeTrue($"{ability.Name}: {ability.Detail}");
        found.Select(a => a.Name).ShouldBe(["listed", "chat", "log-probabilities", "JSON schema", "tools", "completions", "log-likelihoods", "embeddings"]);
    }

    internal static void Register(string home, RemoteSpec spec)
    {
        using var remotes = new RemoteModels(home);
        remotes.Add(spec);
    }

    private RemoteSpec Spec() => RemoteSpec.Parse(Far, _upstream.Address.ToString(), TinyBundle.Name);

    /// <summary>An answer without what differs between any two: ids, times, the model's name and the fingerprint.</summary>
    private static async Task<string> Answer(TestServer server, string path, JsonObject asked, string model)
    {
        asked = asked.DeepClone().AsObject();
        asked["model"] = model;
        HttpResponseMessage response = await server.Client.PostAsJsonAsync(path, asked, Cancel);
        string text = await response.Content.ReadAsStringAsync(Cancel);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        IEnumerable<string> lines = asked["stream"] is null ? [text] : text.Split('\n').Where(l => l.StartsWith("data: {", StringComparison.Ordinal)).Select(l => l["data: ".Length..]);
        JsonNode[] all = [.. lines.Select(l => JsonNode.Parse(l)!)];
        foreach (JsonNode json in all) Clean(json);
        // Two answers of one request come side by side in any order.
        return string.Join('\n', all.OrderBy(j => j["choices"]?[0]?["index"]?.GetValue<int>() ?? 0).Select(j => j.ToJsonString()));
    }

    private static void Clean(JsonNode json)
    {
        if (json is JsonArray list) foreach (JsonNode? item in list) { if (item is not null) Clean(item); }
        if (json is not JsonObject table) return;
        foreach (string name in (string[])["id", "item_id", "created", "created_at", "model", "system_fingerprint", "obfuscation", "stop_reason"]) table.Remove(name);
        // Only the end of a remote model's answer tells how many tokens the prompt has.
        if (table["type"]?.GetValueKind() == System.Text.Json.JsonValueKind.String && table["type"]!.GetValue<string>() == "message_start") table.Remove("message");
        foreach ((string _, JsonNode? value) in table) if (value is not null) Clean(value);
    }

    private static async Task<JsonNode> Post(TestServer server, string path, JsonObject body)
    {
        HttpResponseMessage response = await server.Client.PostAsJsonAsync(path, body, Cancel);
        string text = await response.Content.ReadAsStringAsync(Cancel);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }
}
