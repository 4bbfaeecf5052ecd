using System.Runtime.Intrinsics;
using Hearth.Numerics;

#pragma warning disable RS0030 // An unspecified order of summation is exactly what is measured here.

namespace Hearth.Benchmarks.Determinism;

/// <summary>Row reductions as they are written where the order of summation is free: four independent sums, then the processor's own tree.</summary>
internal static class FreeRows
{
    public static float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        int i = 0;
        for (; i + 64 <= x.Length; i += 64)
        {
            s0 = Vector512.FusedMultiplyAdd(Lanes.Load(x, i), Lanes.Load(y, i), s0);
            s1 = Vector512.FusedMultiplyAdd(Lanes.Load(x, i + 16), Lanes.Load(y, i + 16), s1);
            s2 = Vector512.FusedMultiplyAdd(Lanes.Load(x, i + 32), Lanes.Load(y, i + 32), s2);
            s3 = Vector512.FusedMultiplyAdd(Lanes.Load(x, i + 48), Lanes.Load(y, i + 48), s3);
        }
        for (; i < x.Length; i += 16) s0 = Vector512.FusedMultiplyAdd(Lanes.Load(x, i), Lanes.Load(y, i), s0);
        return Vector512.Sum(s0 + s1 + (s2 + s3));
    }

    public static float Rms(ReadOnlySpan<float> x, ReadOnlySpan<float> w, float epsilon, Span<float> y)
    {
        float inverse = 1f / MathF.Sqrt((Dot(x, x) / x.Length) + epsilon);
        Vector512<float> factor = Vector512.Create(inverse);
        for (int i = 0; i < x.Length; i += Lanes.Count) Lanes.Store(Lanes.Load(x, i) * factor * Lanes.Load(w, i), y, i);
        return inverse;
    }

    public static void RmsBackward(ReadOnlySpan<float> x, ReadOnlySpan<float> w, float inverse, ReadOnlySpan<float> dy, Span<float> dx, bool add)
    {
        Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        int p = 0;
        for (; p + 64 <= x.Length; p += 64)
        {
            s0 = Vector512.FusedMultiplyAdd(Lanes.Load(dy, p) * Lanes.Load(w, p), Lanes.Load(x, p), s0);
            s1 = Vector512.FusedMultiplyAdd(Lanes.Load(dy, p + 16) * Lanes.Load(w, p + 16), Lanes.Load(x, p + 16), s1);
            s2 = Vector512.FusedMultiplyAdd(Lanes.Load(dy, p + 32) * Lanes.Load(w, p + 32), Lanes.Load(x, p + 32), s2);
            s3 = Vector512.FusedMultiplyAdd(Lanes.Load(dy, p + 48) * Lanes.Load(w, p + 48), Lanes.Load(x, p + 48), s3);
        }
        for (; p < x.Length; p += 16) s0 = Vector512.FusedMultiplyAdd(Lanes.Load(dy, p) * Lanes.Load(w, p), Lanes.Load(x, p), s0);
        Vector512<float> factor = Vector512.Create(inverse);
        Vector512<float> back = Vector512.Create(-(Vector512.Sum(s0 + s1 + (s2 + s3)) / x.Length) * inverse * inverse);
        for (int i = 0; i < x.Length; i += Lanes.Count)
        {
            Vector512<float> g = Vector512.FusedMultiplyAdd(Lanes.Load(x, i), back, Lanes.Load(dy, i) * Lanes.Load(w, i)) * factor;
            Lanes.Store(add ? Lanes.Load(dx, i) + g : g, dx, i);
        }
    }

    /// <summary>Rows [from, to) added into the sums as they come, four rows together.</summary>
    public static void RmsWeightBackward(ReadOnlySpan<float> x, ReadOnlySpan<float> inverse, ReadOnlySpan<float> dy, Span<float> dw, int from, int to)
    {
        int c = dw.Length;
        for (int t = from; t + 4 <= to; t += 4)
        {
            Vector512<float> f0 = Vector512.Create(inverse[t]), f1 = Vector512.Create(inverse[t + 1]);
            Vector512<float> f2 = Vector512.Create(inverse[t + 2]), f3 = Vector512.Create(inverse[t + 3]);
            ReadOnlySpan<float> x0 = x.Slice(t * c, c), x1 = x.Slice((t + 1) * c, c), x2 = x.Slice((t + 2) * c, c), x3 = x.Slice((t + 3) * c, c);
            ReadOnlySpan<float> d0 = dy.Slice(t * c, c), d1 = dy.Slice((t + 1) * c, c), d2 = dy.Slice((t + 2) * c, c), d3 = dy.Slice((t + 3) * c, c);
            for (int i = 0; i < c; i += Lanes.Count)
            {
                Vector512<float> a = Vector512.FusedMultiplyAdd(Lanes.Load(d0, i), Lanes.Load(x0, i) * f0, Lanes.Load(d1, i) * (Lanes.Load(x1, i) * f1));
                Vector512<float> b = Vector512.FusedMultiplyAdd(Lanes.Load(d2, i), Lanes.Load(x2, i) * f2, Lanes.Load(d3, i) * (Lanes.Load(x3, i) * f3));
                Lanes.Store(Lanes.Load(dw, i) + (a + b), dw, i);
            }
        }
    }

    public static float CrossEntropy(Span<float> x, int target, float scale)
    {
        float logSum = LogSum(x), loss = logSum - x[target];
        Vector512<float> shift = Vector512.Create(logSum), factor = Vector512.Create(scale);
        for (int i = 0; i < x.Length; i += Lanes.Count) Lanes.Store(Lanes.Exp(Lanes.Load(x, i) - shift) * factor, x, i);
        x[target] -= scale;
        return loss;
    }

    /// <summary>The row sums of a softmax over a block of keys.</summary>
    public static void Softmax(ReadOnlySpan<float> x, Span<float> y)
    {
        Vector512<float> shift = Vector512.Create(Max(x)), s0 = Vector512<float>.Zero, s1 = s0;
        for (int i = 0; i < x.Length; i += 2 * Lanes.Count)
        {
            Vector512<float> e = Lanes.Exp(Lanes.Load(x, i) - shift), f = Lanes.Exp(Lanes.Load(x, i + 16) - shift);
            Lanes.Store(e, y, i);
            Lanes.Store(f, y, i + 16);
            s0 += e;
            s1 += f;
        }
        Numerics.Kernels.Elementwise.Scale(y, 1f / Vector512.Sum(s0 + s1), y);
    }

    private static float LogSum(ReadOnlySpan<float> x)
    {
        float max = Max(x);
        Vector512<float> shift = Vector512.Create(max), s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        for (int i = 0; i < x.Length; i += 64)
        {
            s0 += Lanes.Exp(Lanes.Load(x, i) - shift);
            s1 += Lanes.Exp(Lanes.Load(x, i + 16) - shift);
            s2 += Lanes.Exp(Lanes.Load(x, i + 32) - shift);
            s3 += Lanes.Exp(Lanes.Load(x, i + 48) - shift);
        }
        return max + (float)Canonical.Log(Vector512.Sum(s0 + s1 + (s2 + s3)));
    }

    private static float Max(ReadOnlySpan<float> x)
    {
        Vector512<float> a = Vector512.Create(float.NegativeInfinity), b = a;
        for (int i = 0; i < x.Length; i += 32)
        {
            a = Lanes.Max(Lanes.Load(x, i), a);
            b = Lanes.Max(Lanes.Load(x, i + 16), b);
        }
        return Lanes.Max(Lanes.Max(a, b));
    }
}
