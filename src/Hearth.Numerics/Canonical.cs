namespace Hearth.Numerics;

/// <summary>
/// exp, log, pow, sin, cos in float64 as fixed sequences of IEEE operations, so that every processor and operating system gives the same bits.
/// Stated bounds are against the exact value, tested in the kernel manifest; float32 callers round the result once.
/// </summary>
public static class Canonical
{
    private const double Log2E = 1.4426950408889634;
    private const double Ln2High = 0.6931471803691238;                           // ln 2 with its low 21 bits zero: n · this is exact
    private const double Ln2Low = 1.9082149292705877e-10;
    private const double HalfPiHigh = 1.5707963267341256;                        // π/2 in three parts of 33 bits or fewer each
    private const double HalfPiMiddle = 6.077100506303966e-11;
    private const double HalfPiLow = 2.0222662487959506e-21;

    /// <summary>e to the x, within 2 ulp; 0 below -745.2, infinity above 709.79.</summary>
    /// <param name="x">Exponent.</param>
    public static double Exp(double x)
    {
        if (double.IsNaN(x)) return x;
        if (x > 709.79) return double.PositiveInfinity;
        if (x < -745.2) return 0;
        double n = Math.Round(x * Log2E);
        double r = Math.FusedMultiplyAdd(-n, Ln2Low, Math.FusedMultiplyAdd(-n, Ln2High, x));
        double p = 1.0 / 6227020800;                                             // Taylor series to r^13; |r| <= ln 2 / 2
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 479001600);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 39916800);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 3628800);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 362880);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 40320);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 5040);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 720);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 120);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 24);
        p = Math.FusedMultiplyAdd(p, r, 1.0 / 6);
        p = Math.FusedMultiplyAdd(p, r, 0.5);
        p = Math.FusedMultiplyAdd(p, r, 1.0);
        p = Math.FusedMultiplyAdd(p, r, 1.0);
        int half = (int)n >> 1;
        return p * PowerOfTwo(half) * PowerOfTwo((int)n - half);
    }

    /// <summary>The natural logarithm, within 2 ulp; NaN below zero, minus infinity at zero.</summary>
    /// <param name="x">A positive number.</param>
    public static double Log(double x)
    {
        if (double.IsNaN(x) || x < 0) return double.NaN;
        if (x == 0) return double.NegativeInfinity;
        if (double.IsPositiveInfinity(x)) return x;
        int exponent = 0;
        if (x < 2.2250738585072014e-308)
        {
            x *= 18014398509481984.0;                                            // 2^54
            exponent = -54;
        }
        long bits = BitConverter.DoubleToInt64Bits(x);
        exponent += (int)(bits >> 52) - 1023;
        double m = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000);
        if (m > 1.4142135623730951)
        {
            m *= 0.5;
            exponent++;
        }
        double f = m - 1;                                                        // ln(1 + f) = 2 artanh(s), s = f / (2 + f)
        double s = f / (2 + f), z = s * s;
        double p = 1.0 / 23;
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 21);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 19);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 17);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 15);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 13);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 11);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 9);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 7);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 5);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 3);
        double tail = 2 * s * z * p;                                             // ln(1 + f) = 2s + tail, and 2s = f - s·f
        double low = Math.FusedMultiplyAdd(exponent, Ln2Low, tail - (s * f));
        return Math.FusedMultiplyAdd(exponent, Ln2High, f + low);
    }

    /// <summary>x to the y for positive x, as exp(y ln x): within 2 + 5 · |y ln x| ulp.</summary>
    /// <param name="x">A positive base.</param>
    /// <param name="y">Exponent.</param>
    public static double Pow(double x, double y) => Exp(y * Log(x));

    /// <summary>The sine, within 1e-15 absolutely for |x| up to a million.</summary>
    /// <param name="x">Angle in radians.</param>
    public static double Sin(double x) => Circular(x, 0);

    /// <summary>The cosine, within 1e-15 absolutely for |x| up to a million.</summary>
    /// <param name="x">Angle in radians.</param>
    public static double Cos(double x) => Circular(x, 1);

    private static double PowerOfTwo(int n) => BitConverter.Int64BitsToDouble((long)(n + 1023) << 52);

    private static double Circular(double x, int quarterTurns)
    {
        if (!double.IsFinite(x)) return double.NaN;
        double n = Math.Round(x * 0.6366197723675814);                           // 2/π
        double r = Math.FusedMultiplyAdd(-n, HalfPiHigh, x);
        r = Math.FusedMultiplyAdd(-n, HalfPiMiddle, r);
        r = Math.FusedMultiplyAdd(-n, HalfPiLow, r);
        double z = r * r;
        int quadrant = (int)(((long)n + quarterTurns) & 3);
        double value = (quadrant & 1) == 0 ? SinOf(r, z) : CosOf(z);
        return quadrant >= 2 ? -value : value;
    }

    private static double SinOf(double r, double z)
    {
        double p = 1.0 / 355687428096000;                                        // Taylor series to r^17; |r| <= π/4
        p = Math.FusedMultiplyAdd(p, z, -1.0 / 1307674368000);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 6227020800);
        p = Math.FusedMultiplyAdd(p, z, -1.0 / 39916800);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 362880);
        p = Math.FusedMultiplyAdd(p, z, -1.0 / 5040);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 120);
        p = Math.FusedMultiplyAdd(p, z, -1.0 / 6);
        return Math.FusedMultiplyAdd(p * z, r, r);
    }

    private static double CosOf(double z)
    {
        double p = 1.0 / 20922789888000;                                         // Taylor series to r^16
        p = Math.FusedMultiplyAdd(p, z, -1.0 / 87178291200);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 479001600);
        p = Math.FusedMultiplyAdd(p, z, -1.0 / 3628800);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 40320);
        p = Math.FusedMultiplyAdd(p, z, -1.0 / 720);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 24);
        p = Math.FusedMultiplyAdd(p, z, -0.5);
        return Math.FusedMultiplyAdd(p, z, 1.0);
    }
}
