using System.Globalization;

namespace Hearth.Models.Tokenizers.Patterns;

/// <summary>
/// Reads the regular expressions that tokenizers are published with: alternatives, groups, sets with categories and intersections,
/// repetition, looking ahead, anchors. Whatever else a pattern asks for is refused by name.
/// </summary>
internal sealed class PatternParser
{
    private const int LongestPattern = 8_192;
    private const int DeepestNesting = 32;
    private const int MostRepeats = 1_024;
    private const int MostPossessives = 16;

    private readonly string _pattern;
    private readonly bool _ecma;
    private int _at;
    private int _depth;
    private int _possessives;

    private PatternParser(string pattern, bool ecma) => (_pattern, _ecma) = (pattern, ecma);

    /// <summary>The parts of a pattern.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="ecma">Digits and word characters are those of ASCII, and a point is no line's end of ECMA-262.</param>
    /// <exception cref="FormatException">The pattern is malformed or asks for something that is not supported; the message says what.</exception>
    public static PatternNode Parse(string pattern, bool ecma = false)
    {
        if (pattern.Length is 0 or > LongestPattern)
            throw new FormatException($"the pattern has {pattern.Length:N0} characters, expected 1 to {LongestPattern:N0}");
        var parser = new PatternParser(pattern, ecma);
        PatternNode node = parser.Alternatives(ignoreCase: false);
        if (parser._at < pattern.Length) throw parser.Bad("a ) without its (");
        return node;
    }

    private PatternNode Alternatives(bool ignoreCase)
    {
        if (++_depth > DeepestNesting) throw Bad("groups nested too deep");
        var choices = new List<PatternNode>();
        do choices.Add(Sequence(ref ignoreCase));
        while (Take('|'));
        _depth--;
        return choices.Count == 1 ? choices[0] : new FirstOf(choices);
    }

    private InOrder Sequence(ref bool ignoreCase)
    {
        var parts = new List<PatternNode>();
        while (_at < _pattern.Length && _pattern[_at] is not ('|' or ')'))
        {
            if (_pattern.AsSpan(_at).StartsWith("(?i)"))
            {
                (_at, ignoreCase) = (_at + 4, true);
                continue;
            }
            parts.Add(Quantified(Atom(ignoreCase)));
        }
        RequireHarmlessPossessives(parts);
        return new InOrder(parts);
    }

    private PatternNode Atom(bool ignoreCase)
    {
        char c = _pattern[_at++];
        switch (c)
        {
            case '(': return Group(ignoreCase);
            case '[': return new OneOf(Set(ignoreCase));
            case '^': return new At(Place.Start);
            case '$': return new At(Place.End);
            case '.':
                var notNewLine = new CharacterClass();
                notNewLine.AddRange('\n', '\n');
                if (_ecma) notNewLine.AddRange('\r', '\r');
                if (_ecma) notNewLine.AddRange(0x2028, 0x2029);
                return new OneOf(notNewLine.Done(negated: true));
            case '*' or '+' or '?': throw Bad($"{c} with nothing before it");
            case '\\': return Escape(ignoreCase);
            default:
                _at--;
                return Literal(CodePoints.Read(_pattern, _at, out _at), ignoreCase);
        }
    }

    private PatternNode Group(bool ignoreCase)
    {
        PatternNode node;
        if (TakeAll("?=")) node = new Ahead(Alternatives(ignoreCase), Negative: false);
        else if (TakeAll("?!")) node = new Ahead(Alternatives(ignoreCase), Negative: true);
        else if (TakeAll("?:")) node = Alternatives(ignoreCase);
        else if (TakeAll("?i:")) node = Alternatives(ignoreCase: true);
        else if (_ecma && TakeGroupName()) node = Alternatives(ignoreCase);
        else if (_at < _pattern.Length && _pattern[_at] == '?') throw Bad($"the group ({_pattern.AsSpan(_at, Math.Min(3, _pattern.Length - _at))}");
        else node = Alternatives(ignoreCase);
        return Take(')') ? node : throw Bad("a ( without its )");
    }

    /// <summary>Takes <c>?&lt;name&gt;</c>.</summary>
    private bool TakeGroupName()
    {
        int end = _pattern.AsSpan(_at).StartsWith("?<") ? _pattern.IndexOf('>', _at) : -1;
        if (end < _at + 3 || !_pattern[(_at + 2)..end].All(c => char.IsLetterOrDigit(c) || c is '_' or '$')) return false;
        _at = end + 1;
        return true;
    }

    private PatternNode Escape(bool ignoreCase)
    {
        if (_at == _pattern.Length) throw Bad("a \\ at the end");
        if (Take('b')) return new At(Place.WordBoundary);
        if (Take('B')) return new At(Place.NotWordBoundary);
        if (Take('A')) return new At(Place.Start);
        if (Take('z') || Take('Z')) return new At(Place.End);
        return NamedSet() is { } named ? new OneOf(named) : Literal(EscapedCodePoint(), ignoreCase);
    }

    private static OneOf Literal(int codePoint, bool ignoreCase)
    {
        var one = new CharacterClass();
        if (ignoreCase) one.AddFolded(codePoint);
        else one.AddRange(codePoint, codePoint);
        return new OneOf(one.Done());
    }

    /// <summary>What follows a backslash, where it names a set: <c>s S d D w W p{..} P{..}</c>; null otherwise.</summary>
    private CharacterClass? NamedSet()
    {
        var set = new CharacterClass();
        char c = _pattern[_at];
        switch (c)
        {
            case 's' or 'S':
                set.AddCategory("Z");
                set.AddRange('\t', '\r');
                set.AddRange(0x85, 0x85);
                break;
            case 'd' or 'D' or 'w' or 'W' when _ecma:
                set.AddRange('0', '9');
                if (c is 'd' or 'D') break;
                foreach ((char low, char high) in (ReadOnlySpan<(char, char)>)[('A', 'Z'), ('_', '_'), ('a', 'z')]) set.AddRange(low, high);
                break;
            case 'd' or 'D':
                set.AddCategory("Nd");
                break;
            case 'w' or 'W':
                foreach (string category in (ReadOnlySpan<string>)["L", "M", "Nd", "Pc"]) set.AddCategory(category);
                break;
            case 'p' or 'P':
                _at++;
                string name = Name();
                bool not = name.StartsWith('^');
                if (!PatternNames.Add(set, not ? name[1..] : name)) throw Bad($"\\p{{{name}}}");
                return set.Done(negated: (c == 'P') != not);
            default:
                return null;
        }
        _at++;
        return set.Done(negated: char.IsUpper(c));
    }

    private string Name()
    {
        if (!Take('{')) return _at < _pattern.Length ? _pattern[_at++].ToString() : throw Bad("\\p at the end");
        int end = _pattern.IndexOf('}', _at);
        if (end < 0) throw Bad("a { without its }");
        string name = _pattern[_at..end];
        _at = end + 1;
        return name;
    }

    private int EscapedCodePoint()
    {
        if (_at == _pattern.Length) throw Bad("a \\ at the end");
        char c = _pattern[_at++];
        switch (c)
        {
            case 'r': return '\r';
            case 'n': return '\n';
            case 't': return '\t';
            case 'f': return '\f';
            case 'v': return '\v';
            case 'x' or 'u': return Hexadecimal(c == 'x' ? 2 : 4);
            case >= '0' and <= '9': throw Bad($"\\{c}");
        }
        if (char.IsAsciiLetter(c)) throw Bad($"\\{c}");
        _at--;
        return CodePoints.Read(_pattern, _at, out _at);
    }

    private int Hexadecimal(int digits)
    {
        string hex = _at < _pattern.Length && _pattern[_at] == '{' ? Name() : _at + digits <= _pattern.Length ? _pattern[_at..(_at += digits)] : "";
        return int.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code) && code is >= 0 and <= 0x10FFFF
            ? code
            : throw Bad($"the code point {hex}");
    }

    /// <summary>A set after its opening bracket.</summary>
    private CharacterClass Set(bool ignoreCase)
    {
        if (++_depth > DeepestNesting) throw Bad("sets nested too deep");
        var set = new CharacterClass();
        bool negated = Take('^'), first = true;
        while (true)
        {
            if (_at >= _pattern.Length) throw Bad("a [ without its ]");
            if (!first && Take(']')) break;
            first = false;
            if (TakeAll("&&"))
            {
                set.Intersect(IntersectedSet(ignoreCase));
                break;
            }
            if (Take('['))
            {
                set.Add(Set(ignoreCase));
                continue;
            }
            if (Take('\\'))
            {
                if (_at == _pattern.Length) throw Bad("a \\ at the end");
                if (NamedSet() is { } named)
                {
                    set.Add(named);
                    continue;
                }
                AddRange(set, EscapedCodePoint(), ignoreCase);
                continue;
            }
            AddRange(set, CodePoints.Read(_pattern, _at, out _at), ignoreCase);
        }
        _depth--;
        return set.Done(negated);
    }

    /// <summary>What stands between <c>&amp;&amp;</c> and the closing bracket, which is taken too.</summary>
    private CharacterClass IntersectedSet(bool ignoreCase)
    {
        CharacterClass other = Take('[') ? Set(ignoreCase) : throw Bad("&& without a set after it");
        return Take(']') ? other : throw Bad("more than one set after &&");
    }

    private void AddRange(CharacterClass set, int low, bool ignoreCase)
    {
        int high = low;
        if (_at + 1 < _pattern.Length && _pattern[_at] == '-' && _pattern[_at + 1] != ']')
        {
            _at++;
            high = Take('\\') ? EscapedCodePoint() : CodePoints.Read(_pattern, _at, out _at);
            if (high < low) throw Bad("a range whose ends are swapped");
        }
        if (!ignoreCase || high - low > 256) set.AddRange(low, high);
        else for (int c = low; c <= high; c++) set.AddFolded(c);
    }

    private PatternNode Quantified(PatternNode part)
    {
        int least, start = _at;
        int? most;
        if (Take('?')) (least, most) = (0, 1);
        else if (Take('*')) (least, most) = (0, null);
        else if (Take('+')) (least, most) = (1, null);
        else if (!Counts(out least, out most)) return part;
        if (part is At or Ahead) throw Bad("a repeated place");
        bool counted = _pattern[start] == '{';
        bool lazy = Take('?');
        bool possessive = !lazy && !counted && Take('+');
        var repeated = new Repeated(part, least, most, lazy, possessive);
        return counted && !lazy ? Quantified(repeated) : repeated;
    }

    /// <summary>A count such as {2}, {1,3} or {2,}; anything else in braces is text.</summary>
    private bool Counts(out int least, out int? most)
    {
        (least, most) = (0, null);
        int end = _at < _pattern.Length && _pattern[_at] == '{' ? _pattern.IndexOf('}', _at) : -1;
        if (end < 0) return false;
        string[] bounds = _pattern[(_at + 1)..end].Split(',');
        if (bounds.Length > 2 || !TryCount(bounds[0] is "" && bounds.Length == 2 ? "0" : bounds[0], out least)) return false;
        int upper = least;
        if (bounds.Length == 2 && bounds[1].Length > 0 && !TryCount(bounds[1], out upper)) return false;
        most = bounds.Length == 2 && bounds[1].Length == 0 ? null : upper;
        if (least > MostRepeats || most > MostRepeats || most < least) throw Bad($"the count {_pattern[_at..(end + 1)]}");
        _at = end + 1;
        return true;
    }

    private static bool TryCount(string digits, out int count) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out count);

    /// <summary>
    /// A possessive part may be read as an ordinary one only where giving something back could never help: nothing after it in the
    /// sequence must match, or what comes next never begins with what it took.
    /// </summary>
    private void RequireHarmlessPossessives(List<PatternNode> parts)
    {
        for (int i = 0; i < parts.Count; i++)
        {
            if (parts[i] is not Repeated { Possessive: true } taking) continue;
            if (++_possessives > MostPossessives) throw Bad($"more than {MostPossessives} possessive repetitions");
            List<PatternNode> rest = parts[(i + 1)..];
            if (rest.All(r => r is At { Place: Place.End } || (r.MayBeEmpty && r is not (Ahead or At)))) continue;
            foreach (PatternNode next in rest)
            {
                OneOf? begins = next as OneOf ?? (next as Repeated)?.Part as OneOf;
                if (taking.Part is not OneOf taken || begins is null || begins.Class.Overlaps(taken.Class))
                    throw Bad("a possessive repetition whose meaning a plain one does not have");
                if (!next.MayBeEmpty) break;
            }
        }
    }

    private bool Take(char c)
    {
        if (_at >= _pattern.Length || _pattern[_at] != c) return false;
        _at++;
        return true;
    }

    private bool TakeAll(string text)
    {
        if (!_pattern.AsSpan(_at).StartsWith(text)) return false;
        _at += text.Length;
        return true;
    }

    private FormatException Bad(string what) => new($"character {_at} of the pattern: {what} is not supported");
}
