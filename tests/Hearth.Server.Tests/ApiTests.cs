using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Bundles;
using Hearth.Models.Generation;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests;

/// <summary>The routes as other clients use them, request by request.</summary>
public sealed class ApiTests : IAsyncLifetime
{
    private TestServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await TestServer.Start(TinyBundle.Into);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Log_likelihoods_over_the_wire_are_those_of_direct_scoring()
    {
        ModelBundle bundle = ModelBundle.Load(Path.Combine(_server.Home, "models", TinyBundle.Name));
        using var pool = new WorkerPool(1);
        (string Context, string Continuation)[] asked = [("The capital is", " Quito."), ("one two", " three four"), ("What", " is the capital?")];
        int[][] tokens = [.. asked.Select(a => (int[])[.. bundle.Tokenizer.Encode(a.Context), .. bundle.Tokenizer.Encode(a.Continuation)])];
        // As lm-evaluation-harness' local-completions asks, with lists of tokens.
        JsonNode answer = await Post("/v1/completions", new JsonObject
        {
            ["model"] = TinyBundle.Name,
            ["prompt"] = new JsonArray([.. tokens.Select(t => new JsonArray([.. t.Select(i => JsonValue.Create(i))]))]),
            ["temperature"] = 0,
            ["max_tokens"] = 1,
            ["logprobs"] = 1,
            ["seed"] = 1234,
            ["echo"] = true,
        });
        for (int i = 0; i < asked.Length; i++)
        {
            int context = bundle.Tokenizer.Encode(asked[i].Context).Length;
            JsonNode logprobs = answer["choices"]![i]!["logprobs"]!;
            double sum = logprobs["token_logprobs"]!.AsArray().Skip(context).SkipLast(1).Sum(v => v!.GetValue<double>());
            GeneratedToken[] direct = new Generator(bundle.Model, pool).Score(tokens[i], 1);
            sum.ShouldBe(direct.Skip(context - 1).Sum(t => (double)t.LogProbability));
            bool greedy = Enumerable.Range(context, tokens[i].Length - context)
                .All(t => logprobs["token_logprobs"]![t]!.GetValue<double>() == logprobs["top_logprobs"]![t]!.AsObject().Max(p => p.Value!.GetValue<double>()));
            greedy.ShouldBe(direct.Skip(context - 1).All(t => t.Id == t.Alternatives![0].Id || t.LogProbability == t.Alternatives[0].LogProbability));
            logprobs["token_logprobs"]![0].ShouldBeNull();
        }
        JsonNode none = await Post("/v1/completions", new JsonObject { ["model"] = TinyBundle.Name, ["prompt"] = "one two", ["max_tokens"] = 0, ["echo"] = true, ["logprobs"] = 0 });
        none["choices"]![0]!["text"]!.GetValue<string>().ShouldBe("one two");
        none["usage"]!["completion_tokens"]!.GetValue<int>().ShouldBe(0);
    }

    [Theory]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"foo":1}""", "'foo'", 400)]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x","mood":"bad"}]}""", "'messages[0].mood'", 400)]
    [InlineData("""{"model":"tiny","messages":[{"role":"king","content":"x"}]}""", "'king'", 400)]
    [InlineData("""{"model":"tiny","messages":[]}""", "empty", 400)]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}""", "text only", 400)]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"temperature":-1}""", "'temperature'", 400)]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"logit_bias":{"99999":1}}""", "'99999'", 400)]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"objekt"}}}}""", "objekt", 400)]
    [InlineData("""{"model":"../../etc/passwd","messages":[{"role":"user","content":"x"}]}""", "no model", 404)]
    [InlineData("""{"model":"tiny","model":"tiny","messages":[{"role":"user","content":"x"}]}""", "model", 400)]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"\ud800"}]}""", "Unicode", 400)]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"function","function":{"name":"f","mood":"bad"}}}""", "'tool_choice.function.mood'", 400)]
    [InlineData("""[1]""", "object", 400)]
    [InlineData("""{"model":""", "JSON", 400)]
    public async Task What_is_wrong_is_named_in_an_error_of_openai_shape(string body, string named, int status)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        HttpResponseMessage response = await _server.Client.PostAsync("/v1/chat/completions", content, Cancel);
        ((int)response.StatusCode).ShouldBe(status);
        JsonNode error = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!["error"]!;
        error["message"]!.GetValue<string>().ShouldContain(named);
        error["type"]!.GetValue<string>().ShouldBe("invalid_request_error");
    }

    [Fact]
    public async Task Messages_answer_and_stream_the_same()
    {
        var body = new JsonObject
        {
            ["model"] = TinyBundle.Name,
            ["max_tokens"] = 20,
            ["temperature"] = 0.8,
            ["seed"] = 4,
            ["system"] = "Be brief.",
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "What is the capital?" }),
        };
        JsonNode whole = await Post("/v1/messages", (JsonObject)body.DeepClone());
        string text = whole["content"]![0]!["text"]!.GetValue<string>();
        body["stream"] = true;
        (string Event, JsonNode Data)[] events = await Events("/v1/messages", body);
        events[0].Event.ShouldBe("message_start");
        events[^1].Event.ShouldBe("message_stop");
        string.Concat(events.Where(e => e.Event == "content_block_delta").Select(e => e.Data["delta"]!["text"]!.GetValue<string>())).ShouldBe(text);
        events.Single(e => e.Event == "message_delta").Data["delta"]!["stop_reason"]!.GetValue<string>().ShouldBe(whole["stop_reason"]!.GetValue<string>());
        using var wrong = new StringContent("""{"model":"tiny","messages":[]}""", System.Text.Encoding.UTF8, "application/json");
        JsonNode error = JsonNode.Parse(await (await _server.Client.PostAsync("/v1/messages", wrong, Cancel)).Content.ReadAsStringAsync(Cancel))!;
        error["type"]!.GetValue<string>().ShouldBe("error");
        error["error"]!["type"]!.GetValue<string>().ShouldBe("invalid_request_error");
    }

    [Fact]
    public async Task Responses_answer_and_stream_the_same()
    {
        var body = new JsonObject { ["model"] = TinyBundle.Name, ["max_output_tokens"] = 16, ["temperature"] = 0.8, ["seed"] = 4, ["instructions"] = "Be brief.", ["input"] = "What is the capital?" };
        JsonNode whole = await Post("/v1/responses", (JsonObject)body.DeepClone());
        string text = whole["output"]![0]!["content"]![0]!["text"]!.GetValue<string>();
        text.ShouldNotBeEmpty();
        body["stream"] = true;
        (string Event, JsonNode Data)[] events = await Events("/v1/responses", body);
        events[0].Event.ShouldBe("response.created");
        string.Concat(events.Where(e => e.Event == "response.output_text.delta").Select(e => e.Data["delta"]!.GetValue<string>())).ShouldBe(text);
        events[^1].Data["response"]!["output"]![0]!["content"]![0]!["text"]!.GetValue<string>().ShouldBe(text);
        events.Select(e => e.Data["sequence_number"]!.GetValue<int>()).ShouldBe(Enumerable.Range(0, events.Length));
    }

    [Fact]
    public async Task A_response_goes_on_from_one_that_was_kept_as_if_all_had_been_said_again()
    {
        var first = new JsonObject { ["model"] = TinyBundle.Name, ["max_output_tokens"] = 8, ["temperature"] = 0, ["input"] = "What is the capital?" };
        JsonNode kept = await Post("/v1/responses", first);
        string id = kept["id"]!.GetValue<string>(), said = kept["output"]![0]!["content"]![0]!["text"]!.GetValue<string>();
        JsonNode on = await Post("/v1/responses", new JsonObject
        {
            ["model"] = TinyBundle.Name, ["max_output_tokens"] = 8, ["temperature"] = 0, ["previous_response_id"] = id, ["input"] = "And then?",
        });
        JsonNode again = await Post("/v1/responses", new JsonObject
        {
            ["model"] = TinyBundle.Name, ["max_output_tokens"] = 8, ["temperature"] = 0, ["store"] = false,
            ["input"] = new JsonArray(
                new JsonObject { ["role"] = "user", ["content"] = "What is the capital?" },
                new JsonObject { ["role"] = "assistant", ["content"] = said },
                new JsonObject { ["role"] = "user", ["content"] = "And then?" }),
        });
        on["output"]![0]!["content"]!.ToJsonString().ShouldBe(again["output"]![0]!["content"]!.ToJsonString());
        on["usage"]!["input_tokens"]!.GetValue<int>().ShouldBe(again["usage"]!["input_tokens"]!.GetValue<int>());
        JsonNode.DeepEquals(JsonNode.Parse(await _server.Client.GetStringAsync($"/v1/responses/{id}", Cancel)), kept).ShouldBeTrue();
        (await _server.Client.DeleteAsync($"/v1/responses/{id}", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await _server.Client.GetAsync($"/v1/responses/{id}", Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await _server.Client.GetAsync($"/v1/responses/{again["id"]!.GetValue<string>()}", Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_list_of_routes_names_every_route_of_the_interfaces()
    {
        JsonNode document = JsonNode.Parse(await _server.Client.GetStringAsync("/openapi.json", Cancel))!;
        string[] paths = [.. document["paths"]!.AsObject().Select(p => p.Key)];
        foreach (string path in (string[])["/v1/chat/completions", "/v1/responses/{id}", "/v1/messages", "/tokenize", "/openapi.json"]) paths.ShouldContain(path);
        document["paths"]!["/v1/responses/{id}"]!["delete"]!["parameters"]![0]!["name"]!.GetValue<string>().ShouldBe("id");
    }

    [Fact]
    public async Task Models_are_those_that_the_command_lists_one_pulled_as_a_file_in_a_folder_among_them()
    {
        foreach (string file in (string[])["pulled/weights-Q4_K_M.gguf", "alone.gguf", "cut-00001-of-00002.gguf", "cut-00002-of-00002.gguf", "notes/readme.txt"])
        {
            string path = Path.Combine(_server.Home, "models", file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, "", Cancel);
        }
        JsonNode models = JsonNode.Parse(await _server.Client.GetStringAsync("/v1/models", Cancel))!;
        models["data"]!.AsArray().Select(m => m!["id"]!.GetValue<string>()).ShouldBe(["alone", "cut-00001-of-00002", "pulled", TinyBundle.Name]);
    }

    [Fact]
    public async Task Tokens_go_forth_and_back_and_documents_are_ranked()
    {
        JsonNode tokens = await Post("/tokenize", new JsonObject { ["content"] = "The capital is Quito." });
        JsonNode text = await Post("/detokenize", new JsonObject { ["tokens"] = tokens["tokens"]!.DeepClone() });
        text["content"]!.GetValue<string>().ShouldBe("The capital is Quito.");
        JsonNode prompt = await Post("/apply-template", new JsonObject { ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hi" }) });
        prompt["prompt"]!.GetValue<string>().ShouldBe("<|user|>Hi<|end|><|assistant|>");
        JsonNode ranked = await Post("/v1/rerank", new JsonObject { ["model"] = TinyBundle.Name, ["query"] = "one two", ["documents"] = new JsonArray("three", "one two", "x"), ["top_n"] = 2 });
        ranked["results"]![0]!["index"]!.GetValue<int>().ShouldBe(1);
        ranked["results"]!.AsArray().Count.ShouldBe(2);
    }

    private async Task<JsonNode> Post(string path, JsonObject body)
    {
        HttpResponseMessage response = await _server.Client.PostAsJsonAsync(path, body, Cancel);
        string text = await response.Content.ReadAsStringAsync(Cancel);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    private async Task<(string Event, JsonNode Data)[]> Events(string path, JsonObject body)
    {
        HttpResponseMessage response = await _server.Client.PostAsJsonAsync(path, body, Cancel);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        return [.. (await response.Content.ReadAsStringAsync(Cancel)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(e => (e.Split('\n')[0]["event: ".Length..], JsonNode.Parse(e.Split('\n')[1]["data: ".Length..])!))];
    }
}
