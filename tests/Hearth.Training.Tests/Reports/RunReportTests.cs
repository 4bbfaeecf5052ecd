using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using Hearth.Training.Reports;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Reports;

public sealed class RunReportTests
{
    private const string Hostile = "</title></style><script>alert(1)</script>\"'&\0\u001b\ud800<img src=x onerror=alert(2)>";

    [Fact]
    public void A_report_says_what_the_model_is_its_digest_and_how_to_reproduce_it_first()
    {
        IHtmlDocument page = Parse(Report());
        string text = page.Body!.TextContent;
        string[] parts =
        [
            "factbook", "Answers questions.", "4 layers", "digest-of-weights", "hearth reproduce factbook",
            "Numbers", "Loss", "Evaluation", "Sample answers", "Documents", "Recipe", "Checkpoints",
        ];
        int[] order = [.. parts.Select(s => text.IndexOf(s, StringComparison.Ordinal))];
        order.ShouldAllBe(at => at >= 0);
        order.ShouldBe(order.Order());
    }

    [Fact]
    public void A_report_shows_the_numbers_it_was_given()
    {
        IHtmlDocument page = Parse(Report());
        string[] numbers = [.. page.QuerySelectorAll(".numbers dd").Select(e => e.TextContent)];
        numbers.ShouldBe(["943,104", "8,192,000", "50", "7 min 42 s", "17,720", "1.039", "95.0 %", "98.5 %", "1"]);
        page.QuerySelectorAll("table").Select(t => t.QuerySelectorAll("tbody tr").Length).ShouldBe([2, 2, 1]);
        page.QuerySelector("tfoot")!.TextContent.ShouldBe("Together7,0293.4 MB");
        page.QuerySelectorAll(".right").Length.ShouldBe(1);
        page.QuerySelector(".wrong")!.ParentElement!.TextContent.ShouldBe("✗ wrong, expected: Cedi");
        page.QuerySelector("main > pre code")!.TextContent.ShouldBe("name: factbook\nseed: 1");
    }

    [Fact]
    public void A_report_is_well_formed_as_HTML_and_as_XML_and_asks_nothing_of_anyone()
    {
        string html = Report();
        IHtmlDocument page = Parse(html);
        XDocument.Parse(html["<!DOCTYPE html>".Length..]).Descendants("h1").ShouldHaveSingleItem();
        page.QuerySelectorAll("script, link, img, iframe, object, embed").ShouldBeEmpty();
        string[] attributes = [.. page.All.SelectMany(e => e.Attributes).Select(a => a.Name)];
        attributes.ShouldNotContain(a => a == "src" || a == "href" || a.StartsWith("on", StringComparison.Ordinal));
        foreach (string load in new[] { "url(", "@import" }) html.ShouldNotContain(load);
        page.QuerySelectorAll("[id]").Select(e => e.Id).ShouldBeUnique();
        html.ShouldNotContain("\r");
    }

    [Fact]
    public void Hostile_text_stays_text()
    {
        string html = RunReport.Html(
            new RunSummary(
                Hostile, Hostile, Hostile, Hostile, 1, 1, double.NaN, double.NaN, Hostile, Hostile, 1,
                [new(Hostile, 1, 1, Hostile, Hostile)]),
            [], [], [new(1, Hostile)], [new(Hostile, Hostile, Hostile, false)]);
        IHtmlDocument page = Parse(html);
        page.QuerySelectorAll("script, img").ShouldBeEmpty();
        page.QuerySelectorAll("style").Length.ShouldBe(2);
        string clean = Hostile.Replace('\0', '\uFFFD').Replace('\u001b', '\uFFFD').Replace('\ud800', '\uFFFD');
        page.QuerySelector("h1")!.TextContent.ShouldBe(clean);
        // As often as it was given; the command quotes it, and so splits it, for a shell.
        (page.Body!.TextContent.Split(clean).Length - 1).ShouldBe(13);
        XDocument.Parse(html["<!DOCTYPE html>".Length..]);
    }

    [Theory]
    [InlineData("factbook", "factbook")]
    [InlineData("my run", "'my run'")]
    [InlineData("a'; rm -rf ~ #", @"'a'\''; rm -rf ~ #'")]
    [InlineData("-x", "'-x'")]
    [InlineData("", "''")]
    public void The_command_can_be_pasted_into_a_shell(string name, string word) =>
        Parse(RunReport.Html(Run with { Name = name }, [], [], [], []))
            .QuerySelector(".proof pre code")!.TextContent.ShouldBe("hearth reproduce " + word);

    [Fact]
    public void The_same_run_gives_the_same_bytes_in_every_culture_and_line_ending()
    {
        string first = Report();
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            var foreign = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            foreign.NumberFormat.NumberDecimalSeparator = ",";
            foreign.NumberFormat.NumberGroupSeparator = ".";
            foreign.NumberFormat.NegativeSign = "~";
            CultureInfo.CurrentCulture = foreign;
            RunSummary windows = Run with { Recipe = Run.Recipe.ReplaceLineEndings("\r\n") };
            RunReport.Html(windows, Steps, Evaluations, Checkpoints, AnswersGiven).ShouldBe(first);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_run_of_any_length_makes_a_page_of_bounded_size() =>
        RunReport.Html(Run, LossCurveTests.Steps(100_000), [], [], []).Length.ShouldBeLessThan(80_000);

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public void Every_text_keeps_the_contrast_of_WCAG_AA(string scheme)
    {
        string[] palettes = [.. Regex.Matches(Report(), @"--ground:[^}]*", RegexOptions.NonBacktracking).Select(m => m.Value)];
        palettes.Distinct().Count().ShouldBe(2);
        var colours = Regex.Matches(palettes[scheme == "light" ? 0 : 1], @"--(?<name>\w+):#(?<hex>\w{6})", RegexOptions.NonBacktracking)
            .ToDictionary(m => m.Groups["name"].Value, m => Luminance(m.Groups["hex"].Value));
        foreach (string ground in new[] { "ground", "card" })
        {
            foreach (string ink in new[] { "ink", "soft", "ember", "right", "wrong" })
            {
                Contrast(colours[ink], colours[ground]).ShouldBeGreaterThanOrEqualTo(4.5, $"{ink} on {ground}");
            }
        }
        foreach (string mark in new[] { "ember", "sea", "ash" })
        {
            Contrast(colours[mark], colours["ground"]).ShouldBeGreaterThanOrEqualTo(3, mark);
        }
    }

    [Theory]
    [InlineData(0, "0.0 s")]
    [InlineData(59.94, "59.9 s")]
    [InlineData(59.96, "1 min 0 s")]
    [InlineData(7384, "2 h 3 min")]
    [InlineData(double.NaN, "unknown")]
    public void Times_are_told_in_two_units(double seconds, string expected) =>
        Parse(RunReport.Html(Run with { Seconds = seconds }, [], [], [], []))
            .QuerySelectorAll(".numbers dd")[3].TextContent.ShouldBe(expected);

    [Theory]
    [InlineData(0L, "0 B")]
    [InlineData(999L, "999 B")]
    [InlineData(999_950L, "1.0 MB")]
    [InlineData(long.MaxValue, "9223.4 PB")]
    public void Sizes_are_told_in_the_unit_that_fits(long bytes, string expected) =>
        Parse(RunReport.Html(Run with { Sources = [new("c", 1, bytes, "l", "s")] }, [], [], [], []))
            .QuerySelectorAll("tbody td")[1].TextContent.ShouldBe(expected);

    private static readonly RunSummary Run = new(
        "factbook", "Answers questions.", "name: factbook\nseed: 1\n", "4 layers of width 128", 943_104, 8_192_000, 462.3, 17_720.4,
        "digest-of-weights", "head-of-ledger", 1,
        [new("countries", 213, 481_233, "Public domain", "A yearbook"), new("dialogues", 6_816, 2_940_120, "Apache-2.0", "This recipe")]);

    private static readonly StepPoint[] Steps = [.. LossCurveTests.Steps(50).Select(s => s with { LossNats = 1 + 1.95 / s.Step })];
    private static readonly EvaluationPoint[] Evaluations = [new(50, 0.5, 0.95, 0.985), new(25, null, 0.5)];
    private static readonly CheckpointSummary[] Checkpoints = [new(50, "digest-of-state")];

    private static readonly SampleAnswer[] AnswersGiven =
    [
        new("What is the capital of Portugal?", "Lisbon", "Lisbon.", true), new("Which currency has Ghana?", "Cedi", "Dalasi.", false),
    ];

    private static string Report() => RunReport.Html(Run, Steps, Evaluations, Checkpoints, AnswersGiven);

    private static IHtmlDocument Parse(string html) => new HtmlParser(new HtmlParserOptions { IsStrictMode = true }).ParseDocument(html);

    private static double Contrast(double a, double b) => (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);

    // WCAG 2.1, relative luminance.
    private static double Luminance(string hex)
    {
        double[] c = [.. new[] { 0, 2, 4 }.Select(i => Convert.ToInt32(hex.Substring(i, 2), 16) / 255.0)
            .Select(v => v <= 0.04045 ? v / 12.92 : Math.Pow((v + 0.055) / 1.055, 2.4))];
        return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
    }
}
