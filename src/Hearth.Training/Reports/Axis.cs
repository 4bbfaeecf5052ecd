using System.Globalization;

namespace Hearth.Training.Reports;

/// <summary>Maps values to a stretch of the drawing and says where a person would put the marks.</summary>
public sealed class Axis
{
    private readonly double _low;
    private readonly double _high;
    private readonly double _from;
    private readonly double _to;
    private readonly bool _logarithmic;

    private Axis(double low, double high, double from, double to, bool logarithmic)
    {
        (_low, _high, _from, _to, _logarithmic) = (low, high, from, to, logarithmic);
    }

    /// <summary>The marked values, ascending.</summary>
    public IReadOnlyList<double> Ticks { get; private init; } = [];

    /// <summary>An axis whose ends are marks: it reaches a little further than the values.</summary>
    public static Axis Rounded(double low, double high, double from, double to, int marks)
    {
        (low, high) = Widened(low, high);
        double step = Step((high - low) / marks);
        double first = Math.Floor(low / step), last = Math.Ceiling(high / step);
        return new Axis(first * step, last * step, from, to, logarithmic: false) { Ticks = Multiples(first, last, step) };
    }

    /// <summary>An axis of steps that begins and ends where the values do.</summary>
    public static Axis Steps(int low, int high, double from, double to, int marks, bool logarithmic)
    {
        if (logarithmic && high > Math.Max(low, 1))
        {
            double least = Math.Max(low, 1);
            return new Axis(Log2(least), Log2(high), from, to, logarithmic: true) { Ticks = Decades(least, high) };
        }
        double a = low, b = high;
        if (low == high) (a, b) = (a - 1, b + 1);
        double step = Math.Max(1, Step((b - a) / marks));
        return new Axis(a, b, from, to, logarithmic: false) { Ticks = Multiples(Math.Ceiling(a / step), Math.Floor(b / step), step) };
    }

    /// <summary>Where a value stands in the drawing.</summary>
    public double At(double value)
    {
        double v = _logarithmic ? Log2(Math.Max(value, 1)) : value;
        return _from + (v - _low) / (_high - _low) * (_to - _from);
    }

    /// <summary>A mark's label: plain where that is short, otherwise like 5e-4.</summary>
    public static string Label(double value) => value == 0 || Math.Abs(value) is >= 1e-3 and < 1e7
        ? value.ToString("#,0.#####", CultureInfo.InvariantCulture)
        : value.ToString("0.####e0", CultureInfo.InvariantCulture);

    // A range too small for its labels to differ is as good as a point.
    private static (double Low, double High) Widened(double low, double high)
    {
        double size = Math.Max(Math.Abs(low), Math.Abs(high));
        if (high - low > 1e-3 * size) return (low, high);
        double room = size == 0 ? 1 : size * 0.05;
        return (low - room, high + room);
    }

    /// <summary>The smallest of 1, 2, 5 times a power of ten that is not under the wish.</summary>
    private static double Step(double wish)
    {
        string scientific = wish.ToString("E0", CultureInfo.InvariantCulture);
        ReadOnlySpan<char> power = scientific.AsSpan(scientific.IndexOf('E') + 1);
        int exponent = int.Parse(power, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        // Printing rounds, possibly up to the next power of ten: begin one below.
        for (int e = exponent - 1; ; e++)
        {
            foreach (int m in (ReadOnlySpan<int>)[1, 2, 5])
            {
                double step = double.Parse(string.Create(CultureInfo.InvariantCulture, $"{m}E{e}"), CultureInfo.InvariantCulture);
                if (step >= wish) return step;
            }
        }
    }

    private static double[] Multiples(double first, double last, double step) =>
        [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)];

    private static List<double> Decades(double low, double high)
    {
        var ticks = new List<double>();
        for (double decade = 1; decade <= high; decade *= 10)
        {
            foreach (int m in (ReadOnlySpan<int>)[1, 2, 5])
            {
                // Three marks a decade crowd once there are more than two decades.
                if (m * decade >= low && m * decade <= high && (m == 1 || high < 100 * low)) ticks.Add(m * decade);
            }
        }
        return ticks;
    }

    /// <summary>log2 to nine digits by the series of the inverse hyperbolic tangent: enough to draw, and the same everywhere.</summary>
    private static double Log2(double x)
    {
        int exponent = Math.ILogB(x);
        double mantissa = Math.ScaleB(x, -exponent), z = (mantissa - 1) / (mantissa + 1), sum = 0;
        for (int k = 17; k > 0; k -= 2) sum = sum * z * z + 1.0 / k;
        return exponent + 2 * z * sum / 0.69314718055994530942;
    }
}
