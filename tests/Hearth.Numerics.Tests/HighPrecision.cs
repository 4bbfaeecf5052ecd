using System.Numerics;

namespace Hearth.Numerics.Tests;

/// <summary>
/// exp, log, sin and cos with 256 binary places, in integers: the reference against which float64 functions are measured,
/// where float64 itself is too coarse.
/// </summary>
internal static class HighPrecision
{
    private const int Places = 256;
    private static readonly BigInteger One = BigInteger.One << Places;
    private static readonly BigInteger Ln2 = Log2();
    private static readonly BigInteger HalfPi = ((4 * ArcTangentOfInverse(5)) - ArcTangentOfInverse(239)) * 2;

    /// <summary>A number, Mantissa · 2^Exponent.</summary>
    public readonly record struct Number(BigInteger Mantissa, int Exponent);

    public static Number Of(double x)
    {
        long bits = BitConverter.DoubleToInt64Bits(x);
        int field = (int)((bits >> 52) & 0x7FF);
        long mantissa = bits & 0xFFFFFFFFFFFFF;
        if (field > 0) mantissa |= 1L << 52;
        return new(x < 0 ? -mantissa : mantissa, Math.Max(field, 1) - 1075);
    }

    public static Number Exp(double x) => ExpOf(Fixed(Of(x)));

    /// <summary>x to the y for positive x.</summary>
    public static Number Pow(double x, double y)
    {
        Number factor = Of(y);
        return ExpOf(Fixed(new(factor.Mantissa * Log(x).Mantissa, factor.Exponent - Places)));
    }

    /// <summary>The natural logarithm of a positive number.</summary>
    public static Number Log(double x)
    {
        Number number = Of(x);
        int exponent = (int)number.Mantissa.GetBitLength() - 1;
        BigInteger m = number.Mantissa << (Places - exponent);                   // [1, 2)
        BigInteger s = ((m - One) << Places) / (m + One), square = (s * s) >> Places, sum = 0, power = s;
        for (int k = 1; !power.IsZero; k += 2)
        {
            sum += power / k;
            power = (power * square) >> Places;
        }
        return new((2 * sum) + ((exponent + number.Exponent) * Ln2), -Places);
    }

    public static Number Sin(double x) => Circular(x, 0);

    public static Number Cos(double x) => Circular(x, 1);

    /// <summary>How far a float64 number is from a number, in float64 units in the last place of the latter.</summary>
    public static double UlpsBetween(double actual, Number exact)
    {
        int top = (int)BigInteger.Abs(exact.Mantissa).GetBitLength() + exact.Exponent;
        int ulp = Math.Max(top - 53, -1074);
        return Difference(actual, exact, ulp);
    }

    /// <summary>How far a float64 number is from a number.</summary>
    public static double Between(double actual, Number exact) => Math.ScaleB(Difference(actual, exact, -80), -80);

    private static double Difference(double actual, Number exact, int unit)
    {
        Number a = Of(actual);
        int low = Math.Min(Math.Min(a.Exponent, exact.Exponent), unit - 20);
        BigInteger difference = BigInteger.Abs((a.Mantissa << (a.Exponent - low)) - (exact.Mantissa << (exact.Exponent - low)));
        return Math.ScaleB((double)(difference >> (unit - 20 - low)), -20);
    }

    private static BigInteger Fixed(Number x) =>
        x.Exponent + Places >= 0 ? x.Mantissa << (x.Exponent + Places) : x.Mantissa >> -(x.Exponent + Places);

    private static Number ExpOf(BigInteger x)
    {
        BigInteger n = Divide(x, Ln2), r = x - (n * Ln2), sum = 0, term = One;
        for (int k = 1; !term.IsZero; k++)
        {
            sum += term;
            term = ((term * r) >> Places) / k;
        }
        return new(sum, (int)n - Places);
    }

    private static Number Circular(double x, int quarterTurns)
    {
        BigInteger angle = Fixed(Of(x)), n = Divide(angle, HalfPi), r = angle - (n * HalfPi), square = (r * r) >> Places;
        int quadrant = (int)(((n + quarterTurns) % 4) + 4) % 4;
        BigInteger sum = 0, term = quadrant % 2 == 0 ? r : One;
        for (int k = quadrant % 2 == 0 ? 2 : 1; !term.IsZero; k += 2)
        {
            sum += term;
            term = -((term * square) >> Places) / (k * (k + 1));
        }
        return new(quadrant >= 2 ? -sum : sum, -Places);
    }

    /// <summary>x / y to the nearest integer.</summary>
    private static BigInteger Divide(BigInteger x, BigInteger y)
    {
        BigInteger q = BigInteger.DivRem((2 * x) + y, 2 * y, out BigInteger remainder);
        return remainder.Sign < 0 ? q - 1 : q;
    }

    private static BigInteger Log2()
    {
        BigInteger sum = 0;
        for (int k = 1; k <= Places; k++) sum += (One >> k) / k;                 // ln 2 = Σ 1 / (k 2^k)
        return sum;
    }

    private static BigInteger ArcTangentOfInverse(int n)
    {
        BigInteger sum = 0, power = One / n;
        for (int k = 1; !power.IsZero; k += 2)
        {
            sum += k % 4 == 1 ? power / k : -power / k;
            power /= n * n;
        }
        return sum;
    }
}
