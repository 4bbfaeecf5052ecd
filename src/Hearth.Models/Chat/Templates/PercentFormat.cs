using System.Numerics;
using System.Text;

namespace Hearth.Models.Chat.Templates;

/// <summary>Texts with places for values: Python's <c>'%s' % value</c> and <c>'{}'.format(value)</c>.</summary>
internal static class PercentFormat
{
    /// <summary>Puts values into a text's % places.</summary>
    /// <param name="c">The rendering.</param>
    /// <param name="format">The text.</param>
    /// <param name="values">A tuple, a dict for places with names, or one value.</param>
    public static string Apply(TemplateContext c, string format, Value values)
    {
        var text = new StringBuilder();
        List<Value> list = values is SequenceValue { Kind: SequenceKind.Tuple } tuple ? tuple.Items : [values];
        int next = 0, at = 0;
        bool named = false;
        while (at < format.Length)
        {
            int percent = format.IndexOf('%', at);
            if (percent < 0) percent = format.Length;
            text.Append(format, at, percent - at);
            at = percent;
            if (at == format.Length) break;
            c.Step();
            at++;
            Value? member = null;
            if (at < format.Length && format[at] == '(')
            {
                int close = format.IndexOf(')', at);
                if (close < 0) throw c.Fail("'%(' has no ')'");
                string key = format[(at + 1)..close];
                member = (values as DictValue ?? throw c.Fail($"'%({key})' needs a dict")).Find(new StringValue(key)) ?? throw c.Fail($"'%({key})' names no key of the dict");
                at = close + 1;
                named = true;
            }
            var spec = new FormatSpec();
            for (; at < format.Length && format[at] is '-' or '+' or ' ' or '#' or '0'; at++)
            {
                spec = format[at] switch
                {
                    '-' => spec with { Align = '<', Fill = " " },
                    '+' => spec with { Sign = '+' },
                    ' ' => spec with { Sign = spec.Sign == '+' ? '+' : ' ' },
                    '#' => spec with { Alternate = true },
                    _ => spec.Align == '<' ? spec : spec with { Align = '=', Fill = "0" },
                };
            }
            int begin = at;
            string width = Size(), precision = "";
            if (at < format.Length && format[at] == '.')
            {
                at++;
                precision = Size() is { Length: > 0 } given ? given : "0";
            }
            while (at < format.Length && format[at] is 'l' or 'h' or 'L') at++;
            if (at >= format.Length) throw c.Fail("a text ends inside a '%' place");
            char type = format[at++];
            if (type == '%')
            {
                text.Append('%');
                continue;
            }
            FormatSpec sized = FormatSpec.Parse(c, width.TrimStart('-') + (precision.Length > 0 ? "." + precision : ""));
            spec = spec with { Width = sized.Width, Precision = sized.Precision, Align = width.StartsWith('-') ? '<' : spec.Align };
            text.Append(One(c, spec, type, member ?? Next()));

            string Size()
            {
                if (at < format.Length && format[at] == '*')
                {
                    at++;
                    return (Numbers.Whole(Next()) ?? throw c.Fail("'*' in a '%' place needs a whole number")).ToString();
                }
                int from = at;
                while (at < format.Length && char.IsAsciiDigit(format[at])) at++;
                string digits = format[from..at].TrimStart('0');
                return digits.Length == 0 && at > from ? "0" : digits;
            }
        }
        if (next < list.Count && !named && values is not DictValue) throw c.Fail($"{list.Count} values for {next} '%' places");
        return text.ToString();

        Value Next() => next < list.Count ? list[next++] : throw c.Fail("more '%' places than values");
    }

    private static string One(TemplateContext c, FormatSpec spec, char type, Value value)
    {
        switch (type)
        {
            case 's' or 'r':
                Value shown = new StringValue(type == 's' ? PythonText.Of(c, value) : PythonText.Repr(c, value));
                return (spec with { Align = spec.Align == '<' ? '<' : '>', Fill = " " }).Apply(c, shown);
            case 'c' when value is StringValue { Length: 1 }: return (spec with { Align = spec.Align == '<' ? '<' : '>', Fill = " " }).Apply(c, value);
            case 'd' or 'i' or 'u':
                BigInteger whole = Numbers.Whole(value) ?? (value is FloatValue f && double.IsFinite(f.Number)
                    ? new BigInteger(f.Number)
                    : throw c.Fail($"'%{type}' needs a number, and this is {Comparisons.Show(value)}"));
                if (spec.Precision > 0)
                {
                    string digits = BigInteger.Abs(whole).ToString().PadLeft(spec.Precision, '0');
                    string sign = whole.Sign < 0 ? "-" : spec.Sign == '-' ? "" : spec.Sign.ToString();
                    return (spec with { Precision = -1, Align = spec.Align == '<' ? '<' : '>', Fill = " " }).Apply(c, new StringValue(sign + digits));
                }
                return (spec with { Type = 'd', Precision = -1 }).Apply(c, new IntegerValue(whole));
            case 'x' or 'X' or 'o' or 'c':
                return (spec with { Type = type, Precision = -1 }).Apply(c, Numbers.Whole(value) is { } w
                    ? new IntegerValue(w)
                    : throw c.Fail($"'%{type}' needs a whole number, and this is {Comparisons.Show(value)}"));
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                if (!Numbers.IsNumber(value)) throw c.Fail($"'%{type}' needs a number, and this is {Comparisons.Show(value)}");
                return (spec with { Type = type }).Apply(c, value);
            default: throw c.Fail($"'%{type}' is not a place for a value");
        }
    }

    /// <summary>Puts values into a text's {} places.</summary>
    public static string ApplyBraces(TemplateContext c, string format, CallValues values)
    {
        int next = 0;
        var text = new StringBuilder();
        Append(format, 2);
        return text.ToString();

        void Append(string part, int depth)
        {
            for (int at = 0; at < part.Length; at++)
            {
                char ch = part[at];
                if ((ch == '{' || ch == '}') && at + 1 < part.Length && part[at + 1] == ch && depth == 2) text.Append(part[at++]);
                else if (ch == '}') throw c.Fail("'}' in a format closes nothing");
                else if (ch != '{') text.Append(ch);
                else
                {
                    c.Step();
                    int end = at + 1;
                    for (int open = 1; ; end++)
                    {
                        if (end >= part.Length) throw c.Fail("'{' in a format is not closed");
                        if (part[end] == '{') open++;
                        if (part[end] == '}' && --open == 0) break;
                    }
                    Field(part[(at + 1)..end], depth);
                    at = end;
                }
            }
        }

        void Field(string field, int depth)
        {
            if (depth == 0) throw c.Fail("a format is nested too deep");
            int colon = field.IndexOf(':', StringComparison.Ordinal);
            string path = colon < 0 ? field : field[..colon], spec = colon < 0 ? "" : field[(colon + 1)..];
            char conversion = '\0';
            if (path.Length > 1 && path[^2] == '!') (conversion, path) = (path[^1], path[..^2]);
            int end = path.AsSpan().IndexOfAny('.', '[');
            string name = end < 0 ? path : path[..end];
            Value value = name.Length == 0 ? At(next++) : int.TryParse(name, out int place) && place >= 0 ? At(place)
                : values.Keywords.FirstOrDefault(k => k.Key == name).Value ?? throw c.Fail($"the format names '{name}', which is not given");
            for (int at = end < 0 ? path.Length : end; at < path.Length;)
            {
                bool item = path[at] == '[';
                int stop = item ? path.IndexOf(']', at) : path.AsSpan(at + 1).IndexOfAny('.', '[') is var n and >= 0 ? at + 1 + n : path.Length;
                if (stop < 0) throw c.Fail("'[' in a format is not closed");
                string key = path[(at + 1)..stop];
                value = item ? Members.Item(c, value, int.TryParse(key, out int i) ? Value.Of(i) : new StringValue(key)) : Members.Attribute(c, value, key);
                at = item ? stop + 1 : stop;
            }
            if (conversion == 'r') value = new StringValue(PythonText.Repr(c, value));
            else if (conversion == 's') value = new StringValue(PythonText.Of(c, value));
            else if (conversion != '\0') throw c.Fail($"'!{conversion}' in a format is not known");
            if (spec.Contains('{', StringComparison.Ordinal))
            {
                int begin = text.Length;
                Append(spec, depth - 1);
                spec = text.ToString(begin, text.Length - begin);
                text.Length = begin;
            }
            text.Append(FormatSpec.Parse(c, spec).Apply(c, value));
        }

        Value At(int place) => place < values.Positional.Count ? values.Positional[place] : throw c.Fail("more '{}' places than values");
    }
}
