using Hearth.Numerics;

namespace Hearth.Models.Chat;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks: <c>system</c>, <c>developer</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>What the assistant wrote to itself before it answered; null for nothing.</summary>
    public string? Reasoning { get; init; }

    /// <summary>Tools that the assistant calls.</summary>
    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];

    /// <summary>The call that a tool answers; null for other messages.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>The speaker's name, or that of the tool that answers; null for none.</summary>
    public string? Name { get; init; }
}

/// <summary>A tool that the assistant calls.</summary>
/// <param name="Id">What the tool's answer refers to.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">Its arguments, a JSON object as text.</param>
public sealed record ToolCall(string Id, string Name, string Arguments);

/// <summary>A tool that the assistant may call.</summary>
/// <param name="Name">Its name: letters, digits, <c>_</c>, <c>-</c> and <c>.</c>.</param>
/// <param name="Description">What it does; null for nothing.</param>
/// <param name="Parameters">The JSON schema of its arguments, as text; null for any object.</param>
public sealed record Tool(string Name, string? Description = null, string? Parameters = null)
{
    /// <summary>Whether the arguments must fit the schema: then the call is held to it while it is generated.</summary>
    public bool Strict { get; init; }
}

/// <summary>What a model is told before it answers.</summary>
/// <param name="Messages">The conversation.</param>
public sealed record ChatPrompt(IReadOnlyList<ChatMessage> Messages)
{
    /// <summary>The tools that the assistant may call.</summary>
    public IReadOnlyList<Tool> Tools { get; init; } = [];

    /// <summary>True to end where the assistant's answer begins.</summary>
    public bool AskForAnswer { get; init; } = true;

    /// <summary>True to leave the last message, the assistant's, open, to be continued.</summary>
    public bool ContinueLast { get; init; }

    /// <summary>Whether the model reasons before it answers, for templates that ask; null for what the template does by itself.</summary>
    public bool? Thinking { get; init; }

    /// <summary>How much to reason, <c>low</c>, <c>medium</c> or <c>high</c>, for templates that ask; null for what the template does by itself.</summary>
    public string? ReasoningEffort { get; init; }
}

/// <summary>A conversation that the model can not be told.</summary>
/// <param name="problem">What is wrong, and what to do.</param>
public sealed class ChatException(string problem) : HearthException(problem);
