using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Hearth.Server.Pages.Chat;

/// <summary>How a conversation is answered. What is null is as the model's interface has it.</summary>
public sealed record ChatSettings
{
    private static readonly JsonSerializerOptions Form = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    };

    /// <summary>What the model is told before the conversation.</summary>
    public string? System { get; init; }

    /// <summary>How far unlikely tokens are chosen.</summary>
    public double? Temperature { get; init; }

    /// <summary>The share of the likeliest tokens that are chosen from.</summary>
    public double? TopP { get; init; }

    /// <summary>How many of the likeliest tokens are chosen from.</summary>
    public int? TopK { get; init; }

    /// <summary>How likely a token has to be, to the likeliest.</summary>
    public double? MinP { get; init; }

    /// <summary>The most tokens of an answer.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>What chance begins with.</summary>
    public long? Seed { get; init; }

    /// <summary>Texts that end the answer.</summary>
    public IReadOnlyList<string>? Stop { get; init; }

    /// <summary><c>off</c>, <c>on</c>, <c>low</c>, <c>medium</c> or <c>high</c>, for templates that ask; null for what the template does by itself.</summary>
    public string? Reasoning { get; init; }

    /// <summary>The settings as they are kept.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Form);

    /// <summary>Settings that were kept; the usual ones when there are none, or none that can be read.</summary>
    /// <param name="json">As <see cref="ToJson"/> gave them.</param>
    public static ChatSettings Of(string? json)
    {
        try
        {
            return json is null ? new() : JsonSerializer.Deserialize<ChatSettings>(json, Form) ?? new();
        }
        catch (JsonException)
        {
            return new();
        }
    }

    /// <summary>The request for an answer, as a chat completion's body.</summary>
    /// <param name="model">The model.</param>
    /// <param name="messages">What was said so far: roles and texts.</param>
    public JsonObject Request(string model, IEnumerable<(string Role, string Text)> messages)
    {
        var said = new JsonArray();
        if (!string.IsNullOrWhiteSpace(System)) said.Add(new JsonObject { ["role"] = "system", ["content"] = System });
        foreach ((string role, string text) in messages) said.Add(new JsonObject { ["role"] = role, ["content"] = text });
        var body = new JsonObject { ["model"] = model, ["messages"] = said };
        if (Temperature is { } temperature) body["temperature"] = temperature;
        if (TopP is { } topP) body["top_p"] = topP;
        if (TopK is { } topK) body["top_k"] = topK;
        if (MinP is { } minP) body["min_p"] = minP;
        if (MaxTokens is { } maxTokens) body["max_tokens"] = maxTokens;
        if (Seed is { } seed) body["seed"] = seed;
        if (Stop is { Count: > 0 }) body["stop"] = new JsonArray([.. Stop.Select(s => JsonValue.Create(s))]);
        if (Reasoning == "on") body["enable_thinking"] = true;
        else if (Reasoning is not null) body["reasoning_effort"] = Reasoning == "off" ? "none" : Reasoning;
        return body;
    }
}
