using System.Net;
using System.Text;

namespace Hearth.Server.Pages.Text;

/// <summary>
/// The part of TeX's mathematics that people and models write, as MathML Core: fractions, powers, indices, roots, Greek, sums and integrals with limits,
/// functions, brackets that grow, matrices, cases and aligned lines, text. What it does not know it leaves to be shown as it was written.
/// </summary>
internal sealed class TexMath
{
    private const int MostCharacters = 8_000, MostDepth = 40;

    /// <summary>Ends a function's name and nothing else: what follows it stands a little apart.</summary>
    private const string FunctionEnd = "\u2061</mi>";

    private const string Thin = "<mspace width=\"0.167em\"></mspace>";

    private readonly string _tex;
    private readonly bool _display;
    private int _at, _depth;

    private TexMath(string tex, bool display) => (_tex, _display) = (tex, display);

    /// <summary>A formula as HTML: MathML, or the text itself as code where it holds something unknown.</summary>
    /// <param name="tex">The formula without its dollars.</param>
    /// <param name="display">Whether it stands alone.</param>
    public static string Html(string tex, bool display)
    {
        string source = WebUtility.HtmlEncode(tex.Trim());
        if (tex.Length > MostCharacters) return $"<code class=\"tex\">{source}</code>";
        try
        {
            var reader = new TexMath(tex.Trim(), display);
            string row = reader.Row(_ => reader.Ended);
            return $"<math{(display ? " display=\"block\"" : "")}><semantics>{row}<annotation encoding=\"application/x-tex\">{source}</annotation></semantics></math>";
        }
        catch (FormatException)
        {
            return $"<code class=\"tex\">{source}</code>";
        }
    }

    private bool Ended
    {
        get
        {
            SkipSpace();
            return _at >= _tex.Length;
        }
    }

    private void SkipSpace()
    {
        while (_at < _tex.Length && (char.IsWhiteSpace(_tex[_at]) || _tex[_at] == '~')) _at++;
    }

    private static FormatException Unknown() => new("not known");

    /// <summary>Atoms with their scripts, until something ends them.</summary>
    private string Row(Func<TexMath, bool> ends)
    {
        if (++_depth > MostDepth) throw Unknown();
        var row = new StringBuilder("<mrow>");
        while (!ends(this))
        {
            if (_at >= _tex.Length) throw Unknown();
            row.Append(Scripted());
            SkipSpace();
        }
        _depth--;
        return row.Append("</mrow>").ToString();
    }

    /// <summary>An atom with what stands above, below or beside it.</summary>
    private string Scripted()
    {
        (string atom, bool limits) = Atom();
        string? sub = null, sup = null;
        while (true)
        {
            SkipSpace();
            if (_at < _tex.Length && _tex[_at] == '_' && sub is null)
            {
                _at++;
                sub = Argument();
            }
            else if (_at < _tex.Length && _tex[_at] == '^' && sup is null)
            {
                _at++;
                sup = Argument();
            }
            else if (_at < _tex.Length && _tex[_at] == '\'')
            {
                int from = _at;
                while (_at < _tex.Length && _tex[_at] == '\'') _at++;
                string primes = $"<mo>{new string('′', _at - from)}</mo>";
                sup = sup is null ? primes : throw Unknown();
            }
            else if (Takes("\\limits")) limits = true;
            else if (Takes("\\nolimits")) limits = false;
            else break;
        }
        bool above = limits && _display;
        string space = atom.EndsWith(FunctionEnd, StringComparison.Ordinal) && _at < _tex.Length && (char.IsLetterOrDigit(_tex[_at]) || (_tex[_at] == '\\' && !Sees("\\left"))) ? Thin : "";
        return With(atom, sub, sup, above) + space;
    }

    private static string With(string atom, string? sub, string? sup, bool above) => (sub, sup) switch
    {
        (null, null) => atom,
        (not null, null) => above ? $"<munder>{atom}{sub}</munder>" : $"<msub>{atom}{sub}</msub>",
        (null, not null) => above ? $"<mover>{atom}{sup}</mover>" : $"<msup>{atom}{sup}</msup>",
        _ => above ? $"<munderover>{atom}{sub}{sup}</munderover>" : $"<msubsup>{atom}{sub}{sup}</msubsup>",
    };

    private bool Takes(string command)
    {
        if (string.CompareOrdinal(_tex, _at, command, 0, command.Length) != 0) return false;
        int end = _at + command.Length;
        if (char.IsAsciiLetter(command[^1]) && end < _tex.Length && char.IsAsciiLetter(_tex[end])) return false;
        _at = end;
        return true;
    }

    /// <summary>One thing: a group, a number, a letter, a sign or a command. True when scripts are its limits.</summary>
    private (string Html, bool Limits) Atom()
    {
        SkipSpace();
        if (_at >= _tex.Length) throw Unknown();
        char c = _tex[_at];
        if (c == '{') return (Group(), false);
        if (c == '\\') return Command();
        if (char.IsAsciiDigit(c) || (c == '.' && _at + 1 < _tex.Length && char.IsAsciiDigit(_tex[_at + 1])))
        {
            int from = _at;
            while (_at < _tex.Length && (char.IsAsciiDigit(_tex[_at]) || (_tex[_at] is '.' or ',' && _at + 1 < _tex.Length && char.IsAsciiDigit(_tex[_at + 1])))) _at++;
            return ($"<mn>{_tex[from.._at]}</mn>", false);
        }
        if (c is '}' or '&' or '^' or '_' or '#' or '$' or '%') throw Unknown();
        int length = char.IsHighSurrogate(c) && _at + 1 < _tex.Length ? 2 : 1;
        string text = _tex.Substring(_at, length);
        _at += length;
        if (char.IsLetter(text, 0)) return ($"<mi>{WebUtility.HtmlEncode(text)}</mi>", false);
        string sign = text switch { "-" => "−", "*" => "∗", _ => text };
        string form = sign switch { "|" => " stretchy=\"false\" lspace=\"0\" rspace=\"0\"", "(" or ")" or "[" or "]" or "/" => " stretchy=\"false\"", _ => "" };
        return ($"<mo{form}>{WebUtility.HtmlEncode(sign)}</mo>", false);
    }

    private string Group()
    {
        _at++;
        string row = Row(r => { r.SkipSpace(); return r._at < r._tex.Length && r._tex[r._at] == '}'; });
        _at++;
        return row;
    }

    /// <summary>What a command or a script takes: a group, or one thing.</summary>
    private string Argument()
    {
        SkipSpace();
        if (++_depth > MostDepth) throw Unknown();
        string html = Atom().Html;
        _depth--;
        return html;
    }

    /// <summary>A group's text as it stands.</summary>
    private string Raw()
    {
        SkipSpace();
        if (_at >= _tex.Length || _tex[_at] != '{') throw Unknown();
        int open = 1, from = ++_at;
        for (; _at < _tex.Length; _at++)
        {
            if (_tex[_at] == '{') open++;
            else if (_tex[_at] == '}' && --open == 0) return _tex[from.._at++];
        }
        throw Unknown();
    }

    private string Name()
    {
        int from = ++_at;                                                        // behind the backslash
        while (_at < _tex.Length && char.IsAsciiLetter(_tex[_at])) _at++;
        if (_at == from && _at < _tex.Length) _at++;
        return _tex[from.._at];
    }

    private (string Html, bool Limits) Command()
    {
        string name = Name();
        if (TexSymbols.Letters.TryGetValue(name, out string? letter)) return ($"<mi{(char.IsUpper(letter[0]) ? " mathvariant=\"normal\"" : "")}>{letter}</mi>", false);
        if (TexSymbols.Signs.TryGetValue(name, out string? sign)) return ($"<mo>{WebUtility.HtmlEncode(sign)}</mo>", false);
        if (TexSymbols.Large.TryGetValue(name, out string? large)) return ($"<mo movablelimits=\"false\">{large}</mo>", true);
        if (TexSymbols.Integrals.TryGetValue(name, out string? integral)) return ($"<mo>{integral}</mo>", false);
        if (TexSymbols.Functions.TryGetValue(name, out bool below)) return ($"<mi>{name}{FunctionEnd}", below);
        if (TexSymbols.Accents.TryGetValue(name, out string? accent)) return ($"<mover accent=\"true\">{Argument()}<mo>{WebUtility.HtmlEncode(accent)}</mo></mover>", name == "overbrace");
        if (TexSymbols.Spaces.TryGetValue(name, out string? space)) return ($"<mspace width=\"{space}\"></mspace>", false);
        if (TexSymbols.Alphabets.TryGetValue(name, out string? variant)) return (Alphabet(name, variant), false);
        switch (name)
        {
            case "frac" or "dfrac" or "tfrac" or "cfrac":
                return ($"<mfrac>{Argument()}{Argument()}</mfrac>", false);
            case "binom" or "dbinom" or "tbinom":
                return ($"<mrow><mo>(</mo><mfrac linethickness=\"0\">{Argument()}{Argument()}</mfrac><mo>)</mo></mrow>", false);
            case "sqrt": return (Root(), false);
            case "text" or "textbf" or "textit" or "mbox" or "textrm" or "textsf" or "texttt": return ($"<mtext>{WebUtility.HtmlEncode(Raw()).Replace(' ', '\u00A0')}</mtext>", false);
            case "underline": return ($"<munder>{Argument()}<mo>_</mo></munder>", false);
            case "underbrace": return ($"<munder>{Argument()}<mo>⏟</mo></munder>", true);
            case "overset" or "stackrel":
                string over = Argument();
                return ($"<mover>{Argument()}{over}</mover>", false);
            case "underset":
                string under = Argument();
                return ($"<munder>{Argument()}{under}</munder>", false);
            case "not": return ($"<mrow>{Argument()}<mo>&#x338;</mo></mrow>", false);
            case "left": return (Fenced(), false);
            case "big" or "Big" or "bigg" or "Bigg" or "bigl" or "bigr" or "Bigl" or "Bigr": return ($"<mo>{WebUtility.HtmlEncode(Delimiter())}</mo>", false);
            case "begin": return (Environment(), false);
            case "{" or "}" or "%" or "#" or "$" or "&" or "_": return ($"<mo stretchy=\"false\">{WebUtility.HtmlEncode(name)}</mo>", false);
            case "|": return ("<mo>‖</mo>", false);
            case " " or "\n": return ("<mspace width=\"0.25em\"></mspace>", false);
            case "displaystyle" or "textstyle" or "nonumber" or "notag": return ("", false);
            case "pmod": return ($"<mrow><mspace width=\"1em\"></mspace><mo>(</mo><mi>mod</mi><mspace width=\"0.3em\"></mspace>{Argument()}<mo>)</mo></mrow>", false);
            case "bmod" or "mod": return ("<mo>mod</mo>", false);
            default: throw Unknown();
        }
    }

    private string Alphabet(string name, string variant)
    {
        if (name is "mathrm" or "operatorname") return $"<mi mathvariant=\"normal\">{WebUtility.HtmlEncode(Raw().Replace("\\,", "\u2009", StringComparison.Ordinal))}</mi>";
        SkipSpace();
        if (_at >= _tex.Length) throw Unknown();
        string text = _tex[_at] == '{' ? Raw() : char.IsLetterOrDigit(_tex[_at]) ? _tex[_at++].ToString() : throw Unknown();
        if (text.All(char.IsLetterOrDigit)) return $"<mi>{string.Concat(text.Select(c => MathAlphabet.Of(c, variant)))}</mi>";
        if (name is not ("boldsymbol" or "bm" or "mathbf")) throw Unknown();
        var inner = new TexMath(text, _display) { _depth = _depth + 1 };          // symbols have no bold letters here: shown plain, in a bold style
        return $"<mstyle class=\"bold\">{inner.Row(_ => inner.Ended)}</mstyle>";
    }

    private string Root()
    {
        SkipSpace();
        if (_at >= _tex.Length || _tex[_at] != '[') return $"<msqrt>{Argument()}</msqrt>";
        _at++;
        string degree = Row(r => { r.SkipSpace(); return r._at < r._tex.Length && r._tex[r._at] == ']'; });
        _at++;
        return $"<mroot>{Argument()}{degree}</mroot>";
    }

    /// <summary>A bracket: a character, or a command for one; empty for the full stop that stands for none.</summary>
    private string Delimiter()
    {
        SkipSpace();
        if (_at >= _tex.Length) throw Unknown();
        if (_tex[_at] != '\\') return _tex[_at++] is var c && c is '(' or ')' or '[' or ']' or '|' or '/' or '<' or '>' or '.' ? c switch { '.' => "", '<' => "⟨", '>' => "⟩", _ => c.ToString() } : throw Unknown();
        string name = Name();
        return name is "{" or "}" ? name : name == "|" ? "‖" : TexSymbols.Signs.GetValueOrDefault(name) ?? throw Unknown();
    }

    private string Fenced()
    {
        string open = Delimiter();
        var parts = new StringBuilder($"<mrow><mo stretchy=\"true\" form=\"prefix\">{WebUtility.HtmlEncode(open)}</mo>");
        parts.Append(Row(r => { r.SkipSpace(); return r.Sees("\\right") || r.Sees("\\middle"); }));
        while (Takes("\\middle"))
        {
            parts.Append($"<mo stretchy=\"true\">{WebUtility.HtmlEncode(Delimiter())}</mo>").Append(Row(r => { r.SkipSpace(); return r.Sees("\\right") || r.Sees("\\middle"); }));
        }
        if (!Takes("\\right")) throw Unknown();
        return parts.Append($"<mo stretchy=\"true\" form=\"postfix\">{WebUtility.HtmlEncode(Delimiter())}</mo></mrow>").ToString();
    }

    private bool Sees(string command)
    {
        int at = _at;
        bool sees = Takes(command);
        _at = at;
        return sees;
    }

    /// <summary>Matrices, cases and aligned lines: cells parted by &amp;, rows by \\.</summary>
    private string Environment()
    {
        string name = Raw();
        (string open, string close, string kind) = name.TrimEnd('*') switch
        {
            "matrix" or "smallmatrix" => ("", "", ""),
            "pmatrix" => ("(", ")", ""),
            "bmatrix" => ("[", "]", ""),
            "Bmatrix" => ("{", "}", ""),
            "vmatrix" => ("|", "|", ""),
            "Vmatrix" => ("‖", "‖", ""),
            "cases" => ("{", "", " class=\"cases\""),
            "aligned" or "align" or "split" or "gathered" or "gather" or "eqnarray" => ("", "", " class=\"aligned\""),
            "array" => ("", "", ""),
            "equation" => ("", "", ""),
            _ => throw Unknown(),
        };
        if (name == "array") Raw();                                              // how columns are aligned
        var table = new StringBuilder("<mtr>");
        while (true)
        {
            table.Append("<mtd>").Append(Row(r => { r.SkipSpace(); return r._at < r._tex.Length && (r._tex[r._at] == '&' || r.Sees("\\\\") || r.Sees("\\end") || r.Sees("\\hline")); })).Append("</mtd>");
            if (_tex[_at] == '&') _at++;
            else if (Takes("\\hline"))
            {
                // Lines between rows are not drawn.
            }
            else if (Takes("\\\\"))
            {
                if (_at < _tex.Length && _tex[_at] == '[') _at = _tex.IndexOf(']', _at) is > 0 and var end ? end + 1 : throw Unknown();
                table.Append("</mtr><mtr>");
            }
            else break;
        }
        if (!Takes("\\end") || Raw() != name) throw Unknown();
        table.Append("</mtr>").Replace("<mtr><mtd><mrow></mrow></mtd></mtr>", "");
        string body = $"<mtable{kind}>{table}</mtable>";
        return open.Length + close.Length == 0 ? body : $"<mrow><mo stretchy=\"true\" form=\"prefix\">{open}</mo>{body}<mo stretchy=\"true\" form=\"postfix\">{close}</mo></mrow>";
    }
}
