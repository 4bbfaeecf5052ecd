using System.Text;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Server.Models;

namespace Hearth.Server.Api.OpenAi;

/// <summary>One answer to a conversation, collected while it comes.</summary>
internal sealed class ChatAnswer(LoadedModel model, ChatRequest request, int index)
{
    private readonly StringBuilder _text = new(), _reasoning = new();
    private readonly List<(string Id, string Name, StringBuilder Arguments)> _calls = [];
    private readonly List<JsonObject> _tokens = [];                              // with their log-probabilities, where those are wanted
    private int _told;

    public ChatUsage Usage { get; private set; }

    public FinishReason Reason { get; private set; }

    public string? StopString { get; private set; }

    public long Seed => request.Options.Seed;

    public string Text => _text.ToString();

    public string Reasoning => _reasoning.ToString();

    public IEnumerable<ToolCall> Calls => _calls.Select(c => new ToolCall(c.Id, c.Name, c.Arguments.ToString()));

    /// <summary>Answers; each piece goes to <paramref name="tell"/> as a choice with a delta, the first with the role.</summary>
    public async Task Run(Func<JsonObject, ValueTask> tell, CancellationToken cancel)
    {
        bool first = true;
        await foreach (ChatUpdate update in model.Engine.AnswerAsync(request, cancel).ConfigureAwait(false))
        {
            if (first)
            {
                first = false;
                await tell(Delta(new JsonObject { ["role"] = "assistant", ["content"] = "" })).ConfigureAwait(false);
            }
            if (Take(update) is { } delta) await tell(Delta(delta)).ConfigureAwait(false);
        }
    }

    /// <summary>The choice of a whole answer.</summary>
    public JsonObject Choice() => new()
    {
        ["index"] = index,
        ["message"] = Message(),
        ["logprobs"] = request.LogProbabilities ? Logprobs(0) : null,
        ["finish_reason"] = Finish(),
    };

    /// <summary>The choice that ends a stream.</summary>
    public JsonObject Last()
    {
        JsonObject delta = Delta([]);
        delta["finish_reason"] = Finish();
        return delta;
    }

    public JsonObject Message()
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = _text.Length > 0 || _calls.Count == 0 ? Text : null, ["refusal"] = null };
        if (_reasoning.Length > 0) message["reasoning_content"] = Reasoning;
        if (_calls.Count > 0) message["tool_calls"] = new JsonArray([.. _calls.Select(c => Call(c.Id, c.Name, c.Arguments.ToString()))]);
        return message;
    }

    private static JsonObject Call(string id, string name, string arguments) => new()
    {
        ["id"] = id,
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = name, ["arguments"] = arguments },
    };

    /// <summary>Collects a piece.</summary>
    /// <returns>What a stream tells of it; null for nothing.</returns>
    public JsonObject? Take(ChatUpdate update)
    {
        // A remote model's tokens are told at the end; until then each piece counts as one.
        if (model.Remote is not null && update is (TextUpdate or ReasoningUpdate or ToolArgumentsUpdate)) Usage = Usage with { AnswerTokens = Usage.AnswerTokens + 1 };
        switch (update)
        {
            case BeginUpdate begin:
                Usage = new ChatUsage(begin.PromptTokens, 0, 0);                 // grows with the answer: one that is stopped has its count too
                return null;
            case TokenUpdate token:
                Usage = Usage with { AnswerTokens = Usage.AnswerTokens + 1, ReasoningTokens = Usage.ReasoningTokens + (token.Part == AnswerPart.Reasoning ? 1 : 0) };
                if (request.LogProbabilities && token.Part == AnswerPart.Answer) _tokens.Add(TokenJson.Chat(model.Bundle.Tokenizer, token.Token));
                return null;
            case TextTokenUpdate token:
                if (request.LogProbabilities) _tokens.Add(TokenJson.Chat(token.Token));
                return null;
            case TextUpdate text:
                _text.Append(text.Text);
                return new JsonObject { ["content"] = text.Text };
            case ReasoningUpdate reasoning:
                _reasoning.Append(reasoning.Text);
                return new JsonObject { ["reasoning_content"] = reasoning.Text };
            case ToolCallUpdate call:
                string id = $"call_{Guid.CreateVersion7():N}";
                _calls.Add((id, call.Name, new StringBuilder()));
                JsonObject begun = Call(id, call.Name, "");
                begun["index"] = call.Index;
                return new JsonObject { ["tool_calls"] = new JsonArray(begun) };
            case ToolArgumentsUpdate arguments:
                _calls[arguments.Index].Arguments.Append(arguments.Text);
                return new JsonObject { ["tool_calls"] = new JsonArray(new JsonObject { ["index"] = arguments.Index, ["function"] = new JsonObject { ["arguments"] = arguments.Text } }) };
            case FinishUpdate finish:
                (Usage, Reason, StopString) = (finish.Usage, finish.Reason, finish.StopString);
                return null;
            default: return null;
        }
    }

    private JsonObject Delta(JsonObject delta)
    {
        var choice = new JsonObject { ["index"] = index, ["delta"] = delta, ["logprobs"] = null, ["finish_reason"] = null };
        if (request.LogProbabilities && _told < _tokens.Count) choice["logprobs"] = Logprobs(_told);
        _told = _tokens.Count;
        return choice;
    }

    private JsonObject Logprobs(int from) => new()
    {
        ["content"] = new JsonArray([.. _tokens.Skip(from).Select(t => t.DeepClone())]),
        ["refusal"] = null,
    };

    public string Finish() => Reason switch
    {
        FinishReason.Length => "length",
        FinishReason.ToolCalls => "tool_calls",
        _ => "stop",
    };
}
