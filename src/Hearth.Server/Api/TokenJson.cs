using System.Text;
using System.Text.Json.Nodes;
using Hearth.Models.Generation;
using Hearth.Models.Tokenizers;

namespace Hearth.Server.Api;

/// <summary>Tokens and their log-probabilities as JSON.</summary>
internal static class TokenJson
{
    /// <summary>A token's text; bytes that are half a character show as U+FFFD, and its bytes tell.</summary>
    public static string Text(Tokenizer tokenizer, int token) => Encoding.UTF8.GetString(tokenizer.Bytes(token));

    /// <summary>A token as chat completions report it.</summary>
    public static JsonObject Chat(Tokenizer tokenizer, GeneratedToken token)
    {
        JsonObject json = One(tokenizer, token.Id, token.LogProbability);
        json["top_logprobs"] = new JsonArray([.. (token.Alternatives ?? []).Select(a => One(tokenizer, a.Id, a.LogProbability))]);
        return json;
    }

    private static JsonObject One(Tokenizer tokenizer, int token, float logProbability) => new()
    {
        ["token"] = Text(tokenizer, token),
        ["logprob"] = (double)logProbability,                                   // all its bits
        ["bytes"] = new JsonArray([.. tokenizer.Bytes(token).ToArray().Select(b => JsonValue.Create((int)b))]),
    };
}
