using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;

namespace Hearth.Models.Remote;

/// <summary>Reads the pieces of a text that a remote model goes on with (OpenAI API reference, "The completion object"), and checks that an echo is one.</summary>
internal sealed class RemoteText(RemoteSpec spec, JsonNode prompt, bool echo, bool logprobs)
{
    private static readonly string[] Columns = ["tokens", "token_logprobs", "top_logprobs", "text_offset"];

    private readonly string? _prompt = prompt is JsonValue value && value.TryGetValue(out string? text) ? text : null;
    private readonly int _promptTokens = prompt is JsonArray tokens ? tokens.Count : 0;
    private string _echo = "";
    private int _tokens;
    private bool _ended;

    /// <summary>What a piece says; null for nothing.</summary>
    public RemotePiece? Take(JsonElement chunk)
    {
        ChatUsage? usage = RemoteJson.Usage(chunk);
        if (!chunk.TryGetProperty("choices", out JsonElement choices) || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() == 0)
            return usage is null ? null : new RemotePiece("", null) { Usage = usage };
        JsonElement choice = choices[0];
        if (choice.ValueKind != JsonValueKind.Object) throw Broken("sent a choice that is no object.");
        string text = RemoteJson.Text(spec, choice, "text") ?? "";
        string? finish = RemoteJson.Text(spec, choice, "finish_reason");
        if (finish is not null) _ended = true;
        if (echo && _prompt is not null && _echo.Length < _prompt.Length) _echo += text;
        return new RemotePiece(text, logprobs ? LogProbabilities(choice) : null) { Finish = finish is null ? null : finish == "length" ? "length" : "stop", Usage = usage };
    }

    /// <summary>The end of the text.</summary>
    /// <exception cref="RemoteException">It is not whole, or not what was asked for.</exception>
    public void End()
    {
        if (!_ended) throw Broken("broke off before its text had ended.");
        bool hasEcho = _prompt is null || _echo.StartsWith(_prompt, StringComparison.Ordinal);
        if (echo && (!hasEcho || (logprobs && _tokens < Math.Max(1, _promptTokens))))
            throw RemoteRequest.CanNot(spec, "does not repeat the prompt with its log-probabilities (echo), so log-likelihoods can not be had from it.");
        if (logprobs && _tokens == 0) throw RemoteRequest.CanNot(spec, "gives no log-probabilities. Leave 'logprobs' out.");
    }

    /// <summary>The four lists, each as long as the others.</summary>
    private JsonObject? LogProbabilities(JsonElement choice)
    {
        if (!choice.TryGetProperty("logprobs", out JsonElement table) || table.ValueKind != JsonValueKind.Object) return null;
        if (!table.TryGetProperty("tokens", out JsonElement tokens) || tokens.ValueKind != JsonValueKind.Array) return null;
        int count = tokens.GetArrayLength();
        var read = new JsonObject();
        foreach (string column in Columns)
        {
            bool has = table.TryGetProperty(column, out JsonElement list) && list.ValueKind == JsonValueKind.Array;
            if (has && list.GetArrayLength() != count) throw Broken("sent log-probabilities that do not belong together.");
            if (!has && column == "token_logprobs") throw Broken("sent tokens without log-probabilities.");
            read[column] = has ? JsonNode.Parse(list.GetRawText()) : new JsonArray([.. Enumerable.Repeat<JsonNode?>(null, count)]);
        }
        _tokens += count;
        return read;
    }

    private RemoteException Broken(string problem) => new(spec.Name, RemoteFailure.Broken, problem);
}
