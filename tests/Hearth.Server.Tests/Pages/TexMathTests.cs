using System.Xml.Linq;
using Hearth.Server.Pages.Text;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Pages;

/// <summary>Formulas as MathML (MathML Core, W3C): expectations are written by hand from the two languages.</summary>
public sealed class TexMathTests
{
    [Theory]
    [InlineData("x^2", "<msup><mi>x</mi><mn>2</mn></msup>")]
    [InlineData("x_{i}^{n+1}", "<msubsup><mi>x</mi><mrow><mi>i</mi></mrow><mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow></msubsup>")]
    [InlineData("x^n_i", "<msubsup><mi>x</mi><mi>i</mi><mi>n</mi></msubsup>")]
    [InlineData("\\frac{a}{b}", "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>")]
    [InlineData("\\sqrt{2}", "<msqrt><mrow><mn>2</mn></mrow></msqrt>")]
    [InlineData("\\sqrt[3]{x}", "<mroot><mrow><mi>x</mi></mrow><mrow><mn>3</mn></mrow></mroot>")]
    [InlineData("\\alpha - \\Omega", "<mi>α</mi><mo>−</mo><mi mathvariant=\"normal\">Ω</mi>")]
    [InlineData("f'", "<msup><mi>f</mi><mo>′</mo></msup>")]
    [InlineData("3.14", "<mn>3.14</mn>")]
    [InlineData("a \\le b", "<mi>a</mi><mo>≤</mo><mi>b</mi>")]
    [InlineData("\\mathbb{R}^n", "<msup><mi>ℝ</mi><mi>n</mi></msup>")]
    [InlineData("\\text{if } x", "<mtext>if\u00A0</mtext><mi>x</mi>")]
    [InlineData("\\hat{y}", "<mover accent=\"true\"><mrow><mi>y</mi></mrow><mo>^</mo></mover>")]
    [InlineData("a < b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>")]
    public void Formulas_in_a_line(string tex, string inside, bool unknown = false)
    {
        string html = TexMath.Html(tex, display: false);
        if (unknown) html.ShouldBe($"<code class=\"tex\">{tex}</code>");
        else html.ShouldStartWith($"<math><semantics><mrow>{inside}</mrow><annotation");
    }

    [Fact]
    public void Limits_stand_above_and_below_where_there_is_room()
    {
        TexMath.Html("\\sum_{i=1}^n i", display: true).ShouldContain("<munderover><mo movablelimits=\"false\">∑</mo>");
        TexMath.Html("\\sum_{i=1}^n i", display: false).ShouldContain("<msubsup><mo movablelimits=\"false\">∑</mo>");
        TexMath.Html("\\int_0^1 x", display: true).ShouldContain("<msubsup><mo>∫</mo><mn>0</mn><mn>1</mn></msubsup>");
        TexMath.Html("\\lim_{x \\to 0} f", display: true).ShouldContain("<munder><mi>lim\u2061</mi>");
    }

    [Fact]
    public void Matrices_cases_and_aligned_lines_have_their_rows_and_cells()
    {
        XElement matrix = Parse("\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}");
        matrix.Descendants("mtr").Select(r => string.Join(',', r.Elements("mtd").Select(c => c.Value))).ShouldBe(["a,b", "c,d"]);
        matrix.Descendants("mo").Select(o => o.Value).ShouldBe(["(", ")"]);
        Parse("|x| = \\begin{cases} x & x \\ge 0 \\\\ -x & \\text{else} \\end{cases}").Descendants("mtr").Count().ShouldBe(2);
        Parse("\\begin{aligned} a &= b \\\\[4pt] &= c \\\\ \\end{aligned}").Descendants("mtr").Count().ShouldBe(2);
        Parse("\\left( \\frac{1}{2} \\middle| x \\right]").Descendants("mo").Select(o => o.Value).ShouldBe(["(", "|", "]"]);
    }

    [Theory]
    [InlineData("\\frac{a}")]
    [InlineData("{")]
    [InlineData("a}")]
    [InlineData("x^^2")]
    [InlineData("x^")]
    [InlineData("\\left( x")]
    [InlineData("\\begin{matrix} a")]
    [InlineData("\\begin{unheard} a \\end{unheard}")]
    [InlineData("\\def\\x{1}")]
    [InlineData("\\")]
    [InlineData("a & b")]
    public void What_is_not_known_is_shown_as_it_was_written(string tex) => TexMath.Html(tex, display: true).ShouldBe($"<code class=\"tex\">{System.Net.WebUtility.HtmlEncode(tex)}</code>");

    [Fact]
    public void Whatever_is_thrown_at_it_comes_out_as_well_formed_markup()
    {
        string[] pieces = ["\\frac", "{", "}", "^", "_", "\\left(", "\\right)", "\\begin{matrix}", "\\end{matrix}", "&", "\\\\", "x", "1", "\\sqrt[", "]", "'", "\\text{<b>", " ", "\\mathbf", "\\", "\"", "é", "\\hline", "\\sum", "\\limits"];
        ulong state = 7;
        for (int round = 0; round < 20_000; round++)
        {
            var tex = new System.Text.StringBuilder();
            for (int i = 0; i < 8; i++)
            {
                state = (state * 6364136223846793005) + 1442695040888963407;
                tex.Append(pieces[(int)((state >> 33) % (ulong)pieces.Length)]);
            }
            XElement.Parse(TexMath.Html(tex.ToString(), display: true));
        }
    }

    private static XElement Parse(string tex)
    {
        XElement math = XElement.Parse(TexMath.Html(tex, display: true));
        math.Name.LocalName.ShouldBe("math", tex);
        return math;
    }
}
