using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;

namespace Hearth.Models.Chat;

/// <summary>What the assistant may do with tools.</summary>
public enum ToolChoice
{
    /// <summary>Call tools or not.</summary>
    Auto,

    /// <summary>Call none; they are described all the same.</summary>
    None,

    /// <summary>Call at least one.</summary>
    Required,
}

/// <summary>A question to a model: a conversation, tools, and how to answer.</summary>
/// <param name="Prompt">What the model is told.</param>
public sealed record ChatRequest(ChatPrompt Prompt)
{
    /// <summary>How tokens are chosen. Stop tokens, constraint, reasoning and vocabulary are set by the engine.</summary>
    public GenerationOptions Options { get; init; } = new() { MaxTokens = int.MaxValue };

    /// <summary>Strings that end the answer's text; they are not part of it.</summary>
    public IReadOnlyList<string> Stops { get; init; } = [];

    /// <summary>What the answer's text must be like; null for anything. Reasoning is free.</summary>
    public Grammar? Shape { get; init; }

    /// <summary>What the assistant may do with the tools.</summary>
    public ToolChoice ToolChoice { get; init; }

    /// <summary>The tool that must be called; null for any.</summary>
    public string? ToolName { get; init; }

    /// <summary>Whether several tools may be called at once.</summary>
    public bool ParallelCalls { get; init; } = true;

    /// <summary>The most tokens of reasoning; null for any number.</summary>
    public int? ReasoningBudget { get; init; }
}
