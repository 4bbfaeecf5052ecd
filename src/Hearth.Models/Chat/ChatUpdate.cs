using Hearth.Models.Generation;

namespace Hearth.Models.Chat;

/// <summary>A piece of an answer as it comes.</summary>
public abstract record ChatUpdate;

/// <summary>The answer begins; comes first, once the model has taken the conversation.</summary>
/// <param name="Id">The answer's id: the same for the same prompt to a model of this process, a remote model's own.</param>
/// <param name="PromptTokens">Tokens of the prompt; about as many, by its length, for a remote model, whose end tells.</param>
public sealed record BeginUpdate(string Id, int PromptTokens) : ChatUpdate;

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
/// <param name="Part">What it belongs to; marks of reasoning belong to the reasoning, calls of tools are commentary.</param>
public sealed record TokenUpdate(GeneratedToken Token, AnswerPart Part) : ChatUpdate;

/// <summary>A token of a remote model's answer, whose number nobody here knows.</summary>
/// <param name="Token">The token.</param>
public sealed record TextTokenUpdate(TextToken Token) : ChatUpdate;

/// <summary>A token by its text.</summary>
/// <param name="Text">The text; what of it is half a character shows as U+FFFD.</param>
/// <param name="Bytes">Its bytes; null when they are not known.</param>
/// <param name="LogProbability">Its log-probability in nats.</param>
/// <param name="Alternatives">The likeliest tokens in its place.</param>
public sealed record TextToken(string Text, IReadOnlyList<byte>? Bytes, double LogProbability, IReadOnlyList<TextToken> Alternatives);

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
