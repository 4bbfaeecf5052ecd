using Hearth.Models.Generation;

namespace Hearth.Models.Chat;

/// <summary>A piece of an answer as it comes.</summary>
public abstract record ChatUpdate;

/// <summary>Text for the reader.</summary>
/// <param name="Text">The text.</param>
public sealed record TextUpdate(string Text) : ChatUpdate;

/// <summary>Text that the model writes to itself.</summary>
/// <param name="Text">The text.</param>
public sealed record ReasoningUpdate(string Text) : ChatUpdate;

/// <summary>The model begins to call a tool.</summary>
/// <param name="Index">Which call of the answer, from 0.</param>
/// <param name="Id">The call's id.</param>
/// <param name="Name">The tool.</param>
public sealed record ToolCallUpdate(int Index, string Id, string Name) : ChatUpdate;

/// <summary>More of a call's arguments.</summary>
/// <param name="Index">Which call of the answer, from 0.</param>
/// <param name="Text">JSON that follows what came before.</param>
public sealed record ToolArgumentsUpdate(int Index, string Text) : ChatUpdate;

/// <summary>A token was generated; what it says comes in other updates, perhaps later.</summary>
/// <param name="Token">The token, with its log-probability and what else could have come.</param>
public sealed record TokenUpdate(GeneratedToken Token) : ChatUpdate;

/// <summary>The answer has ended.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Usage">What it took.</param>
/// <param name="StopString">The string that ended it; null for none.</param>
public sealed record FinishUpdate(FinishReason Reason, ChatUsage Usage, string? StopString) : ChatUpdate;

/// <summary>Why an answer ended.</summary>
public enum FinishReason
{
    /// <summary>The model ended it, or a stop string did.</summary>
    Stop,

    /// <summary>It has as many tokens as were asked for, or the context is full.</summary>
    Length,

    /// <summary>The model waits for tools.</summary>
    ToolCalls,
}

/// <summary>Tokens of a prompt and its answer.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="AnswerTokens">Tokens of the answer, reasoning included.</param>
/// <param name="ReasoningTokens">Tokens of the answer that were reasoning.</param>
public readonly record struct ChatUsage(int PromptTokens, int AnswerTokens, int ReasoningTokens);
