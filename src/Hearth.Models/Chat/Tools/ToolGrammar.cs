using Hearth.Models.Generation.Constraints;
using Hearth.Models.Tokenizers;

namespace Hearth.Models.Chat.Tools;

/// <summary>
/// Grammars of calls in a family's own form, with arguments that fit the tools' schemas. Marks that are tokens of their own are those tokens.
/// </summary>
/// <param name="rules">Receives the rules that it takes.</param>
/// <param name="tokenizer">The model's tokenizer.</param>
internal sealed class ToolGrammar(GrammarRules rules, Tokenizer tokenizer)
{
    private const int MostCalls = 16;

    /// <summary>Any text; special tokens are not text.</summary>
    public static GrammarNode AnyText { get; } = new OneOf([]).Others().Repeat(0, null);

    /// <summary>Calls of some tools.</summary>
    /// <param name="format">How they are written.</param>
    /// <param name="tools">The tools.</param>
    /// <param name="several">Whether more than one call may come.</param>
    public GrammarNode Calls(ToolFormat format, IReadOnlyList<Tool> tools, bool several)
    {
        GrammarNode[] calls = [.. tools.Select(tool =>
        {
            (string before, string after) = format.Frame(tool.Name);
            return GrammarNode.All(Written(before), format.Arguments(rules, Kept(tool)), Written(after));
        })];
        Call call = rules.Add("call", GrammarNode.Any(calls));
        (string opening, string between, string closing) = format.Around;
        GrammarNode more = GrammarNode.All(Written(between), call).Repeat(0, several ? MostCalls - 1 : 0);
        return GrammarNode.All(Written(opening), call, more, Written(closing));
    }

    /// <summary>Text, and perhaps calls after it; where a call begins, it is one of those.</summary>
    /// <param name="format">How calls are written.</param>
    /// <param name="calls">The calls.</param>
    public GrammarNode TextOrCalls(ToolFormat format, GrammarNode calls)
    {
        if (!format.Bare) return GrammarNode.All(tokenizer.Special(format.Opens[0]) is null ? rules.TextWithout(format.Opens[0]) : AnyText, calls.Maybe());
        GrammarNode space = GrammarNode.Set((' ', ' '), ('\t', '\t'), ('\n', '\n'), ('\r', '\r')).Repeat(0, null);
        GrammarNode plain = new OneOf([(' ', ' '), ('\t', '\t'), ('\n', '\n'), ('\r', '\r'), ('{', '{')]).Others();
        return GrammarNode.Any(calls, GrammarNode.All(space, GrammarNode.All(plain, AnyText).Maybe()));
    }

    /// <summary>A text in which marks that are tokens of their own are those tokens.</summary>
    public GrammarNode Written(string text)
    {
        var parts = new List<GrammarNode>();
        int from = 0;
        for (int at = 0; at < text.Length; at++)
        {
            SpecialToken? mark = tokenizer.SpecialTokens.Where(t => t.OnRequest && text.AsSpan(at).StartsWith(t.Content, StringComparison.Ordinal)).MaxBy(t => t.Content.Length);
            if (mark is null) continue;
            if (at > from) parts.Add(GrammarNode.Text(text[from..at]));
            parts.Add(new Mark(mark.Content));
            from = at + mark.Content.Length;
            at = from - 1;
        }
        if (from < text.Length) parts.Add(GrammarNode.Text(text[from..]));
        return GrammarNode.All([.. parts]);
    }

    /// <summary>Arguments of a tool as JSON.</summary>
    public GrammarNode Arguments(Tool tool) => JsonSchemaReader.Add(rules, Kept(tool).Parameters ?? ToolFormat.AnyArguments);

    /// <summary>A tool whose schema a grammar can keep. What is asked of a tool that is not strict and can not be kept is not asked.</summary>
    private static Tool Kept(Tool tool)
    {
        try
        {
            if (tool.Parameters is { } schema) JsonSchemaReader.Read(schema);
            return tool;
        }
        catch (ConstraintException) when (!tool.Strict)
        {
            return tool with { Parameters = null };
        }
    }
}
