using System.Net;
using Markdig.Extensions.Mathematics;
using Markdig.Extensions.Tables;
using Markdig.Helpers;
using Markdig.Parsers;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Hearth.Server.Pages.Text;

/// <summary>Links that may be followed.</summary>
internal static class SafeLink
{
    /// <summary>The address, as an attribute's value; null when it leads neither to the web nor to a mailbox.</summary>
    public static string? Of(string? url) =>
        Uri.TryCreate(url?.Trim(), UriKind.Absolute, out Uri? address) && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeMailto)
            ? WebUtility.HtmlEncode(address.AbsoluteUri)
            : null;

    /// <summary>Begins a link; false when it may not be followed.</summary>
    public static bool Begin(HtmlRenderer renderer, string? url)
    {
        if (Of(url) is not { } address) return false;
        renderer.Write($"<a href=\"{address}\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">");
        return true;
    }
}

/// <summary>Links, and pictures as links: nothing is loaded from elsewhere.</summary>
internal sealed class LinkHtml : HtmlObjectRenderer<LinkInline>
{
    protected override void Write(HtmlRenderer renderer, LinkInline obj)
    {
        string? url = obj.GetDynamicUrl?.Invoke() ?? obj.Url;
        if (obj.IsImage) renderer.Write("<span class=\"picture\">");
        bool link = SafeLink.Begin(renderer, url);
        renderer.WriteChildren(obj);
        if (obj.IsImage && obj.FirstChild is null) renderer.Write("picture");
        if (link) renderer.Write("</a>");
        if (obj.IsImage) renderer.Write("</span>");
    }
}

/// <summary>Addresses in angle brackets.</summary>
internal sealed class AutolinkHtml : HtmlObjectRenderer<AutolinkInline>
{
    protected override void Write(HtmlRenderer renderer, AutolinkInline obj)
    {
        bool link = SafeLink.Begin(renderer, obj.IsEmail ? "mailto:" + obj.Url : obj.Url);
        renderer.WriteEscape(obj.Url);
        if (link) renderer.Write("</a>");
    }
}

/// <summary>Code, with its language and a button that copies it.</summary>
internal sealed class CodeHtml : HtmlObjectRenderer<CodeBlock>
{
    protected override void Write(HtmlRenderer renderer, CodeBlock obj)
    {
        string language = (obj as FencedCodeBlock)?.Info ?? "";
        renderer.EnsureLine();
        renderer.Write("<div class=\"code\"><div class=\"code-head\"><span>").WriteEscape(language)
            .Write("</span><button type=\"button\" class=\"quiet small\" data-copy-code>Copy</button></div><pre tabindex=\"0\"><code>");
        renderer.WriteLeafRawLines(obj, writeEndOfLines: true, escape: true);
        renderer.Write("</code></pre></div>");
    }
}

/// <summary>Tables that scroll sideways. Alignment is a class: style attributes are not allowed here.</summary>
internal sealed class TableHtml : HtmlObjectRenderer<Table>
{
    protected override void Write(HtmlRenderer renderer, Table obj)
    {
        renderer.EnsureLine();
        renderer.Write("<div class=\"table-scroll\" tabindex=\"0\"><table>");
        bool body = false;
        foreach (TableRow row in obj.OfType<TableRow>())
        {
            if (row.IsHeader) renderer.Write("<thead>");
            else if (!body)
            {
                renderer.Write("<tbody>");
                body = true;
            }
            renderer.Write("<tr>");
            for (int i = 0; i < row.Count; i++)
            {
                var cell = (TableCell)row[i];
                int column = cell.ColumnIndex < 0 || cell.ColumnIndex >= obj.ColumnDefinitions.Count ? i : cell.ColumnIndex;
                string align = column < obj.ColumnDefinitions.Count ? obj.ColumnDefinitions[column].Alignment switch
                {
                    TableColumnAlign.Center => " class=\"center\"",
                    TableColumnAlign.Right => " class=\"number\"",
                    _ => "",
                } : "";
                string tag = row.IsHeader ? "th" : "td";
                renderer.Write($"<{tag}{align}>");
                bool implicitParagraph = renderer.ImplicitParagraph;
                renderer.ImplicitParagraph = cell.Count == 1;
                renderer.Write(cell);
                renderer.ImplicitParagraph = implicitParagraph;
                renderer.Write($"</{tag}>");
            }
            renderer.Write(row.IsHeader ? "</tr></thead>" : "</tr>");
        }
        renderer.Write(body ? "</tbody></table></div>" : "</table></div>");
    }
}

/// <summary>Maths in a line.</summary>
internal sealed class MathInlineHtml : HtmlObjectRenderer<MathInline>
{
    protected override void Write(HtmlRenderer renderer, MathInline obj) => renderer.Write(TexMath.Html(obj.Content.ToString(), display: obj.DelimiterCount > 1));
}

/// <summary>Maths that stands alone.</summary>
internal sealed class MathBlockHtml : HtmlObjectRenderer<MathBlock>
{
    protected override void Write(HtmlRenderer renderer, MathBlock obj)
    {
        renderer.EnsureLine();
        renderer.Write("<div class=\"formula\" tabindex=\"0\">").Write(TexMath.Html(obj.Lines.ToString(), display: true)).Write("</div>");
    }
}

/// <summary>Maths between \( and \), or \[ and \], as models write it too.</summary>
internal sealed class BracketMathParser : InlineParser
{
    public BracketMathParser() => OpeningCharacters = ['\\'];

    public override bool Match(InlineProcessor processor, ref StringSlice slice)
    {
        char open = slice.PeekChar();
        if (open is not ('(' or '[')) return false;
        string end = open == '(' ? "\\)" : "\\]";
        int from = slice.Start + 2, at = slice.Text.IndexOf(end, from, StringComparison.Ordinal);
        if (at < 0 || at > slice.End) return false;
        processor.Inline = new MathInline { Delimiter = '$', DelimiterCount = open == '(' ? 1 : 2, Content = new StringSlice(slice.Text, from, at - 1) };
        slice.Start = at + 2;
        return true;
    }
}
