using System.Buffers;
using System.Globalization;
using System.Numerics;

namespace Hearth.Models.Chat.Templates;

/// <summary>Filters on numbers.</summary>
internal static class NumberFilters
{
    private static readonly SearchValues<char> FloatCharacters = SearchValues.Create("0123456789+-.eE_");
    private static readonly string[] Binary = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];
    private static readonly string[] Decimal = ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];

    public static readonly IReadOnlyDictionary<string, Builtin> All = new Dictionary<string, Builtin>
    {
        ["int"] = new("default? base?", (c, v, a) => Int(c, v, a)),
        ["float"] = new("default?", (c, v, a) => ParseFloat(c, v) is { } real ? Value.Of(real) : a[0] ?? Value.Of(0.0)),
        ["abs"] = new("", (c, v, _) => !Numbers.IsNumber(v) ? throw c.Fail($"filter 'abs' does not work on {Comparisons.Show(v)}")
            : v is FloatValue f ? Value.Of(Math.Abs(f.Number)) : new IntegerValue(BigInteger.Abs(Numbers.Whole(v)!.Value))),
        ["round"] = new("precision? method?", Round),
        ["filesizeformat"] = new("binary?", (c, v, a) => FileSize(c, v, a.Flag(0))),
    };

    private static Value Int(TemplateContext c, Value value, Bound a)
    {
        int radix = a.Whole(1, 10);
        switch (value)
        {
            case UndefinedValue u: throw c.Fail(u.Problem);
            case StringValue s when ParseWhole(s.Text, radix) is { } whole: return new IntegerValue(whole);
            case IntegerValue or BoolValue: return new IntegerValue(Numbers.Whole(value)!.Value);
            case FloatValue { Number: double.PositiveInfinity or double.NegativeInfinity }: throw c.Fail("filter 'int' can not turn infinity into a whole number");
        }
        return ParseFloat(c, value) is { } real && double.IsFinite(real) ? new IntegerValue(new BigInteger(Math.Truncate(real))) : a[0] ?? Value.Of(0);
    }

    /// <summary>Python's int(text, base): spaces around, a sign, a prefix of the base, single _ between digits.</summary>
    private static BigInteger? ParseWhole(string text, int radix)
    {
        text = StringMethods.Strip(text, null, true, true);
        bool negative = text is ['-', ..];
        if (text is ['-' or '+', ..]) text = text[1..];
        bool afterPrefix = false;
        if (text.Length > 2 && text[0] == '0' && radix is 0 or 2 or 8 or 16)
        {
            int named = char.ToLowerInvariant(text[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 };
            if (named != 0 && (radix == 0 || radix == named)) (text, radix, afterPrefix) = (text[2..], named, true);
        }
        if (radix == 0) radix = 10;
        if (radix is < 2 or > 36 || text.Length is 0 or > IntegerValue.MaxDigits || (text[0] == '_' && !afterPrefix) || text[^1] == '_' || text.Contains("__", StringComparison.Ordinal)) return null;
        BigInteger value = 0;
        foreach (char ch in text.Replace("_", "", StringComparison.Ordinal))
        {
            int digit = char.IsDigit(ch) ? (int)CharUnicodeInfo.GetNumericValue(ch) : char.IsAsciiLetter(ch) ? char.ToLowerInvariant(ch) - 'a' + 10 : 99;
            if (digit >= radix) return null;
            value = (value * radix) + digit;
        }
        return negative ? -value : value;
    }

    private static double? ParseFloat(TemplateContext c, Value value)
    {
        if (value is UndefinedValue u) throw c.Fail(u.Problem);
        if (Numbers.IsNumber(value)) return Numbers.Real(value);
        if (value is not StringValue s) return null;
        string text = StringMethods.Strip(s.Text, null, true, true);
        string size = text.TrimStart('+', '-').ToLowerInvariant();
        if (text.Length - size.Length <= 1)
        {
            if (size is "inf" or "infinity") return text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            if (size is "nan") return double.NaN;
        }
        if (text.AsSpan().ContainsAnyExcept(FloatCharacters) || text.StartsWith('_') || text.EndsWith('_') || text.Contains("__", StringComparison.Ordinal)) return null;
        return double.TryParse(text.Replace("_", "", StringComparison.Ordinal),
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double real) ? real : null;
    }

    private static Value Round(TemplateContext c, Value value, Bound a)
    {
        if (!Numbers.IsNumber(value)) throw c.Fail($"filter 'round' does not work on {Comparisons.Show(value)}");
        string method = a.Text(1, "common");
        int precision = a.Whole(0, 0);
        if (method is not ("common" or "ceil" or "floor")) throw c.Fail($"filter 'round' has no method '{method}'; expected common, ceil or floor");
        if (method == "common")
        {
            if (Numbers.Whole(value) is not { } whole) return Value.Of(ExactDecimal.Round(Numbers.Real(value), precision));
            if (precision >= 0) return new IntegerValue(whole);
            if (precision < -IntegerValue.MaxDigits) return Value.Of(0);
            BigInteger unit = BigInteger.Pow(10, -precision), quotient = BigInteger.DivRem(BigInteger.Abs(whole), unit, out BigInteger rest);
            int half = (rest * 2).CompareTo(unit);
            if (half > 0 || (half == 0 && !quotient.IsEven)) quotient++;
            return new IntegerValue(quotient * unit * whole.Sign);
        }
        double scale = double.Parse($"1E{Math.Clamp(precision, -400, 400)}", NumberStyles.Float, CultureInfo.InvariantCulture), scaled = Numbers.Real(value) * scale;
        return double.IsFinite(scaled) && scale > 0 ? Value.Of((method == "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled)) / scale)
            : throw c.Fail("filter 'round': the number is too large");
    }

    private static Value FileSize(TemplateContext c, Value value, bool binary)
    {
        double bytes = ParseFloat(c, value) ?? throw c.Fail($"filter 'filesizeformat' does not work on {Comparisons.Show(value)}"), unit = binary ? 1024 : 1000;
        if (bytes == 1) return Value.Of("1 Byte");
        if (bytes < unit) return Value.Of($"{Math.Truncate(bytes).ToString("F0", CultureInfo.InvariantCulture)} Bytes");
        string[] names = binary ? Binary : Decimal;
        double size = unit;
        int i = 0;
        for (; i < names.Length - 1 && bytes >= size * unit; i++) size *= unit;
        return double.IsFinite(bytes) ? Value.Of($"{ExactDecimal.Fixed(bytes / size, 1)} {names[i]}") : throw c.Fail("filter 'filesizeformat': the number is not finite");
    }
}
