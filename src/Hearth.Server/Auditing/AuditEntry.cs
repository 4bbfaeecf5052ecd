using System.Text.Json.Nodes;

namespace Hearth.Server.Auditing;

/// <summary>An answer that was given, for the audit log.</summary>
public sealed record AuditEntry
{
    /// <summary>The id of the key that asked.</summary>
    public required string Key { get; init; }

    /// <summary>Whose key it is.</summary>
    public required string Name { get; init; }

    /// <summary>The route that was asked, such as /v1/chat/completions.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The response's id; empty for none.</summary>
    public string Id { get; init; } = "";

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>The model's digest: what answers depend on.</summary>
    public required string ModelDigest { get; init; }

    /// <summary>The seed it was sampled with.</summary>
    public long Seed { get; init; }

    /// <summary>How it was sampled: numbers and words of the server's, no text of the user's, since this part can not be taken out again.</summary>
    public JsonObject? Options { get; init; }

    /// <summary>Everything that was asked, in the form that it can be asked again in: the request's body, or the prompt.</summary>
    public required string Prompt { get; init; }

    /// <summary>Everything that was answered.</summary>
    public required string Answer { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Tokens of the answer.</summary>
    public int AnswerTokens { get; init; }

    /// <summary>Why the answer ended.</summary>
    public string Finish { get; init; } = "stop";
}

/// <summary>Where something stands in the audit log. It is on the disk.</summary>
/// <param name="Sequence">Its place, from 1.</param>
/// <param name="Hash">Its hash, which the next entry names.</param>
public sealed record AuditReceipt(long Sequence, string Hash);
