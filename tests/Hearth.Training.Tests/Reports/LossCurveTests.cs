using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Hearth.Training.Reports;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Reports;

public sealed class LossCurveTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(601)]
    [InlineData(100_000)]
    public void A_curve_of_any_length_is_well_formed_small_and_inside_its_frame(int count)
    {
        foreach (bool logarithmic in new[] { false, true })
        {
            EvaluationPoint[] evaluations = [.. Enumerable.Range(1, Math.Min(count, 3_000)).Select(i => new EvaluationPoint(i, 2.5 / i))];
            string text = LossCurve.Svg(Steps(count), evaluations, logarithmic);
            XElement svg = XElement.Parse(text);
            Vertices(svg).ShouldBeInRange(Math.Min(count, 600), 1_500);
            text.Length.ShouldBeLessThan(60_000);
            text.ShouldNotContain("NaN");
            text.ShouldNotContain("Infinity");
            double[] box = [.. svg.Attribute("viewBox")!.Value.Split(' ').Select(Number)];
            foreach ((double x, double y) in Points(svg))
            {
                x.ShouldBeInRange(0, box[2]);
                y.ShouldBeInRange(0, box[3]);
            }
        }
    }

    [Fact]
    public void A_run_without_steps_says_so()
    {
        XElement svg = XElement.Parse(LossCurve.Svg([], []));
        svg.Elements(Svg + "text").Single().Value.ShouldBe("No step has been taken yet.");
        svg.Elements(Svg + "path").ShouldBeEmpty();
    }

    [Fact]
    public void Losses_that_are_not_finite_are_left_out_and_counted()
    {
        StepPoint[] steps = [.. Steps(10), new(11, double.NaN, double.NaN, double.NaN), new(12, double.PositiveInfinity, 1, 1)];
        string text = LossCurve.Svg(steps, [new(10, double.NaN), new(11)]);
        text.ShouldNotContain("NaN");
        Description(text).ShouldEndWith("not a finite number: 2.");
        Description(LossCurve.Svg([new(1, double.NaN, 1, 1)], [])).ShouldBe("No step has a loss that is a finite number.");
        Labels(XElement.Parse(LossCurve.Svg([new(1, 1, double.NaN, 1)], []))).ShouldNotContain("Learning rate");
    }

    [Fact]
    public void The_description_tells_the_curve_to_who_can_not_see_it()
    {
        string text = LossCurve.Svg([new(1, 7.25, 1e-3, 1), new(4_000, 0.5, 1e-4, 1)], [new(2_000, 1.5), new(4_000, 0.75)]);
        XElement svg = XElement.Parse(text);
        Description(text).ShouldBe("The loss went from 7.250 nats per token at step 1 to 0.500 at step 4,000. "
            + "Held-out text took 0.750 bits per byte at step 4,000.");
        svg.Attribute("role")!.Value.ShouldBe("img");
        foreach (string id in svg.Attribute("aria-labelledby")!.Value.Split(' '))
        {
            svg.Elements().Count(e => e.Attribute("id")?.Value == id).ShouldBe(1);
        }
    }

    [Fact]
    public void A_higher_loss_stands_higher_and_a_later_step_further_right()
    {
        XElement svg = XElement.Parse(LossCurve.Svg([new(30, 1, 0, 1), new(10, 3, 0, 1), new(20, 2, 0, 1)], []));
        (double X, double Y)[] line = [.. Points(svg.Elements(Svg + "path").Single(p => p.Attribute("class")!.Value == "line"))];
        line.Length.ShouldBe(3);
        line.ShouldBe(line.OrderBy(p => p.X));
        line.ShouldBe(line.OrderBy(p => p.Y));
        (line[1].X - line[0].X).ShouldBe(line[2].X - line[1].X, 0.011);
        (line[1].Y - line[0].Y).ShouldBe(line[2].Y - line[1].Y, 0.011);
    }

    [Fact]
    public void On_a_logarithmic_axis_every_decade_is_equally_wide()
    {
        XElement svg = XElement.Parse(LossCurve.Svg([.. Steps(10_000).Where(s => s.Step is 1 or 10 or 100 or 1_000 or 10_000)], [], true));
        double[] x = [.. Points(svg.Elements(Svg + "path").Single(p => p.Attribute("class")!.Value == "line")).Select(p => p.X)];
        for (int i = 1; i < 4; i++) (x[i + 1] - x[i]).ShouldBe(x[1] - x[0], 0.021);
        Labels(svg).ShouldContain("10,000");
    }

    [Theory]
    [InlineData(0.42, 6.93, "0,2,4,6,8")]
    [InlineData(2.05, 2.44, "2,2.1,2.2,2.3,2.4,2.5")]
    [InlineData(5e-5, 3e-4, "5e-5,1e-4,1.5e-4,2e-4,2.5e-4,3e-4")]
    [InlineData(0, 2e7, "0,5,000,000,1e7,1.5e7,2e7")]
    [InlineData(3, 3, "2.8,2.9,3,3.1,3.2")]
    public void Marks_are_round_numbers_a_person_reads(double low, double high, string expected)
    {
        XElement svg = XElement.Parse(LossCurve.Svg([new(1, low, double.NaN, 1), new(2, high, double.NaN, 1)], []));
        IEnumerable<string> marks = svg.Elements(Svg + "text")
            .Where(t => t.Attribute("text-anchor")?.Value == "end" && t.Attribute("dy") is not null).Select(t => t.Value);
        string.Join(',', marks).ShouldBe(expected);
    }

    [Fact]
    public void A_smoothed_line_begins_and_ends_with_the_run_and_hides_no_step()
    {
        // The loss jumps between 1 and 3 at every step; its mean stays at 2.
        StepPoint[] steps = [.. Enumerable.Range(1, 5_000).Select(i => new StepPoint(i, i % 2 == 0 ? 3 : 1, 1e-3, 1))];
        XElement svg = XElement.Parse(LossCurve.Svg(steps, []));
        double[] line = [.. Of("line").Select(p => p.Y)], raw = [.. Of("raw").Select(p => p.Y)];
        double[] inner = line[40..^40];
        (inner.Max() - inner.Min()).ShouldBeLessThan(3);
        inner.Average().ShouldBe((raw.Min() + raw.Max()) / 2, 1);
        (raw.Max() - raw.Min()).ShouldBeGreaterThan(100);
        line[0].ShouldBe(raw.Max());
        line[^1].ShouldBe(raw.Min());

        (double X, double Y)[] Of(string style) =>
            [.. Points(svg.Elements(Svg + "path").Single(p => p.Attribute("class")!.Value == style))];
    }

    internal static StepPoint[] Steps(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(1, count)
            .Select(i => new StepPoint(i, 7.0 / Math.Sqrt(i) + random.NextDouble() / 10, 1e-3 / i, random.NextDouble()))];
    }

    private static string Description(string svg) => XElement.Parse(svg).Element(Svg + "desc")!.Value;

    private static IEnumerable<string> Labels(XElement svg) => svg.Elements(Svg + "text").Select(t => t.Value);

    private static int Vertices(XElement svg) => svg.Elements(Svg + "path").Where(p => p.Attribute("class")!.Value != "grid")
        .Sum(p => Regex.Count(p.Attribute("d")!.Value, "[MLV]"));

    private const string Vertex = "[ML](?<x>[0-9.-]+) (?<y>[0-9.-]+)|V(?<y>[0-9.-]+)";

    private static IEnumerable<(double X, double Y)> Points(XElement svg)
    {
        foreach (XElement path in svg.DescendantsAndSelf(Svg + "path"))
        {
            double x = 0;
            foreach (Match m in Regex.Matches(path.Attribute("d")!.Value, Vertex, RegexOptions.NonBacktracking))
            {
                if (m.Groups["x"].Success) x = Number(m.Groups["x"].Value);
                yield return (x, Number(m.Groups["y"].Value));
            }
        }
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
