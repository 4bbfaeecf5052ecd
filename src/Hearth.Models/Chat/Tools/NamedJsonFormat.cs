namespace Hearth.Models.Chat.Tools;

/// <summary>Calls as a tool's name, a mark, and the arguments as JSON.</summary>
internal sealed class NamedJsonFormat : ToolFormat
{
    /// <summary>What DeepSeek's calls begin with.</summary>
    public const string DeepSeekCalls = "<｜tool▁calls▁begin｜>";

    private const string Kind = "function", Fence = "```";

    private readonly string _open, _separator, _callEnd, _allEnd;
    private readonly bool _fenced;

    private NamedJsonFormat(string open, string callBegin, string separator, string callEnd, string allEnd, bool fenced = false)
    {
        (_open, _separator, _callEnd, _allEnd, CallBegin, _fenced) = (open, separator, callEnd, allEnd, callBegin, fenced);
        Opens = open == callBegin ? [open] : [open, callBegin];
    }

    /// <summary>Mistral since 2025: <c>[TOOL_CALLS]name[ARGS]{...}</c>, once for each call.</summary>
    public static NamedJsonFormat Mistral { get; } = new("[TOOL_CALLS]", "[TOOL_CALLS]", "[ARGS]", "", "");

    /// <summary>DeepSeek V3.1.</summary>
    public static NamedJsonFormat DeepSeek { get; } = ForDeepSeek(fenced: false);

    /// <summary>DeepSeek V3 and R1, which write the kind of tool first and a code fence around the arguments.</summary>
    public static NamedJsonFormat DeepSeekFenced { get; } = ForDeepSeek(fenced: true);

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
            int begin = at;
            if (!Skip(text, ref at, CallBegin))
            {
                return Marks.Any(m => m.StartsWith(text[at..], StringComparison.Ordinal)) ? new CallRegion(calls, null) : new CallRegion(calls, at);
            }
            int separator = text.IndexOf(_separator, at, StringComparison.Ordinal);
            if (separator < 0) return new CallRegion(calls, null);
            string name = text[at..separator].Trim();
            int after = PartialJson.SkipSpace(text, separator + _separator.Length);
            if (after < text.Length && name == Kind && text[after] != '{')             // function SEP name ```json ... ```
            {
                int line = text.IndexOf('\n', after);
                if (line < 0) return new CallRegion(calls, null);
                name = text[after..line].Trim();
                after = PartialJson.SkipSpace(text, line);
                if (Fence.StartsWith(text[after..Math.Min(text.Length, after + Fence.Length)], StringComparison.Ordinal))
                {
                    int fenceEnd = text.IndexOf('\n', after);
                    after = fenceEnd < 0 ? text.Length : PartialJson.SkipSpace(text, fenceEnd);
                }
            }
            if (!IsName(name) || (after < text.Length && text[after] != '{')) return new CallRegion(calls, calls.Count > 0 ? begin : at);
            if (after >= text.Length) return new CallRegion(calls, null);
            at = after;
            int end = PartialJson.End(text, at, out bool complete);
            calls.Add(new PartialCall(name, text[at..end], complete));
            if (!complete) return new CallRegion(calls, null);
            at = PartialJson.SkipSpace(text, end);
            if (text.AsSpan(at).StartsWith(Fence)) at = PartialJson.SkipSpace(text, at + 3);
            else if (at < text.Length && Fence.StartsWith(text[at..], StringComparison.Ordinal)) return new CallRegion(calls, null);
            if (_callEnd.Length > 0) Skip(text, ref at, _callEnd);
        }
    }

    /// <inheritdoc/>
    public override (string Before, string Between, string After) Around => (_open == CallBegin ? "" : _open, _fenced ? "\n" : "", _allEnd);

    /// <inheritdoc/>
    public override (string Before, string After) Frame(string name) => _fenced
        ? ($"{CallBegin}{Kind}{_separator}{name}\n{Fence}json\n", $"\n{Fence}{_callEnd}")
        : (CallBegin + name + _separator, _callEnd);

    private static NamedJsonFormat ForDeepSeek(bool fenced) =>
        new(DeepSeekCalls, "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>", fenced);

    private static bool Skip(string text, ref int at, string mark)
    {
        if (mark.Length == 0 || !text.AsSpan(at).StartsWith(mark, StringComparison.Ordinal)) return false;
        at += mark.Length;
        return true;
    }
}
