using System.Globalization;
using System.Numerics;

namespace Hearth.Models.Generation.Constraints;

/// <summary>An end of a range of numbers.</summary>
/// <param name="Value">The number.</param>
/// <param name="Exclusive">Whether the number itself is outside.</param>
internal readonly record struct NumberLimit(decimal Value, bool Exclusive);

/// <summary>JSON numbers within limits, as grammars over their digits: without exponent, and with no digit but one before the point unless it counts.</summary>
internal static class NumberRanges
{
    private const int MostDigits = 16;
    private const int MostDecimals = 15;         // with those before the point no more than a float64 tells apart

    private static readonly GrammarNode Digit = GrammarNode.Set(('0', '9'));

    /// <summary>The numbers between two limits.</summary>
    /// <param name="least">The lower limit; null for none.</param>
    /// <param name="most">The upper limit; null for none.</param>
    /// <param name="whole">Whole numbers only.</param>
    /// <returns>Null when there is none.</returns>
    public static GrammarNode? Between(NumberLimit? least, NumberLimit? most, bool whole)
    {
        GrammarNode? positive = null, negative = null;
        if (most is not { Value: < 0 } and not { Value: 0, Exclusive: true }) positive = Positive(least is { Value: >= 0 } low ? low : default, most, whole);
        if (least is null or { Value: < 0 })
        {
            NumberLimit nearest = most is { Value: < 0 } or { Value: 0, Exclusive: true } ? Opposite(most.Value) : default;
            negative = Positive(nearest, least is { } farthest ? Opposite(farthest) : null, whole);
        }
        if (negative is not null) negative = GrammarNode.All(GrammarNode.Text("-"), negative);
        return Either(positive, negative);
    }

    private static NumberLimit Opposite(NumberLimit limit) => limit with { Value = -limit.Value };

    /// <summary>Numbers without a sign.</summary>
    private static GrammarNode? Positive(NumberLimit low, NumberLimit? high, bool whole)
    {
        BigInteger first = new(decimal.Floor(low.Value));
        string lowDecimals = Decimals(low.Value);
        if (whole)
        {
            if (lowDecimals.Length > 0 || low.Exclusive) first++;
            return Wholes(first, high is { } h ? new BigInteger(decimal.Floor(h.Value)) - (h.Exclusive && Decimals(h.Value).Length == 0 ? 1 : 0) : null);
        }
        BigInteger? last = high is { } top ? new BigInteger(decimal.Floor(top.Value)) : null;
        string? highDecimals = high is { } end ? Decimals(end.Value) : null;
        int decimals = Math.Max(Math.Max(lowDecimals.Length, highDecimals?.Length ?? 0), Math.Clamp(MostDecimals - Digits(last ?? first).Length, 1, MostDecimals));
        if (last < first) return null;
        if (last == first) return Tail(first, lowDecimals, low.Exclusive, highDecimals, high!.Value.Exclusive, decimals);

        GrammarNode? between = Wholes(first + 1, last - 1);
        if (between is not null) between = GrammarNode.All(between, GrammarNode.All(GrammarNode.Text("."), Digit.Repeat(1, decimals)).Maybe());
        GrammarNode? begin = Tail(first, lowDecimals, low.Exclusive, null, false, decimals);
        GrammarNode? finish = last is { } l ? Tail(l, null, false, highDecimals, high!.Value.Exclusive, decimals) : null;
        return Either(Either(begin, between), finish);
    }

    /// <summary>The numbers with a given whole part whose decimals lie between two strings of digits.</summary>
    private static GrammarNode? Tail(BigInteger whole, string? low, bool aboveLow, string? high, bool belowHigh, int decimals)
    {
        bool none = MayEnd(low, aboveLow, high, belowHigh);
        GrammarNode? some = Fraction(low, aboveLow, high, belowHigh, decimals, mayEnd: false);
        if (some is not null) some = GrammarNode.All(GrammarNode.Text("."), some);
        GrammarNode? tail = Either(none ? GrammarNode.Empty : null, some);
        return tail is null ? null : GrammarNode.All(GrammarNode.Text(Digits(whole)), tail);
    }

    /// <summary>Digits after a point, at most so many, when those written before are equal to those of each limit that is not null.</summary>
    private static GrammarNode? Fraction(string? low, bool aboveLow, string? high, bool belowHigh, int left, bool mayEnd)
    {
        if (low is "" && !aboveLow) low = null;
        GrammarNode? end = mayEnd && MayEnd(low, aboveLow, high, belowHigh) ? GrammarNode.Empty : null;
        if (left == 0) return end;
        if (low is null && high is null) return Digit.Repeat(mayEnd ? 0 : 1, left);
        int from = low is null ? -1 : low.Length == 0 ? 0 : low[0] - '0', to = high is null ? 10 : high.Length == 0 ? 0 : high[0] - '0';
        if (from > to) return end;
        string? lows = low is null or "" ? low : low[1..], highs = high is null or "" ? high : high[1..];
        GrammarNode? next = end;
        if (to - from > 1) next = Either(next, GrammarNode.All(GrammarNode.Set(('0' + from + 1, '0' + to - 1)), Digit.Repeat(0, left - 1)));
        if (from == to) return Either(next, After(from, lows, aboveLow, highs, belowHigh));
        if (low is not null) next = Either(next, After(from, lows, aboveLow, null, false));
        return high is null ? next : Either(next, After(to, null, false, highs, belowHigh));

        GrammarNode? After(int digit, string? lows, bool aboveLow, string? highs, bool belowHigh) =>
            Fraction(lows, aboveLow, highs, belowHigh, left - 1, mayEnd: true) is { } rest ? GrammarNode.All(GrammarNode.Text(Digits(digit)), rest) : null;
    }

    /// <summary>Whether nothing but zeros to come lies between the limits.</summary>
    private static bool MayEnd(string? low, bool aboveLow, string? high, bool belowHigh) =>
        (low is null || (low.All(c => c == '0') && !aboveLow)) && (high is null || !belowHigh || high.Any(c => c != '0'));

    /// <summary>The whole numbers from one to another, both included.</summary>
    private static GrammarNode? Wholes(BigInteger low, BigInteger? high)
    {
        BigInteger most = high ?? BigInteger.Pow(10, Math.Max(MostDigits, Digits(low).Length + 1)) - 1;
        GrammarNode? choices = null;
        for (int length = Digits(low).Length; low <= most && length <= Digits(most).Length; length++)
        {
            BigInteger from = BigInteger.Max(low, length == 1 ? 0 : BigInteger.Pow(10, length - 1)), to = BigInteger.Min(most, BigInteger.Pow(10, length) - 1);
            if (from <= to) choices = Either(choices, Equally(Digits(from), Digits(to)));
        }
        return choices;
    }

    /// <summary>The strings of digits between two of equal length.</summary>
    private static GrammarNode Equally(string low, string high)
    {
        if (low.Length == 0) return GrammarNode.Empty;
        string lows = low[1..], highs = high[1..];
        if (lows.All(c => c == '0') && highs.All(c => c == '9')) return GrammarNode.All(GrammarNode.Set((low[0], high[0])), Digit.Repeat(lows.Length, lows.Length));
        if (low[0] == high[0]) return GrammarNode.All(GrammarNode.Text(low[..1]), Equally(lows, highs));
        GrammarNode choices = GrammarNode.Any(
            GrammarNode.All(GrammarNode.Text(low[..1]), Equally(lows, new string('9', lows.Length))),
            GrammarNode.All(GrammarNode.Text(high[..1]), Equally(new string('0', highs.Length), highs)));
        return high[0] - low[0] == 1 ? choices
            : GrammarNode.Any(choices, GrammarNode.All(GrammarNode.Set((low[0] + 1, high[0] - 1)), Digit.Repeat(lows.Length, lows.Length)));
    }

    private static GrammarNode? Either(GrammarNode? a, GrammarNode? b) => a is null ? b : b is null ? a : GrammarNode.Any(a, b);

    private static string Digits(BigInteger number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A number's digits after the point, without zeros at their end.</summary>
    private static string Decimals(decimal number)
    {
        string text = number.ToString(CultureInfo.InvariantCulture);
        int point = text.IndexOf('.', StringComparison.Ordinal);
        return point < 0 ? "" : text[(point + 1)..].TrimEnd('0');
    }
}
