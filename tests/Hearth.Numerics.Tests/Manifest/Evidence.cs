using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Hearth.Numerics.Tests.Manifest;

/// <summary>A value computed in float64 and how far the kernel's may be from it.</summary>
internal readonly record struct Exact(double Value, double Bound)
{
    /// <summary>Half the distance from 1 to the next float32: the largest relative error of one rounding.</summary>
    public const double U = 1.0 / (1 << 24);

    /// <summary>The smallest positive float32: twice the largest error of one rounding below the normal range.</summary>
    public const double Tiny = 1.401298464324817e-45;

    /// <summary>The smallest normal float32.</summary>
    public const double Normal = 1.1754943508222875e-38;

    /// <summary>A number that must be equal to the bit.</summary>
    public static Exact Same(double value) => new(value, 0);

    /// <summary>
    /// The result of so many roundings one after the other, each at most U times <paramref name="magnitude"/>, which is the sum of the
    /// absolute values of the terms (Higham 2002, "Accuracy and stability of numerical algorithms", section 3.1; 1.01 stands for the
    /// terms of second order). Below the normal range a rounding has an absolute error instead.
    /// </summary>
    public static Exact Chain(double value, double roundings, double magnitude) => new(value, roundings * ((1.01 * U * magnitude) + Tiny));

    /// <summary>A result within so many float32 units in the last place.</summary>
    public static Exact Ulps(double value, double ulps) => new(value, ulps * Ulp(value));

    /// <summary>The distance between float32 numbers about a value.</summary>
    public static double Ulp(double value) =>
        Math.Abs(value) < Normal ? Tiny : Math.ScaleB(1, Math.ILogB(value) - 23);

    /// <summary>The same with something added to the bound.</summary>
    public Exact Plus(double bound) => new(Value, Bound + bound);
}

/// <summary>
/// What a case of the manifest hands over: a kernel's outputs, which are hashed, and functions that say what they should be, which are
/// called only when the case runs to be checked. NaN hashes as one value, its bits being the processor's choice.
/// </summary>
internal sealed class Evidence(bool check) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _outputs;

    /// <summary>Numbers handed over.</summary>
    public int Count { get; private set; }

    /// <summary>The first few numbers out of bounds.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>Adds an output and its element-wise reference.</summary>
    public void Add(ReadOnlySpan<float> actual, Func<int, Exact> exact)
    {
        float[] values = actual.ToArray();
        for (int i = 0; i < values.Length; i++)
        {
            if (float.IsNaN(values[i])) values[i] = float.NaN;
        }
        Hash(MemoryMarshal.AsBytes<float>(values), values.Length);
        for (int i = 0; check && i < values.Length; i++) Compare(i, values[i], exact(i));
    }

    /// <summary>Adds an output and a reference computed at once.</summary>
    public void Add(ReadOnlySpan<float> actual, Func<Exact[]> exact)
    {
        Exact[] all = check ? exact() : [];
        if (check && all.Length != actual.Length) throw new ArgumentException($"{all.Length} references for {actual.Length} outputs.",
            nameof(exact));
        Add(actual, i => all[i]);
    }

    /// <summary>Adds one number.</summary>
    public void Add(float actual, Func<Exact> exact) => Add([actual], _ => exact());

    /// <summary>Adds numbers that must be equal to the bit.</summary>
    public void AddSame(ReadOnlySpan<float> actual, Func<int, float> expected) => Add(actual, i => Exact.Same(expected(i)));

    /// <summary>Adds float64 outputs; the function gives each one's error over the allowed error.</summary>
    public void AddDoubles(ReadOnlySpan<double> actual, Func<int, double> share)
    {
        Hash(MemoryMarshal.AsBytes(actual), actual.Length);
        double[] values = actual.ToArray();
        for (int i = 0; check && i < values.Length; i++)
        {
            double s = share(i);
            if (!(s <= 1)) Fail($"output {_outputs} [{i}] is {values[i]:R}, {s:G3} times the allowed error away");
        }
    }

    /// <summary>Adds integers that must be equal.</summary>
    public void AddIntegers(ReadOnlySpan<long> actual, Func<int, long> expected)
    {
        Hash(MemoryMarshal.AsBytes(actual), actual.Length);
        for (int i = 0; check && i < actual.Length; i++)
        {
            if (actual[i] != expected(i)) Fail($"output {_outputs} [{i}] is {actual[i]}, expected {expected(i)}");
        }
    }

    /// <summary>The digest of everything added.</summary>
    public string Digest() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Dispose() => _hash.Dispose();

    private void Hash(ReadOnlySpan<byte> bytes, int count)
    {
        _hash.AppendData(bytes);
        Count += count;
        _outputs++;
    }

    private void Compare(int i, float actual, Exact exact)
    {
        bool fits = double.IsNaN(exact.Value) ? float.IsNaN(actual)
            : double.IsFinite(exact.Value) ? Math.Abs(actual - exact.Value) <= exact.Bound
            : actual == exact.Value;
        if (!fits) Fail($"output {_outputs} [{i}] is {actual:R}, float64 says {exact.Value:R} within {exact.Bound:G3}");
    }

    private void Fail(string message)
    {
        if (Failures.Count < 5) Failures.Add(message);
    }
}
