using System.Text;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Server.Models;

namespace Hearth.Server.Api.OpenAi;

/// <summary>Puts a response together from an answer's pieces: items of reasoning, text and calls, and the events that tell of them.</summary>
internal sealed class ResponseBuilder(LoadedModel model, ChatRequest request, string id, long created, JsonNode asked)
{
    private readonly List<JsonObject> _tokens = [];                              // with their log-probabilities, where those are wanted
    private readonly List<JsonObject> _items = [];
    private readonly StringBuilder _open = new();
    private string _kind = "";
    private int _toldTokens;

    public bool Store { get; init; }

    public string? Conversation { get; init; }

    public ChatUsage Usage { get; private set; }

    public string Status { get; private set; } = "in_progress";

    public JsonArray Output() => new([.. _items.Select(i => i.DeepClone())]);

    public JsonObject Json(string status) => new()
    {
        ["id"] = id,
        ["object"] = "response",
        ["created_at"] = created,
        ["status"] = status,
        ["error"] = null,
        ["incomplete_details"] = status == "incomplete" ? new JsonObject { ["reason"] = "max_output_tokens" } : null,
        ["instructions"] = Given("instructions"),
        ["max_output_tokens"] = request.Options.MaxTokens == int.MaxValue ? null : request.Options.MaxTokens,
        ["model"] = model.Name,
        ["output"] = Output(),
        ["parallel_tool_calls"] = request.ParallelCalls,
        ["previous_response_id"] = Given("previous_response_id"),
        ["conversation"] = Conversation is null ? null : new JsonObject { ["id"] = Conversation },
        ["reasoning"] = new JsonObject { ["effort"] = request.Prompt.ReasoningEffort, ["summary"] = null },
        ["store"] = Store,
        ["temperature"] = request.Options.Temperature,
        ["text"] = Given("text") ?? new JsonObject { ["format"] = new JsonObject { ["type"] = "text" } },
        ["tool_choice"] = Given("tool_choice") ?? "auto",
        ["tools"] = new JsonArray([.. request.Prompt.Tools.Select(t => new JsonObject
        {
            ["type"] = "function",
            ["name"] = t.Name,
            ["description"] = t.Description,
            ["parameters"] = t.Parameters is null ? null : JsonNode.Parse(t.Parameters),
            ["strict"] = t.Strict,
        })]),
        ["top_p"] = request.Options.TopP,
        ["truncation"] = "disabled",
        ["usage"] = status == "in_progress" ? null : new JsonObject
        {
            ["input_tokens"] = Usage.PromptTokens,
            ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = 0 },
            ["output_tokens"] = Usage.AnswerTokens,
            ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = Usage.ReasoningTokens },
            ["total_tokens"] = Usage.PromptTokens + Usage.AnswerTokens,
        },
        ["user"] = Given("user"),
        ["metadata"] = Given("metadata") ?? new JsonObject(),
    };

    /// <summary>The events that a piece makes.</summary>
    public IEnumerable<(string Type, JsonObject Data)> Take(ChatUpdate update) => update switch
    {
        TokenUpdate { Part: AnswerPart.Answer } token => Note(() => TokenJson.Chat(model.Bundle.Tokenizer, token.Token)),
        TextTokenUpdate token => Note(() => TokenJson.Chat(token.Token)),
        TextUpdate text => [.. Begin("message"), Piece("response.output_text.delta", text.Text, true)],
        ReasoningUpdate reasoning => [.. Begin("reasoning"), Piece("response.reasoning_text.delta", reasoning.Text, true)],
        ToolCallUpdate call => [.. End(), .. Begin("function_call", call.Name)],
        ToolArgumentsUpdate arguments => [Piece("response.function_call_arguments.delta", arguments.Text, false)],
        FinishUpdate finish => Finish(finish),
        _ => [],
    };

    private JsonNode? Given(string field) => asked[field]?.DeepClone();

    private (string Type, JsonObject Data)[] Note(Func<JsonObject> token)
    {
        if (request.LogProbabilities) _tokens.Add(token());
        return [];
    }

    /// <summary>Log-probabilities of an answer's tokens from one on, when they were asked for.</summary>
    private JsonArray Logprobs(int from) => new([.. _tokens.Skip(from).Select(t => t.DeepClone())]);

    private (string Type, JsonObject Data)[] Finish(FinishUpdate finish)
    {
        Usage = finish.Usage;
        Status = finish.Reason == FinishReason.Length ? "incomplete" : "completed";
        return [.. End(Status)];
    }

    private List<(string Type, JsonObject Data)> Begin(string kind, string? name = null)
    {
        if (_kind == kind && kind != "function_call") return [];
        List<(string Type, JsonObject Data)> events = End();
        _kind = kind;
        JsonObject item = kind switch
        {
            "message" => new JsonObject { ["type"] = kind, ["id"] = Asked.Id("msg_"), ["status"] = "in_progress", ["role"] = "assistant", ["content"] = new JsonArray() },
            "reasoning" => new JsonObject { ["type"] = kind, ["id"] = Asked.Id("rs_"), ["summary"] = new JsonArray(), ["content"] = new JsonArray() },
            _ => new JsonObject { ["type"] = kind, ["id"] = Asked.Id("fc_"), ["call_id"] = Asked.Id("call_"), ["name"] = name, ["arguments"] = "", ["status"] = "in_progress" },
        };
        _items.Add(item);
        events.Add(("response.output_item.added", new JsonObject { ["output_index"] = _items.Count - 1, ["item"] = item.DeepClone() }));
        if (kind == "message") events.Add(("response.content_part.added", Part(OutputText("", []))));
        if (kind == "reasoning") events.Add(("response.content_part.added", Part(ReasoningText(""))));
        return events;
    }

    private (string Type, JsonObject Data) Piece(string type, string text, bool part)
    {
        _open.Append(text);
        var data = new JsonObject { ["item_id"] = _items[^1]["id"]!.DeepClone(), ["output_index"] = _items.Count - 1 };
        if (part) data["content_index"] = 0;
        data["delta"] = text;
        if (type == "response.output_text.delta")
        {
            data["logprobs"] = Logprobs(_toldTokens);
            _toldTokens = _tokens.Count;
        }
        return (type, data);
    }

    private List<(string Type, JsonObject Data)> End(string status = "completed")
    {
        var events = new List<(string Type, JsonObject Data)>();
        if (_kind.Length == 0) return events;
        JsonObject item = _items[^1];
        string text = _open.ToString();
        JsonObject At(string field)
        {
            var data = new JsonObject { ["item_id"] = item["id"]!.DeepClone(), ["output_index"] = _items.Count - 1 };
            if (field == "text") data["content_index"] = 0;
            data[field] = text;
            return data;
        }

        switch (_kind)
        {
            case "message":
                item["content"] = new JsonArray(OutputText(text, Logprobs(0)));
                JsonObject done = At("text");
                done["logprobs"] = Logprobs(0);
                events.Add(("response.output_text.done", done));
                events.Add(("response.content_part.done", Part(OutputText(text, Logprobs(0)))));
                _tokens.Clear();
                _toldTokens = 0;
                break;
            case "reasoning":
                item["content"] = new JsonArray(ReasoningText(text));
                events.Add(("response.reasoning_text.done", At("text")));
                events.Add(("response.content_part.done", Part(ReasoningText(text))));
                break;
            default:
                item["arguments"] = text;
                events.Add(("response.function_call_arguments.done", At("arguments")));
                break;
        }
        if (item.ContainsKey("status")) item["status"] = status;
        events.Add(("response.output_item.done", new JsonObject { ["output_index"] = _items.Count - 1, ["item"] = item.DeepClone() }));
        _kind = "";
        _open.Clear();
        return events;
    }

    private JsonObject Part(JsonObject part) => new() { ["item_id"] = _items[^1]["id"]!.DeepClone(), ["output_index"] = _items.Count - 1, ["content_index"] = 0, ["part"] = part };

    private static JsonObject OutputText(string text, JsonArray logprobs) => new() { ["type"] = "output_text", ["text"] = text, ["annotations"] = new JsonArray(), ["logprobs"] = logprobs };

    private static JsonObject ReasoningText(string text) => new() { ["type"] = "reasoning_text", ["text"] = text };
}
