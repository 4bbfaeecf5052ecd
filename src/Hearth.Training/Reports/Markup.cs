using System.Globalization;
using System.Text;

namespace Hearth.Training.Reports;

/// <summary>Text and numbers on their way into HTML or SVG.</summary>
internal static class Markup
{
    private static CultureInfo Invariant => CultureInfo.InvariantCulture;

    /// <summary>Text that is safe between tags and in quoted attributes, and valid in XML whatever it was.</summary>
    public static string Escape(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())                             // half a surrogate pair comes out as U+FFFD
        {
            safe.Append(rune.Value switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\'' => "&#39;",
                '\n' or '\t' or '\r' => rune.ToString(),
                < ' ' or (>= 0x7F and < 0xA0) or 0xFFFE or 0xFFFF => "\uFFFD",
                _ => rune.ToString(),
            });
        }
        return safe.ToString();
    }

    /// <summary>A whole number with commas between the thousands.</summary>
    public static string Count(long number) => number.ToString("N0", Invariant);

    /// <summary>A number a person reads, three decimals.</summary>
    public static string Decimal(double number) => number.ToString("#,0.000", Invariant);

    /// <summary>A share of 0 to 1 as a percentage.</summary>
    public static string Percent(double share) => (Math.Floor((1000 * share) + 1e-6) / 10).ToString("0.0", Invariant) + " %";

    /// <summary>A coordinate, to a hundredth.</summary>
    public static string Coordinate(double number) =>
        Math.Round(number, 2).ToString("0.##", Invariant) is var text && text == "-0" ? "0" : text;

    /// <summary>A size in the unit that leaves one to three digits before the point.</summary>
    public static string Bytes(long bytes)
    {
        if (bytes < 1000) return Count(bytes) + " B";
        double size = bytes;
        int unit = -1;
        for (; size >= 999.95 && unit < 4; unit++) size /= 1000;
        return size.ToString("0.0", Invariant) + " " + "kMGTP"[unit] + "B";
    }

    /// <summary>A time in its two largest units.</summary>
    public static string Duration(double seconds)
    {
        if (!(seconds >= 0) || seconds > 1e12) return "unknown";
        if (seconds < 59.95) return seconds.ToString("0.0", Invariant) + " s";
        long whole = (long)Math.Round(seconds);
        return whole < 3600
            ? $"{whole / 60} min {whole % 60} s"
            : $"{Count(whole / 3600)} h {whole % 3600 / 60} min";
    }
}
