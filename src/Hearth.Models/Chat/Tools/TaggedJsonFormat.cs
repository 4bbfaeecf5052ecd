namespace Hearth.Models.Chat.Tools;

/// <summary>Calls as JSON objects with a name and arguments, between marks or by themselves, one or a list.</summary>
internal sealed class TaggedJsonFormat : ToolFormat
{
    private readonly string _arguments;
    private readonly bool _list;

    private TaggedJsonFormat(string[] opens, string? close, string arguments, bool list, bool bare) =>
        (Opens, Close, _arguments, _list, Bare) = (opens, close, arguments, list, bare);

    /// <summary>Hermes, Qwen 2.5 and 3, and others: <c>&lt;tool_call&gt;{"name": ..., "arguments": {...}}&lt;/tool_call&gt;</c>.</summary>
    public static TaggedJsonFormat Hermes { get; } = new(["<tool_call>"], "</tool_call>", "arguments", list: false, bare: false);

    /// <summary>Granite and Phi 4: <c>&lt;|tool_call|&gt;[{...}, ...]</c>.</summary>
    public static TaggedJsonFormat Granite { get; } = new(["<|tool_call|>"], "<|/tool_call|>", "arguments", list: true, bare: false);

    /// <summary>Mistral until 2024: <c>[TOOL_CALLS][{...}, ...]</c>.</summary>
    public static TaggedJsonFormat Mistral { get; } = new(["[TOOL_CALLS]"], null, "arguments", list: true, bare: false);

    /// <summary>Llama 3: the whole answer is <c>{"name": ..., "parameters": {...}}</c>, perhaps after <c>&lt;|python_tag|&gt;</c>.</summary>
    public static TaggedJsonFormat Llama { get; } = new(["<|python_tag|>"], null, "parameters", list: false, bare: true);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Opens { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Marks => Close is null ? Opens : [.. Opens, Close];

    /// <inheritdoc/>
    public override bool Bare { get; }

    private string? Close { get; }

    /// <inheritdoc/>
    public override CallRegion Read(string text, IReadOnlyList<Tool> tools)
    {
        string open = Opens.FirstOrDefault(o => text.StartsWith(o, StringComparison.Ordinal)) ?? "";
        var calls = new List<PartialCall>();
        int at = PartialJson.SkipSpace(text, open.Length);
        while (at < text.Length)
        {
            if (Close is not null && text.AsSpan(at).StartsWith(Close, StringComparison.Ordinal)) return new CallRegion(calls, at + Close.Length);
            if (text[at] is '[' or ']' or ',' or ';')                            // Llama parts calls by semicolons
            {
                at = PartialJson.SkipSpace(text, at + 1);
                continue;
            }
            if (text[at] != '{')
            {
                if (Close is not null && Close.StartsWith(text[at..], StringComparison.Ordinal)) break;      // the mark is on its way
                return new CallRegion(calls, at);
            }
            PartialCall? call = PartialJson.Call(text, ref at, out bool complete);
            if (call is not null) calls.Add(call);
            if (!complete) break;
            at = PartialJson.SkipSpace(text, at);
        }
        return new CallRegion(calls, null);
    }

    /// <inheritdoc/>
    public override (string Before, string After) Frame(string name)
    {
        string newLine = Close == "</tool_call>" ? "\n" : "", list = _list ? "[" : "";
        return ($"{(Bare ? "" : Opens[0])}{newLine}{list}{{\"name\": \"{name}\", \"{_arguments}\": ", $"}}{(_list ? "]" : "")}{newLine}{Close}");
    }
}
