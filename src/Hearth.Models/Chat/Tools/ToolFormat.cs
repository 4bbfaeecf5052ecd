using Hearth.Models.Generation.Constraints;

namespace Hearth.Models.Chat.Tools;

/// <summary>A call as far as it was written.</summary>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">The text of its arguments so far, JSON once it is complete.</param>
/// <param name="Complete">Whether the arguments have ended.</param>
internal sealed record PartialCall(string Name, string Arguments, bool Complete);

/// <summary>The calls in a text that begins with the mark of one.</summary>
/// <param name="Calls">The calls whose names are known, in order. As the text grows, their arguments only grow.</param>
/// <param name="End">Where other text goes on; null while the calls may go on.</param>
internal sealed record CallRegion(IReadOnlyList<PartialCall> Calls, int? End);

/// <summary>How a family of models writes calls of tools.</summary>
internal abstract class ToolFormat
{
    /// <summary>What a template that describes tools has in it.</summary>
    public const string Variable = "tools";

    /// <summary>The schema of a tool that has none.</summary>
    public const string AnyArguments = """{"type": "object"}""";

    /// <summary>Marks that calls begin with.</summary>
    public abstract IReadOnlyList<string> Opens { get; }

    /// <summary>All marks that calls are written with; where one is a token of its own, it is text inside a call.</summary>
    public abstract IReadOnlyList<string> Marks { get; }

    /// <summary>Whether an answer that is a JSON object from its first character is a call.</summary>
    public virtual bool Bare => false;

    /// <summary>Whether arguments are given as the model writes them, so that more text is more of them.</summary>
    public virtual bool Verbatim => true;

    /// <summary>Reads calls.</summary>
    /// <param name="text">Text that begins with one of <see cref="Opens"/>, or with the object of a bare call.</param>
    /// <param name="tools">The tools that were offered.</param>
    public abstract CallRegion Read(string text, IReadOnlyList<Tool> tools);

    /// <summary>Arguments that fit a tool's schema, as this format writes them.</summary>
    /// <param name="rules">Receives the rules that it takes.</param>
    /// <param name="tool">The tool.</param>
    public virtual GrammarNode Arguments(GrammarRules rules, Tool tool) => JsonSchemaReader.Add(rules, tool.Parameters ?? AnyArguments);

    /// <summary>What stands before the first call, between calls and after the last.</summary>
    public virtual (string Before, string Between, string After) Around => ("", "\n", "");

    /// <summary>What stands before and after the arguments of a call.</summary>
    /// <param name="name">The tool.</param>
    public abstract (string Before, string After) Frame(string name);

    /// <summary>Whether a text can be a tool's name.</summary>
    private protected static bool IsName(string text) => text.Length is > 0 and <= 256 && text.All(c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.' or ':' or '/');

    /// <summary>The format that a template speaks; <see cref="TaggedJsonFormat.Hermes"/> for one that speaks none.</summary>
    /// <param name="template">The template's text.</param>
    public static ToolFormat Of(string template)
    {
        bool Has(string mark) => template.Contains(mark, StringComparison.Ordinal);
        return !Has(Variable) ? TaggedJsonFormat.Hermes                           // as PlainTools tells it
            : Has("[TOOL_CALLS]") ? Has("[ARGS]") ? NamedJsonFormat.Mistral : TaggedJsonFormat.Mistral
            : Has("<minimax:tool_call>") ? TaggedXmlFormat.MiniMax
            : Has("<function=") ? TaggedXmlFormat.Qwen
            : Has(NamedJsonFormat.DeepSeekCalls) ? Has("```json") ? NamedJsonFormat.DeepSeekFenced : NamedJsonFormat.DeepSeek
            : Has("<|tool_call|>") ? TaggedJsonFormat.Granite
            : Has("<tool_call>") ? TaggedJsonFormat.Hermes
            : Has("\"parameters\": ") && Has("ipython") ? TaggedJsonFormat.Llama
            : TaggedJsonFormat.Hermes;
    }
}
