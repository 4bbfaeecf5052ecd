using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Hearth.Server.Tests.Load;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Security;

/// <summary>Requests and models that are made to do harm: answered in a bounded time, and others are served meanwhile.</summary>
public sealed class HostileRequestTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private static readonly string[] Interfaces = ["/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings", "/v1/rerank", "/v1/messages", "/v1/messages/count_tokens", "/tokenize", "/detokenize", "/apply-template"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_models_name_reaches_no_file_outside_of_its_folders()
    {
        await using TestServer server = await TestServer.Start(home =>
        {
            ModelFolders.Write(Path.Combine(home, "models", "dense"), ModelFolders.Dense);
            ModelFolders.Write(Path.Combine(home, "outside"), ModelFolders.Dense);
            ModelFolders.Write(Path.Combine(home, "models", ".hidden"), ModelFolders.Dense);
        });
        string outside = Path.Combine(server.Home, "outside");
        string[] names = ["../outside", "..", ".", "", "/", "dense/../../outside", "./dense", "dense/", "dense/config.json", "dense\0", "..\\outside", "..%2foutside", "%2e%2e/outside", ".hidden", outside, "file://" + outside, "../../../../../../../../etc/passwd", new string('a', 100_000)];
        foreach (string name in names)
        {
            foreach (string path in Interfaces)
            {
                var body = new JsonObject
                {
                    ["model"] = name, ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "x" }), ["prompt"] = "x", ["input"] = "x", ["query"] = "x",
                    ["documents"] = new JsonArray("x"), ["content"] = "x", ["tokens"] = new JsonArray(1), ["max_tokens"] = 1,
                };
                (HttpStatusCode status, string text) = await PostAsync(server.Client, path, body.ToJsonString());
                status.ShouldBe(HttpStatusCode.NotFound, $"{path} {name[..Math.Min(60, name.Length)]}: {text}");
                text.Length.ShouldBeLessThan(1000);                              // and nothing long is given back
            }
            foreach (string escaped in (string[])[Uri.EscapeDataString(name), name.Replace("/", "%2F", StringComparison.Ordinal).Replace("\0", "%00", StringComparison.Ordinal)])
            {
                if (escaped.Length is 0 or > 8000 || escaped is "." or ".." or "/") continue;          // other routes
                using HttpResponseMessage answer = await server.Client.GetAsync($"/v1/models/{escaped}", Cancel);
                ((int)answer.StatusCode).ShouldBeInRange(400, 404, name);
            }
        }
        (await PostAsync(server.Client, "/tokenize", """{"model":"dense","content":"x"}""")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Schemas_grammars_and_bodies_that_explode_end_soon_and_others_get_their_answers()
    {
        await using TestServer server = await TestServer.Start(home => ModelFolders.Write(Path.Combine(home, "models", "dense"), ModelFolders.Dense));
        await WhileOthersAskAsync(server, [.. Bombs().Select(b => (b.Name, b.Path, b.Body))]);
    }

    [Fact]
    public async Task Templates_that_explode_end_soon_and_others_get_their_answers()
    {
        (string Name, string Template)[] bombs =
        [
            ("loops", "{% for a in range(1000000) %}{% for b in range(1000000) %}{% for c in range(1000000) %}{% endfor %}{% endfor %}{% endfor %}"),
            ("doubling", "{% set n = namespace(x='aaaaaaaa') %}{% for i in range(200) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}"),
            ("multiplied", "{{ 'a' * 1000000000 * 1000000000 }}"),
            ("macro", "{% macro f(x) %}{{ f(x) }}{{ f(x) }}{% endmacro %}{{ f(1) }}"),
            ("lists", "{% set n = namespace(x=[1]) %}{% for i in range(200) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x | length }}"),
            ("padded", "{{ '%1000000000d' | format(1) }}"),
            ("power", "{{ 9 ** 999999999 }}"),
            ("joined", "{{ range(100000000) | join(',') }}"),
            ("nested", string.Concat(Enumerable.Repeat("{% if true %}", 5000)) + string.Concat(Enumerable.Repeat("{% endif %}", 5000))),
            ("parentheses", "{{ " + new string('(', 50_000) + "1" + new string(')', 50_000) + " }}"),
        ];
        await using TestServer server = await TestServer.Start(home =>
        {
            ModelFolders.Write(Path.Combine(home, "models", "dense"), ModelFolders.Dense);
            foreach ((string name, string template) in bombs) ModelFolders.Write(Path.Combine(home, "models", name), ModelFolders.Dense, template);
        });
        await WhileOthersAskAsync(server, [.. bombs.Select(b => (b.Name, "/v1/chat/completions", $$"""{"model":"{{b.Name}}","max_tokens":4,"messages":[{"role":"user","content":"x"}]}"""))], refused: true);
        (HttpStatusCode status, string text) = await PostAsync(server.Client, "/v1/chat/completions", """{"model":"dense","max_tokens":4,"chat_template":"{{ 1 }}","messages":[{"role":"user","content":"x"}]}""");
        (status, text.Contains("'chat_template'", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.BadRequest, true));     // nobody brings one
    }

    private static IEnumerable<(string Name, string Path, string Body)> Bombs()
    {
        (string, string)[] schemas =
        [
            ("deep", string.Concat(Enumerable.Repeat("""{"type":"array","items":""", 40)) + "{}" + new string('}', 40)),
            ("long string", """{"type":"string","minLength":1000000000}"""),
            ("many items", """{"type":"array","minItems":1000000000,"items":{"type":"integer"}}"""),
            ("items of items", """{"type":"array","minItems":900,"maxItems":1000,"items":{"type":"array","minItems":900,"maxItems":1000,"items":{"type":"array","minItems":900,"maxItems":1000,"items":{"type":"string","maxLength":1000}}}}"""),
            ("exponential", "{\"$defs\":{" + string.Join(',', Enumerable.Range(0, 60).Select(i => $"\"d{i}\":{{\"anyOf\":[{{\"$ref\":\"#/$defs/d{i + 1}\"}},{{\"$ref\":\"#/$defs/d{i + 1}\"}}]}}")) + ",\"d60\":{\"type\":\"null\"}},\"$ref\":\"#/$defs/d0\"}"),
            ("all of", "{\"$defs\":{" + string.Join(',', Enumerable.Range(0, 60).Select(i => $"\"d{i}\":{{\"allOf\":[{{\"$ref\":\"#/$defs/d{i + 1}\"}},{{\"$ref\":\"#/$defs/d{i + 1}\"}}]}}")) + ",\"d60\":{\"type\":\"object\"}},\"$ref\":\"#/$defs/d0\"}"),
            ("itself", """{"$ref":"#"}"""),
            ("itself by any", """{"anyOf":[{"$ref":"#"},{"$ref":"#"}]}"""),
            ("many values", "{\"enum\":[" + string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"v{i}\"")) + "]}"),
            ("many properties", "{\"type\":\"object\",\"properties\":{" + string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"p{i}\":{{\"type\":\"string\"}}")) + "}}"),
            ("pattern", """{"type":"string","pattern":"^(((a{1000}){1000}){1000})$"}"""),
            ("greedy pattern", """{"type":"string","pattern":"^(a+)+(a+)+(a+)+$"}"""),
            ("numbers", """{"type":"integer","minimum":-99999999999999999999999999999999,"maximum":99999999999999999999999999999999999}"""),
        ];
        foreach ((string name, string schema) in schemas)
        {
            yield return (name, "/v1/chat/completions", """{"model":"dense","max_tokens":6,"temperature":1,"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":""" + schema + "}}}");
            yield return (name + ", tool", "/v1/messages", $$"""{"model":"dense","max_tokens":6,"temperature":1,"messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"any"},"tools":[{"name":"t","input_schema":{{schema}}}]}""");
        }
        (string, string, string)[] others =
        [
            ("regex", "guided_regex", "((a{0,9999}){0,9999}){0,9999}"), ("regex of many", "guided_regex", string.Join('|', Enumerable.Range(0, 30_000).Select(i => $"w{i}"))),
            ("nested regex", "guided_regex", new string('(', 20_000) + "a" + new string(')', 20_000)),
            ("left recursion", "grammar", "root ::= root root | \"a\""), ("empty loops", "grammar", "root ::= ((((\"a\"*)*)*)*)*"), ("count", "grammar", "root ::= (\"a\"{1,1000000}){1,1000000}"),
            ("ambiguous", "grammar", "root ::= a a a a a a a a\na ::= \"\" | \"x\" a | \"x\" a a"),
        ];
        foreach ((string name, string field, string value) in others)
        {
            yield return (name, "/v1/completions", new JsonObject { ["model"] = "dense", ["max_tokens"] = 6, ["temperature"] = 1, ["prompt"] = "x", [field] = value }.ToJsonString());
        }
        yield return ("deep body", "/v1/chat/completions", new string('[', 100_000) + new string(']', 100_000));
        yield return ("deep object", "/v1/chat/completions", string.Concat(Enumerable.Repeat("{\"model\":", 100_000)));
        yield return ("same name often", "/v1/chat/completions", "{" + string.Join(',', Enumerable.Repeat("\"messages\":[]", 100_000)) + "}");
        yield return ("many messages", "/v1/chat/completions", """{"model":"dense","messages":[""" + string.Join(',', Enumerable.Repeat("""{"role":"user","content":"x"}""", 200_000)) + "]}");
        yield return ("many stops", "/v1/completions", """{"model":"dense","prompt":"x","stop":[""" + string.Join(',', Enumerable.Repeat("\"x\"", 200_000)) + "]}");
        yield return ("many prompts", "/v1/completions", """{"model":"dense","max_tokens":1,"prompt":[""" + string.Join(',', Enumerable.Repeat("\"x\"", 200_000)) + "]}");
        yield return ("one long word", "/v1/completions", $$"""{"model":"dense","max_tokens":1,"prompt":"{{new string('a', 2_000_000)}}"}""");
        yield return ("bias", "/v1/completions", """{"model":"dense","max_tokens":1,"prompt":"x","logit_bias":{""" + string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"{i}\":1")) + "}}");
    }

    /// <summary>Sends each in turn, while somebody else asks and gets what they would get alone.</summary>
    private static async Task WhileOthersAskAsync(TestServer server, (string Name, string Path, string Body)[] bombs, bool refused = false)
    {
        const string Ask = """{"model":"dense","max_tokens":24,"temperature":0.8,"seed":7,"messages":[{"role":"user","content":"What is the capital?"}]}""";
        string alone = LoadAsk.Plain((await PostAsync(server.Client, "/v1/chat/completions", Ask)).Text);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        int answers = 0;
        TimeSpan longest = TimeSpan.Zero;
        Task other = Task.Run(async () =>
        {
            using var client = new HttpClient { BaseAddress = server.Address };
            while (!end.IsCancellationRequested)
            {
                long began = Stopwatch.GetTimestamp();
                LoadAsk.Plain((await PostAsync(client, "/v1/chat/completions", Ask)).Text).ShouldBe(alone);
                answers++;
                TimeSpan took = Stopwatch.GetElapsedTime(began);
                if (took > longest) longest = took;
            }
        }, Cancel);
        foreach ((string name, string path, string body) in bombs)
        {
            long began = Stopwatch.GetTimestamp();
            (HttpStatusCode status, string text) = await PostAsync(server.Client, path, body).WaitAsync(TimeSpan.FromMinutes(1), Cancel);
            TimeSpan took = Stopwatch.GetElapsedTime(began);
            took.ShouldBeLessThan(Longest, name);
            if (took > TimeSpan.FromSeconds(1)) TestContext.Current.TestOutputHelper?.WriteLine($"{name}, {path}: {took.TotalSeconds:0.0} s, {status}");
            if (refused) ((int)status).ShouldBeOneOf([400, 503], $"{name}: {text}");
            else status.ShouldBeOneOf([HttpStatusCode.OK, HttpStatusCode.BadRequest], $"{name}: {text}");
            text.Length.ShouldBeLessThan(20_000, name);
        }
        await end.CancelAsync();
        await other;
        answers.ShouldBeGreaterThan(3);
        longest.ShouldBeLessThan(Longest);
    }

    private static async Task<(HttpStatusCode Status, string Text)> PostAsync(HttpClient client, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await client.PostAsync(path, content, Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }
}
