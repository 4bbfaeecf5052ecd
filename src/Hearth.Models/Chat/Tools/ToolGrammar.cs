using Hearth.Models.Generation.Constraints;

namespace Hearth.Models.Chat.Tools;

/// <summary>Grammars of calls that must be made, in a family's own form, with arguments that fit the tools' schemas.</summary>
internal static class ToolGrammar
{
    /// <summary>One call of one of the tools, or several.</summary>
    public static Grammar Of(ToolFormat format, IReadOnlyList<Tool> tools, bool several) => Grammar.Compose("tools", rules =>
    {
        GrammarNode[] calls = [.. tools.Select(tool =>
        {
            (string before, string after) = format.Frame(tool.Name);
            return GrammarNode.All(GrammarNode.Text(before), format.Arguments(rules, tool), GrammarNode.Text(after));
        })];
        GrammarNode call = rules.Add("call", calls.Length == 1 ? calls[0] : GrammarNode.Any(calls));
        return several ? GrammarNode.All(call, GrammarNode.All(GrammarNode.Text("\n").Maybe(), call).Repeat(0, 15)) : call;
    });
}
