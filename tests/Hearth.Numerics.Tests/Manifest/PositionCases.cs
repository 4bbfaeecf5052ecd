using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Tests.Manifest;

internal static class PositionCases
{
    public static KernelCase[] All { get; } =
    [
        new("RopeTable.Cos", (_, e) => Table(e, (table, p) => table.Cos(p), Math.Cos)),
        new("RopeTable.Sin", (_, e) => Table(e, (table, p) => table.Sin(p), Math.Sin)),
        new("Rotary.Turn", Turn),
    ];

    private delegate ReadOnlySpan<float> Row(RopeTable table, int position);

    /// <summary>
    /// One rounding to float32 and what float64 loses before it: the frequency's exponent is within 2.5 ulp and exp within 2, so the angle
    /// is relatively within 2^-52 · (2 + 2.5 · |ln frequency| + 1), and sine and cosine within 1e-15.
    /// </summary>
    private static void Table(Evidence e, Row row, Func<double, double> function)
    {
        foreach ((int headSize, double theta) in ((int, double)[])[(2, 10_000), (8, 10_000), (24, 500_000), (64, 1_000_000), (128, 10_000)])
        {
            var table = new RopeTable(300, headSize, theta);
            foreach (int position in (int[])[0, 1, 2, 17, 63, 299])
            {
                e.Add(row(table, position), i =>
                {
                    double power = -2.0 * i / headSize, angle = position * Math.Pow(theta, power), exact = function(angle);
                    double off = angle * Math.ScaleB(3 + (2.5 * Math.Abs(power) * Math.Log(theta)), -52);
                    return Exact.Chain(exact, 1, Math.Abs(exact)).Plus(off + 1e-15);
                });
            }
        }
    }

    /// <summary>Two products and their sum, two roundings deep, and one more to add; numbers before and after those that turn are moved.</summary>
    private static void Turn(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(71);
        const int heads = 3;
        foreach ((int headSize, int first, int size) in ((int, int, int)[])
            [(2, 0, 2), (6, 0, 6), (8, 0, 8), (24, 0, 24), (32, 0, 32), (34, 0, 34), (64, 0, 64), (128, 0, 128), (32, 0, 16), (24, 16, 8), (40, 4, 32)])
        {
            int half = size / 2;
            float[] x = inputs.Spread(heads * headSize), cos = inputs.Even(half), sin = inputs.Even(half),
                before = inputs.Spread(heads * headSize);
            foreach ((bool inverse, bool add) in ((bool, bool)[])[(false, false), (true, false), (false, true), (true, true)])
            {
                float[] y = [.. before];
                Rotary.Turn(x, cos, sin, headSize, first, inverse, y, add);
                e.Add(y, i =>
                {
                    int d = (i % headSize) - first, pair = d < half ? i + half : i - half;
                    double start = add ? before[i] : 0;
                    if (d < 0 || d >= size) return Exact.Chain(start + x[i], add ? 1 : 0, Math.Abs(start) + Math.Abs(x[i]));
                    double c = cos[d % half], s = sin[d % half] * (d < half ? -1 : 1) * (inverse ? -1 : 1);
                    return Exact.Chain(start + (x[i] * c) + (x[pair] * s), 3, Math.Abs(start) + Math.Abs(x[i] * c) + Math.Abs(x[pair] * s));
                });
            }
        }
    }
}
