using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Kernels;

/// <summary>The softmax of a row, its log-sum, and the cross-entropy with its gradient. Sums over a row have sixteen lanes, then the fixed tree.</summary>
public static class Softmax
{
    /// <summary>ln Σ exp(x[i]).</summary>
    /// <param name="x">[V]</param>
    public static float LogSum(ReadOnlySpan<float> x)
    {
        float max = Max(x);
        Vector512<float> shift = Vector512.Create(max), sum = Vector512<float>.Zero;
        for (int i = 0; i < x.Length; i += Lanes.Count) sum += Lanes.Exp(Lanes.Load(x, i, float.NegativeInfinity) - shift);
        return max + (float)Canonical.Log(Lanes.Sum(sum));
    }

    /// <summary>y = exp(x) / Σ exp(x).</summary>
    /// <param name="x">[V]</param>
    /// <param name="y">[V]; may be x.</param>
    public static void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        Vector512<float> shift = Vector512.Create(Max(x)), sum = Vector512<float>.Zero;
        for (int i = 0; i < x.Length; i += Lanes.Count)
        {
            Vector512<float> e = Lanes.Exp(Lanes.Load(x, i, float.NegativeInfinity) - shift);
            Lanes.Store(e, y, i);
            sum += e;
        }
        Elementwise.Scale(y, 1f / Lanes.Sum(sum), y);
    }

    /// <summary>dx = y · (dy - Σ dy·y), the gradient of <see cref="Forward"/>.</summary>
    /// <param name="y">[V], the softmax.</param>
    /// <param name="dy">[V]</param>
    /// <param name="dx">[V]</param>
    public static void Backward(ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        Vector512<float> dot = Vector512.Create(Lanes.Dot(y, dy));
        for (int i = 0; i < y.Length; i += Lanes.Count) Lanes.Store(Lanes.Load(y, i) * (Lanes.Load(dy, i) - dot), dx, i);
    }

    /// <summary>-ln softmax(x)[target], and x becomes its gradient times <paramref name="scale"/>.</summary>
    /// <param name="x">[V]: logits before, gradients after.</param>
    /// <param name="target">The right token.</param>
    /// <param name="scale">Factor of the gradient.</param>
    /// <returns>The loss in nats, not scaled.</returns>
    public static float CrossEntropy(Span<float> x, int target, float scale)
    {
        float logSum = LogSum(x), loss = logSum - x[target];
        Vector512<float> shift = Vector512.Create(logSum), factor = Vector512.Create(scale);
        for (int i = 0; i < x.Length; i += Lanes.Count) Lanes.Store(Lanes.Exp(Lanes.Load(x, i) - shift) * factor, x, i);
        x[target] -= scale;
        return loss;
    }

    private static float Max(ReadOnlySpan<float> x)
    {
        Vector512<float> top = Vector512.Create(float.NegativeInfinity);
        for (int i = 0; i < x.Length; i += Lanes.Count) top = Lanes.Max(Lanes.Load(x, i, float.NegativeInfinity), top);
        return Lanes.Max(top);
    }
}
