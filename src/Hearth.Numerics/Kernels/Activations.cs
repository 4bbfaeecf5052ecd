using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Kernels;

/// <summary>Activation functions, element by element, and their derivatives. A backward pass stores its result, or adds it.</summary>
public static class Activations
{
    private const float GeluInner = 0.7978845608028654f;                         // √(2/π)
    private const float GeluCubic = 0.044715f;
    private const float GateSlope = 1.702f;

    /// <summary>y = gate · sigmoid(gate) · up: SwiGLU (Shazeer 2020, arXiv:2002.05202, eq. 6).</summary>
    /// <param name="gate">[n]</param>
    /// <param name="up">[n]</param>
    /// <param name="y">[n]; may be gate.</param>
    public static void SwiGlu(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        for (int i = 0; i < y.Length; i += Lanes.Count)
        {
            Vector512<float> g = Lanes.Load(gate, i);
            Lanes.Store(g * Lanes.Sigmoid(g) * Lanes.Load(up, i), y, i);
        }
    }

    /// <summary>Gradients of <see cref="SwiGlu"/>: dgate = dy · up · s · (1 + gate · (1 - s)), dup = dy · gate · s.</summary>
    /// <param name="gate">[n]</param>
    /// <param name="up">[n]</param>
    /// <param name="dy">[n]</param>
    /// <param name="dgate">[n]</param>
    /// <param name="addGate">True to add to what stands in dgate.</param>
    /// <param name="dup">[n]</param>
    /// <param name="addUp">True to add to what stands in dup.</param>
    public static void SwiGluBackward(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, ReadOnlySpan<float> dy,
        Span<float> dgate, bool addGate, Span<float> dup, bool addUp)
    {
        Vector512<float> one = Vector512.Create(1f);
        for (int i = 0; i < dy.Length; i += Lanes.Count)
        {
            Vector512<float> g = Lanes.Load(gate, i), s = Lanes.Sigmoid(g), d = Lanes.Load(dy, i);
            Vector512<float> a = d * Lanes.Load(up, i) * s * Vector512.FusedMultiplyAdd(g, one - s, one);
            Vector512<float> b = d * g * s;
            Lanes.Store(addGate ? Lanes.Load(dgate, i) + a : a, dgate, i);
            Lanes.Store(addUp ? Lanes.Load(dup, i) + b : b, dup, i);
        }
    }

    /// <summary>GELU by its tanh form (Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2): x/2 · (1 + tanh(√(2/π)(x + 0.044715x³))).</summary>
    /// <param name="x">[n]</param>
    /// <param name="y">[n]</param>
    public static void Gelu(ReadOnlySpan<float> x, Span<float> y)
    {
        Vector512<float> one = Vector512.Create(1f), half = Vector512.Create(0.5f);
        for (int i = 0; i < y.Length; i += Lanes.Count)
        {
            Vector512<float> v = Lanes.Load(x, i);
            Lanes.Store(half * v * (one + Lanes.Tanh(Inner(v))), y, i);
        }
    }

    /// <summary>Gradient of <see cref="Gelu"/>.</summary>
    /// <param name="x">[n]</param>
    /// <param name="dy">[n]</param>
    /// <param name="dx">[n]</param>
    /// <param name="add">True to add to what stands in dx.</param>
    public static void GeluBackward(ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx, bool add)
    {
        Vector512<float> one = Vector512.Create(1f), half = Vector512.Create(0.5f);
        for (int i = 0; i < dy.Length; i += Lanes.Count)
        {
            Vector512<float> v = Lanes.Load(x, i), t = Lanes.Tanh(Inner(v));
            Vector512<float> slope = Vector512.FusedMultiplyAdd(v * v, Vector512.Create(3 * GeluInner * GeluCubic), Vector512.Create(GeluInner));
            Vector512<float> derivative = half * Vector512.FusedMultiplyAdd(v * (one - (t * t)), slope, one + t);
            Vector512<float> g = Lanes.Load(dy, i) * derivative;
            Lanes.Store(add ? Lanes.Load(dx, i) + g : g, dx, i);
        }
    }

    /// <summary>y = max(x, 0)² (So et al. 2021, arXiv:2109.08668); NaN where x is NaN.</summary>
    /// <param name="x">[n]</param>
    /// <param name="y">[n]</param>
    public static void SquaredRelu(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < y.Length; i += Lanes.Count)
        {
            Vector512<float> v = Lanes.Max(Vector512<float>.Zero, Lanes.Load(x, i));
            Lanes.Store(v * v, y, i);
        }
    }

    /// <summary>Gradient of <see cref="SquaredRelu"/>: dy · 2 · max(x, 0).</summary>
    /// <param name="x">[n]</param>
    /// <param name="dy">[n]</param>
    /// <param name="dx">[n]</param>
    /// <param name="add">True to add to what stands in dx.</param>
    public static void SquaredReluBackward(ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx, bool add)
    {
        for (int i = 0; i < dy.Length; i += Lanes.Count)
        {
            Vector512<float> v = Lanes.Max(Vector512<float>.Zero, Lanes.Load(x, i)), g = Lanes.Load(dy, i) * (v + v);
            Lanes.Store(add ? Lanes.Load(dx, i) + g : g, dx, i);
        }
    }

    /// <summary>y = g · sigmoid(1.702 g) · (u + 1) with g = min(gate, limit) and u = up held within ±limit: the gated unit of gpt-oss.</summary>
    /// <param name="gate">[n]</param>
    /// <param name="up">[n]</param>
    /// <param name="limit">The limit, above 0.</param>
    /// <param name="y">[n]</param>
    public static void LimitedSwiGlu(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, float limit, Span<float> y)
    {
        Vector512<float> most = Vector512.Create(limit), least = Vector512.Create(-limit), slope = Vector512.Create(GateSlope), one = Vector512.Create(1f);
        for (int i = 0; i < y.Length; i += Lanes.Count)
        {
            Vector512<float> g = Lanes.Load(gate, i), u = Lanes.Load(up, i);
            g = Vector512.ConditionalSelect(Vector512.GreaterThan(g, most), most, g);
            u = Vector512.ConditionalSelect(Vector512.GreaterThan(u, most), most, u);
            u = Vector512.ConditionalSelect(Vector512.LessThan(u, least), least, u);
            Lanes.Store(g * Lanes.Sigmoid(g * slope) * (u + one), y, i);
        }
    }

    /// <summary>y = 1 / (1 + e^-x).</summary>
    /// <param name="x">[n]</param>
    /// <param name="y">[n]; may be x.</param>
    public static void Sigmoid(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < y.Length; i += Lanes.Count) Lanes.Store(Lanes.Sigmoid(Lanes.Load(x, i)), y, i);
    }

    private static Vector512<float> Inner(Vector512<float> v) =>
        v * Vector512.FusedMultiplyAdd(v * v, Vector512.Create(GeluInner * GeluCubic), Vector512.Create(GeluInner));
}
