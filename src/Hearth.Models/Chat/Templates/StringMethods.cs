using System.Globalization;
using System.Text;

namespace Hearth.Models.Chat.Templates;

/// <summary>Methods of texts, as Python's str has them.</summary>
internal static class StringMethods
{
    public static readonly IReadOnlyDictionary<string, Builtin> All = new Dictionary<string, Builtin>(StringComparer.Ordinal)
    {
        ["upper"] = new("", (c, v, _) => c.Text(Casing.Upper(S(v)))),
        ["lower"] = new("", (c, v, _) => c.Text(Casing.Lower(S(v)))),
        ["casefold"] = new("", (c, v, _) => c.Text(Casing.Lower(S(v)).Replace("ß", "ss", StringComparison.Ordinal))),
        ["capitalize"] = new("", (c, v, _) => c.Text(Casing.Capitalize(S(v)))),
        ["title"] = new("", (c, v, _) => c.Text(Casing.Title(S(v)))),
        ["swapcase"] = new("", (c, v, _) => c.Text(string.Concat(S(v).Select(ch => char.IsUpper(ch) ? char.ToLowerInvariant(ch) : char.ToUpperInvariant(ch))))),
        ["strip"] = new("chars?", (c, v, a) => c.Text(Strip(S(v), a.TextOrNone(0), true, true))),
        ["lstrip"] = new("chars?", (c, v, a) => c.Text(Strip(S(v), a.TextOrNone(0), true, false))),
        ["rstrip"] = new("chars?", (c, v, a) => c.Text(Strip(S(v), a.TextOrNone(0), false, true))),
        ["removeprefix"] = new("prefix", (c, v, a) => c.Text(S(v).StartsWith(a.Text(0), StringComparison.Ordinal) ? S(v)[a.Text(0).Length..] : S(v))),
        ["removesuffix"] = new("suffix", (c, v, a) => c.Text(S(v).EndsWith(a.Text(0), StringComparison.Ordinal) ? S(v)[..^a.Text(0).Length] : S(v))),
        ["startswith"] = new("prefix start? end?", (c, v, a) => Value.Of(Affixes(c, a).Any(p => Part(c, v, a).StartsWith(p, StringComparison.Ordinal)))),
        ["endswith"] = new("suffix start? end?", (c, v, a) => Value.Of(Affixes(c, a).Any(p => Part(c, v, a).EndsWith(p, StringComparison.Ordinal)))),
        ["split"] = new("sep? maxsplit?", (c, v, a) => Split(c, S(v), a.TextOrNone(0), a.Whole(1, -1), fromRight: false)),
        ["rsplit"] = new("sep? maxsplit?", (c, v, a) => Split(c, S(v), a.TextOrNone(0), a.Whole(1, -1), fromRight: true)),
        ["splitlines"] = new("keepends?", (c, v, a) => c.List([.. Lines(S(v), a.Flag(0)).Select(l => c.Text(l))])),
        ["partition"] = new("sep", (c, v, a) => Partition(c, S(v), a.Text(0), S(v).IndexOf(a.Text(0), StringComparison.Ordinal), atEnd: false)),
        ["rpartition"] = new("sep", (c, v, a) => Partition(c, S(v), a.Text(0), S(v).LastIndexOf(a.Text(0), StringComparison.Ordinal), atEnd: true)),
        ["replace"] = new("old new count?", (c, v, a) => c.Text(Replace(c, S(v), a.Text(0), a.Text(1), a.Whole(2, -1)))),
        ["join"] = new("items", (c, v, a) => Join(c, S(v), Operators.Items(c, a[0]!))),
        ["find"] = new("sub start? end?", (c, v, a) => Value.Of(Find(c, (StringValue)v, a, last: false))),
        ["rfind"] = new("sub start? end?", (c, v, a) => Value.Of(Find(c, (StringValue)v, a, last: true))),
        ["index"] = new("sub start? end?", (c, v, a) => Find(c, (StringValue)v, a, last: false) is >= 0 and int at ? Value.Of(at) : throw c.Fail($"{a.What}: the text is not in it")),
        ["rindex"] = new("sub start? end?", (c, v, a) => Find(c, (StringValue)v, a, last: true) is >= 0 and int at ? Value.Of(at) : throw c.Fail($"{a.What}: the text is not in it")),
        ["count"] = new("sub start? end?", (c, v, a) => Value.Of(Count(c, Part(c, v, a), a.Text(0)))),
        ["format"] = new("*", (c, v, a) => c.Text(PercentFormat.ApplyBraces(c, S(v), a.All))),
        ["center"] = new("width fillchar?", (c, v, a) => Pad(c, v, a, '^')),
        ["ljust"] = new("width fillchar?", (c, v, a) => Pad(c, v, a, '<')),
        ["rjust"] = new("width fillchar?", (c, v, a) => Pad(c, v, a, '>')),
        ["zfill"] = new("width", (c, v, a) => ZeroFill(c, S(v), a.Whole(0, 0))),
        ["expandtabs"] = new("tabsize?", (c, v, a) => ExpandTabs(c, S(v), a.Whole(0, 8))),
        ["isalpha"] = Is(char.IsLetter),
        ["isdigit"] = Is(ch => char.IsDigit(ch) || char.GetUnicodeCategory(ch) == UnicodeCategory.OtherNumber && char.GetNumericValue(ch) is >= 0 and <= 9),
        ["isdecimal"] = Is(char.IsDigit),
        ["isnumeric"] = Is(char.IsNumber),
        ["isalnum"] = Is(char.IsLetterOrDigit),
        ["isspace"] = Is(TextRules.IsSpace),
        ["isascii"] = new("", (_, v, _) => Value.Of(S(v).All(char.IsAscii))),
        ["isupper"] = new("", (_, v, _) => Value.Of(Casing.IsUpper(S(v)))),
        ["islower"] = new("", (_, v, _) => Value.Of(Casing.IsLower(S(v)))),
        ["istitle"] = new("", (_, v, _) => Value.Of(S(v).Any(char.IsLetter) && Casing.Title(S(v)) == S(v))),
    };

    public static string Strip(string text, string? characters, bool start, bool end)
    {
        int from = 0, to = text.Length;
        for (int size; start && from < to && (size = Taken(from, 1)) > 0;) from += size;
        for (int size; end && to > from && (size = Taken(to - 1, -1)) > 0;) to -= size;
        return text[from..to];

        // How many chars the character at a place has, if it is one to take.
        int Taken(int at, int way)
        {
            if (characters is null) return TextRules.IsSpace(text[at]) ? 1 : 0;
            int other = at + way;
            bool pair = other >= from && other < to && char.IsSurrogatePair(text[Math.Min(at, other)], text[Math.Max(at, other)]);
            ReadOnlySpan<char> character = pair ? text.AsSpan(Math.Min(at, other), 2) : text.AsSpan(at, 1);
            return characters.AsSpan().IndexOf(character) >= 0 ? character.Length : 0;
        }
    }

    public static string Replace(TemplateContext c, string text, string old, string by, int most)
    {
        var places = new List<int>();
        if (old.Length == 0)
        {
            for (int i = 0; i <= text.Length && (most < 0 || places.Count < most); i++)
            {
                if (i == 0 || i == text.Length || !char.IsSurrogatePair(text[i - 1], text[i])) places.Add(i);
            }
        }
        else
        {
            for (int i = text.IndexOf(old, StringComparison.Ordinal); i >= 0 && (most < 0 || places.Count < most); i = text.IndexOf(old, i + old.Length, StringComparison.Ordinal)) places.Add(i);
        }
        c.TakeElements(places.Count / 8);
        c.TakeText(text.Length + ((long)places.Count * by.Length));
        var result = new StringBuilder();
        int at = 0;
        foreach (int place in places)
        {
            result.Append(text, at, place - at).Append(by);
            at = place + old.Length;
        }
        return result.Append(text, at, text.Length - at).ToString();
    }

    public static Value Join(TemplateContext c, string separator, List<Value> items)
    {
        var text = new StringBuilder();
        for (int i = 0; i < items.Count; i++)
        {
            string part = items[i] is StringValue s ? s.Text : throw c.Fail($"str.join(): item {i} is {Comparisons.Show(items[i])}, expected a text");
            c.TakeText(part.Length + separator.Length);
            if (i > 0) text.Append(separator);
            text.Append(part);
        }
        return new StringValue(text.ToString());
    }

    /// <summary>The lines of a text; a line end at the text's end begins no other line.</summary>
    public static List<string> Lines(string text, bool keepEnds = false)
    {
        var lines = new List<string>();
        for (int at = 0; at < text.Length;)
        {
            int end = at;
            while (end < text.Length && !TextRules.EndsLine(text[end])) end++;
            int next = end < text.Length ? end + (text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? 2 : 1) : end;
            lines.Add(text[at..(keepEnds ? next : end)]);
            at = next;
        }
        return lines;
    }

    private static string S(Value value) => ((StringValue)value).Text;

    private static Builtin Is(Func<char, bool> test) => new("", (_, v, _) => Value.Of(S(v).Length > 0 && S(v).All(test)));

    private static SequenceValue Split(TemplateContext c, string text, string? separator, int most, bool fromRight)
    {
        if (separator is { Length: 0 }) throw c.Fail("str.split(): the separator is empty");
        var parts = new List<string>();
        if (most < 0) most = int.MaxValue;
        if (separator is null) SplitSpace(text, most, fromRight, parts);
        else if (!fromRight)
        {
            int at = 0;
            for (int next; parts.Count < most && (next = text.IndexOf(separator, at, StringComparison.Ordinal)) >= 0; at = next + separator.Length) parts.Add(text[at..next]);
            parts.Add(text[at..]);
        }
        else
        {
            int end = text.Length;
            for (int next; parts.Count < most && (next = text.AsSpan(0, end).LastIndexOf(separator)) >= 0; end = next) parts.Add(text[(next + separator.Length)..end]);
            parts.Add(text[..end]);
            parts.Reverse();
        }
        c.TakeText(text.Length);
        return c.List([.. parts.Select(p => new StringValue(p))]);
    }

    private static void SplitSpace(string text, int most, bool fromRight, List<string> parts)
    {
        int from = 0, to = text.Length;
        while (from < to && TextRules.IsSpace(text[from])) from++;
        while (to > from && TextRules.IsSpace(text[to - 1])) to--;
        if (!fromRight && most < int.MaxValue) to = text.Length;
        if (fromRight && most < int.MaxValue) from = 0;
        if (string.IsNullOrEmpty(Strip(text, null, true, true))) return;
        for (; !fromRight && from < to;)
        {
            int end = from;
            if (parts.Count >= most) end = to;
            else while (end < to && !TextRules.IsSpace(text[end])) end++;
            parts.Add(text[from..end]);
            from = end;
            while (from < to && TextRules.IsSpace(text[from])) from++;
        }
        for (; fromRight && from < to;)
        {
            int begin = to;
            if (parts.Count >= most) begin = from;
            else while (begin > from && !TextRules.IsSpace(text[begin - 1])) begin--;
            parts.Add(text[begin..to]);
            to = begin;
            while (to > from && TextRules.IsSpace(text[to - 1])) to--;
        }
        if (fromRight) parts.Reverse();
    }

    private static SequenceValue Partition(TemplateContext c, string text, string separator, int at, bool atEnd)
    {
        if (separator.Length == 0) throw c.Fail("str.partition(): the separator is empty");
        (string before, string between, string after) = at >= 0 ? (text[..at], separator, text[(at + separator.Length)..]) : atEnd ? ("", "", text) : (text, "", "");
        return c.List([c.Text(before), c.Text(between), c.Text(after)], SequenceKind.Tuple);
    }

    private static IEnumerable<string> Affixes(TemplateContext c, Bound a) => a[0] is SequenceValue { Kind: SequenceKind.Tuple } tuple
        ? tuple.Items.Select(i => i is StringValue s ? s.Text : throw c.Fail($"{a.What}: an item is {Comparisons.Show(i)}, expected a text"))
        : [a.Text(0)];

    /// <summary>The part of a text that the arguments start and end choose.</summary>
    private static string Part(TemplateContext c, Value text, Bound a) => a[1] is null && a[2] is null ? S(text)
        : S(Operators.Slice(c, text, a[1] ?? Value.None, a[2] ?? Value.None, Value.None));

    private static int Find(TemplateContext c, StringValue text, Bound a, bool last)
    {
        int start = Math.Min(Clamp(a[1] is NoneValue ? 0 : a.Whole(1, 0)), text.Length);
        if (a[1] is not null && a.Whole(1, 0) > text.Length) return -1;
        string part = Part(c, text, a), sub = a.Text(0);
        c.Step((part.Length / 64) + 1);
        int at = last ? part.LastIndexOf(sub, StringComparison.Ordinal) : part.IndexOf(sub, StringComparison.Ordinal);
        return at < 0 ? -1 : start + new StringValue(part[..at]).Length;

        int Clamp(int place) => place < 0 ? Math.Max(0, place + text.Length) : place;
    }

    private static int Count(TemplateContext c, string text, string part)
    {
        c.Step((text.Length / 16) + 1);
        if (part.Length == 0) return new StringValue(text).Length + 1;
        int count = 0;
        for (int i = text.IndexOf(part, StringComparison.Ordinal); i >= 0; i = text.IndexOf(part, i + part.Length, StringComparison.Ordinal)) count++;
        return count;
    }

    /// <summary>A text in the middle, left or right of a width.</summary>
    public static StringValue Pad(TemplateContext c, Value value, Bound a, char align)
    {
        string fill = a.Text(1, " ");
        var text = (StringValue)value;
        if (new StringValue(fill).Length != 1) throw c.Fail($"{a.What}: fillchar is one character");
        int missing = Math.Max(0, a.Whole(0, 0) - text.Length);
        c.TakeText((long)missing * fill.Length);
        // Python gives the odd one to the left when the width is odd.
        int left = align switch { '<' => 0, '>' => missing, _ => (missing / 2) + (missing & a.Whole(0, 0) & 1) };
        string Filled(int count) => new StringBuilder().Insert(0, fill, count).ToString();
        return c.Text(Filled(left) + text.Text + Filled(missing - left));
    }

    private static StringValue ZeroFill(TemplateContext c, string text, int width)
    {
        int missing = Math.Max(0, width - new StringValue(text).Length), sign = text is ['+' or '-', ..] ? 1 : 0;
        c.TakeText(missing);
        return c.Text(text[..sign] + new string('0', missing) + text[sign..]);
    }

    private static StringValue ExpandTabs(TemplateContext c, string text, int size)
    {
        var result = new StringBuilder();
        int column = 0;
        foreach (char ch in text)
        {
            int spaces = ch != '\t' ? 0 : size <= 0 ? 0 : size - (column % size);
            c.TakeText(spaces);
            if (ch == '\t') result.Append(' ', spaces);
            else result.Append(ch);
            column = ch is '\n' or '\r' ? 0 : column + (ch == '\t' ? spaces : 1);
        }
        return c.Text(result.ToString());
    }
}

/// <summary>Upper and lower case as Python has them.</summary>
internal static class Casing
{
    private static readonly (string Small, string Large)[] Longer =
    [
        ("ß", "SS"), ("ŉ", "ʼN"), ("ﬀ", "FF"), ("ﬁ", "FI"), ("ﬂ", "FL"), ("ﬃ", "FFI"), ("ﬄ", "FFL"), ("ﬅ", "ST"), ("ﬆ", "ST"),
    ];

    public static string Upper(string text)
    {
        if (text.AsSpan().ContainsAnyExceptInRange('\0', '\x7f'))
        {
            foreach ((string small, string large) in Longer) text = text.Replace(small, large, StringComparison.Ordinal);
        }
        return text.ToUpperInvariant();
    }

    /// <summary>Lower case; a capital sigma that ends a word becomes ς.</summary>
    public static string Lower(string text)
    {
        if (!text.Contains('Σ', StringComparison.Ordinal) && !text.Contains('İ', StringComparison.Ordinal)) return text.ToLowerInvariant();
        var result = new StringBuilder(text.Replace("İ", "i̇", StringComparison.Ordinal).ToLowerInvariant());
        text = text.Replace("İ", "i̇", StringComparison.Ordinal);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == 'Σ' && i > 0 && char.IsLetter(text[i - 1]) && (i + 1 == text.Length || !char.IsLetter(text[i + 1]))) result[i] = 'ς';
        }
        return result.ToString();
    }

    public static string Capitalize(string text)
    {
        int first = text.Length > 1 && char.IsSurrogatePair(text[0], text[1]) ? 2 : Math.Min(1, text.Length);
        return First(text[..first]) + Lower(text[first..]);
    }

    /// <summary>Every letter after something that is none becomes large, all others small.</summary>
    public static string Title(string text)
    {
        var result = new StringBuilder();
        bool inWord = false;
        foreach (char ch in text)
        {
            result.Append(inWord ? Lower(ch.ToString()) : First(ch.ToString()));
            inWord = char.IsLetter(ch) && (char.IsUpper(ch) || char.IsLower(ch) || char.GetUnicodeCategory(ch) == UnicodeCategory.TitlecaseLetter);
        }
        return result.ToString();
    }

    public static bool IsUpper(string text) => text.Any(char.IsUpper) && !text.Any(char.IsLower);

    public static bool IsLower(string text) => text.Any(char.IsLower) && !text.Any(char.IsUpper);

    private static string First(string text) => Upper(text) is { Length: > 1 } longer && longer.Length > text.Length ? longer[..1] + longer[1..].ToLowerInvariant() : Upper(text);
}
