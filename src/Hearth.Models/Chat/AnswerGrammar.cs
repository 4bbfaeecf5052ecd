using Hearth.Models.Chat.Tools;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Hearth.Models.Tokenizers;

namespace Hearth.Models.Chat;

/// <summary>What an answer must be like as a whole, after its reasoning: in its shape, or with calls of tools in the model's own form.</summary>
internal static class AnswerGrammar
{
    /// <summary>The grammar; null when the answer may be anything.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">The model's template.</param>
    /// <exception cref="ChatException">The tool that must be called is not among the tools.</exception>
    /// <exception cref="ConstraintException">A strict tool's schema asks for what can not be kept.</exception>
    public static Grammar? Of(ChatRequest request, Tokenizer tokenizer, string template)
    {
        IReadOnlyList<Tool> tools = request.ToolChoice == ToolChoice.None ? [] : request.Prompt.Tools;
        bool must = request.ToolChoice == ToolChoice.Required || request.ToolName is not null;
        if (request.ToolName is { } name) tools = [.. tools.Where(t => t.Name == name)];
        if (must && tools.Count == 0) throw new ChatException($"The tool '{request.ToolName ?? "any"}' must be called, and it is not among the tools.");
        bool held = tools.Any(t => t.Strict) || (tools.Count > 0 && !request.ParallelCalls);
        if (!must && !held && request.Shape is null) return null;
        if (ReasoningReader.Detect(tokenizer) == ReasoningFormat.Harmony) return Channels(request, tools, must, tokenizer);
        if (tools.Count == 0) return request.Shape;
        return Grammar.Compose("answer", rules =>
        {
            var grammar = new ToolGrammar(rules, tokenizer);
            ToolFormat format = ToolFormat.Of(template);
            GrammarNode calls = grammar.Calls(format, tools, request.ParallelCalls && request.ToolName is null);
            return must ? calls
                : request.Shape is { } shape ? GrammarNode.Any(rules.Import(shape.Rules), calls)
                : grammar.TextOrCalls(format, calls);
        });
    }

    /// <summary>What must be like that in harmony: messages in channels. A call ends the answer.</summary>
    private static Grammar Channels(ChatRequest request, IReadOnlyList<Tool> tools, bool must, Tokenizer tokenizer) => Grammar.Compose("answer", rules =>
    {
        var grammar = new ToolGrammar(rules, tokenizer);
        GrammarNode text = GrammarNode.All(grammar.Written("final<|message|>"), request.Shape is { } shape ? rules.Import(shape.Rules) : ToolGrammar.AnyText);
        GrammarNode next = grammar.Written("<|start|>assistant<|channel|>"), answer = text;
        if (tools.Count > 0)
        {
            GrammarNode call = GrammarNode.Any([.. tools.Select(t => GrammarNode.All(
                grammar.Written($"commentary to=functions.{t.Name} <|constrain|>json<|message|>"), grammar.Arguments(t)))]);
            GrammarNode said = GrammarNode.All(grammar.Written("commentary<|message|>"), ToolGrammar.AnyText, grammar.Written("<|end|>"), next);
            answer = must ? call : request.Shape is null ? GrammarNode.All(said.Maybe(), GrammarNode.Any(call, text)) : GrammarNode.Any(call, text);
        }
        return GrammarNode.All(HarmonyReader.Reasons(request) ? next : grammar.Written("<|channel|>"), answer);
    });
}
