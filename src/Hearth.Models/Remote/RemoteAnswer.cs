using System.Text;
using System.Text.Json;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;

namespace Hearth.Models.Remote;

/// <summary>
/// Reads the pieces of a remote model's answer (OpenAI API reference, "The chat completion chunk object"), and holds it to what was asked: an answer that
/// breaks off, has no log-probabilities, or does not fit its shape is an error, never a shorter answer.
/// </summary>
internal sealed class RemoteAnswer(RemoteSpec spec, ChatRequest request)
{
    private const int MostCalls = 256, LongestName = 256;

    private readonly StopStrings _stops = new(request.Stops);
    private readonly StringBuilder _text = new();
    private string? _reason, _stop;
    private string _id = "";
    private ChatUsage? _usage;
    private bool _began, _hasTokens;
    private int _calls, _pieces;

    /// <summary>Whether a stop string came that the other server did not stop at.</summary>
    public bool HasEnded => _stops.Found is not null;

    /// <summary>What a piece says.</summary>
    public IEnumerable<ChatUpdate> Take(JsonElement chunk)
    {
        if (!_began)
        {
            _began = true;
            _id = Text(chunk, "id") is { Length: > 0 and <= LongestName } id ? id : "";
            yield return new BeginUpdate(_id, PromptGuess);
        }
        if (RemoteJson.Usage(chunk) is { } usage) _usage = usage;
        if (!chunk.TryGetProperty("choices", out JsonElement choices) || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() == 0) yield break;
        JsonElement choice = choices[0];
        if (choice.ValueKind != JsonValueKind.Object) throw Broken("sent a choice that is no object.");
        foreach (TextToken token in RemoteJson.Tokens(spec, choice))
        {
            _hasTokens = true;
            yield return new TextTokenUpdate(token);
        }
        if (choice.TryGetProperty("delta", out JsonElement delta) && delta.ValueKind == JsonValueKind.Object)
        {
            foreach (ChatUpdate update in Delta(delta)) yield return update;
        }
        if (Text(choice, "finish_reason") is { } reason) _reason = reason;
        _stop ??= Text(choice, "stop_reason");
    }

    /// <summary>The end of the answer.</summary>
    /// <exception cref="RemoteException">It is not whole, or not what was asked for.</exception>
    public IEnumerable<ChatUpdate> End()
    {
        if (!_began || (_reason is null && !HasEnded)) throw Broken("broke off before its answer had ended.");
        if (_reason == "content_filter") throw Broken("cut its answer by a filter of its server's.");
        if (!HasEnded && _stops.Flush() is { Length: > 0 } held)
        {
            _text.Append(held);
            yield return new TextUpdate(held);
        }
        FinishReason reason = HasEnded ? FinishReason.Stop : _reason == "length" ? FinishReason.Length : _calls > 0 ? FinishReason.ToolCalls : FinishReason.Stop;
        if (request.LogProbabilities && !_hasTokens && _text.Length > 0) throw RemoteRequest.CanNot(spec, "gives no log-probabilities. Leave 'logprobs' out.");
        if (request.Shape is { } shape && reason == FinishReason.Stop && !HasEnded && _calls == 0 && !Fits(shape)) throw Broken("did not keep to the form that was asked for.");
        string? stop = _stops.Found ?? (request.Stops.Contains(_stop, StringComparer.Ordinal) ? _stop : null);
        yield return new FinishUpdate(reason, _usage ?? new ChatUsage(PromptGuess, _pieces, 0), stop);
    }

    private int PromptGuess => RemoteModel.GuessTokens(request.Prompt.Messages.Sum(m => Encoding.UTF8.GetByteCount(m.Content)));

    private IEnumerable<ChatUpdate> Delta(JsonElement delta)
    {
        if ((Text(delta, "reasoning_content") ?? Text(delta, "reasoning")) is { Length: > 0 } reasoning)
        {
            _pieces++;
            yield return new ReasoningUpdate(reasoning);
        }
        if ((Text(delta, "content") ?? Text(delta, "refusal")) is { Length: > 0 } content && !HasEnded)
        {
            _pieces++;
            string certain = _stops.Push(content);
            _text.Append(certain);
            if (certain.Length > 0) yield return new TextUpdate(certain);
        }
        if (!delta.TryGetProperty("tool_calls", out JsonElement calls) || calls.ValueKind != JsonValueKind.Array) yield break;
        foreach (JsonElement call in calls.EnumerateArray())
        {
            if (call.ValueKind != JsonValueKind.Object || !call.TryGetProperty("function", out JsonElement function) || function.ValueKind != JsonValueKind.Object)
                throw Broken("called a tool without naming it.");
            string? name = Text(function, "name");
            int index = call.TryGetProperty("index", out JsonElement at) && at.ValueKind == JsonValueKind.Number && at.TryGetInt32(out int i) ? i
                : name is null ? _calls - 1 : _calls;
            if (index == _calls)
            {
                if (name is not { Length: > 0 and <= LongestName } || _calls == MostCalls) throw Broken($"called a tool without a name, or more than {MostCalls}.");
                if (_stops.Flush() is { Length: > 0 } held)
                {
                    _text.Append(held);
                    yield return new TextUpdate(held);
                }
                _calls++;
                yield return new ToolCallUpdate(index, Text(call, "id") is { Length: > 0 and <= LongestName } id ? id : $"call_{index}", name);
            }
            else if (index < 0 || index != _calls - 1) throw Broken("mixed up its calls of tools.");
            string? arguments = function.TryGetProperty("arguments", out JsonElement given) && given.ValueKind == JsonValueKind.Object ? given.GetRawText() : Text(function, "arguments");
            if (arguments is not { Length: > 0 }) continue;
            _pieces++;
            yield return new ToolArgumentsUpdate(index, arguments);
        }
    }

    /// <summary>Whether the text is what was asked for; of a schema, whether it is JSON of the kind, as others may order properties in their own way.</summary>
    private bool Fits(Grammar shape)
    {
        string text = _text.ToString();
        if (shape.Source != GrammarSource.JsonSchema) return shape.Matches(text);
        try
        {
            using JsonDocument json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 256 });
            return !ReferenceEquals(shape, Grammar.JsonObject) || json.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private string? Text(JsonElement json, string name) => RemoteJson.Text(spec, json, name);

    private RemoteException Broken(string problem) => new(spec.Name, RemoteFailure.Broken, problem);
}
