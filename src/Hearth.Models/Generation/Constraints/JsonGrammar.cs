using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Hearth.Models.Generation.Constraints;

/// <summary>The parts of JSON (RFC 8259) as grammars. White space is bounded, and numbers fit a float64.</summary>
internal sealed class JsonGrammar(GrammarRules rules)
{
    private const int LongestName = 200;

    private static readonly GrammarNode Digit = GrammarNode.Set(('0', '9')), Hex = GrammarNode.Set(('0', '9'), ('A', 'F'), ('a', 'f'));
    private static readonly GrammarNode Plain = GrammarNode.Set((' ', '!'), ('#', '['), (']', 0xD7FF), (0xE000, 0x10FFFF));

    /// <summary>A character of a string, escaped or not; surrogates only in pairs.</summary>
    private static readonly GrammarNode Character = GrammarNode.Any(
        Plain,
        GrammarNode.All(GrammarNode.Text("\\"), GrammarNode.Any(
            GrammarNode.Set(('"', '"'), ('\\', '\\'), ('/', '/'), ('b', 'b'), ('f', 'f'), ('n', 'n'), ('r', 'r'), ('t', 't')),
            GrammarNode.All(GrammarNode.Text("u"), GrammarNode.Any(
                GrammarNode.All(GrammarNode.Set(('0', '9'), ('A', 'C'), ('E', 'F'), ('a', 'c'), ('e', 'f')), Hex.Repeat(3, 3)),
                GrammarNode.All(GrammarNode.Set(('D', 'D'), ('d', 'd')), GrammarNode.Set(('0', '7')), Hex.Repeat(2, 2)),
                GrammarNode.All(GrammarNode.Set(('D', 'D'), ('d', 'd')), GrammarNode.Set(('8', '9'), ('A', 'B'), ('a', 'b')), Hex.Repeat(2, 2),
                    GrammarNode.Text("\\u"), GrammarNode.Set(('D', 'D'), ('d', 'd')), GrammarNode.Set(('C', 'F'), ('c', 'f')), Hex.Repeat(2, 2)))))));

    private static readonly GrammarNode Fraction = GrammarNode.All(GrammarNode.Text("."), Digit.Repeat(1, 16));

    private static readonly GrammarNode Exponent = GrammarNode.All(
        GrammarNode.Set(('e', 'e'), ('E', 'E')), GrammarNode.Set(('+', '+'), ('-', '-')).Maybe(), Digit.Repeat(1, 2));

    private static readonly GrammarNode Whole = GrammarNode.All(
        GrammarNode.Text("-").Maybe(), GrammarNode.Any(GrammarNode.Text("0"), GrammarNode.All(GrammarNode.Set(('1', '9')), Digit.Repeat(0, 15))));

    private Call? _value, _character, _space;

    /// <summary>A whole number.</summary>
    public static GrammarNode Integer => Whole;

    /// <summary>Any number.</summary>
    public static GrammarNode Number { get; } = GrammarNode.All(Whole, Fraction.Maybe(), Exponent.Maybe());

    /// <summary>White space: none, a space, or a new line with its indent.</summary>
    public GrammarNode Space => _space ??= rules.Add("space", GrammarNode.Any(
        GrammarNode.Empty, GrammarNode.Text(" "), GrammarNode.All(GrammarNode.Text("\n"), GrammarNode.Set((' ', ' '), ('\t', '\t')).Repeat(0, 20))));

    /// <summary>A comma and white space.</summary>
    public GrammarNode Comma => GrammarNode.All(Space, GrammarNode.Text(","), Space);

    /// <summary>A colon and white space.</summary>
    public GrammarNode Colon => GrammarNode.All(Space, GrammarNode.Text(":"), Space);

    /// <summary>Any value.</summary>
    public GrammarNode Value
    {
        get
        {
            if (_value is not null) return _value;
            int rule = rules.Declare("value");
            _value = new Call(rule);
            GrammarNode member = rules.Add("member", GrammarNode.All(String(0, null), Colon, _value));
            rules.Define(rule, GrammarNode.Any(
                Object(List(member, 0, null)),
                Array(List(_value, 0, null)),
                String(0, null), Number, GrammarNode.Text("true"), GrammarNode.Text("false"), GrammarNode.Text("null")));
            return _value;
        }
    }

    /// <summary>Braces around members.</summary>
    public GrammarNode Object(GrammarNode members) => GrammarNode.All(GrammarNode.Text("{"), Space, members, Space, GrammarNode.Text("}"));

    /// <summary>Brackets around items.</summary>
    public GrammarNode Array(GrammarNode items) => GrammarNode.All(GrammarNode.Text("["), Space, items, Space, GrammarNode.Text("]"));

    /// <summary>A string of so many code points.</summary>
    public GrammarNode String(int least, int? most) => Quoted((_character ??= rules.Add("character", Character)).Repeat(least, most));

    /// <summary>A string whose text, once unescaped, is what a grammar says.</summary>
    public static GrammarNode StringOf(GrammarNode text) => Quoted(Escaped(text));

    /// <summary>Several things with commas between them.</summary>
    public GrammarNode List(GrammarNode item, int least, int? most)
    {
        if (most == 0) return GrammarNode.Empty;
        GrammarNode next = rules.Add("next", GrammarNode.All(Comma, item));
        GrammarNode some = GrammarNode.All(item, next.Repeat(Math.Max(0, least - 1), most - 1));
        return least == 0 ? some.Maybe() : some;
    }

    /// <summary>A value and nothing else, without white space.</summary>
    public static GrammarNode Literal(JsonNode? value)
    {
        var text = new StringBuilder();
        Write(value, text);
        return GrammarNode.Text(text.ToString());
    }

    /// <summary>A name in quotation marks.</summary>
    public static GrammarNode Name(string name) => GrammarNode.Text(Quote(name));

    /// <summary>A string that is none of some names; of characters that need no escape, which could spell a name in another way.</summary>
    public GrammarNode OtherName(IReadOnlyList<string> names, string path)
    {
        if (names.Count == 0) return String(0, null);
        if (names.FirstOrDefault(n => n.Length > LongestName) is { } name)
        {
            throw new ConstraintException(path,
                $"a property's name has {name.Length:N0} characters, expected at most {LongestName} where other properties are allowed.");
        }
        return Quoted(Other([.. names.Select(n => n.EnumerateRunes().Select(r => r.Value).ToArray())], 0));
    }

    private Choice Other(IReadOnlyList<int[]> names, int depth)
    {
        var choices = new List<GrammarNode>();
        if (!names.Any(n => n.Length == depth)) choices.Add(GrammarNode.Empty);
        IGrouping<int, int[]>[] next = [.. names.Where(n => n.Length > depth).GroupBy(n => n[depth])];
        OneOf others = new OneOf([.. next.Select(g => (g.Key, g.Key)), (0, 0x1F), ('"', '"'), ('\\', '\\'), (0xD800, 0xDFFF)]).Others();
        choices.Add(GrammarNode.All(others, Plain.Repeat(0, null)));
        foreach (IGrouping<int, int[]> group in next)
        {
            GrammarNode rest = rules.Add("name", Other([.. group], depth + 1));
            choices.Add(GrammarNode.All(GrammarNode.Set((group.Key, group.Key)), rest));
        }
        return new Choice(choices);
    }

    private static GrammarNode Quoted(GrammarNode text) => GrammarNode.All(GrammarNode.Text("\""), text, GrammarNode.Text("\""));

    /// <summary>The same with each character as a JSON string has it.</summary>
    private static GrammarNode Escaped(GrammarNode node) => node switch
    {
        OneOf one => EscapedSet(one),
        Series series => new Series([.. series.Parts.Select(Escaped)]),
        Choice choice => new Choice([.. choice.Choices.Select(Escaped)]),
        Repeated repeated => new Repeated(Escaped(repeated.Part), repeated.Least, repeated.Most),
        _ => node,
    };

    private static GrammarNode EscapedSet(OneOf set)
    {
        var plain = new List<(int, int)>();
        var choices = new List<GrammarNode>();
        foreach ((int low, int high) in set.Ranges)
        {
            foreach ((int from, int to) in (ReadOnlySpan<(int, int)>)[(0x20, 0x21), (0x23, 0x5B), (0x5D, 0x10FFFF)])
            {
                if (low <= to && high >= from) plain.Add((Math.Max(low, from), Math.Min(high, to)));
            }
            for (int c = low; c <= Math.Min(high, '\\'); c++)
            {
                if (c is < 0x20 or '"' or '\\') choices.Add(GrammarNode.Text(Quote(((char)c).ToString())[1..^1]));
            }
        }
        if (choices.Count == 0) return new OneOf(plain);
        choices.Add(new OneOf(plain));
        return new Choice(choices);
    }

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => c.ToString(),
            });
        }
        return quoted.Append('"').ToString();
    }

    private static void Write(JsonNode? value, StringBuilder text)
    {
        switch (value)
        {
            case JsonObject members:
                text.Append('{');
                foreach ((string name, JsonNode? member) in members)
                {
                    if (text[^1] != '{') text.Append(", ");
                    text.Append(Quote(name)).Append(": ");
                    Write(member, text);
                }
                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                foreach (JsonNode? item in items)
                {
                    if (text[^1] != '[') text.Append(", ");
                    Write(item, text);
                }
                text.Append(']');
                break;
            case JsonValue scalar when scalar.TryGetValue(out string? content):
                text.Append(Quote(content));
                break;
            default:
                text.Append(value?.ToJsonString() ?? "null");
                break;
        }
    }
}
