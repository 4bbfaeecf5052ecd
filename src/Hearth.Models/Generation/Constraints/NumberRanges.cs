using System.Globalization;
using System.Numerics;

namespace Hearth.Models.Generation.Constraints;

/// <summary>JSON numbers within bounds, as grammars over their digits.</summary>
internal static class NumberRanges
{
    private const int MostDigits = 18;

    private static readonly GrammarNode Digit = GrammarNode.Set(('0', '9'));

    /// <summary>The whole numbers from one to another, written without sign, point or exponent where they can be.</summary>
    /// <param name="least">The smallest; null for -10^18 + 1.</param>
    /// <param name="most">The largest; null for 10^18 - 1.</param>
    /// <returns>Null when there is none.</returns>
    public static GrammarNode? Integers(BigInteger? least, BigInteger? most) => Scaled(least, most, 0);

    /// <summary>
    /// The numbers with so many decimals from one to another: the numbers times 10^decimals lie between the bounds. Whole numbers come out with decimals.
    /// </summary>
    public static GrammarNode? Scaled(BigInteger? least, BigInteger? most, int decimals)
    {
        BigInteger limit = BigInteger.Pow(10, MostDigits + decimals) - 1;
        BigInteger low = least ?? BigInteger.Min(-limit, (most ?? 0) * 10), high = most ?? BigInteger.Max(limit, (least ?? 0) * 10);
        if (low > high) return null;

        var choices = new List<GrammarNode>();
        if (low < 0) choices.Add(GrammarNode.All(GrammarNode.Text("-"), Positive(BigInteger.Max(1, -high), -low, decimals)));
        if (high >= 0) choices.Add(Positive(BigInteger.Max(0, low), high, decimals));
        return new Choice(choices);
    }

    private static Choice Positive(BigInteger low, BigInteger high, int decimals)
    {
        var choices = new List<GrammarNode>();
        for (int length = Math.Max(decimals + 1, Digits(low).Length); length <= Math.Max(decimals + 1, Digits(high).Length); length++)
        {
            BigInteger first = length == decimals + 1 ? 0 : BigInteger.Pow(10, length - 1), last = BigInteger.Pow(10, length) - 1;
            BigInteger from = BigInteger.Max(first, low), to = BigInteger.Min(last, high);
            if (from <= to) choices.Add(Between(Digits(from).PadLeft(length, '0'), Digits(to).PadLeft(length, '0'), decimals));
        }
        return new Choice(choices);
    }

    /// <summary>The strings of digits between two of equal length, with a point before the last so many.</summary>
    private static GrammarNode Between(string low, string high, int decimals)
    {
        if (low.Length == 0) return GrammarNode.Empty;
        GrammarNode point = low.Length == decimals ? GrammarNode.Text(".") : GrammarNode.Empty;
        string lows = low[1..], highs = high[1..];
        if (lows.All(c => c == '0') && highs.All(c => c == '9')) return GrammarNode.All(point, GrammarNode.Set((low[0], high[0])), Free(lows.Length, decimals));
        if (low[0] == high[0]) return GrammarNode.All(point, GrammarNode.Text(low[..1]), Between(lows, highs, decimals));
        var choices = new List<GrammarNode> { GrammarNode.All(GrammarNode.Text(low[..1]), Between(lows, new string('9', lows.Length), decimals)) };
        if (high[0] - low[0] > 1) choices.Add(GrammarNode.All(GrammarNode.Set((low[0] + 1, high[0] - 1)), Free(lows.Length, decimals)));
        choices.Add(GrammarNode.All(GrammarNode.Text(high[..1]), Between(new string('0', highs.Length), highs, decimals)));
        return GrammarNode.All(point, new Choice(choices));
    }

    /// <summary>So many digits, whatever they are.</summary>
    private static GrammarNode Free(int digits, int decimals) => digits < decimals || decimals == 0
        ? Digit.Repeat(digits, digits)
        : GrammarNode.All(Digit.Repeat(digits - decimals, digits - decimals), GrammarNode.Text("."), Digit.Repeat(decimals, decimals));

    private static string Digits(BigInteger number) => number.ToString(CultureInfo.InvariantCulture);
}
