using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Operations;

/// <summary>Sums and activation functions.</summary>
public static class ElementOperations
{
    /// <summary>y = a + b.</summary>
    /// <param name="a">[N, C]</param>
    /// <param name="b">[N, C]</param>
    /// <returns>[N, C]</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Tensor Add(this Tensor a, Tensor b)
    {
        ShapeException.Require(b, a.Rows, a.Columns);
        Tensor y = a.Tape!.New(a.Rows, a.Columns);
        Pieces(y, (a, b, y), static (s, from, to) => Elementwise.Add(s.a.Data[from..to], s.b.Data[from..to], s.y.Data[from..to]));
        if (a.Tape.Recording) a.Tape.Record(y, AddBackward(a, b, y));
        return y;
    }

    private static Action AddBackward(Tensor a, Tensor b, Tensor y) => () =>
    {
        b.PassGradient(y);
        a.PassGradient(y);
    };

    /// <summary>y = gate · sigmoid(gate) · up.</summary>
    /// <param name="gate">[N, F]; where nothing is recorded, y takes its place.</param>
    /// <param name="up">[N, F]</param>
    /// <returns>[N, F]</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Tensor SwiGlu(this Tensor gate, Tensor up)
    {
        ShapeException.Require(up, gate.Rows, gate.Columns);
        Tensor y = gate.Tape!.Recording ? gate.Tape.New(gate.Rows, gate.Columns) : gate;
        Pieces(y, (gate, up, y), static (s, from, to) => Activations.SwiGlu(s.gate.Data[from..to], s.up.Data[from..to], s.y.Data[from..to]));
        if (gate.Tape.Recording) gate.Tape.Record(y, SwiGluBackward(gate, up, y));
        return y;
    }

    private static Action SwiGluBackward(Tensor gate, Tensor up, Tensor y) => () =>
    {
        gate.BeginGradient(out bool addGate);
        up.BeginGradient(out bool addUp);
        Pieces(y, (from, to) => Activations.SwiGluBackward(gate.Data[from..to], up.Data[from..to], y.Gradient[from..to],
            gate.Gradient[from..to], addGate, up.Gradient[from..to], addUp));
    };

    /// <summary>y = g · sigmoid(1.702 g) · (u + 1) with gate and up held within a limit; can not be trained through.</summary>
    /// <param name="gate">[N, F]</param>
    /// <param name="up">[N, F]</param>
    /// <param name="limit">The limit, above 0.</param>
    /// <returns>[N, F]</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Tensor LimitedSwiGlu(this Tensor gate, Tensor up, float limit)
    {
        ShapeException.Require(up, gate.Rows, gate.Columns);
        Tensor y = gate.Tape!.New(gate.Rows, gate.Columns);
        Pieces(y, (gate, up, y, limit), static (s, from, to) =>
            Activations.LimitedSwiGlu(s.gate.Data[from..to], s.up.Data[from..to], s.limit, s.y.Data[from..to]));
        gate.Tape.Record(y, static () => throw new NotSupportedException($"{nameof(LimitedSwiGlu)} can not be trained."));
        return y;
    }

    /// <summary>y = a · b, element by element.</summary>
    /// <param name="a">[N, C]</param>
    /// <param name="b">[N, C]</param>
    /// <returns>[N, C]</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Tensor Multiply(this Tensor a, Tensor b)
    {
        ShapeException.Require(b, a.Rows, a.Columns);
        Tensor y = a.Tape!.New(a.Rows, a.Columns);
        Pieces(y, (a, b, y), static (s, from, to) => Elementwise.Multiply(s.a.Data[from..to], s.b.Data[from..to], s.y.Data[from..to]));
        if (a.Tape.Recording) a.Tape.Record(y, MultiplyBackward(a, b, y));
        return y;
    }

    private static Action MultiplyBackward(Tensor a, Tensor b, Tensor y)
    {
        return () =>
        {
            AddProduct(y, b, a);
            AddProduct(y, a, b);
        };

        static void AddProduct(Tensor y, Tensor factor, Tensor x)
        {
            x.BeginGradient(out bool add);
            if (!add) x.Gradient.Clear();
            Pieces(y, (from, to) =>
            {
                Span<float> dx = x.Gradient[from..to];
                for (int i = 0; i < dx.Length; i++) dx[i] += y.Gradient[from + i] * factor.Data[from + i];
            });
        }
    }

    /// <summary>y = x · factor.</summary>
    /// <param name="x">[N, C]</param>
    /// <param name="factor">The factor.</param>
    /// <returns>[N, C]</returns>
    public static Tensor Scale(this Tensor x, float factor)
    {
        Tensor y = x.Tape!.New(x.Rows, x.Columns);
        Pieces(y, (x, factor, y), static (s, from, to) => Elementwise.Scale(s.x.Data[from..to], s.factor, s.y.Data[from..to]));
        if (x.Tape.Recording) x.Tape.Record(y, ScaleBackward(x, factor, y));
        return y;
    }

    private static Action ScaleBackward(Tensor x, float factor, Tensor y) => () =>
    {
        x.BeginGradient(out bool add);
        if (!add) x.Gradient.Clear();
        Pieces(y, (from, to) => Elementwise.AddScaled(y.Gradient[from..to], factor, x.Gradient[from..to]));
    };

    /// <summary>GELU in its tanh form.</summary>
    /// <param name="x">[N, F]</param>
    /// <returns>[N, F]</returns>
    public static Tensor Gelu(this Tensor x) => Map(x, Activations.Gelu, Activations.GeluBackward);

    /// <summary>max(x, 0)².</summary>
    /// <param name="x">[N, F]</param>
    /// <returns>[N, F]</returns>
    public static Tensor SquaredRelu(this Tensor x) => Map(x, Activations.SquaredRelu, Activations.SquaredReluBackward);

    /// <summary>Some columns of every row.</summary>
    /// <param name="x">[N, C]</param>
    /// <param name="first">First column.</param>
    /// <param name="count">Columns.</param>
    /// <returns>[N, count]</returns>
    /// <exception cref="ShapeException">There are not so many columns.</exception>
    public static Tensor TakeColumns(this Tensor x, int first, int count)
    {
        ShapeException.Require(first >= 0 && first + count <= x.Columns, x, $"[{x.Rows}, at least {first + count}]");
        Tensor y = x.Tape!.New(x.Rows, count);
        for (int i = 0; i < x.Rows; i++) x.Data.Slice((i * x.Columns) + first, count).CopyTo(y.Data.Slice(i * count, count));
        if (x.Tape.Recording) x.Tape.Record(y, TakeColumnsBackward(x, first, count, y));
        return y;
    }

    private static Action TakeColumnsBackward(Tensor x, int first, int count, Tensor y) => () =>
    {
        x.BeginGradient(out bool add);
        if (!add) x.Gradient.Clear();
        for (int i = 0; i < x.Rows; i++)
        {
            Span<float> into = x.Gradient.Slice((i * x.Columns) + first, count);
            Elementwise.Add(into, y.Gradient.Slice(i * count, count), into);
        }
    };

    private delegate void Forward(ReadOnlySpan<float> x, Span<float> y);

    private delegate void Derivative(ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx, bool add);

    private static Tensor Map(Tensor x, Forward forward, Derivative backward)
    {
        Tensor y = x.Tape!.New(x.Rows, x.Columns);
        Pieces(y, (x, y, forward), static (s, from, to) => s.forward(s.x.Data[from..to], s.y.Data[from..to]));
        if (x.Tape.Recording) x.Tape.Record(y, MapBackward(x, y, backward));
        return y;
    }

    private static Action MapBackward(Tensor x, Tensor y, Derivative backward) => () =>
    {
        x.BeginGradient(out bool add);
        Pieces(y, (from, to) => backward(x.Data[from..to], y.Gradient[from..to], x.Gradient[from..to], add));
    };

    private static void Pieces<T>(Tensor y, T state, Action<T, int, int> work) => y.Tape!.Pool.For(y.Length, 1024, y.Length, state, work);

    private static void Pieces(Tensor y, Action<int, int> work) => y.Tape!.Pool.For(y.Length, 1024, y.Length, work);
}
