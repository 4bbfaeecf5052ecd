using System.Globalization;
using System.Text;

namespace Hearth.Models.Generation.Constraints;

/// <summary>
/// Reads GBNF (llama.cpp, grammars/README.md): <c>name ::= ...</c> with strings, sets, points, groups, <c>|</c>, <c>* + ?</c>, counts and comments.
/// Outside a group, a new line ends a rule unless it follows <c>::=</c> or <c>|</c>.
/// </summary>
internal sealed class GbnfReader(string text)
{
    private const int LongestText = 1 << 18;
    private const int DeepestNesting = 64;
    private const int MostRepeats = 10_000;

    private readonly GrammarRules _rules = new();
    private readonly Dictionary<string, (int Rule, int At)> _names = new(StringComparer.Ordinal);
    private int _at;
    private int _depth;

    public GrammarRules Read()
    {
        if (text.Length > LongestText) throw Bad($"the grammar has {text.Length:N0} characters, expected at most {LongestText:N0}");
        Declare("root");
        Space(lines: true);
        while (_at < text.Length) ReadRule();
        foreach ((string name, (int rule, int at)) in _names)
        {
            if (_rules.Body(rule) is null)
            {
                _at = at;
                throw name == "root"
                    ? new ConstraintException("root", "the grammar has no rule of that name. Name the rule of the whole text 'root'.")
                    : Bad($"the rule '{name}' is not defined. Define it, or correct its name");
            }
        }
        return _rules;
    }

    private void ReadRule()
    {
        int start = _at;
        string name = Name();
        Space(lines: false);
        if (!Take("::=")) throw Bad("'::=' is missing after a rule's name");
        int rule = Declare(name);
        if (_rules.Body(rule) is not null)
        {
            _at = start;
            throw Bad($"the rule '{name}' is defined twice");
        }
        Space(lines: true);
        _rules.Define(rule, Alternatives());
        if (_at < text.Length && text[_at] is not ('\r' or '\n')) throw Bad($"'{text[_at]}' is not expected here");
        Space(lines: true);
    }

    private GrammarNode Alternatives()
    {
        if (++_depth > DeepestNesting) throw Bad($"groups are nested more than {DeepestNesting} deep");
        var choices = new List<GrammarNode> { Sequence() };
        while (Take("|"))
        {
            Space(lines: true);
            choices.Add(Sequence());
        }
        _depth--;
        return choices.Count == 1 ? choices[0] : new Choice(choices);
    }

    private Series Sequence()
    {
        var parts = new List<GrammarNode>();
        while (_at < text.Length && text[_at] is not ('|' or ')' or '\r' or '\n'))
        {
            GrammarNode part = Repeats(Atom());
            parts.Add(part);
        }
        return new Series(parts);
    }

    private GrammarNode Atom()
    {
        char c = text[_at];
        GrammarNode node;
        if (c == '"')
        {
            _at++;
            var literal = new StringBuilder();
            while (!Take("\"")) literal.Append(char.ConvertFromUtf32(Character("a string without its closing quotation mark")));
            node = GrammarNode.Text(literal.ToString());
        }
        else if (c == '[')
        {
            node = Set();
        }
        else if (c == '.')
        {
            _at++;
            node = GrammarNode.Set((0, 0x10FFFF));
        }
        else if (c == '(')
        {
            _at++;
            Space(lines: true);
            node = Alternatives();
            if (!Take(")")) throw Bad("a ( without its )");
        }
        else
        {
            if (c is '<' or '!') throw Bad("a token in angle brackets is not supported. Write the text that the token stands for");
            node = new Call(Declare(Name()));
        }
        Space(lines: _depth > 1);
        return node;
    }

    private OneOf Set()
    {
        _at++;
        bool others = Take("^");
        var ranges = new List<(int, int)>();
        while (!Take("]"))
        {
            int low = Character("a [ without its ]"), high = low;
            if (_at + 1 < text.Length && text[_at] == '-' && text[_at + 1] != ']')
            {
                _at++;
                high = Character("a [ without its ]");
                if (high < low) throw Bad("a range whose ends are swapped");
            }
            ranges.Add((low, high));
        }
        var set = new OneOf(ranges);
        return others ? set.Others() : set;
    }

    private GrammarNode Repeats(GrammarNode part)
    {
        for (int times = 0; _at < text.Length;)
        {
            if (Take("*")) part = part.Repeat(0, null);
            else if (Take("+")) part = part.Repeat(1, null);
            else if (Take("?")) part = part.Maybe();
            else if (Take("{")) part = Counted(part);
            else break;
            if (++times > DeepestNesting) throw Bad("too many repetitions of a repetition");
            Space(lines: _depth > 1);
        }
        return part;
    }

    private GrammarNode Counted(GrammarNode part)
    {
        Space(lines: false);
        int least = text[Math.Min(_at, text.Length - 1)] == ',' ? 0 : Count();
        int? most = least;
        Space(lines: false);
        if (Take(","))
        {
            Space(lines: false);
            most = _at < text.Length && char.IsAsciiDigit(text[_at]) ? Count() : null;
            Space(lines: false);
        }
        if (!Take("}")) throw Bad("a { without its }");
        if (most < least) throw Bad($"the counts {least} and {most} are swapped");
        return part.Repeat(least, most);
    }

    private int Count()
    {
        int start = _at;
        while (_at < text.Length && char.IsAsciiDigit(text[_at])) _at++;
        return int.TryParse(text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= MostRepeats
            ? count
            : throw Bad($"a count of 0 to {MostRepeats:N0} is expected");
    }

    /// <summary>A character of a string or set, perhaps escaped.</summary>
    private int Character(string unclosed)
    {
        if (_at >= text.Length || text[_at] is '\r' or '\n') throw Bad(unclosed);
        char c = text[_at++];
        if (c != '\\')
        {
            if (!char.IsSurrogate(c)) return c;
            if (_at < text.Length && char.IsSurrogatePair(c, text[_at])) return char.ConvertToUtf32(c, text[_at++]);
            throw Bad("half of a character");
        }
        if (_at >= text.Length) throw Bad(unclosed);
        char escaped = text[_at++];
        return escaped switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'x' => Hexadecimal(2),
            'u' => Hexadecimal(4),
            'U' => Hexadecimal(8),
            '"' or '\\' or '[' or ']' or '-' or '^' or '/' or '.' => escaped,
            _ => throw Bad($"the escape '\\{escaped}' is not known"),
        };
    }

    private int Hexadecimal(int digits)
    {
        if (_at + digits <= text.Length && int.TryParse(text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code)
            && code is >= 0 and <= 0x10FFFF and not (>= 0xD800 and <= 0xDFFF))
        {
            _at += digits;
            return code;
        }
        throw Bad($"{digits} hexadecimal digits of a character are expected");
    }

    private string Name()
    {
        int start = _at;
        while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] is '-' or '_')) _at++;
        return _at > start ? text[start.._at] : throw Bad(_at < text.Length ? $"'{text[_at]}' is not expected here" : "the grammar ends too early");
    }

    private int Declare(string name)
    {
        if (_names.TryGetValue(name, out (int Rule, int At) known)) return known.Rule;
        int rule = _rules.Declare(name);
        _names.Add(name, (rule, Math.Max(0, _at - name.Length)));
        return rule;
    }

    private void Space(bool lines)
    {
        while (_at < text.Length)
        {
            char c = text[_at];
            if (c == '#') while (_at < text.Length && text[_at] is not ('\r' or '\n')) _at++;
            else if (c is ' ' or '\t' || (lines && c is '\r' or '\n')) _at++;
            else return;
        }
    }

    private bool Take(string expected)
    {
        if (!text.AsSpan(_at).StartsWith(expected, StringComparison.Ordinal)) return false;
        _at += expected.Length;
        return true;
    }

    private ConstraintException Bad(string problem)
    {
        int before = Math.Min(_at, text.Length), line = 1 + text.AsSpan(0, before).Count('\n'), column = before - text.AsSpan(0, before).LastIndexOf('\n');
        return new ConstraintException($"line {line}, column {column} of the grammar", problem + ".");
    }
}
