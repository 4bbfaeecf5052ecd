using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Hearth.Server.Pages.Text;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Pages;

/// <summary>What a model writes, as a browser reads it.</summary>
public sealed class AnswerHtmlTests
{
    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("a <img src=x onerror=alert(1)> b")]
    [InlineData("[x](javascript:alert(1))")]
    [InlineData("[x](JaVaScRiPt&colon;alert(1))")]
    [InlineData("[x](data:text/html;base64,PHNjcmlwdD4=)")]
    [InlineData("<javascript:alert(1)>")]
    [InlineData("![x](https://elsewhere.example/spy.png)")]
    [InlineData("![x](\"onerror=alert(1))")]
    [InlineData("```\"><script>alert(1)</script>\ncode\n```")]
    [InlineData("$\\text{<script>alert(1)</script>}$ and $<img src=x onerror=alert(1)>$")]
    [InlineData("$\\unknown<script>alert(1)</script>$")]
    [InlineData("[x]: javascript:alert(1)\n\n[x]")]
    [InlineData("| a |\n|---|\n| <iframe src=\"https://elsewhere.example\"></iframe> |")]
    [InlineData("<div style=\"background:url(https://elsewhere.example)\">\n\nx\n\n</div>")]
    [InlineData("&lt;script&gt;alert(1)&lt;/script&gt;")]
    public void Nothing_runs_and_nothing_is_loaded(string markdown)
    {
        foreach (IElement element in Parse(markdown).QuerySelectorAll("*"))
        {
            element.LocalName.ShouldNotBeOneOf("script", "img", "iframe", "object", "embed", "style", "link", "meta", "base", "form", "input", "svg");
            foreach (IAttr attribute in element.Attributes)
            {
                attribute.Name.ShouldNotStartWith("on");
                attribute.Name.ShouldNotBeOneOf("src", "style", "srcset", "formaction", "xlink:href");
                if (attribute.Name == "href") attribute.Value.ShouldMatch("^(https?|mailto):");
            }
        }
    }

    [Fact]
    public void Links_lead_out_in_a_tab_of_their_own_that_knows_nothing_of_ours()
    {
        IElement link = Parse("See [the site](https://example.org/a?b=1&c=\"2) and https://example.org and <me@example.org>.").QuerySelector("a")!;
        link.GetAttribute("href").ShouldBe("https://example.org/a?b=1&c=%222");
        link.GetAttribute("rel")!.Split(' ').ShouldContain("noopener");
        link.GetAttribute("target").ShouldBe("_blank");
        Parse("<me@example.org>").QuerySelector("a")!.GetAttribute("href").ShouldBe("mailto:me@example.org");
    }

    [Fact]
    public void Of_a_growing_text_only_the_last_block_changes()
    {
        IReadOnlyList<string> before = AnswerHtml.Blocks("# One\n\nTwo *three*\n\nFour"), after = AnswerHtml.Blocks("# One\n\nTwo *three*\n\nFour five\n\n- six");
        after.Take(2).ShouldBe(before.Take(2));
        after.Count.ShouldBe(4);
        string.Concat(after).ShouldContain("<li>six</li>");
    }

    [Theory]
    [InlineData("# a\n## b\n# c", "3 4 3")]
    [InlineData("### a\n###### b\n# c", "3 4 3")]
    [InlineData("# a\n## b\n### c\n#### d\n##### e", "3 4 5 6 6")]
    public void Headings_go_on_from_those_of_the_page_a_step_at_a_time(string markdown, string levels) =>
        string.Join(' ', Parse(markdown).QuerySelectorAll("h1,h2,h3,h4,h5,h6").Select(h => h.LocalName[1..])).ShouldBe(levels);

    [Fact]
    public void Tables_keep_their_alignment_and_code_its_characters()
    {
        IElement body = Parse("| a | b |\n|---|--:|\n| 1 | 2 |\n\n```html\n<b>\t&amp;</b>\n```");
        body.QuerySelectorAll("td")[1].ClassName.ShouldBe("number");
        body.QuerySelector("pre code")!.TextContent.ShouldBe("<b>\t&amp;</b>\n");
        body.QuerySelector(".code-head span")!.TextContent.ShouldBe("html");
    }

    [Fact]
    public void Long_and_deeply_nested_texts_take_no_more_than_their_time()
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        AnswerHtml.Blocks(new string('>', 20_000) + " x");
        AnswerHtml.Blocks(string.Concat(Enumerable.Repeat("[", 20_000)));
        AnswerHtml.Blocks(string.Concat(Enumerable.Repeat("*a ", 20_000)));
        AnswerHtml.Blocks(string.Concat(Enumerable.Repeat("\\(", 20_000)));
        AnswerHtml.Blocks("$" + string.Concat(Enumerable.Repeat("{", 3_000)) + "$");
        AnswerHtml.Blocks(new string('x', 1_000_000)).Single().ShouldStartWith("<pre");
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }

    private static IElement Parse(string markdown) => new HtmlParser().ParseDocument(string.Concat(AnswerHtml.Blocks(markdown))).Body!;
}
