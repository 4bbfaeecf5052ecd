using System.Numerics;

namespace Hearth.Models.Chat.Templates;

/// <summary>Arithmetic as Python does it: whole numbers of any size up to a bound, floats, true and false as 1 and 0.</summary>
internal static class Numbers
{
    /// <summary>The whole number a value is, or null.</summary>
    public static BigInteger? Whole(Value value) => value switch
    {
        IntegerValue i => i.Number,
        BoolValue b => b.IsTrue ? BigInteger.One : BigInteger.Zero,
        _ => null,
    };

    public static bool IsNumber(Value value) => value is IntegerValue or FloatValue or BoolValue;

    /// <summary>The number as a float, infinite when it is too large.</summary>
    public static double Real(Value value) => value is FloatValue f ? f.Number : (double)Whole(value)!.Value;

    /// <summary>-1, 0 or 1; null when a number is not comparable (NaN).</summary>
    public static int? Compare(Value a, Value b)
    {
        if (Whole(a) is { } x && Whole(b) is { } y) return x.CompareTo(y);
        double p = Real(a), q = Real(b);
        if (double.IsNaN(p) || double.IsNaN(q)) return null;
        if (a is FloatValue && b is FloatValue || double.IsInfinity(p) || double.IsInfinity(q)) return p.CompareTo(q);
        // One is whole: compare without rounding it.
        if (Whole(a) is { } whole) return -Compare(q, whole);
        return Compare(p, Whole(b)!.Value);
    }

    public static Value Calculate(TemplateContext c, string op, Value a, Value b)
    {
        if (Whole(a) is { } x && Whole(b) is { } y) return CalculateWhole(c, op, x, y);
        double p = Finite(c, a), q = Finite(c, b);
        if (q == 0 && (op is "/" or "//" or "%")) throw c.Fail($"'{op}' divides by zero");
        return Value.Of(op switch
        {
            "+" => p + q,
            "-" => p - q,
            "*" => p * q,
            "/" => p / q,
            "//" => FloorDivide(p, q),
            "%" => Modulo(p, q),
            _ => Power(c, p, q),
        });
    }

    private static Value CalculateWhole(TemplateContext c, string op, BigInteger x, BigInteger y)
    {
        switch (op)
        {
            case "+": return Bounded(c, x + y);
            case "-": return Bounded(c, x - y);
            case "*":
                c.Step(x.GetByteCount() / 64 * (y.GetByteCount() / 64));
                return Bounded(c, x * y);
            case "/" or "//" or "%" when y.IsZero: throw c.Fail($"'{op}' divides by zero");
            case "/": return Value.Of(Divide(x, y));
            case "//" or "%":
                BigInteger quotient = BigInteger.DivRem(x, y, out BigInteger rest);
                if (!rest.IsZero && rest.Sign != y.Sign) (quotient, rest) = (quotient - 1, rest + y);
                return new IntegerValue(op == "//" ? quotient : rest);
            default:
                if (y.Sign < 0) return Value.Of(Power(c, (double)x, (double)y));
                if (BigInteger.Abs(x) > 1 && y * (x.GetBitLength() - 1) > IntegerValue.MaxBits) throw TooLarge(c);
                c.Step(16);
                return Bounded(c, BigInteger.Abs(x) <= 1 ? (y.IsZero ? 1 : y.IsEven ? x * x : x) : BigInteger.Pow(x, (int)y));
        }
    }

    public static Value Negate(Value value) => value is FloatValue f ? Value.Of(-f.Number) : new IntegerValue(-Whole(value)!.Value);

    private static double Finite(TemplateContext c, Value value)
    {
        double real = Real(value);
        return value is FloatValue || double.IsFinite(real) ? real : throw c.Fail("a whole number is too large to become a float");
    }

    /// <summary>x / y, the nearest float also where x and y have none of their own.</summary>
    private static double Divide(BigInteger x, BigInteger y)
    {
        double p = (double)x, q = (double)y;
        if (BigInteger.Abs(x).GetBitLength() <= 53 && BigInteger.Abs(y).GetBitLength() <= 53) return p / q;
        int shift = 66 - (int)(BigInteger.Abs(x).GetBitLength() - BigInteger.Abs(y).GetBitLength());
        BigInteger scaled = shift >= 0 ? (x << shift) / y : x / (y << -shift);
        return Math.ScaleB((double)scaled, -shift);
    }

    private static double FloorDivide(double x, double y)
    {
        double quotient = (x - Modulo(x, y)) / y, floor = Math.Floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    /// <summary>The rest of x / y with the sign of y.</summary>
    private static double Modulo(double x, double y)
    {
        double rest = x % y;
        if (rest == 0) return Math.CopySign(0, y);
        return rest < 0 != y < 0 ? rest + y : rest;
    }

    private static double Power(TemplateContext c, double x, double y)
    {
        if (x == 0 && y < 0) throw c.Fail("'**' divides by zero");
        double result;
        if (y == 0.5) result = Math.Sqrt(x);
        else if (double.IsInteger(y) && Math.Abs(y) <= 1024)
        {
            result = 1;
            for (int n = (int)Math.Abs(y); n > 0; n >>= 1, x *= x)
            {
                if ((n & 1) != 0) result *= x;
            }
            if (y < 0) result = 1 / result;
        }
        else if (x > 0 && double.IsFinite(x) && double.IsFinite(y)) result = Hearth.Numerics.Canonical.Pow(x, y);
        else throw c.Fail("'**' is known for positive numbers and for whole exponents up to 1,024");
        return double.IsFinite(result) ? result : throw c.Fail("the result of '**' is too large");
    }

    private static int Compare(double p, BigInteger whole)
    {
        var floor = new BigInteger(Math.Floor(p));
        int order = floor.CompareTo(whole);
        return order == 0 && p > Math.Floor(p) ? 1 : order;
    }

    private static IntegerValue Bounded(TemplateContext c, BigInteger number)
    {
        if (BigInteger.Abs(number).GetBitLength() > IntegerValue.MaxBits) throw TooLarge(c);
        return new IntegerValue(number);
    }

    private static ChatTemplateException TooLarge(TemplateContext c) => c.Fail($"a whole number has more than {IntegerValue.MaxDigits:N0} digits");
}
