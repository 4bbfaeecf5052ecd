using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Kernels;

/// <summary>What an optimizer does to the elements of a tensor.</summary>
public static class Updates
{
    /// <summary>
    /// One AdamW update (Loshchilov and Hutter 2017, arXiv:1711.05101, algorithm 2): w shrinks by <paramref name="shrink"/>, then
    /// w -= rate / correction1 · m / (√v / √correction2 + ε).
    /// </summary>
    /// <param name="w">[n] weights.</param>
    /// <param name="g">[n] gradients.</param>
    /// <param name="m">[n] first moments.</param>
    /// <param name="v">[n] second moments.</param>
    /// <param name="rate">Learning rate over the bias correction of the first moment, 1 - β1^t.</param>
    /// <param name="beta1">β1.</param>
    /// <param name="beta2">β2.</param>
    /// <param name="rootCorrection">√(1 - β2^t).</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="shrink">1 - learning rate · weight decay.</param>
    public static void AdamW(Span<float> w, ReadOnlySpan<float> g, Span<float> m, Span<float> v,
        float rate, double beta1, double beta2, float rootCorrection, float epsilon, float shrink)
    {
        Vector512<float> b1 = Vector512.Create((float)beta1), c1 = Vector512.Create((float)(1 - beta1));
        Vector512<float> b2 = Vector512.Create((float)beta2), c2 = Vector512.Create((float)(1 - beta2));
        Vector512<float> root = Vector512.Create(rootCorrection), eps = Vector512.Create(epsilon), keep = Vector512.Create(shrink), step = Vector512.Create(rate);
        for (int i = 0; i < w.Length; i += Lanes.Count)
        {
            Vector512<float> gi = Lanes.Load(g, i);
            Vector512<float> mi = Vector512.FusedMultiplyAdd(gi, c1, Lanes.Load(m, i) * b1);
            Vector512<float> vi = Vector512.FusedMultiplyAdd(gi * gi, c2, Lanes.Load(v, i) * b2);
            Vector512<float> wi = (Lanes.Load(w, i) * keep) - (step * (mi / ((Vector512.Sqrt(vi) / root) + eps)));
            Lanes.Store(mi, m, i);
            Lanes.Store(vi, v, i);
            Lanes.Store(wi, w, i);
        }
    }

    /// <summary>Nesterov momentum as Muon uses it: b = μ·b + (1 - μ)·g, u = (1 - μ)·g + μ·b.</summary>
    /// <param name="g">[n] gradients.</param>
    /// <param name="b">[n] momentum.</param>
    /// <param name="momentum">μ.</param>
    /// <param name="u">[n] the direction.</param>
    public static void Nesterov(ReadOnlySpan<float> g, Span<float> b, float momentum, Span<float> u)
    {
        Vector512<float> mu = Vector512.Create(momentum), rest = Vector512.Create(1f - momentum);
        for (int i = 0; i < g.Length; i += Lanes.Count)
        {
            Vector512<float> gi = Lanes.Load(g, i) * rest;
            Vector512<float> bi = Vector512.FusedMultiplyAdd(mu, Lanes.Load(b, i), gi);
            Lanes.Store(bi, b, i);
            Lanes.Store(Vector512.FusedMultiplyAdd(mu, bi, gi), u, i);
        }
    }

    /// <summary>y = a·x + b·y.</summary>
    /// <param name="x">[n]</param>
    /// <param name="a">Factor of x.</param>
    /// <param name="b">Factor of y.</param>
    /// <param name="y">[n]</param>
    public static void Combine(ReadOnlySpan<float> x, float a, float b, Span<float> y)
    {
        Vector512<float> fa = Vector512.Create(a), fb = Vector512.Create(b);
        for (int i = 0; i < y.Length; i += Lanes.Count) Lanes.Store(Vector512.FusedMultiplyAdd(fa, Lanes.Load(x, i), fb * Lanes.Load(y, i)), y, i);
    }
}
