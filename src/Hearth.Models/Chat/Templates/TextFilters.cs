using System.Text;

namespace Hearth.Models.Chat.Templates;

/// <summary>Filters on texts; other values are printed first, as Jinja does.</summary>
internal static class TextFilters
{
    public static readonly IReadOnlyDictionary<string, Builtin> All = new Dictionary<string, Builtin>
    {
        ["upper"] = new("", (c, v, _) => c.Text(Casing.Upper(PythonText.Of(c, v)))),
        ["lower"] = new("", (c, v, _) => c.Text(Casing.Lower(PythonText.Of(c, v)))),
        ["capitalize"] = new("", (c, v, _) => c.Text(Casing.Capitalize(PythonText.Of(c, v)))),
        ["title"] = new("", (c, v, _) => c.Text(Title(PythonText.Of(c, v)))),
        ["trim"] = new("chars?", (c, v, a) => c.Text(StringMethods.Strip(PythonText.Of(c, v), a.TextOrNone(0), true, true))),
        ["replace"] = new("old new count?", (c, v, a) => c.Text(StringMethods.Replace(c, PythonText.Of(c, v),
            PythonText.Of(c, a[0]!), PythonText.Of(c, a[1]!), a[2] is null or NoneValue ? -1 : a.Whole(2, -1)))),
        ["center"] = new("width? fillchar?", (c, v, a) => StringMethods.Pad(c, new StringValue(PythonText.Of(c, v)),
            new Bound(c, a.What, ["width", "fillchar"], [a[0] ?? Value.Of(80), a[1]], a.All), '^')),
        ["indent"] = new("width? first? blank?", (c, v, a) => Indent(c, PythonText.Of(c, v), a)),
        ["wordwrap"] = new("width? break_long_words? wrapstring? break_on_hyphens?", (c, v, a) => c.Text(WordWrap.Wrap(c, PythonText.Of(c, v), a))),
        ["wordcount"] = new("", (c, v, _) => Value.Of(WordCount(PythonText.Of(c, v)))),
        ["truncate"] = new("length? killwords? end? leeway?", (c, v, a) => Truncate(c, new StringValue(PythonText.Of(c, v)), a)),
        ["format"] = new("*", (c, v, a) => c.Text(PercentFormat.Apply(c, PythonText.Of(c, v), a.All.Keywords.Count > 0
            ? Value.Dict(a.All.Keywords)
            : new SequenceValue(SequenceKind.Tuple, [.. a.All.Positional])))),
        ["escape"] = new("", (c, v, _) => Escape(c, PythonText.Of(c, v))),
        ["e"] = new("", (c, v, _) => Escape(c, PythonText.Of(c, v))),
        ["forceescape"] = new("", (c, v, _) => Escape(c, PythonText.Of(c, v))),
        ["striptags"] = new("", (c, v, _) => c.Text(StripTags(PythonText.Of(c, v)))),
        ["urlencode"] = new("", (c, v, _) => UrlEncode(c, v)),
    };

    private static string Title(string text)
    {
        var result = new StringBuilder();
        bool begin = true;
        foreach (char ch in text)
        {
            bool separates = ch is '-' or '(' or '{' or '[' or '<' || TextRules.IsSpace(ch);
            result.Append(separates ? ch.ToString() : begin ? Casing.Upper(ch.ToString()) : Casing.Lower(ch.ToString()));
            begin = separates;
        }
        return result.ToString();
    }

    private static StringValue Indent(TemplateContext c, string text, Bound a)
    {
        string indent = a[0] is StringValue s ? s.Text : new string(' ', Math.Clamp(a.Whole(0, 4), 0, 1_000));
        List<string> lines = StringMethods.Lines(text + "\n");
        c.TakeText((long)indent.Length * lines.Count);
        var result = new StringBuilder(a.Flag(1) ? indent : "");
        for (int i = 0; i < lines.Count; i++)
        {
            if (i > 0) result.Append('\n');
            if (i > 0 && (a.Flag(2) || lines[i].Length > 0)) result.Append(indent);
            result.Append(lines[i]);
        }
        return c.Text(result.ToString());
    }

    private static int WordCount(string text)
    {
        int count = 0;
        bool inWord = false;
        foreach (char ch in text)
        {
            bool word = char.IsLetterOrDigit(ch) || ch == '_' || char.IsSurrogate(ch);
            if (word && !inWord) count++;
            inWord = word;
        }
        return count;
    }

    private static StringValue Truncate(TemplateContext c, StringValue text, Bound a)
    {
        string end = a.Text(2, "...");
        int length = a.Whole(0, 255), leeway = a.Whole(3, 5), endLength = new StringValue(end).Length;
        if (length < endLength || leeway < 0) throw c.Fail($"{a.What}: 'length' is {length}, expected at least {endLength}, the length of 'end'");
        if (text.Length <= (long)length + leeway) return text;
        string kept = text.Text[..text.Offset(length - endLength)];
        int space = a.Flag(1) ? -1 : kept.LastIndexOf(' ');
        return c.Text((space >= 0 ? kept[..space] : kept) + end);
    }

    private static StringValue Escape(TemplateContext c, string text)
    {
        var result = new StringBuilder(text);
        c.TakeText(6L * text.Length);
        result.Replace("&", "&amp;").Replace(">", "&gt;").Replace("<", "&lt;").Replace("'", "&#39;").Replace("\"", "&#34;");
        return new StringValue(result.ToString());
    }

    private static string StripTags(string text)
    {
        var result = new StringBuilder();
        for (int at = 0; at < text.Length;)
        {
            int end = text[at] == '<' ? text.AsSpan(at).StartsWith("<!--") ? text.IndexOf("-->", at, StringComparison.Ordinal) + 2 : text.IndexOf('>', at) : -1;
            if (end > at) at = end + 1;
            else result.Append(text[at++]);
        }
        return string.Join(' ', result.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static StringValue UrlEncode(TemplateContext c, Value value)
    {
        if (value is StringValue or not (DictValue or SequenceValue)) return c.Text(Quote(PythonText.Of(c, value), "/"));
        List<Value> pairs = value is DictValue dict ? ContainerMethods.Pairs(c, dict, SequenceKind.List).Items : Operators.Items(c, value);
        return c.Text(string.Join('&', pairs.Select(p => p is SequenceValue { Items: [Value k, Value v] }
            ? $"{Quote(PythonText.Of(c, k), "").Replace("%20", "+", StringComparison.Ordinal)}={Quote(PythonText.Of(c, v), "").Replace("%20", "+", StringComparison.Ordinal)}"
            : throw c.Fail("urlencode: expected a text, a dict or pairs"))));

        static string Quote(string text, string safe) => string.Concat(Encoding.UTF8.GetBytes(text)
            .Select(b => char.IsAsciiLetterOrDigit((char)b) || "_.-~".Contains((char)b) || safe.Contains((char)b) ? ((char)b).ToString() : $"%{b:X2}"));
    }
}
