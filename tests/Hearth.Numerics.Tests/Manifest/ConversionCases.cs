using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Tests.Manifest;

internal static class ConversionCases
{
    private static readonly ushort[] AllSixteenBits = [.. Enumerable.Range(0, 1 << 16).Select(i => (ushort)i)];

    public static KernelCase[] All { get; } =
    [
        new("Conversion.FromHalf", (pool, e) => Widen(pool, e, Conversion.FromHalf, bits => (double)BitConverter.UInt16BitsToHalf(bits))),
        new("Conversion.FromBFloat16", (pool, e) =>
            Widen(pool, e, Conversion.FromBFloat16, bits => BitConverter.Int32BitsToSingle(bits << 16))),
        new("Conversion.FromDouble", FromDouble),
        new("Conversion.ToHalf", (pool, e) =>
            Narrow(pool, e, Conversion.ToHalf, x => BitConverter.HalfToUInt16Bits((Half)x), NearHalves())),
        new("Conversion.ToBFloat16", (pool, e) => Narrow(pool, e, Conversion.ToBFloat16, NearestBFloat16, NearHalves())),
    ];

    private delegate void Widener(ReadOnlySpan<ushort> from, Span<float> into);

    private delegate void Narrower(ReadOnlySpan<float> from, Span<ushort> into);

    private static void Widen(WorkerPool pool, Evidence e, Widener convert, Func<ushort, double> exact)
    {
        foreach (int n in (int[])[.. Inputs.SomeLengths, AllSixteenBits.Length])
        {
            ushort[] from = AllSixteenBits[^n..];
            var into = new float[n];
            pool.For(n, Lanes.Count, (a, b) => convert(from.AsSpan(a..b), into.AsSpan(a..b)));
            e.AddSame(into, i => (float)exact(from[i]));
        }
    }

    private static void FromDouble(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(91);
        foreach (int n in Inputs.Lengths)
        {
            double[] from = [.. inputs.Spread(n).Select(x => x * (1 + (inputs.Unit() * 1e-7)))];
            if (n > 40) (from[7], from[33], from[n - 1]) = (1e300, double.NegativeInfinity, 3e-46);
            var into = new float[n];
            Conversion.FromDouble(from, into);
            e.AddSame(into, i => (float)from[i]);
        }
    }

    private static void Narrow(WorkerPool pool, Evidence e, Narrower convert, Func<float, ushort> exact, float[] numbers)
    {
        foreach (int n in (int[])[.. Inputs.SomeLengths, numbers.Length])
        {
            float[] from = numbers[^n..];
            var into = new ushort[n];
            pool.For(n, Lanes.Count, (a, b) => convert(from.AsSpan(a..b), into.AsSpan(a..b)));
            e.AddIntegers([.. into.Select(x => (long)x)], i => exact(from[i]));
        }
    }

    /// <summary>
    /// Every half and the singles just beside it and halfway to the next, where rounding decides; and numbers of all sizes.
    /// </summary>
    private static float[] NearHalves()
    {
        var numbers = new List<float>();
        for (int bits = 0; bits < 1 << 15; bits++)
        {
            float half = (float)BitConverter.UInt16BitsToHalf((ushort)bits),
                next = (float)BitConverter.UInt16BitsToHalf((ushort)(bits + 1));
            if (float.IsNaN(half) || float.IsNaN(next)) continue;
            float middle = float.IsInfinity(next) ? 65520f : (half + next) / 2;
            numbers.AddRange([half, -half, middle, MathF.BitIncrement(middle), -MathF.BitDecrement(middle)]);
        }
        numbers.AddRange(Floats.Between(-3e38f, 3e38f, 1 << 15));
        numbers.AddRange([65519.996f, 65520f, 65536f, float.MaxValue, float.PositiveInfinity, float.NegativeInfinity]);
        return [.. numbers];
    }

    private static ushort NearestBFloat16(float x)
    {
        if (float.IsInfinity(x)) return (ushort)(BitConverter.SingleToUInt32Bits(x) >> 16);
        uint bits = BitConverter.SingleToUInt32Bits(x), below = bits & 0xFFFF_0000;
        uint rest = bits & 0xFFFF, odd = (bits >> 16) & 1;
        return (ushort)((below >> 16) + (rest > 0x8000 || (rest == 0x8000 && odd == 1) ? 1 : 0));
    }
}
