using System.Globalization;
using System.Numerics;
using System.Text;

namespace Hearth.Models.Chat.Templates;

/// <summary>Python's format specification: [[fill]align][sign][#][0][width][grouping][.precision][type] (Python library reference, "Format Specification Mini-Language").</summary>
internal sealed record FormatSpec
{
    private const int MostWidth = 100_000;

    /// <summary>What fills up to the width: one character.</summary>
    public string Fill { get; init; } = " ";

    /// <summary>&lt; &gt; ^ = or, when not said, '\0'.</summary>
    public char Align { get; init; }

    /// <summary>+ - or space.</summary>
    public char Sign { get; init; } = '-';

    public bool Alternate { get; init; }

    public int Width { get; init; }

    /// <summary>, or _ between groups of digits; '\0' for none.</summary>
    public char Grouping { get; init; }

    /// <summary>Decimals, or the longest text; -1 when not said.</summary>
    public int Precision { get; init; } = -1;

    /// <summary>The letter of the type, '\0' when not said.</summary>
    public char Type { get; init; }

    /// <summary>Reads a specification.</summary>
    public static FormatSpec Parse(TemplateContext c, string text)
    {
        int at = 0;
        var spec = new FormatSpec();
        if (text.Length > 1 && text[1] is '<' or '>' or '^' or '=')
        {
            spec = spec with { Fill = text[..1], Align = text[1] };
            at = 2;
        }
        else if (text.Length > 0 && text[0] is '<' or '>' or '^' or '=') spec = spec with { Align = text[at++] };
        if (at < text.Length && text[at] is '+' or '-' or ' ') spec = spec with { Sign = text[at++] };
        if (at < text.Length && text[at] == '#')
        {
            spec = spec with { Alternate = true };
            at++;
        }
        if (at < text.Length && text[at] == '0')
        {
            if (spec.Align == '\0') spec = spec with { Fill = "0", Align = '=' };
            at++;
        }
        spec = spec with { Width = Number(c, text, ref at, 0) };
        if (at < text.Length && text[at] is ',' or '_') spec = spec with { Grouping = text[at++] };
        if (at < text.Length && text[at] == '.')
        {
            at++;
            spec = spec with { Precision = Number(c, text, ref at, -1) };
            if (spec.Precision < 0) throw c.Fail($"the format '{text}' has no precision after '.'");
        }
        if (at < text.Length) spec = spec with { Type = text[at++] };
        return at == text.Length ? spec : throw c.Fail($"'{text}' is not a format such as '>8', '.2f' or ','");
    }

    /// <summary>The value in this format.</summary>
    public string Apply(TemplateContext c, Value value)
    {
        c.TakeText(Width + Math.Max(0, Precision));
        switch (value)
        {
            case StringValue s when Type is '\0' or 's':
                if (Align == '=' && Fill != "0") throw c.Fail("the alignment '=' is for numbers");
                string text = Precision >= 0 && s.Length > Precision ? s.Text[..s.Offset(Precision)] : s.Text;
                return Pad("", text, Align is '\0' or '=' ? '<' : Align);
            case BoolValue when this == new FormatSpec(): return PythonText.Of(c, value);
            case IntegerValue or BoolValue when Type is '\0' or 'd' or 'b' or 'o' or 'x' or 'X' or 'c' or 'n':
                return Integer(c, Numbers.Whole(value)!.Value);
            case IntegerValue or BoolValue or FloatValue when Type is '\0' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%' or 'n': return Real(c, Numbers.Real(value));
            case StringValue or IntegerValue or BoolValue or FloatValue: throw c.Fail($"the format type '{Type}' does not fit {Comparisons.Show(value)}");
            default:
                if (this != new FormatSpec()) throw c.Fail($"{Comparisons.Show(value)} takes no format");
                return PythonText.Of(c, value);
        }
    }

    private string Integer(TemplateContext c, BigInteger number)
    {
        if (Precision >= 0) throw c.Fail("a whole number's format has no precision");
        if (Type == 'c')
        {
            return number >= 0 && number <= 0x10ffff && (number < 0xd800 || number > 0xdfff)
                ? Pad("", char.ConvertFromUtf32((int)number), Align == '\0' ? '<' : Align)
                : throw c.Fail($"{number} is not a character");
        }
        BigInteger size = BigInteger.Abs(number);
        (string prefix, string digits) = Type switch
        {
            'b' => ("0b", Radix(size, 1)),
            'o' => ("0o", Radix(size, 3)),
            'x' => ("0x", Radix(size, 4)),
            'X' => ("0X", Radix(size, 4).ToUpperInvariant()),
            _ => ("", size.ToString(CultureInfo.InvariantCulture)),
        };
        string sign = SignOf(number.Sign < 0) + (Alternate ? prefix : "");
        return Pad(sign, Group(digits, Type is 'b' or 'o' or 'x' or 'X' ? 4 : 3, sign.Length), Align == '\0' ? '>' : Align);
    }

    private string Real(TemplateContext c, double number)
    {
        string sign = SignOf(double.IsNegative(number) && !double.IsNaN(number));
        if (!double.IsFinite(number))
        {
            string name = double.IsNaN(number) ? "nan" : "inf";
            return Pad(sign, (char.IsUpper(Type) ? name.ToUpperInvariant() : name) + (Type == '%' ? "%" : ""), Align == '\0' ? '>' : Align);
        }
        int precision = Precision < 0 ? 6 : Precision;
        if (precision > 1_000) throw c.Fail("a format has more than 1,000 decimals");
        c.Step(Math.Abs(precision) + 40);
        double size = Math.Abs(number);
        string digits = Type switch
        {
            'f' or 'F' => Point(ExactDecimal.Fixed(size, precision)),
            '%' => ExactDecimal.Fixed(size * 100, precision) + "%",
            'e' or 'E' => Exponent(ExactDecimal.Leading(size, precision + 1)),
            '\0' when Precision < 0 => PythonText.Float(size),
            _ => General(size, Math.Max(1, precision)),
        };
        if (Type is 'E' or 'G') digits = digits.ToUpperInvariant();
        int whole = digits.AsSpan().IndexOfAnyExceptInRange('0', '9');
        if (whole < 0) whole = digits.Length;
        string rest = digits[whole..];
        return Pad(sign, Group(digits[..whole], 3, sign.Length + rest.Length) + rest, Align == '\0' ? '>' : Align);
    }

    private string General(double number, int precision)
    {
        (string digits, int exponent) = ExactDecimal.Leading(number, precision);
        bool shown = Type == '\0';                                               // without a type: one decimal at least
        if (exponent < -4 || exponent >= (shown ? precision - 1 : precision))
        {
            return Exponent((Alternate ? digits : digits.TrimEnd('0').PadRight(1, '0'), exponent));
        }
        string text = exponent < 0 ? $"0.{new string('0', -exponent - 1)}{digits}"
            : digits.Length > exponent + 1 ? $"{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}" : digits + (Alternate ? "." : "");
        if (!Alternate && text.Contains('.', StringComparison.Ordinal)) text = text.TrimEnd('0').TrimEnd('.');
        return shown && !text.Contains('.', StringComparison.Ordinal) ? text + ".0" : text;
    }

    private string Exponent((string Digits, int Exponent) number)
    {
        string mantissa = number.Digits.Length > 1 ? $"{number.Digits[0]}.{number.Digits[1..]}" : Point(number.Digits);
        return $"{mantissa}e{(number.Exponent < 0 ? '-' : '+')}{Math.Abs(number.Exponent):00}";
    }

    private string Point(string digits) => Alternate && !digits.Contains('.', StringComparison.Ordinal) ? digits + "." : digits;

    private string SignOf(bool negative) => negative ? "-" : Sign == '-' ? "" : Sign.ToString();

    private string Group(string digits, int size, int beside)
    {
        if (Grouping == '\0') return digits;
        // Zeros that fill the width are grouped, too.
        int least = Fill == "0" && Align == '=' ? Width - beside : 0;
        var text = new StringBuilder();
        for (int i = digits.Length - 1, n = 0; i >= 0 || (text.Length < least); i--, n++)
        {
            if (n > 0 && n % size == 0) text.Insert(0, Grouping);
            text.Insert(0, i >= 0 ? digits[i] : '0');
        }
        return text.ToString();
    }

    private string Pad(string sign, string text, char align)
    {
        int missing = Width - sign.Length - new StringValue(text).Length;
        if (missing <= 0) return sign + text;
        int left = align switch { '<' => 0, '^' => missing / 2, _ => missing };
        string Filled(int count) => new StringBuilder().Insert(0, Fill, count).ToString();
        return align == '=' ? sign + Filled(missing) + text : Filled(left) + sign + text + Filled(missing - left);
    }

    private static string Radix(BigInteger number, int bits)
    {
        if (number.IsZero) return "0";
        var text = new StringBuilder();
        for (; !number.IsZero; number >>= bits) text.Insert(0, "0123456789abcdef"[(int)(number & ((1 << bits) - 1))]);
        return text.ToString();
    }

    private static int Number(TemplateContext c, string text, ref int at, int otherwise)
    {
        int begin = at, number = 0;
        for (; at < text.Length && char.IsAsciiDigit(text[at]); at++)
        {
            number = (number * 10) + text[at] - '0';
            if (number > MostWidth) throw c.Fail($"the format '{text[..Math.Min(text.Length, 20)]}' is wider than {MostWidth:N0}");
        }
        return at > begin ? number : otherwise;
    }
}
