using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// RMSNorm (Zhang and Sennrich 2019, arXiv:1910.07467, eq. 4) and LayerNorm (Ba, Kiros and Hinton 2016, arXiv:1607.06450, eq. 3), a row at a time.
/// Sums over a row have sixteen lanes, lane l taking elements l, l + 16, ... ascending, then the fixed tree.
/// </summary>
public static class Norms
{
    /// <summary>y = x / rms(x) · w with rms(x) = √(mean(x²) + ε).</summary>
    /// <param name="x">[C]</param>
    /// <param name="w">[C]</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="y">[C]</param>
    /// <returns>1 / rms(x), which the backward pass needs.</returns>
    public static float Rms(ReadOnlySpan<float> x, ReadOnlySpan<float> w, float epsilon, Span<float> y)
    {
        float inverse = 1f / MathF.Sqrt((Lanes.Dot(x, x) / x.Length) + epsilon);
        Vector512<float> factor = Vector512.Create(inverse);
        for (int i = 0; i < x.Length; i += Lanes.Count) Lanes.Store(Lanes.Load(x, i) * factor * Lanes.Load(w, i), y, i);
        return inverse;
    }

    /// <summary>dx = (dy·w - x · mean(dy·w·x) / rms²) / rms, stored or added.</summary>
    /// <param name="x">[C]</param>
    /// <param name="w">[C]</param>
    /// <param name="inverse">1 / rms(x).</param>
    /// <param name="dy">[C]</param>
    /// <param name="dx">[C]</param>
    /// <param name="add">True to add to what stands in dx.</param>
    public static void RmsBackward(ReadOnlySpan<float> x, ReadOnlySpan<float> w, float inverse, ReadOnlySpan<float> dy, Span<float> dx, bool add)
    {
        Vector512<float> sum = Vector512<float>.Zero;
        for (int i = 0; i < x.Length; i += Lanes.Count)
        {
            sum = Vector512.FusedMultiplyAdd(Lanes.Load(dy, i) * Lanes.Load(w, i), Lanes.Load(x, i), sum);
        }
        Vector512<float> factor = Vector512.Create(inverse);
        Vector512<float> back = Vector512.Create(-(Lanes.Sum(sum) / x.Length) * inverse * inverse);
        for (int i = 0; i < x.Length; i += Lanes.Count)
        {
            Vector512<float> g = Vector512.FusedMultiplyAdd(Lanes.Load(x, i), back, Lanes.Load(dy, i) * Lanes.Load(w, i)) * factor;
            Lanes.Store(add ? Lanes.Load(dx, i) + g : g, dx, i);
        }
    }

    /// <summary>dw[c] goes on with Σ dy[t][c] · x[t][c] / rms[t], ascending over rows, for the columns [from, to).</summary>
    /// <param name="x">[T, C]</param>
    /// <param name="inverse">1 / rms of each row, [T].</param>
    /// <param name="dy">[T, C]</param>
    /// <param name="dw">[C]</param>
    /// <param name="from">First column, a multiple of 16.</param>
    /// <param name="to">Beyond the last column.</param>
    public static void RmsWeightBackward(ReadOnlySpan<float> x, ReadOnlySpan<float> inverse, ReadOnlySpan<float> dy, Span<float> dw, int from, int to)
    {
        int c = dw.Length;
        Span<float> into = dw[..to];
        for (int t = 0; t < inverse.Length; t++)
        {
            ReadOnlySpan<float> xt = x.Slice(t * c, c), dyt = dy.Slice(t * c, c);
            Vector512<float> factor = Vector512.Create(inverse[t]);
            for (int i = from; i < to; i += Lanes.Count)
            {
                Lanes.Store(Vector512.FusedMultiplyAdd(Lanes.Load(dyt, i), Lanes.Load(xt, i) * factor, Lanes.Load(into, i)), into, i);
            }
        }
    }

    /// <summary>y = (x - mean(x)) / √(var(x) + ε) · w + b.</summary>
    /// <param name="x">[C]</param>
    /// <param name="w">[C]</param>
    /// <param name="b">[C]</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="y">[C]</param>
    /// <returns>The mean and 1 / √(var + ε), which the backward pass needs.</returns>
    public static (float Mean, float Inverse) Layer(ReadOnlySpan<float> x, ReadOnlySpan<float> w, ReadOnlySpan<float> b, float epsilon, Span<float> y)
    {
        Vector512<float> sum = Vector512<float>.Zero, squares = sum;
        for (int i = 0; i < x.Length; i += Lanes.Count) sum += Lanes.Load(x, i);
        float mean = Lanes.Sum(sum) / x.Length;
        Vector512<float> center = Vector512.Create(mean);
        for (int i = 0; i < x.Length; i += Lanes.Count)
        {
            Vector512<float> d = Lanes.Load(x, i, mean) - center;
            squares = Vector512.FusedMultiplyAdd(d, d, squares);
        }
        float inverse = 1f / MathF.Sqrt((Lanes.Sum(squares) / x.Length) + epsilon);
        Vector512<float> factor = Vector512.Create(inverse);
        for (int i = 0; i < x.Length; i += Lanes.Count)
        {
            Lanes.Store(Vector512.FusedMultiplyAdd((Lanes.Load(x, i) - center) * factor, Lanes.Load(w, i), Lanes.Load(b, i)), y, i);
        }
        return (mean, inverse);
    }

    /// <summary>dx = (g - mean(g) - x̂ · mean(g · x̂)) / σ with g = dy·w and x̂ = (x - mean) / σ, stored or added.</summary>
    /// <param name="x">[C]</param>
    /// <param name="w">[C]</param>
    /// <param name="mean">Mean of x.</param>
    /// <param name="inverse">1 / σ.</param>
    /// <param name="dy">[C]</param>
    /// <param name="dx">[C]</param>
    /// <param name="add">True to add to what stands in dx.</param>
    public static void LayerBackward(ReadOnlySpan<float> x, ReadOnlySpan<float> w, float mean, float inverse, ReadOnlySpan<float> dy, Span<float> dx, bool add)
    {
        Vector512<float> center = Vector512.Create(mean), factor = Vector512.Create(inverse), sum = Vector512<float>.Zero, product = sum;
        for (int i = 0; i < x.Length; i += Lanes.Count)
        {
            Vector512<float> g = Lanes.Load(dy, i) * Lanes.Load(w, i);
            sum += g;
            product = Vector512.FusedMultiplyAdd(g, (Lanes.Load(x, i) - center) * factor, product);
        }
        Vector512<float> meanG = Vector512.Create(Lanes.Sum(sum) / x.Length), back = Vector512.Create(-(Lanes.Sum(product) / x.Length));
        for (int i = 0; i < x.Length; i += Lanes.Count)
        {
            Vector512<float> g = (Lanes.Load(dy, i) * Lanes.Load(w, i)) - meanG;
            g = Vector512.FusedMultiplyAdd((Lanes.Load(x, i) - center) * factor, back, g) * factor;
            Lanes.Store(add ? Lanes.Load(dx, i) + g : g, dx, i);
        }
    }

    /// <summary>dw[c] goes on with Σ dy · x̂ and db[c] with Σ dy, ascending over rows, for the columns [from, to).</summary>
    /// <param name="x">[T, C]</param>
    /// <param name="mean">Mean of each row, [T].</param>
    /// <param name="inverse">1 / σ of each row, [T].</param>
    /// <param name="dy">[T, C]</param>
    /// <param name="dw">[C]</param>
    /// <param name="db">[C]</param>
    /// <param name="from">First column, a multiple of 16.</param>
    /// <param name="to">Beyond the last column.</param>
    public static void LayerWeightBackward(ReadOnlySpan<float> x, ReadOnlySpan<float> mean, ReadOnlySpan<float> inverse, ReadOnlySpan<float> dy,
        Span<float> dw, Span<float> db, int from, int to)
    {
        int c = dw.Length;
        Span<float> weights = dw[..to], biases = db[..to];
        for (int t = 0; t < mean.Length; t++)
        {
            ReadOnlySpan<float> xt = x.Slice(t * c, c), dyt = dy.Slice(t * c, c);
            Vector512<float> center = Vector512.Create(mean[t]), factor = Vector512.Create(inverse[t]);
            for (int i = from; i < to; i += Lanes.Count)
            {
                Vector512<float> g = Lanes.Load(dyt, i), unit = (Lanes.Load(xt, i) - center) * factor;
                Lanes.Store(Vector512.FusedMultiplyAdd(g, unit, Lanes.Load(weights, i)), weights, i);
                Lanes.Store(Lanes.Load(biases, i) + g, biases, i);
            }
        }
    }
}
