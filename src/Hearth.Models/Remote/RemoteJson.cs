using System.Text.Json;
using Hearth.Models.Chat;

namespace Hearth.Models.Remote;

/// <summary>Parts of answers that several of OpenAI's interfaces have.</summary>
internal static class RemoteJson
{
    private const int MostAlternatives = 64;

    /// <summary>A text; null when it is absent or something else.</summary>
    public static string? Text(RemoteSpec spec, JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out JsonElement value) || value.ValueKind != JsonValueKind.String) return null;
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException e)
        {
            throw new RemoteException(spec.Name, RemoteFailure.Broken, "sent a text that is not valid Unicode.", e);
        }
    }

    /// <summary>What an answer took; null when it is not told.</summary>
    public static ChatUsage? Usage(JsonElement json)
    {
        if (!json.TryGetProperty("usage", out JsonElement usage) || usage.ValueKind != JsonValueKind.Object) return null;
        int reasoning = usage.TryGetProperty("completion_tokens_details", out JsonElement details) && details.ValueKind == JsonValueKind.Object ? Count(details, "reasoning_tokens") : 0;
        return new ChatUsage(Count(usage, "prompt_tokens"), Count(usage, "completion_tokens"), reasoning);
    }

    /// <summary>The tokens of a choice of chat completions.</summary>
    public static IEnumerable<TextToken> Tokens(RemoteSpec spec, JsonElement choice)
    {
        if (!choice.TryGetProperty("logprobs", out JsonElement logprobs) || logprobs.ValueKind != JsonValueKind.Object) yield break;
        if (!logprobs.TryGetProperty("content", out JsonElement content) || content.ValueKind != JsonValueKind.Array) yield break;
        foreach (JsonElement token in content.EnumerateArray())
        {
            bool has = token.ValueKind == JsonValueKind.Object && token.TryGetProperty("top_logprobs", out JsonElement list) && list.ValueKind == JsonValueKind.Array;
            TextToken[] top = has ? [.. token.GetProperty("top_logprobs").EnumerateArray().Take(MostAlternatives).Select(t => Token(spec, t, []))] : [];
            yield return Token(spec, token, top);
        }
    }

    private static TextToken Token(RemoteSpec spec, JsonElement token, TextToken[] top)
    {
        if (token.ValueKind != JsonValueKind.Object || Text(spec, token, "token") is not { } text || !token.TryGetProperty("logprob", out JsonElement number)
            || number.ValueKind != JsonValueKind.Number || !number.TryGetDouble(out double logProbability) || !double.IsFinite(logProbability))
            throw new RemoteException(spec.Name, RemoteFailure.Broken, "sent a log-probability that is none.");
        byte[]? bytes = null;
        if (token.TryGetProperty("bytes", out JsonElement list) && list.ValueKind == JsonValueKind.Array)
        {
            bytes = [.. list.EnumerateArray().Select(b => b.ValueKind == JsonValueKind.Number && b.TryGetByte(out byte value)
                ? value : throw new RemoteException(spec.Name, RemoteFailure.Broken, "sent bytes of a token that are none."))];
        }
        return new TextToken(text, bytes, logProbability, top);
    }

    private static int Count(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int count) && count is >= 0 and < 1 << 30 ? count : 0;
}
