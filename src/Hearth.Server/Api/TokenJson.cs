using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Models.Tokenizers;
using Hearth.Server.Api.Wire;

namespace Hearth.Server.Api;

/// <summary>Tokens and their log-probabilities as JSON.</summary>
internal static class TokenJson
{
    /// <summary>A token's text; bytes that are half a character show as U+FFFD, and its bytes tell.</summary>
    public static string Text(Tokenizer tokenizer, int token) => Encoding.UTF8.GetString(tokenizer.Bytes(token));

    /// <summary>A list of tokens that a client sent.</summary>
    /// <param name="list">The list.</param>
    /// <param name="at">The field's place, for errors.</param>
    /// <param name="count">How many tokens there are.</param>
    public static int[] Ids(JsonElement list, string at, int count) => list.ValueKind != JsonValueKind.Array ? throw Fields.Bad(at, list.ValueKind, "a list of tokens")
        : [.. list.EnumerateArray().Select(t => t.ValueKind == JsonValueKind.Number && t.TryGetInt32(out int id) && id >= 0 && id < count
            ? id : throw new ApiException(400, $"The field '{at}' holds {Shown(t)}; ids of tokens are 0 to {count - 1:N0}.", at))];

    private static string Shown(JsonElement json) => json.GetRawText() is { Length: > 20 } text ? text[..20] : json.GetRawText();

    /// <summary>A token as chat completions report it.</summary>
    public static JsonObject Chat(Tokenizer tokenizer, GeneratedToken token)
    {
        JsonObject json = One(tokenizer, token.Id, token.LogProbability);
        json["top_logprobs"] = new JsonArray([.. (token.Alternatives ?? []).Select(a => One(tokenizer, a.Id, a.LogProbability))]);
        return json;
    }

    /// <summary>A remote model's token as chat completions report it.</summary>
    public static JsonObject Chat(TextToken token)
    {
        JsonObject json = One(token.Text, token.LogProbability, token.Bytes);
        json["top_logprobs"] = new JsonArray([.. token.Alternatives.Select(a => One(a.Text, a.LogProbability, a.Bytes))]);
        return json;
    }

    private static JsonObject One(Tokenizer tokenizer, int token, float logProbability) =>
        One(Text(tokenizer, token), logProbability, tokenizer.Bytes(token).ToArray());     // all the number's bits

    private static JsonObject One(string text, double logProbability, IEnumerable<byte>? bytes) => new()
    {
        ["token"] = text,
        ["logprob"] = logProbability,
        ["bytes"] = bytes is null ? null : new JsonArray([.. bytes.Select(b => JsonValue.Create((int)b))]),
    };
}
