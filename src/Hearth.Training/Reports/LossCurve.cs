using System.Text;
using static Hearth.Training.Reports.Markup;

namespace Hearth.Training.Reports;

/// <summary>Draws a run's loss, held-out bits per byte and learning rate over its steps as one SVG.</summary>
public static class LossCurve
{
    // The most vertices each part may have: the drawing stays small and quick however long the run was.
    private const int MaxRaw = 600, MaxLine = 440, MaxRate = 240, MaxDots = 200;

    private const double Width = 640, Left = 66, Right = 624, Top = 30, LossHeight = 220, SmallHeight = 76, Gap = 38, Foot = 58;
    private const int StepMarks = 6, LossMarks = 5, SmallMarks = 2;

    // The smoothed line averages this part of the run around each step.
    private const int WindowsPerRun = 40;

    /// <summary>The drawing: an SVG element that stands alone or inside a page, readable in light and in dark.</summary>
    /// <param name="steps">The steps in any order; those whose loss is not finite are left out, and the description says so.</param>
    /// <param name="evaluations">The evaluations; those without bits per byte are not drawn.</param>
    /// <param name="logarithmicSteps">Draws the steps on a logarithmic axis.</param>
    public static string Svg(IReadOnlyList<StepPoint> steps, IReadOnlyList<EvaluationPoint> evaluations, bool logarithmicSteps = false)
    {
        StepPoint[] finite = [.. steps.Where(p => IsDrawable(p.LossNats)).OrderBy(p => p.Step)];
        (int Step, double Bits)[] held = [.. evaluations.Where(e => e.BitsPerByte is { } b && IsDrawable(b))
            .OrderBy(e => e.Step).Select(e => (e.Step, e.BitsPerByte!.Value))];
        if (finite.Length == 0) return Empty(steps.Count);

        int first = finite[0].Step, last = finite[^1].Step;
        if (held.Length > 0) (first, last) = (Math.Min(first, held[0].Step), Math.Max(last, held[^1].Step));
        Axis x = Axis.Steps(first, last, Left, Right, StepMarks, logarithmicSteps);
        var body = new StringBuilder();
        double at = Top;

        double[] losses = [.. finite.Select(p => p.LossNats)];
        int radius = finite.Length / WindowsPerRun / 2;
        Axis loss = Axis.Rounded(losses.Min(), losses.Max(), at + LossHeight, at, LossMarks);
        Panel(body, x, at, LossHeight, loss, "Loss, nats per token", y =>
        {
            Legend(body, at, radius);
            double[] smooth = Series.Smooth(losses, radius);
            Spans(body, "raw", Series.Spans([.. finite.Select(p => (x.At(p.Step), y.At(p.LossNats)))], Left, Right, MaxRaw));
            Line(body, "line", Series.Last([.. finite.Select((p, i) => (x.At(p.Step), y.At(smooth[i])))], Left, Right, MaxLine));
        });
        at += LossHeight + Gap;

        if (held.Length > 0)
        {
            Axis bits = Axis.Rounded(held.Min(h => h.Bits), held.Max(h => h.Bits), at + SmallHeight, at, SmallMarks);
            Panel(body, x, at, SmallHeight, bits, "Held-out text, bits per byte", y =>
                Spans(body, "dots", Series.Spans([.. held.Select(h => (x.At(h.Step), y.At(h.Bits)))], Left, Right, MaxDots)));
            at += SmallHeight + Gap;
        }

        StepPoint[] rates = [.. finite.Where(p => IsDrawable(p.LearningRate))];
        if (rates.Length > 0)
        {
            double lowest = Math.Min(0, rates.Min(p => p.LearningRate)), highest = rates.Max(p => p.LearningRate);
            Axis rate = Axis.Rounded(lowest, highest, at + SmallHeight, at, SmallMarks);
            Panel(body, x, at, SmallHeight, rate, "Learning rate", y =>
                Line(body, "rate", Series.Last([.. rates.Select(p => (x.At(p.Step), y.At(p.LearningRate)))], Left, Right, MaxRate)));
            at += SmallHeight + Gap;
        }

        double bottom = at - Gap;
        foreach (double tick in x.Ticks)
        {
            string label = Axis.Label(tick);
            // The right edge would cut a long label off.
            bool atEdge = label.Length > 3 && x.At(tick) > Right - 24;
            body.Append($"<text x=\"{Coordinate(atEdge ? Width : x.At(tick))}\" y=\"{Coordinate(bottom + 20)}\" ")
                .Append($"text-anchor=\"{(atEdge ? "end" : "middle")}\">{label}</text>\n");
        }
        string unit = logarithmicSteps ? "step, logarithmic" : "step";
        body.Append($"<text x=\"{Coordinate((Left + Right) / 2)}\" y=\"{Coordinate(bottom + 44)}\" text-anchor=\"middle\">{unit}</text>\n");
        return Wrap(bottom + Foot, Describe(finite, held, steps.Count), body.ToString());
    }

    // Finite, and far enough from the largest double that an axis can be laid around it.
    private static bool IsDrawable(double value) => Math.Abs(value) < 1e100;

    private static void Panel(StringBuilder body, Axis x, double top, double height, Axis y, string name, Action<Axis> draw)
    {
        body.Append("<path class=\"grid\" d=\"");
        foreach (double tick in x.Ticks) body.Append($"M{Coordinate(x.At(tick))} {Coordinate(top)}v{Coordinate(height)}");
        foreach (double tick in y.Ticks) body.Append($"M{Coordinate(Left)} {Coordinate(y.At(tick))}H{Coordinate(Right)}");
        body.Append("\"/>\n");
        foreach (double tick in y.Ticks)
        {
            body.Append($"<text x=\"{Coordinate(Left - 8)}\" y=\"{Coordinate(y.At(tick))}\" dy=\".35em\" text-anchor=\"end\">")
                .Append(Axis.Label(tick)).Append("</text>\n");
        }
        body.Append($"<text class=\"name\" x=\"{Coordinate(Left)}\" y=\"{Coordinate(top - 10)}\">{name}</text>\n");
        draw(y);
    }

    private static void Legend(StringBuilder body, double top, int radius)
    {
        body.Append($"<text x=\"{Coordinate(Right)}\" y=\"{Coordinate(top - 10)}\" text-anchor=\"end\">");
        body.Append("<tspan class=\"key-raw\">●</tspan> each step");
        if (radius > 0) body.Append($" <tspan class=\"key-line\" dx=\".6em\">━</tspan> mean of {Count(2 * radius + 1)}");
        body.Append("</text>\n");
    }

    // A line of no length with round ends is a dot; one path holds them all.
    private static void Spans(StringBuilder body, string style, List<(double X, double Low, double High)> spans)
    {
        body.Append($"<path class=\"{style}\" d=\"");
        foreach ((double x, double low, double high) in spans)
        {
            body.Append($"M{Coordinate(x)} {Coordinate(low)}").Append(low == high ? "h0" : $"V{Coordinate(high)}");
        }
        body.Append("\"/>\n");
    }

    private static void Line(StringBuilder body, string style, List<(double X, double Y)> points)
    {
        if (points.Count == 1) style += " single";
        body.Append($"<path class=\"{style}\" d=\"M");
        body.AppendJoin('L', points.Select(p => $"{Coordinate(p.X)} {Coordinate(p.Y)}"));
        if (points.Count == 1) body.Append("h0");
        body.Append("\"/>\n");
    }

    private static string Describe(StepPoint[] finite, (int Step, double Bits)[] held, int given)
    {
        StepPoint a = finite[0], b = finite[^1];
        var text = new StringBuilder();
        text.Append(finite.Length == 1
            ? $"One step, {Count(a.Step)}, with a loss of {Decimal(a.LossNats)} nats per token."
            : $"The loss went from {Decimal(a.LossNats)} nats per token at step {Count(a.Step)} "
                + $"to {Decimal(b.LossNats)} at step {Count(b.Step)}.");
        if (held.Length > 0) text.Append($" Held-out text took {Decimal(held[^1].Bits)} bits per byte at step {Count(held[^1].Step)}.");
        int leftOut = given - finite.Length;
        if (leftOut > 0) text.Append($" Steps left out because their loss is not a finite number: {Count(leftOut)}.");
        return text.ToString();
    }

    private static string Empty(int given)
    {
        string message = given == 0 ? "No step has been taken yet." : "No step has a loss that is a finite number.";
        return Wrap(120, message, $"<text x=\"{Coordinate(Width / 2)}\" y=\"64\" text-anchor=\"middle\">{message}</text>\n");
    }

    private static string Wrap(double height, string description, string body) => $"""
        <svg xmlns="http://www.w3.org/2000/svg" class="loss-curve" viewBox="0 0 {Coordinate(Width)} {Coordinate(height)}"
        role="img" aria-labelledby="curve-title curve-description">
        <title id="curve-title">Loss curve</title>
        <desc id="curve-description">{Escape(description)}</desc>
        <style>
        {ReportStyle.Curve}</style>
        {body}</svg>

        """.ReplaceLineEndings("\n");
}
