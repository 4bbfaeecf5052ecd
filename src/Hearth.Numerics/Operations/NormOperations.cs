using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Operations;

/// <summary>Normalisations of rows.</summary>
public static class NormOperations
{
    /// <summary>
    /// y = x / rms(x) · w with rms(x) = √(mean(x²) + ε), over groups of as many numbers as w has: a whole row, or each head of it.
    /// </summary>
    /// <param name="x">[N, C]</param>
    /// <param name="w">[G], G dividing C.</param>
    /// <param name="epsilon">Added to the mean square; dimensionless.</param>
    /// <returns>[N, C]</returns>
    /// <exception cref="ShapeException">G does not divide C.</exception>
    public static Tensor RmsNorm(this Tensor x, Tensor w, float epsilon)
    {
        ShapeException.Require(w.Length > 0 && x.Columns % w.Length == 0, w, $"[{x.Columns}] or a divisor of it");
        Tape tape = x.Tape!;
        int c = w.Length, groups = x.Length / c;
        Tensor y = tape.New(x.Rows, x.Columns), inverse = tape.New(groups);
        tape.Pool.For(groups, 8, x.Length, (from, to) =>
        {
            for (int i = from; i < to; i++) inverse.Data[i] = Norms.Rms(Group(x.Data, i, c), w.Data, epsilon, Group(y.Data, i, c));
        });
        tape.Record(y, () =>
        {
            x.BeginGradient(out bool add);
            tape.Pool.For(groups, 8, x.Length, (from, to) =>
            {
                for (int i = from; i < to; i++)
                {
                    Norms.RmsBackward(Group(x.Data, i, c), w.Data, inverse.Data[i], Group(y.Gradient, i, c), Group(x.Gradient, i, c), add);
                }
            });
            if (!w.NeedsGradient) return;
            w.BeginGradient(out bool addW);
            if (!addW) w.Gradient.Clear();
            tape.Pool.For(c, Lanes.Count, x.Length, (from, to) => Norms.RmsWeightBackward(x.Data, inverse.Data, y.Gradient, w.Gradient, from, to));
        });
        return y;
    }

    /// <summary>y = (x - mean(x)) / √(var(x) + ε) · w + b.</summary>
    /// <param name="x">[N, C]</param>
    /// <param name="w">[C]</param>
    /// <param name="b">[C]</param>
    /// <param name="epsilon">Added to the variance; dimensionless.</param>
    /// <returns>[N, C]</returns>
    /// <exception cref="ShapeException">w or b is not [C].</exception>
    public static Tensor LayerNorm(this Tensor x, Tensor w, Tensor b, float epsilon)
    {
        ShapeException.Require(w, 1, x.Columns);
        ShapeException.Require(b, 1, x.Columns);
        Tape tape = x.Tape!;
        int c = x.Columns;
        Tensor y = tape.New(x.Rows, c), mean = tape.New(x.Rows), inverse = tape.New(x.Rows);
        tape.Pool.For(x.Rows, 1, x.Length, (from, to) =>
        {
            for (int i = from; i < to; i++)
            {
                (mean.Data[i], inverse.Data[i]) = Norms.Layer(Group(x.Data, i, c), w.Data, b.Data, epsilon, Group(y.Data, i, c));
            }
        });
        tape.Record(y, () =>
        {
            x.BeginGradient(out bool add);
            tape.Pool.For(x.Rows, 1, x.Length, (from, to) =>
            {
                for (int i = from; i < to; i++)
                {
                    Norms.LayerBackward(Group(x.Data, i, c), w.Data, mean.Data[i], inverse.Data[i], Group(y.Gradient, i, c), Group(x.Gradient, i, c), add);
                }
            });
            if (!w.NeedsGradient) return;
            w.BeginGradient(out bool addW);
            b.BeginGradient(out bool addB);
            if (!addW) w.Gradient.Clear();
            if (!addB) b.Gradient.Clear();
            tape.Pool.For(c, Lanes.Count, x.Length, (from, to) =>
                Norms.LayerWeightBackward(x.Data, mean.Data, inverse.Data, y.Gradient, w.Gradient, b.Gradient, from, to));
        });
        return y;
    }

    private static Span<float> Group(Span<float> data, int i, int c) => data.Slice(i * c, c);
}
