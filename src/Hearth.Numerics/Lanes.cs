using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hearth.Numerics;

/// <summary>
/// The vector vocabulary of the kernels: sixteen float32 lanes on every processor. Machines with narrower registers run the same lanes
/// in pieces, so the bits never depend on the width.
/// </summary>
public static class Lanes
{
    /// <summary>Lanes in a vector.</summary>
    public const int Count = 16;

    /// <summary>Sixteen numbers from <paramref name="i"/>; zeros beyond the end.</summary>
    /// <param name="x">The numbers.</param>
    /// <param name="i">Index of the first lane.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ReadOnlySpan<float> x, int i) => i + Count <= x.Length
        ? Vector512.LoadUnsafe(in MemoryMarshal.GetReference(x), (nuint)i)
        : LoadTail(x, i, 0f);

    /// <summary>Sixteen numbers from <paramref name="i"/>; <paramref name="filler"/> beyond the end.</summary>
    /// <param name="x">The numbers.</param>
    /// <param name="i">Index of the first lane.</param>
    /// <param name="filler">What stands in the lanes beyond the end.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ReadOnlySpan<float> x, int i, float filler) => i + Count <= x.Length
        ? Vector512.LoadUnsafe(in MemoryMarshal.GetReference(x), (nuint)i)
        : LoadTail(x, i, filler);

    /// <summary>Writes sixteen numbers from <paramref name="i"/>; lanes beyond the end are dropped.</summary>
    /// <param name="v">The lanes.</param>
    /// <param name="y">Where they go.</param>
    /// <param name="i">Index of the first lane.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> v, Span<float> y, int i)
    {
        if (i + Count <= y.Length) v.StoreUnsafe(ref MemoryMarshal.GetReference(y), (nuint)i);
        else StoreTail(v, y, i);
    }

    /// <summary>The sum of the lanes, always added in the same tree: lane i with i + 8, then + 4, + 2, + 1.</summary>
    /// <param name="v">The lanes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> v)
    {
        Vector256<float> v8 = v.GetLower() + v.GetUpper();
        Vector128<float> v4 = v8.GetLower() + v8.GetUpper();
        Vector128<float> v2 = v4 + Vector128.Shuffle(v4, Vector128.Create(2, 3, 0, 1));
        return v2.GetElement(0) + v2.GetElement(1);
    }

    /// <summary>The larger of each pair of lanes; the second where they do not compare.</summary>
    /// <param name="x">First.</param>
    /// <param name="y">Second.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Max(Vector512<float> x, Vector512<float> y) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(x, y), x, y);

    /// <summary>The largest lane. The order does not matter, a maximum being exact.</summary>
    /// <param name="v">The lanes; none of them NaN.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(Vector512<float> v)
    {
        Vector256<float> a8 = v.GetLower(), b8 = v.GetUpper(), v8 = Vector256.ConditionalSelect(Vector256.GreaterThan(a8, b8), a8, b8);
        Vector128<float> a4 = v8.GetLower(), b4 = v8.GetUpper(), v4 = Vector128.ConditionalSelect(Vector128.GreaterThan(a4, b4), a4, b4);
        float first = v4.GetElement(0), second = v4.GetElement(1), third = v4.GetElement(2), fourth = v4.GetElement(3);
        first = first > second ? first : second;
        third = third > fourth ? third : fourth;
        return first > third ? first : third;
    }

    /// <summary>Σ x[i]·y[i]: one sixteen-lane chain of fused multiply-adds, ascending, then <see cref="Sum"/>.</summary>
    /// <param name="x">[n]</param>
    /// <param name="y">[n]</param>
    public static float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        Vector512<float> sum = Vector512<float>.Zero;
        for (int i = 0; i < x.Length; i += Count) sum = Vector512.FusedMultiplyAdd(Load(x, i), Load(y, i), sum);
        return Sum(sum);
    }

    /// <summary>e to each lane, within 2 ulp for results that are normal numbers; 0 below -104, infinity above 88.8.</summary>
    /// <param name="x">Exponents.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        // x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor series to r^7 (remainder 5e-9); then times 2^n in two halves,
        // so that results below the normal range are reached by rounding.
        Vector512<float> low = Vector512.Create(-105f), high = Vector512.Create(89f), magic = Vector512.Create(12582912f);
        x = Vector512.ConditionalSelect(Vector512.LessThan(x, low), low, x);
        x = Vector512.ConditionalSelect(Vector512.GreaterThan(x, high), high, x);
        Vector512<float> shifted = Vector512.FusedMultiplyAdd(x, Vector512.Create(1.4426950408889634f), magic);
        Vector512<float> n = shifted - magic;
        Vector512<float> r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693145751953125f), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-1.4286068203094173e-06f), r);
        Vector512<float> p = Vector512.Create(1f / 5040);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f / 720));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f / 120));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f / 24));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f / 6));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(0.5f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1f));
        Vector512<int> exponent = shifted.AsInt32() - magic.AsInt32();
        Vector512<int> half = Vector512.ShiftRightArithmetic(exponent, 1), bias = Vector512.Create(127);
        return p * Vector512.ShiftLeft(half + bias, 23).AsSingle() * Vector512.ShiftLeft(exponent - half + bias, 23).AsSingle();
    }

    /// <summary>1 / (1 + e^-x) of each lane, within 4 ulp for results that are normal numbers; 0 below -88.8.</summary>
    /// <param name="x">Arguments.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sigmoid(Vector512<float> x)
    {
        Vector512<float> one = Vector512.Create(1f);
        return one / (one + Exp(-x));
    }

    /// <summary>The hyperbolic tangent of each lane, within 4 ulp: its Taylor series below 1/2, (1 - e^-2x) / (1 + e^-2x) above.</summary>
    /// <param name="x">Arguments.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Tanh(Vector512<float> x)
    {
        Vector512<float> one = Vector512.Create(1f), size = Vector512.Abs(x), z = x * x;
        Vector512<float> p = Vector512.Create(0.00059002744094558f);             // 6404582 / 10854718875
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(-0.00145583438705132f));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(0.00359212803657248f));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(-0.00886323552990220f));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(0.0218694885361552f));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(-0.0539682539682540f));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(0.133333333333333f));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(-0.333333333333333f));
        Vector512<float> small = Vector512.FusedMultiplyAdd(p * z, x, x);
        Vector512<float> e = Exp(size * Vector512.Create(-2f));
        Vector512<float> large = (one - e) / (one + e);
        large = Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), -large, large);
        return Vector512.ConditionalSelect(Vector512.LessThan(size, Vector512.Create(0.5f)), small, large);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<float> LoadTail(ReadOnlySpan<float> x, int i, float filler)
    {
        Span<float> lanes = stackalloc float[Count];
        lanes.Fill(filler);
        x[i..].CopyTo(lanes);
        return Vector512.LoadUnsafe(in MemoryMarshal.GetReference(lanes));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreTail(Vector512<float> v, Span<float> y, int i)
    {
        Span<float> lanes = stackalloc float[Count];
        v.StoreUnsafe(ref MemoryMarshal.GetReference(lanes));
        lanes[..(y.Length - i)].CopyTo(y[i..]);
    }
}
