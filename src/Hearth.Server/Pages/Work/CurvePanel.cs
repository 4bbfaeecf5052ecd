using System.Globalization;
using System.Text;
using Hearth.Server.Runs;
using Hearth.Training.Reports;

namespace Hearth.Server.Pages.Work;

/// <summary>One drawing over the steps of a run, as paths in a box of <see cref="Width"/> by <see cref="Height"/>.</summary>
/// <param name="Title">What it shows, with its unit.</param>
/// <param name="Latest">The last value, in words.</param>
/// <param name="Ticks">Marks of its axis, from the top down; evenly spaced.</param>
/// <param name="Grid">The marks' lines.</param>
/// <param name="Band">Lowest to highest of steps drawn as one; empty for none.</param>
/// <param name="Line">The values, as a line; empty for none.</param>
/// <param name="Dots">The values, as dots; empty for none.</param>
/// <param name="Says">The drawing in a sentence.</param>
internal sealed record CurvePanel(string Title, string Latest, IReadOnlyList<string> Ticks, string Grid, string Band, string Line, string Dots, string Says)
{
    public const int Width = 1000, Height = 300;

    private const int LossMarks = 5, SmallMarks = 3, WindowsPerRun = 40;

    /// <summary>The drawings of a run: loss, held-out text, learning rate.</summary>
    /// <param name="view">What its ledger says.</param>
    /// <param name="steps">Steps in all.</param>
    public static IReadOnlyList<CurvePanel> Of(LedgerView view, int steps)
    {
        CurvePiece[] pieces = [.. view.Curve];
        if (pieces.Length == 0) return [];
        int last = Math.Max(steps, pieces[^1].Last);
        var panels = new List<CurvePanel> { Loss(pieces, last) };
        if (view.Evaluations.Count > 0)
        {
            (int Step, double Value)[] held = [.. view.Evaluations.Where(e => double.IsFinite(e.BitsPerByte)).Select(e => (e.Step, e.BitsPerByte))];
            if (held.Length > 0) panels.Add(Points("Held-out text, bits per byte", held, last, isDotted: true, SmallMarks, fromZero: false));
        }
        panels.Add(Points("Learning rate", [.. pieces.Select(p => (p.Last, p.LearningRate))], last, isDotted: false, SmallMarks, fromZero: true));
        return panels;
    }

    private static CurvePanel Loss(CurvePiece[] pieces, int last)
    {
        Axis y = Axis.Rounded(pieces.Min(p => p.Lowest), pieces.Max(p => p.Highest), Height, 0, LossMarks);
        double[] smooth = Series.Smooth([.. pieces.Select(p => p.Mean)], pieces.Length / WindowsPerRun / 2);
        var band = new StringBuilder();
        if (pieces.Any(p => p.Highest > p.Lowest))
        {
            band.Append('M').AppendJoin('L', pieces.Select(p => Point(X(Middle(p), last), y.At(p.Highest))).Concat(pieces.Reverse().Select(p => Point(X(Middle(p), last), y.At(p.Lowest))))).Append('Z');
        }
        else band.Append('M').AppendJoin('L', pieces.Select(p => Point(X(p.Last, last), y.At(p.Mean))));
        string says = string.Create(CultureInfo.InvariantCulture, $"Loss over {pieces[^1].Last:N0} steps: {pieces[0].Mean:0.###} at first, {pieces[^1].Mean:0.###} at last, {pieces.Min(p => p.Lowest):0.###} at its lowest.");
        return new CurvePanel("Loss, nats a token", Times.Number(pieces[^1].Mean), Labels(y), GridOf(y), band.ToString(), LineOf(pieces.Select((p, i) => (Middle(p), smooth[i])), y, last), "", says);
    }

    private static CurvePanel Points(string title, (int Step, double Value)[] points, int last, bool isDotted, int marks, bool fromZero)
    {
        double low = fromZero ? Math.Min(0, points.Min(p => p.Value)) : points.Min(p => p.Value);
        Axis y = Axis.Rounded(low, points.Max(p => p.Value), Height, 0, marks);
        string says = string.Create(CultureInfo.InvariantCulture, $"{title}: {Times.Number(points[0].Value)} at step {points[0].Step:N0}, {Times.Number(points[^1].Value)} at step {points[^1].Step:N0}.");
        return new CurvePanel(title, Times.Number(points[^1].Value), Labels(y), GridOf(y), "", LineOf(points.Select(p => ((double)p.Step, p.Value)), y, last),
            isDotted ? string.Concat(points.Select(p => $"M{Point(X(p.Step, last), y.At(p.Value))}h0")) : "", says);
    }

    private static string LineOf(IEnumerable<(double Step, double Value)> points, Axis y, int last)
    {
        string[] drawn = [.. points.Select(p => Point(X(p.Step, last), y.At(p.Value)))];
        return drawn.Length == 1 ? $"M{drawn[0]}h0" : "M" + string.Join('L', drawn);
    }

    private static string[] Labels(Axis y) => [.. y.Ticks.Reverse().Select(Axis.Label)];

    private static string GridOf(Axis y) => string.Concat(y.Ticks.Select(t => $"M0 {Number(y.At(t))}H{Width}"));

    private static double Middle(CurvePiece piece) => (piece.First + piece.Last) / 2.0;

    private static double X(double step, int last) => step / last * Width;

    private static string Point(double x, double y) => $"{Number(x)} {Number(y)}";

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
