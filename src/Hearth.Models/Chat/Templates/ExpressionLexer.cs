using System.Globalization;
using System.Text;

namespace Hearth.Models.Chat.Templates;

/// <summary>Reads the tokens inside a tag: names, numbers, strings, operators.</summary>
internal sealed class ExpressionLexer(string name, string source, List<Token> tokens)
{
    private static readonly string[] Operators =
    [
        "//", "**", "==", "!=", "<=", ">=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
    ];

    private readonly Stack<char> _brackets = new();

    /// <summary>True inside brackets, where <c>}}</c> and <c>%}</c> do not end the tag.</summary>
    public bool InBrackets => _brackets.Count > 0;

    /// <summary>Reads one token.</summary>
    /// <param name="at">Where it begins.</param>
    /// <param name="line">The line of that place.</param>
    /// <returns>Where it ends.</returns>
    public int Next(int at, int line)
    {
        char c = source[at];
        if (c is '\'' or '"') return String(at, line);
        if (char.IsAsciiDigit(c)) return Number(at, line);
        if (IsNamePart(c)) return Name(at, line);
        foreach (string op in Operators)
        {
            if (string.CompareOrdinal(source, at, op, 0, op.Length) != 0) continue;
            Bracket(c, line);
            tokens.Add(new Token(TokenKind.Operator, op, line));
            return at + op.Length;
        }
        throw new ChatTemplateException(name, line, $"the character '{c}' has no meaning here.");
    }

    private void Bracket(char c, int line)
    {
        if (c is '(' or '[' or '{') _brackets.Push(c == '(' ? ')' : c == '[' ? ']' : '}');
        if (c is not (')' or ']' or '}')) return;
        if (_brackets.Count == 0) throw new ChatTemplateException(name, line, $"'{c}' closes nothing.");
        char expected = _brackets.Pop();
        if (c != expected) throw new ChatTemplateException(name, line, $"'{c}' found, expected '{expected}'.");
    }

    private static bool IsNamePart(char c) => c == '_' || char.IsLetterOrDigit(c) || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private int Name(int at, int line)
    {
        int end = at;
        while (end < source.Length && IsNamePart(source[end])) end++;
        tokens.Add(new Token(TokenKind.Name, source[at..end], line));
        return end;
    }

    private int Number(int at, int line)
    {
        int end = Digits(at, char.IsAsciiDigit);
        bool afterDot = at > 0 && source[at - 1] == '.';
        if (!afterDot)
        {
            int real = end;
            if (real + 1 < source.Length && source[real] == '.' && char.IsAsciiDigit(source[real + 1])) real = Digits(real + 1, char.IsAsciiDigit);
            if (real < source.Length && source[real] is 'e' or 'E')
            {
                int power = real + 1;
                if (power < source.Length && source[power] is '+' or '-') power++;
                if (power < source.Length && char.IsAsciiDigit(source[power])) real = Digits(power, char.IsAsciiDigit);
            }
            if (real > end)
            {
                tokens.Add(new Token(TokenKind.Float, source[at..real].Replace("_", "", StringComparison.Ordinal), line));
                return real;
            }
        }
        Func<char, bool>? other = at + 1 >= source.Length || source[at] != '0' ? null : source[at + 1] switch
        {
            'x' or 'X' => char.IsAsciiHexDigit,
            'o' or 'O' => c => c is >= '0' and <= '7',
            'b' or 'B' => c => c is '0' or '1',
            _ => null,
        };
        if (other is not null && at + 2 < source.Length && other(source[at + 2])) end = Digits(at + 2, other);
        else if (source[at] == '0' && source.AsSpan(at, end - at).ContainsAnyExcept('0', '_')) end = Digits(at, c => c == '0');
        tokens.Add(new Token(TokenKind.Integer, source[at..end].Replace("_", "", StringComparison.Ordinal), line));
        return end;
    }

    private int Digits(int at, Func<char, bool> isDigit)
    {
        while (at < source.Length && (isDigit(source[at]) || (source[at] == '_' && at + 1 < source.Length && isDigit(source[at + 1])))) at++;
        return at;
    }

    private int String(int at, int line)
    {
        char quote = source[at];
        var text = new StringBuilder();
        for (int i = at + 1; i < source.Length; i++)
        {
            char c = source[i];
            if (c == quote)
            {
                tokens.Add(new Token(TokenKind.String, text.ToString(), line));
                return i + 1;
            }
            if (c != '\\') text.Append(c);
            else if (++i < source.Length) i = Escape(text, i, line);
        }
        throw new ChatTemplateException(name, line, $"the text that begins with {quote} is not ended. Close it with {quote}.");
    }

    /// <summary>Appends what an escape means.</summary>
    /// <returns>The place of the escape's last character.</returns>
    private int Escape(StringBuilder text, int at, int line)
    {
        char c = source[at];
        switch (c)
        {
            case '\n': return at;
            case '\\' or '\'' or '"': text.Append(c); return at;
            case 'n': text.Append('\n'); return at;
            case 't': text.Append('\t'); return at;
            case 'r': text.Append('\r'); return at;
            case 'a': text.Append('\a'); return at;
            case 'b': text.Append('\b'); return at;
            case 'f': text.Append('\f'); return at;
            case 'v': text.Append('\v'); return at;
            case 'x': return Hexadecimal(text, at, 2, line);
            case 'u': return Hexadecimal(text, at, 4, line);
            case 'U': return Hexadecimal(text, at, 8, line);
            case >= '0' and <= '7':
                int value = 0, end = at;
                for (; end < source.Length && end < at + 3 && source[end] is >= '0' and <= '7'; end++) value = (value * 8) + source[end] - '0';
                text.Append((char)value);
                return end - 1;
            default: text.Append('\\').Append(c); return at;
        }
    }

    private int Hexadecimal(StringBuilder text, int at, int digits, int line)
    {
        if (at + digits < source.Length && uint.TryParse(source.AsSpan(at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value)
            && value <= 0x10ffff)
        {
            if (value > 0xffff) text.Append(char.ConvertFromUtf32((int)value));
            else text.Append((char)value);
            return at + digits;
        }
        throw new ChatTemplateException(name, line, $"the escape '\\{source[at]}' needs {digits} hexadecimal digits of a character.");
    }
}
