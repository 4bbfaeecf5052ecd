namespace Hearth.Training.Reports;

/// <summary>Prepares a long series of values for a drawing that has room for a few hundred.</summary>
public static class Series
{
    /// <summary>The mean of the values around each one. At both ends the window shrinks: the line begins and ends where they do.</summary>
    /// <param name="values">Finite values.</param>
    /// <param name="radius">How many values on each side belong to the window, at most.</param>
    public static double[] Smooth(IReadOnlyList<double> values, int radius)
    {
        double[] sums = new double[values.Count + 1], smooth = new double[values.Count];
        for (int i = 0; i < values.Count; i++) sums[i + 1] = sums[i] + values[i];
        for (int i = 0; i < values.Count; i++)
        {
            int r = Math.Min(radius, Math.Min(i, values.Count - 1 - i));
            smooth[i] = r == 0 ? values[i] : (sums[i + r + 1] - sums[i - r]) / (2 * r + 1);
        }
        return smooth;
    }

    /// <summary>The points as spans of no height or, when there are more, the span of values in each of <c>most / 2</c> columns.</summary>
    public static List<(double X, double Low, double High)> Spans(List<(double X, double Y)> points, double from, double to, int most) =>
        points.Count <= most
            ? [.. points.Select(p => (p.X, p.Y, p.Y))]
            : [.. Columns(points, from, to, most / 2).Select(c => (c[c.Count / 2].X, c.Min(p => p.Y), c.Max(p => p.Y)))];

    /// <summary>The points in order, thinned to the last of each of <c>most - 1</c> columns, and the first, when there are more.</summary>
    public static List<(double X, double Y)> Last(List<(double X, double Y)> points, double from, double to, int most)
    {
        if (points.Count <= most) return points;
        List<(double X, double Y)> thin = [points[0]];
        thin.AddRange(Columns(points, from, to, most - 1).Select(column => column[^1]));
        return thin;
    }

    private static IEnumerable<List<(double X, double Y)>> Columns(List<(double X, double Y)> points, double from, double to, int count) =>
        points.GroupBy(p => Math.Clamp((int)((p.X - from) / (to - from) * count), 0, count - 1)).Select(g => g.ToList());
}
