namespace Hearth.Server.State;

/// <summary>A key that opens the server.</summary>
public sealed class KeyRow
{
    /// <summary>The open part of the key, by which it is found.</summary>
    public required string Id { get; set; }

    /// <summary>Whose it is.</summary>
    public required string Name { get; set; }

    /// <summary><c>user</c> or <c>admin</c>.</summary>
    public required string Role { get; set; }

    /// <summary>Random bytes that <see cref="Hash"/> is keyed with, as hex.</summary>
    public required string Salt { get; set; }

    /// <summary>HMAC-SHA-256 of the secret part, as hex.</summary>
    public required string Hash { get; set; }

    /// <summary>The most requests in a minute.</summary>
    public int? RequestsPerMinute { get; set; }

    /// <summary>The most tokens, read and written, in a minute.</summary>
    public int? TokensPerMinute { get; set; }

    /// <summary>The most tokens, read and written, in a day of UTC.</summary>
    public long? TokensPerDay { get; set; }

    /// <summary>Names of the models it may ask, one a line; null for all.</summary>
    public string? Models { get; set; }

    /// <summary>When it was made.</summary>
    public DateTime Created { get; set; }

    /// <summary>When it ends by itself.</summary>
    public DateTime? Expires { get; set; }

    /// <summary>When it was revoked.</summary>
    public DateTime? Revoked { get; set; }
}

/// <summary>What a key has used on a day.</summary>
public sealed class UsageRow
{
    /// <summary>The key's id.</summary>
    public required string KeyId { get; set; }

    /// <summary>The day of UTC, as yyyy-MM-dd.</summary>
    public required string Day { get; set; }

    /// <summary>Answers.</summary>
    public long Requests { get; set; }

    /// <summary>Tokens, read and written.</summary>
    public long Tokens { get; set; }
}

/// <summary>What a key has used of a limit by the minute: it falls at the limit's rate.</summary>
public sealed class MinuteRow
{
    /// <summary>The key's id.</summary>
    public required string KeyId { get; set; }

    /// <summary><c>requests</c> or <c>tokens</c>.</summary>
    public required string Kind { get; set; }

    /// <summary>How much was used at <see cref="At"/>.</summary>
    public double Used { get; set; }

    /// <summary>When that was, in seconds since 1970.</summary>
    public double At { get; set; }
}

/// <summary>A conversation: a tree of messages.</summary>
public sealed class ConversationRow
{
    /// <summary>Its id.</summary>
    public required string Id { get; set; }

    /// <summary>The id of the key whose it is.</summary>
    public required string Owner { get; set; }

    /// <summary>Its title.</summary>
    public required string Title { get; set; }

    /// <summary>The model that was last chosen.</summary>
    public string? Model { get; set; }

    /// <summary>What was last chosen, as JSON.</summary>
    public string? Settings { get; set; }

    /// <summary>The last message of the branch that is shown.</summary>
    public string? Leaf { get; set; }

    /// <summary>What a program noted with it: texts by name, as JSON.</summary>
    public string? Metadata { get; set; }

    /// <summary>When it began.</summary>
    public DateTime Created { get; set; }

    /// <summary>When a message or the title last changed.</summary>
    public DateTime Updated { get; set; }
}

/// <summary>A message of a conversation.</summary>
public sealed class MessageRow
{
    /// <summary>Its id.</summary>
    public required string Id { get; set; }

    /// <summary>The conversation.</summary>
    public required string ConversationId { get; set; }

    /// <summary>The message before; null for a first one. Messages of one parent are branches.</summary>
    public string? ParentId { get; set; }

    /// <summary>Its place among all of the conversation, from 1, in the order in which they came.</summary>
    public int Number { get; set; }

    /// <summary><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</summary>
    public required string Role { get; set; }

    /// <summary>What it says.</summary>
    public required string Content { get; set; }

    /// <summary>What the model thought before.</summary>
    public string? Reasoning { get; set; }

    /// <summary>Tool calls, attachments and the like, as JSON.</summary>
    public string? Extra { get; set; }

    /// <summary>Which model wrote it.</summary>
    public string? Model { get; set; }

    /// <summary>The model's digest.</summary>
    public string? ModelDigest { get; set; }

    /// <summary>How it was sampled, as JSON.</summary>
    public string? Settings { get; set; }

    /// <summary>The seed it was sampled with.</summary>
    public long? Seed { get; set; }

    /// <summary>Tokens of the prompt.</summary>
    public int? PromptTokens { get; set; }

    /// <summary>Tokens of the answer.</summary>
    public int? AnswerTokens { get; set; }

    /// <summary>Milliseconds to the first token.</summary>
    public double? FirstTokenMilliseconds { get; set; }

    /// <summary>Milliseconds to the last token.</summary>
    public double? TotalMilliseconds { get; set; }

    /// <summary>Why it ended.</summary>
    public string? Finish { get; set; }

    /// <summary>Its entry in the audit log.</summary>
    public long? AuditSequence { get; set; }

    /// <summary>When it was written.</summary>
    public DateTime Created { get; set; }
}

/// <summary>A response that a client asked to keep.</summary>
public sealed class ResponseRow
{
    /// <summary>Its id.</summary>
    public required string Id { get; set; }

    /// <summary>The id of the key whose it is.</summary>
    public required string Owner { get; set; }

    /// <summary>The response before, that it goes on from.</summary>
    public string? PreviousId { get; set; }

    /// <summary>What was given in, as JSON.</summary>
    public required string Input { get; set; }

    /// <summary>The response, as JSON.</summary>
    public required string Body { get; set; }

    /// <summary>When it was made.</summary>
    public DateTime Created { get; set; }
}

/// <summary>An entry of the audit log.</summary>
public sealed class AuditRow
{
    /// <summary>Its place in the chain, from 1.</summary>
    public long Sequence { get; set; }

    /// <summary>SHA-256 of <see cref="Line"/>'s UTF-8 bytes.</summary>
    public required string Hash { get; set; }

    /// <summary>What happened, as JSON; null when cut down to its hash.</summary>
    public string? Line { get; set; }

    /// <summary>When it happened, as in the line.</summary>
    public DateTime? Time { get; set; }

    /// <summary>The id of the key, as in the line.</summary>
    public string? KeyId { get; set; }

    /// <summary>The model, as in the line.</summary>
    public string? Model { get; set; }

    /// <summary>What the digests of texts begin with; without it none can be guessed from its digest.</summary>
    public string? Salt { get; set; }

    /// <summary>What was asked.</summary>
    public string? Prompt { get; set; }

    /// <summary>What was answered.</summary>
    public string? Answer { get; set; }
}

/// <summary>A key that cookies and forms are protected with, shared by all servers of the database.</summary>
public sealed class ProtectionRow
{
    /// <summary>Its name.</summary>
    public required string Id { get; set; }

    /// <summary>As ASP.NET Core writes it.</summary>
    public required string Xml { get; set; }
}
