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
        int groups = x.Length / w.Length;
        Tensor y = tape.New(x.Rows, x.Columns);
        Tensor? inverse = tape.Recording ? tape.New(groups) : null;
        tape.Pool.For(groups, 8, x.Length, (x, w, y, inverse, epsilon), static (s, from, to) =>
        {
            int c = s.w.Length;
            for (int i = from; i < to; i++)
            {
                float r = Norms.Rms(Group(s.x.Data, i, c), s.w.Data, s.epsilon, Group(s.y.Data, i, c));
                if (s.inverse is not null) s.inverse.Data[i] = r;
            }
        });
        if (inverse is not null) tape.Record(y, RmsNormBackward(x, w, inverse, y));
        return y;
    }

    private static Action RmsNormBackward(Tensor x, Tensor w, Tensor inverse, Tensor y)
    {
        WorkerPool pool = y.Tape!.Pool;
        int c = w.Length, groups = x.Length / c;
        return () =>
        {
            x.BeginGradient(out bool add);
            pool.For(groups, 8, x.Length, (from, to) =>
            {
                for (int i = from; i < to; i++)
                {
                    Norms.RmsBackward(Group(x.Data, i, c), w.Data, inverse.Data[i], Group(y.Gradient, i, c), Group(x.Gradient, i, c), add);
                }
            });
            if (!w.NeedsGradient) return;
            w.BeginGradient(out bool addW);
            if (!addW) w.Gradient.Clear();
            pool.For(c, Lanes.Count, x.Length, (from, to) => Norms.RmsWeightBackward(x.Data, inverse.Data, y.Gradient, w.Gradient, from, to));
        };
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
        Tensor y = tape.New(x.Rows, x.Columns), mean = tape.New(x.Rows, 1), inverse = tape.New(x.Rows, 1);
        tape.Pool.For(x.Rows, 1, x.Length, (x, w, b, y, mean, inverse, epsilon), static (s, from, to) =>
        {
            int c = s.x.Columns;
            for (int i = from; i < to; i++)
            {
                (s.mean.Data[i], s.inverse.Data[i]) = Norms.Layer(Group(s.x.Data, i, c), s.w.Data, s.b.Data, s.epsilon, Group(s.y.Data, i, c));
            }
        });
        if (tape.Recording) tape.Record(y, LayerNormBackward(x, w, b, mean, inverse, y));
        return y;
    }

    private static Action LayerNormBackward(Tensor x, Tensor w, Tensor b, Tensor mean, Tensor inverse, Tensor y)
    {
        WorkerPool pool = y.Tape!.Pool;
        int c = x.Columns;
        return () =>
        {
            x.BeginGradient(out bool add);
            pool.For(x.Rows, 1, x.Length, (from, to) =>
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
            pool.For(c, Lanes.Count, x.Length, (from, to) =>
                Norms.LayerWeightBackward(x.Data, mean.Data, inverse.Data, y.Gradient, w.Gradient, b.Gradient, from, to));
        };
    }

    private static Span<float> Group(Span<float> data, int i, int c) => data.Slice(i * c, c);
}
