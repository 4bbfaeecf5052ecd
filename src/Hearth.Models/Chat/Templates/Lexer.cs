using System.Text;

namespace Hearth.Models.Chat.Templates;

/// <summary>
/// Cuts a template into tokens, with Jinja's whitespace control as Hugging Face sets it: a newline after a block or comment is dropped
/// (trim_blocks), and so are spaces between the start of a line and a block or comment (lstrip_blocks). <c>-</c> takes all whitespace on
/// its side, <c>+</c> keeps it. One newline at the template's end is dropped.
/// (Jinja 3.1, Template Designer Documentation, "Whitespace Control".)
/// </summary>
internal sealed class Lexer
{
    private readonly string _name;
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;
    private bool _lineStarting = true;

    private Lexer(string name, string source)
    {
        _name = name;
        source = source.ReplaceLineEndings("\n", "\r\n", "\r");
        _source = source.EndsWith('\n') ? source[..^1] : source;
    }

    /// <summary>The tokens of a template, the last being <see cref="TokenKind.End"/>.</summary>
    /// <param name="name">The template's name, for errors.</param>
    /// <param name="source">Its text.</param>
    /// <exception cref="ChatTemplateException">A tag, comment or string is not ended, or a character has no meaning.</exception>
    public static List<Token> Read(string name, string source) => new Lexer(name, source).Run();

    private List<Token> Run()
    {
        while (_at < _source.Length)
        {
            int tag = NextTag(_at);
            if (tag < 0)
            {
                Text(_at, _source.Length);
                _at = _source.Length;
                break;
            }
            char kind = _source[tag + 1];
            int inside = tag + 2;
            char sign = inside < _source.Length && _source[inside] is '-' or '+' ? _source[inside++] : ' ';
            Text(_at, TextEnd(_at, tag, sign, kind));
            MoveTo(tag);
            int line = _line;
            MoveTo(inside);
            if (kind == '#') Comment(line);
            else if (kind == '%' && RawBegin(inside) is { } raw) Raw(raw, line);
            else Tag(kind, line);
        }
        _tokens.Add(new Token(TokenKind.End, "", _line));
        return _tokens;
    }

    private int NextTag(int from)
    {
        for (int i = from; ; i++)
        {
            i = _source.IndexOf('{', i);
            if (i < 0 || i + 1 >= _source.Length) return -1;
            if (_source[i + 1] is '{' or '%' or '#') return i;
        }
    }

    /// <summary>Where the text before a tag ends once whitespace control has taken its share.</summary>
    private int TextEnd(int from, int tag, char sign, char kind)
    {
        int end = tag;
        if (sign == '-')
        {
            while (end > from && TextRules.IsSpace(_source[end - 1])) end--;
            return end;
        }
        if (sign == '+' || kind == '{') return end;
        while (end > from && _source[end - 1] != '\n' && TextRules.IsSpace(_source[end - 1])) end--;
        return end == from ? (_lineStarting ? end : tag) : _source[end - 1] == '\n' ? end : tag;
    }

    private void Text(int from, int to)
    {
        if (to > from) _tokens.Add(new Token(TokenKind.Text, _source[from..to], _line));
    }

    private void Comment(int line)
    {
        int end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0) throw Fail(line, "the comment '{#' is not ended. Close it with '#}'");
        char sign = end > _at ? _source[end - 1] : ' ';
        MoveTo(end + 2);
        AfterTag(sign, trims: true);
    }

    /// <summary>Where the content of <c>{% raw %}</c> begins, and its sign; null when the tag is another.</summary>
    private (int Begin, char Sign)? RawBegin(int at) => Word(at, "raw") is { } end ? end : null;

    private (int End, char Sign)? Word(int at, string word)
    {
        while (at < _source.Length && TextRules.IsSpace(_source[at])) at++;
        if (string.CompareOrdinal(_source, at, word, 0, word.Length) != 0) return null;
        at += word.Length;
        while (at < _source.Length && TextRules.IsSpace(_source[at])) at++;
        char sign = at < _source.Length && _source[at] is '-' or '+' ? _source[at++] : ' ';
        return string.CompareOrdinal(_source, at, "%}", 0, 2) == 0 ? (at + 2, sign) : null;
    }

    private void Raw((int Begin, char Sign) raw, int line)
    {
        MoveTo(raw.Begin);
        AfterTag(raw.Sign, trims: false);
        for (int end = _at; ; end += 2)
        {
            end = _source.IndexOf("{%", end, StringComparison.Ordinal);
            if (end < 0) throw Fail(line, "'{% raw %}' is not ended. Close it with '{% endraw %}'");
            int inside = end + 2;
            char sign = inside < _source.Length && _source[inside] is '-' or '+' ? _source[inside++] : ' ';
            if (Word(inside, "endraw") is not { } close) continue;
            Text(_at, TextEnd(_at, end, sign, '%'));
            MoveTo(close.End);
            AfterTag(close.Sign, trims: true);
            return;
        }
    }

    private void Tag(char kind, int line)
    {
        _tokens.Add(new Token(kind == '%' ? TokenKind.BlockBegin : TokenKind.PrintBegin, kind == '%' ? "{%" : "{{", line));
        string end = kind == '%' ? "%}" : "}}";
        var expression = new ExpressionLexer(_name, _source, _tokens);
        while (true)
        {
            while (_at < _source.Length && TextRules.IsSpace(_source[_at])) MoveTo(_at + 1);
            if (_at >= _source.Length) throw Fail(line, $"the tag '{(kind == '%' ? "{%" : "{{")}' is not ended. Close it with '{end}'");
            if (!expression.InBrackets)
            {
                bool signed = _source[_at] == '-' || (_source[_at] == '+' && kind == '%');
                if (string.CompareOrdinal(_source, _at + (signed ? 1 : 0), end, 0, 2) == 0)
                {
                    char sign = signed ? _source[_at] : ' ';
                    _tokens.Add(new Token(kind == '%' ? TokenKind.BlockEnd : TokenKind.PrintEnd, end, _line));
                    MoveTo(_at + 2 + (signed ? 1 : 0));
                    AfterTag(sign, trims: kind == '%');
                    return;
                }
            }
            MoveTo(expression.Next(_at, _line));
        }
    }

    private void AfterTag(char sign, bool trims)
    {
        int from = _at, at = _at;
        if (sign == '-')
        {
            while (at < _source.Length && TextRules.IsSpace(_source[at])) at++;
        }
        else if (trims && sign != '+' && at < _source.Length && _source[at] == '\n') at++;
        MoveTo(at);
        _lineStarting = at > from && _source[at - 1] == '\n';
    }

    private void MoveTo(int at)
    {
        for (; _at < at; _at++)
        {
            if (_source[_at] == '\n') _line++;
        }
    }

    private ChatTemplateException Fail(int line, string problem) => new(_name, line, problem + ".");
}

/// <summary>What Python calls whitespace and the end of a line.</summary>
internal static class TextRules
{
    /// <summary>str.isspace of a character.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>The character ends a line for str.splitlines.</summary>
    public static bool EndsLine(char c) => c is >= '\n' and <= '\r' or >= '\x1c' and <= '\x1e' or '\x85' or '\u2028' or '\u2029';

    /// <summary>Replaces each of some line endings by one.</summary>
    public static string ReplaceLineEndings(this string text, string by, params ReadOnlySpan<string> endings)
    {
        var result = new StringBuilder(text);
        foreach (string ending in endings) result.Replace(ending, by);
        return result.ToString();
    }
}
