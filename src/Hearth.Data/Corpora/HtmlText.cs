using System.Text;
using AngleSharp.Html;
using AngleSharp.Html.Parser;
using AngleSharp.Html.Parser.Tokens;
using AngleSharp.Text;

namespace Hearth.Data.Corpora;

/// <summary>
/// The words of a page. Works on the stream of tags and never builds the tree, so that time and memory grow with the page's length
/// alone: building the tree of a page of unclosed tags takes time with its square.
/// </summary>
internal static class HtmlText
{
    private static readonly HashSet<string> s_dropped = new(StringComparer.Ordinal)
    {
        "script", "style", "nav", "template", "noscript", "title", "svg", "iframe", "object", "canvas", "audio", "video",
        "button", "select", "textarea", "noembed", "noframes",
    };

    private static readonly HashSet<string> s_paragraphs = new(StringComparer.Ordinal)
    {
        "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre", "section", "article", "header",
        "footer", "main", "aside", "figure", "form", "fieldset", "hr", "body", "details",
    };

    private static readonly HashSet<string> s_lines = new(StringComparer.Ordinal)
    {
        "div", "li", "dt", "dd", "tr", "caption", "figcaption", "address", "summary", "legend", "option",
    };

    /// <summary>Words with one space between them, elements that stand apart on their own lines, paragraphs a blank line apart.</summary>
    public static string Of(string html)
    {
        using var source = new TextSource(html);
        using var tokens = new HtmlTokenizer(source, HtmlEntityProvider.Resolver) { SkipComments = true };
        var text = new PageText();
        string dropping = "";
        int droppingDepth = 0;
        while (true)
        {
            HtmlToken token = tokens.Get();
            if (token.Type == HtmlTokenType.EndOfFile) return text.ToString();
            string name = token.Name;
            if (token.Type == HtmlTokenType.StartTag) tokens.State = ModeInside(name);

            if (droppingDepth > 0)
            {
                if (token.Type == HtmlTokenType.StartTag && name == dropping) droppingDepth++;
                else if (token.Type == HtmlTokenType.EndTag && name == dropping) droppingDepth--;
            }
            else if (token.Type == HtmlTokenType.Character)
            {
                text.Append(token.Data);
            }
            else if (token.Type == HtmlTokenType.StartTag && s_dropped.Contains(name))
            {
                // Of these only a drawing may end where it begins.
                if (name == "svg" && ((HtmlTagToken)token).IsSelfClosing) continue;
                (dropping, droppingDepth) = (name, 1);
            }
            else if (token.Type is HtmlTokenType.StartTag or HtmlTokenType.EndTag)
            {
                bool opens = token.Type == HtmlTokenType.StartTag;
                if (name == "br") text.Break();
                else if (s_paragraphs.Contains(name)) text.Apart(lines: 2);
                else if (s_lines.Contains(name)) text.Apart(lines: 1);
                else if (name is "td" or "th") text.Append(" ");
                if (name == "pre") text.Verbatim = opens;
            }
        }
    }

    // Inside these elements a '<' does not begin a tag; it is the tree builder that tells the tokenizer so.
    private static HtmlParseMode ModeInside(string element) => element switch
    {
        "script" => HtmlParseMode.Script,
        "style" or "iframe" or "noembed" or "noframes" => HtmlParseMode.Rawtext,
        "title" or "textarea" => HtmlParseMode.RCData,
        _ => HtmlParseMode.PCData,
    };

    private sealed class PageText
    {
        private readonly StringBuilder _text = new();
        private int _lines;
        private bool _space;

        /// <summary>White space stands as it is, as inside a pre element.</summary>
        public bool Verbatim { get; set; }

        public void Append(string words)
        {
            foreach (char c in words)
            {
                if (c == '\0' || (char.IsWhiteSpace(c) && !Verbatim)) _space = true;
                else if (Verbatim && c == '\n') _lines++;
                else Put(c);
            }
        }

        public void Apart(int lines) => _lines = Math.Max(_lines, lines);

        public void Break() => _lines = Math.Min(2, _lines + 1);

        public override string ToString() => _text.ToString();

        private void Put(char c)
        {
            if (_text.Length > 0)
            {
                if (_lines > 0) _text.Append('\n', _lines);
                else if (_space) _text.Append(' ');
            }
            _text.Append(c);
            (_lines, _space) = (0, false);
        }
    }
}
