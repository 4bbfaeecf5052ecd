using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Hearth.Server.Tests.Load;

/// <summary>A request whose answer is the same every time, but for ids and times.</summary>
/// <param name="Path">The route.</param>
/// <param name="Body">What is sent.</param>
/// <param name="Streams">Whether the answer comes as events.</param>
internal sealed record LoadAsk(string Path, string Body, bool Streams)
{
    /// <summary>An answer without what differs from one time to the next.</summary>
    public static string Plain(string answer) => LoadAsks.Ids().Replace(LoadAsks.Times().Replace(answer, "$1:0"), "$1ID");
}

/// <summary>Mixed requests: every interface, every model, whole and streamed, greedy and seeded, schemas, tools, log-probabilities, long and short, many that begin alike.</summary>
internal static partial class LoadAsks
{
    private static readonly string[] Words = ["the", "capital", "of", "one", "two", "three", "four", "is", "Quito", "what", "name", "and", "river", "long", "seven"];

    private const string Schema = """{"type":"object","properties":{"colour":{"enum":["red","blue"]},"size":{"type":"integer","minimum":0,"maximum":99},"tags":{"type":"array","items":{"type":"string","maxLength":8},"maxItems":3}},"required":["colour","size"],"additionalProperties":false}""";

    private const string Count = """{"type":"object","properties":{"to":{"type":"integer","minimum":1,"maximum":99}},"required":["to"],"additionalProperties":false}""";

    [GeneratedRegex("(chatcmpl-|cmpl-|resp_|msg_|rs_|fc_|call_|toolu_)[0-9a-f]{32}")]
    internal static partial Regex Ids();

    [GeneratedRegex("(\"(?:created(?:_at)?|seed)\"):[0-9]+")]
    internal static partial Regex Times();

    /// <summary>Some requests, the same for the same seed.</summary>
    public static LoadAsk[] Of(int count, int seed)
    {
        var random = new Random(seed);
        string[] beginnings = [.. Enumerable.Range(0, 4).Select(i => Text(random, 40 + (i * 45)))];
        return [.. Enumerable.Range(0, count).Select(i => One(random, ModelFolders.All[i % ModelFolders.All.Count], i / ModelFolders.All.Count, beginnings))];
    }

    private static LoadAsk One(Random random, string model, int kind, string[] beginnings)
    {
        bool streams = random.Next(2) == 0;
        string question = random.Next(3) > 0 ? beginnings[random.Next(beginnings.Length)] + Text(random, random.Next(1, 12)) : Text(random, random.Next(1, 10));
        var body = new JsonObject { ["model"] = model, ["stream"] = streams, ["temperature"] = 0 };
        if (random.Next(2) == 0)
        {
            (body["temperature"], body["seed"]) = (0.3 + random.NextDouble(), random.Next());
            if (random.Next(3) == 0) body["top_p"] = 0.9;
        }
        int most = random.Next(6) == 0 ? random.Next(100, 200) : random.Next(4, 60);
        var user = new JsonObject { ["role"] = "user", ["content"] = question };
        switch (kind % 8)
        {
            case 0:
                return Chat(most);
            case 1:
                (body["logprobs"], body["top_logprobs"]) = (true, 3);
                return Chat(most);
            case 2:
                body["response_format"] = new JsonObject { ["type"] = "json_schema", ["json_schema"] = new JsonObject { ["name"] = "it", ["schema"] = JsonNode.Parse(Schema) } };
                return Chat(120);
            case 3:
                body["tools"] = new JsonArray(new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = "count", ["parameters"] = JsonNode.Parse(Count) } });
                (body["tool_choice"], body["parallel_tool_calls"]) = ("required", false);
                if (model == ModelFolders.Thinker) body["thinking_budget"] = 12;
                return Chat(160);
            case 4:
                (body["prompt"], body["max_tokens"], body["logprobs"], body["echo"]) = (question, most, 2, random.Next(2) == 0);
                return new LoadAsk("/v1/completions", body.ToJsonString(), streams);
            case 5:
                (body["prompt"], body["max_tokens"], body["n"]) = (question, most / 2 + 1, 2);
                body["stop"] = new JsonArray("Quito", "}}");
                return new LoadAsk("/v1/completions", body.ToJsonString(), streams);
            case 6:
                (body["messages"], body["max_tokens"], body["system"]) = (new JsonArray(user), most, beginnings[0]);
                return new LoadAsk("/v1/messages", body.ToJsonString(), streams);
            default:
                (body["input"], body["max_output_tokens"], body["instructions"], body["store"]) = (question, most, "Be brief.", random.Next(2) == 0);
                return new LoadAsk("/v1/responses", body.ToJsonString(), streams);
        }

        LoadAsk Chat(int tokens)
        {
            body["messages"] = new JsonArray(new JsonObject { ["role"] = "system", ["content"] = beginnings[1] }, user);
            body["max_tokens"] = tokens;
            if (streams) body["stream_options"] = new JsonObject { ["include_usage"] = true };
            return new LoadAsk("/v1/chat/completions", body.ToJsonString(), streams);
        }
    }

    private static string Text(Random random, int words) => string.Join(' ', Enumerable.Range(0, words).Select(_ => Words[random.Next(Words.Length)])) + " ";
}
