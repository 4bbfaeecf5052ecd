using System.Globalization;
using System.Text;
using Hearth.Data.Corpora;

namespace Hearth.Training.Papers;

/// <summary>Numbers and words of people on their way into Markdown.</summary>
public static class PaperText
{
    /// <summary>Text that Markdown shows as it is, on one line.</summary>
    /// <param name="text">The text.</param>
    public static string Plain(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            bool startsLine = safe.Length == 0 && (c is '#' or '+' or '-' or '=');
            if (startsLine || c is '\\' or '`' or '*' or '_' or '[' or ']' or '<' or '>' or '|' or '&' or '~') safe.Append('\\');
            safe.Append(char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c);
        }
        return safe.ToString();
    }

    /// <summary>Somebody's words, or that there are none.</summary>
    /// <param name="text">The words; may be empty.</param>
    /// <param name="otherwise">What stands for none.</param>
    public static string Or(string text, string otherwise = "*not stated*") => text.Length > 0 ? Plain(text) : otherwise;

    /// <summary>A whole number with commas between the thousands.</summary>
    /// <param name="number">The number.</param>
    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A count of things: "1 text", "2 texts".</summary>
    /// <param name="number">How many.</param>
    /// <param name="thing">One of them.</param>
    public static string Count(long number, string thing) => $"{Count(number)} {thing}{(number == 1 ? "" : "s")}";

    /// <summary>A number as the papers and the machine-readable files both have it: four decimals at most.</summary>
    /// <param name="number">The number.</param>
    public static string Decimal(double number) => Math.Round(number, 4).ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>A share of 0 to 1 as a percentage, rounded to two decimals.</summary>
    /// <param name="share">The share.</param>
    public static string Percent(double share) => Math.Round(100 * share, 2).ToString("0.##", CultureInfo.InvariantCulture) + " %";

    /// <summary>When something was collected.</summary>
    /// <param name="origin">Where it comes from.</param>
    public static string Period(CorpusOrigin origin) => (origin.CollectedFrom, origin.CollectedTo) switch
    {
        ("", "") => "not stated",
        ("", var to) => $"up to {to}",
        (var from, "") => $"from {from}",
        var (from, to) => $"{from} to {to}",
    };

    /// <summary>Things in a row: "a", "a and b", "a, b and c".</summary>
    /// <param name="things">The things.</param>
    public static string Row(IReadOnlyList<string> things) =>
        things.Count < 2 ? string.Concat(things) : $"{string.Join(", ", things.SkipLast(1))} and {things[^1]}";

    /// <summary>Why documents were left out, in words.</summary>
    /// <param name="kind">The reason.</param>
    public static string Reason(CorpusProblemKind kind) => kind switch
    {
        CorpusProblemKind.NotUtf8 => "not UTF-8",
        CorpusProblemKind.Empty => "empty",
        CorpusProblemKind.Duplicate => "the same bytes as another",
        CorpusProblemKind.TooLarge => "too large",
        CorpusProblemKind.UnreadableJson => "broken JSON",
        CorpusProblemKind.UnreadableCsv => "broken CSV",
        CorpusProblemKind.WrongColumnCount => "too few or too many columns",
        CorpusProblemKind.NoText => "no text",
        CorpusProblemKind.NoName => "no name",
        CorpusProblemKind.NotARecord => "not a record",
        CorpusProblemKind.UnknownEnding => "a file ending that says nothing",
        CorpusProblemKind.Hidden => "hidden",
        CorpusProblemKind.OutsideLink => "a link that leads outside",
        _ => "unreadable",
    };
}
