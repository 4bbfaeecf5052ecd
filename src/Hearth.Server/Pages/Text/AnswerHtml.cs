using System.Net;
using Markdig;
using Markdig.Extensions.AutoLinks;
using Markdig.Extensions.EmphasisExtras;
using Markdig.Extensions.Mathematics;
using Markdig.Extensions.Tables;
using Markdig.Parsers.Inlines;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;

namespace Hearth.Server.Pages.Text;

/// <summary>
/// A model's Markdown as HTML. Nothing that a model writes becomes HTML of its own, a link to a script, or a request to another server: raw HTML is shown as
/// text, links lead to the web or to a mailbox, and pictures are links.
/// </summary>
internal static class AnswerHtml
{
    /// <summary>Longer texts are shown as they are: layout takes time with the square of what is nested.</summary>
    private const int MostCharacters = 400_000;

    private const int FirstHeading = 3;                                          // a page has the first two

    private static readonly MarkdownPipeline Pipeline = Build();

    /// <summary>The HTML of a text, a piece for each of its blocks, so that of a growing text only the last pieces change.</summary>
    /// <param name="markdown">The text.</param>
    public static IReadOnlyList<string> Blocks(string markdown)
    {
        if (markdown.Length > MostCharacters || Parse(markdown) is not { } document) return [$"<pre class=\"plain-text\">{WebUtility.HtmlEncode(markdown)}</pre>"];
        Order(document);
        var html = new List<string>(document.Count);
        foreach (Block block in document)
        {
            using var writer = new StringWriter { NewLine = "\n" };
            var renderer = new HtmlRenderer(writer);
            Pipeline.Setup(renderer);
            Replace(renderer);
            renderer.Render(block);
            string text = writer.ToString();
            if (text.Length > 0) html.Add(text);
        }
        return html;
    }

    /// <summary>Null for what is nested too deeply.</summary>
    private static MarkdownDocument? Parse(string markdown)
    {
        try
        {
            return Markdown.Parse(markdown, Pipeline);
        }
        catch (ArgumentException)                                                // how Markdig says so
        {
            return null;
        }
    }

    private static MarkdownPipeline Build()
    {
        var builder = new MarkdownPipelineBuilder { MaximumNestingDepth = 100 };
        builder.UsePipeTables(new PipeTableOptions { RequireHeaderSeparator = true });
        builder.UseEmphasisExtras(EmphasisExtraOptions.Strikethrough);
        builder.UseAutoLinks(new AutoLinkOptions());
        builder.UseMathematics();
        builder.DisableHtml();
        builder.InlineParsers.InsertBefore<EscapeInlineParser>(new BracketMathParser());
        return builder.Build();
    }

    private static void Replace(HtmlRenderer renderer)
    {
        renderer.ObjectRenderers.ReplaceOrAdd<CodeBlockRenderer>(new CodeHtml());
        renderer.ObjectRenderers.ReplaceOrAdd<HtmlMathBlockRenderer>(new MathBlockHtml());
        renderer.ObjectRenderers.ReplaceOrAdd<HtmlMathInlineRenderer>(new MathInlineHtml());
        renderer.ObjectRenderers.ReplaceOrAdd<HtmlTableRenderer>(new TableHtml());
        renderer.ObjectRenderers.ReplaceOrAdd<Markdig.Renderers.Html.Inlines.LinkInlineRenderer>(new LinkHtml());
        renderer.ObjectRenderers.ReplaceOrAdd<Markdig.Renderers.Html.Inlines.AutolinkInlineRenderer>(new AutolinkHtml());
    }

    /// <summary>Headings begin below those of the page and go down a step at a time.</summary>
    private static void Order(MarkdownDocument document)
    {
        var open = new Stack<int>();
        foreach (HeadingBlock heading in document.Descendants<HeadingBlock>())
        {
            while (open.Count > 0 && open.Peek() >= heading.Level) open.Pop();
            open.Push(heading.Level);
            heading.Level = Math.Min(6, FirstHeading + open.Count - 1);
        }
    }
}
