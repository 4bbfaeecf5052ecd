using System.Globalization;
using System.Numerics;

namespace Hearth.Models.Chat.Templates;

/// <summary>Decimal digits of floats, rounded half to even from the float's exact value as Python does.</summary>
internal static class ExactDecimal
{
    /// <summary>The fewest digits that read back to the number, and the exponent of the first: 0.00125 is "125" and -3.</summary>
    public static (string Sign, string Digits, int Exponent) Shortest(double number)
    {
        string shortest = number.ToString("R", CultureInfo.InvariantCulture);
        string sign = shortest[0] == '-' ? "-" : "";
        int exponentAt = shortest.IndexOf('E', StringComparison.Ordinal);
        string digits = (exponentAt < 0 ? shortest : shortest[..exponentAt]).Replace("-", "", StringComparison.Ordinal);
        int point = digits.IndexOf('.', StringComparison.Ordinal);
        int whole = point < 0 ? digits.Length : point;
        digits = digits.Replace(".", "", StringComparison.Ordinal);
        int zeros = digits.Length - digits.TrimStart('0').Length;
        int exponent = whole - 1 - zeros + (exponentAt < 0 ? 0 : int.Parse(shortest.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
        digits = digits.Trim('0');
        return (sign, digits.Length == 0 ? "0" : digits, digits.Length == 0 ? 0 : exponent);
    }

    /// <summary>The digits of |number| · 10^places, rounded.</summary>
    public static BigInteger Scaled(double number, int places)
    {
        (BigInteger mantissa, int power) = Parts(number);
        BigInteger numerator = mantissa, denominator = 1;
        if (power > 0) numerator <<= power;
        else denominator <<= -power;
        if (places > 0) numerator *= BigInteger.Pow(10, places);
        else denominator *= BigInteger.Pow(10, -places);
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger rest);
        int half = (rest * 2).CompareTo(denominator);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }

    /// <summary>|number| with a fixed number of decimals.</summary>
    public static string Fixed(double number, int decimals)
    {
        string digits = Scaled(number, decimals).ToString(CultureInfo.InvariantCulture).PadLeft(decimals + 1, '0');
        return decimals == 0 ? digits : $"{digits[..^decimals]}.{digits[^decimals..]}";
    }

    /// <summary>The first digits of |number|, and the exponent of the first.</summary>
    public static (string Digits, int Exponent) Leading(double number, int count)
    {
        if (number == 0) return (new string('0', count), 0);
        int exponent = Shortest(number).Exponent;
        string digits = Scaled(number, count - 1 - exponent).ToString(CultureInfo.InvariantCulture);
        return digits.Length > count ? (digits[..count], exponent + 1) : (digits, exponent);
    }

    /// <summary>The number rounded to some decimals, which may be negative.</summary>
    public static double Round(double number, int decimals)
    {
        if (!double.IsFinite(number) || decimals > 330) return number;
        if (decimals < -330) return Math.CopySign(0, number);
        return Math.CopySign(double.Parse($"{Scaled(number, decimals)}E{-decimals}", NumberStyles.Float, CultureInfo.InvariantCulture), number);
    }

    private static (BigInteger Mantissa, int Power) Parts(double number)
    {
        long bits = BitConverter.DoubleToInt64Bits(number);
        int exponent = (int)((bits >> 52) & 0x7ff);
        long fraction = bits & 0xfffffffffffff;
        return exponent == 0 ? (fraction, -1074) : (fraction | (1L << 52), exponent - 1075);
    }
}
