namespace Hearth.Models.Chat.Tools;

/// <summary>Calls as a tool's name, a mark, and the arguments as JSON.</summary>
internal sealed class NamedJsonFormat : ToolFormat
{
    /// <summary>What DeepSeek's calls begin with.</summary>
    public const string DeepSeekCalls = "<｜tool▁calls▁begin｜>";

    private readonly string _open, _separator, _callEnd, _allEnd;

    private NamedJsonFormat(string open, string callBegin, string separator, string callEnd, string allEnd)
    {
        (_open, _separator, _callEnd, _allEnd, CallBegin) = (open, separator, callEnd, allEnd, callBegin);
        Opens = open == callBegin ? [open] : [open, callBegin];
    }

    /// <summary>Mistral since 2025: <c>[TOOL_CALLS]name[ARGS]{...}</c>, once for each call.</summary>
    public static NamedJsonFormat Mistral { get; } = new("[TOOL_CALLS]", "[TOOL_CALLS]", "[ARGS]", "", "");

    /// <summary>DeepSeek V3, R1 and V3.1; the earlier ones write the kind of tool first and a code fence around the arguments.</summary>
    public static NamedJsonFormat DeepSeek { get; } =
        new(DeepSeekCalls, "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>");

    /// <inheritdoc/>
    public override IReadOnlyList<string> Opens { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Marks => [.. ((string[])[_open, CallBegin, _separator, _callEnd, _allEnd]).Where(m => m.Length > 0)];

    private string CallBegin { get; }

    /// <inheritdoc/>
    public override CallRegion Read(string text, IReadOnlyList<Tool> tools)
    {
        var calls = new List<PartialCall>();
        int at = 0;
        while (true)
        {
            at = PartialJson.SkipSpace(text, at);
            if (at >= text.Length) return new CallRegion(calls, null);
            if (Skip(text, ref at, _allEnd)) return new CallRegion(calls, at);
            if (_open != CallBegin && Skip(text, ref at, _open)) continue;
            if (!Skip(text, ref at, CallBegin))
            {
                return Marks.Any(m => m.StartsWith(text[at..], StringComparison.Ordinal)) ? new CallRegion(calls, null) : new CallRegion(calls, at);
            }
            int separator = text.IndexOf(_separator, at, StringComparison.Ordinal);
            if (separator < 0) return new CallRegion(calls, null);
            string name = text[at..separator].Trim();
            at = PartialJson.SkipSpace(text, separator + _separator.Length);
            if (name == "function" && at >= text.Length) return new CallRegion(calls, null);
            if (name == "function" && text[at] != '{')                                 // function SEP name ```json ... ```
            {
                int line = text.IndexOf('\n', at);
                if (line < 0) return new CallRegion(calls, null);
                name = text[at..line].Trim();
                at = text.IndexOf('{', line);
                if (at < 0) return new CallRegion(calls, null);
            }
            int end = PartialJson.End(text, at, out bool complete);
            calls.Add(new PartialCall(name, text[at..end], complete));
            if (!complete) return new CallRegion(calls, null);
            at = PartialJson.SkipSpace(text, end);
            if (text.AsSpan(at).StartsWith("```")) at = PartialJson.SkipSpace(text, at + 3);
            else if (at < text.Length && "```".StartsWith(text[at..], StringComparison.Ordinal)) return new CallRegion(calls, null);
            if (_callEnd.Length > 0) Skip(text, ref at, _callEnd);
        }
    }

    /// <inheritdoc/>
    public override (string Before, string After) Frame(string name) =>
        ((_open == CallBegin ? "" : _open) + CallBegin + name + _separator, _callEnd + _allEnd);

    private static bool Skip(string text, ref int at, string mark)
    {
        if (mark.Length == 0 || !text.AsSpan(at).StartsWith(mark, StringComparison.Ordinal)) return false;
        at += mark.Length;
        return true;
    }
}
