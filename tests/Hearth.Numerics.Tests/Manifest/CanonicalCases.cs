namespace Hearth.Numerics.Tests.Manifest;

internal static class CanonicalCases
{
    public static KernelCase[] All { get; } =
    [
        new("Canonical.Exp", (_, e) => Add(e, Exponents(), Canonical.Exp, (y, x) => HighPrecision.UlpsBetween(y, HighPrecision.Exp(x))
            / 2)),
        new("Canonical.Log", (_, e) => Add(e, Positives(), Canonical.Log, (y, x) => HighPrecision.UlpsBetween(y, HighPrecision.Log(x))
            / 2)),
        new("Canonical.Sin", (_, e) => Add(e, Angles(), Canonical.Sin, (y, x) => HighPrecision.Between(y, HighPrecision.Sin(x)) / 1e-15)),
        new("Canonical.Cos", (_, e) => Add(e, Angles(), Canonical.Cos, (y, x) => HighPrecision.Between(y, HighPrecision.Cos(x)) / 1e-15)),
        new("Canonical.Pow", Pow),
    ];

    /// <summary>Where e^x is a positive finite number, the ends included.</summary>
    public static double[] Exponents()
    {
        var inputs = new Inputs(11);
        var x = new List<double> { 0, -0.0, 1, -1, 709.78, -708.4, -745.1, 1e-300, -1e-17, 0.34657359027997264, -0.34657359027997264 };
        for (int i = 0; i < 400; i++) x.Add(-18 + (inputs.Unit() * 727.0));
        for (int i = 0; i < 400; i++) x.Add(inputs.Unit() * Math.ScaleB(1.0 / 3, -inputs.Below(40)));
        return [.. x];
    }

    /// <summary>Numbers of all magnitudes, and many about 1 where the logarithm is small.</summary>
    public static double[] Positives()
    {
        var inputs = new Inputs(12);
        var x = new List<double> { 1, 2, double.Epsilon, 2.2250738585072014e-308, double.MaxValue, 1.4142135623730951, 0.7071067811865476,
            1 - 1e-16, 1 + 3e-16 };
        for (int i = 0; i < 400; i++) x.Add(Math.ScaleB(1.5 + (inputs.Unit() / 2.0001), inputs.Below(2090) - 1070));
        for (int i = 0; i < 400; i++) x.Add(1 + (inputs.Unit() * Math.ScaleB(0.5, -inputs.Below(40))));
        return [.. x];
    }

    /// <summary>Angles up to a million, multiples of half π among them.</summary>
    public static double[] Angles()
    {
        var inputs = new Inputs(13);
        var x = new List<double> { 0, -0.0, 1e-300, 1_000_000, -1_000_000 };
        for (int i = 0; i < 400; i++) x.Add(inputs.Unit() * Math.ScaleB(1e6, -inputs.Below(30)));
        for (int i = 1; i < 200; i++) x.Add(i * (i % 2 == 0 ? 1 : 3200) * 1.5707963267948966);
        return [.. x];
    }

    private static void Add(Evidence e, double[] x, Func<double, double> function, Func<double, double, double> share)
    {
        var y = new double[x.Length];
        for (int i = 0; i < x.Length; i++) y[i] = function(x[i]);
        e.AddDoubles(y, i => share(y[i], x[i]));
    }

    private static void Pow(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(14);
        const int n = 400;
        double[] x = new double[n], p = new double[n], y = new double[n];
        for (int i = 0; i < n; i++)
        {
            x[i] = Math.ScaleB(1.5 + (inputs.Unit() / 2.0001), inputs.Below(40) - 20);
            p[i] = inputs.Unit() * 20.0;
            y[i] = Canonical.Pow(x[i], p[i]);
        }
        // y ln x is off by the logarithm's 2 ulp and half an ulp of the product; exp turns that absolute error into a relative one and adds
        // 2 ulp of its own. An ulp is at most 2^-52 of its number.
        e.AddDoubles(y, i => HighPrecision.UlpsBetween(y[i], HighPrecision.Pow(x[i], p[i]))
            / (2 + (2.5 * 2 * Math.Abs(p[i] * Math.Log(x[i])))));
    }
}
