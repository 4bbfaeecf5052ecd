using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Operations;

/// <summary>Products with a weight matrix.</summary>
public static unsafe class LinearOperations
{
    /// <summary>y = x·Wᵀ.</summary>
    /// <param name="x">[N, C]</param>
    /// <param name="w">[O, C], as Llama-style checkpoints store a linear layer.</param>
    /// <returns>[N, O]</returns>
    /// <exception cref="ShapeException">w has other columns than x.</exception>
    public static Tensor Linear(this Tensor x, Tensor w)
    {
        ShapeException.Require(w.Columns == x.Columns, w, $"[outputs, {x.Columns}]");
        return w.Weights is { } stored ? x.Linear(stored) : Product(x, w, transposed: true);
    }

    /// <summary>y = x·Wᵀ for weights as a file stores them. Has no backward pass.</summary>
    /// <param name="x">[N, C]</param>
    /// <param name="w">[O, C], one matrix.</param>
    /// <returns>[N, O]</returns>
    /// <exception cref="ShapeException">w has other columns than x.</exception>
    /// <exception cref="InvalidOperationException">The tape records.</exception>
    public static Tensor Linear(this Tensor x, PackedWeights w)
    {
        if (w.Columns != x.Columns) throw new ShapeException(nameof(Linear), "stored weights", $"[{w.Rows}, {w.Columns}]", $"[outputs, {x.Columns}]");
        Tape tape = x.Tape!;
        if (tape.Recording) throw new InvalidOperationException($"Weights stored as {w.Type} are not trained; use a tape that does not record.");
        Tensor y = tape.New(x.Rows, w.Rows);
        QuantizedProduct.Multiply(tape.Pool, x.Rows, w.TakesSingles ? x.Pointer : x.Quantized(tape.Pool), w, y.Pointer, w.Rows);
        return y;
    }

    /// <summary>y = x·Wᵀ + b, for layers that may have a bias.</summary>
    /// <param name="x">[N, C]</param>
    /// <param name="w">[O, C]</param>
    /// <param name="b">[O]; null for none.</param>
    /// <returns>[N, O]</returns>
    /// <exception cref="ShapeException">Shapes do not fit.</exception>
    public static Tensor Linear(this Tensor x, Tensor w, Tensor? b) => b is null ? x.Linear(w) : x.Linear(w).AddBias(b);

    /// <summary>y = x·W + b.</summary>
    /// <param name="x">[N, C]</param>
    /// <param name="w">[C, O], as GPT-2's checkpoints store a linear layer; [O, C] for stored weights.</param>
    /// <param name="b">[O]</param>
    /// <returns>[N, O]</returns>
    /// <exception cref="ShapeException">Shapes do not fit.</exception>
    public static Tensor Affine(this Tensor x, Tensor w, Tensor b)
    {
        if (w.Weights is not null) return x.Linear(w).AddBias(b);
        ShapeException.Require(w.Rows == x.Columns, w, $"[{x.Columns}, outputs]");
        ShapeException.Require(b.Length == w.Columns, b, $"[{w.Columns}]");
        return Product(x, w, transposed: false).AddBias(b);
    }

    /// <summary>y[n] = x[n] + b.</summary>
    /// <param name="x">[N, C]</param>
    /// <param name="b">[C]</param>
    /// <returns>[N, C]</returns>
    /// <exception cref="ShapeException">b is not [C].</exception>
    public static Tensor AddBias(this Tensor x, Tensor b)
    {
        ShapeException.Require(b.Length == x.Columns, b, $"[{x.Columns}]");
        Tape tape = x.Tape!;
        Tensor y = tape.New(x.Rows, x.Columns);
        tape.Pool.For(x.Rows, 1, x.Length, (x, b, y), static (s, from, to) =>
        {
            int c = s.x.Columns;
            Span<float> rows = s.y.Data[(from * c)..(to * c)];
            s.x.Data[(from * c)..(to * c)].CopyTo(rows);
            Elementwise.AddRow(s.b.Data, rows);
        });
        if (tape.Recording) tape.Record(y, AddBiasBackward(x, b, y));
        return y;
    }

    private static Action AddBiasBackward(Tensor x, Tensor b, Tensor y) => () =>
    {
        x.PassGradient(y);
        if (!b.NeedsGradient) return;
        b.TakeGradient(out bool add);
        if (!add) b.Gradient.Clear();
        y.Tape!.Pool.For(b.Length, Lanes.Count, y.Length, (from, to) => Elementwise.AddColumns(y.Gradient, b.Gradient, from, to));
    };

    /// <summary>y = x·Wᵀ for rows that are used once.</summary>
    internal static void Multiply(Tape tape, float* x, int rows, PackedWeights w, float* y)
    {
        if (w.TakesSingles)
        {
            QuantizedProduct.Multiply(tape.Pool, rows, x, w, y, w.Rows);
            return;
        }
        FloatBuffer records = tape.Rent(QuantizedActivations.Length(rows, w.Columns));
        QuantizedActivations.Quantize(tape.Pool, x, rows, w.Columns, records.Pointer);
        QuantizedProduct.Multiply(tape.Pool, rows, records.Pointer, w, y, w.Rows);
        tape.Return(ref records!);
    }

    private static Tensor Product(Tensor x, Tensor w, bool transposed)
    {
        Tape tape = x.Tape!;
        int rows = x.Rows, inputs = x.Columns, outputs = transposed ? w.Rows : w.Columns;
        Tensor y = tape.New(rows, outputs);
        MatrixProduct.Multiply(tape.Pool, rows, outputs, inputs, MatrixView.RowMajor(x.Pointer, inputs), w.Packed(tape.Pool, transposed),
            y.Pointer, outputs, add: false);
        if (tape.Recording) tape.Record(y, ProductBackward(x, w, y, transposed));
        return y;
    }

    private static Action ProductBackward(Tensor x, Tensor w, Tensor y, bool transposed)
    {
        Tape tape = y.Tape!;
        int rows = x.Rows, inputs = x.Columns, outputs = y.Columns;
        return () =>
        {
            var dy = MatrixView.RowMajor(y.GradientPointer, outputs);
            float* dx = x.TakeGradient(out bool addX);
            MatrixProduct.Multiply(tape.Pool, rows, inputs, outputs, dy, w.Packed(tape.Pool, !transposed), dx, inputs, addX);
            if (!w.NeedsGradient) return;
            float* dw = w.TakeGradient(out bool addW);
            if (transposed)
            {
                MatrixProduct.Multiply(tape.Pool, outputs, inputs, rows, dy.Transposed, x.Packed(tape.Pool, transposed: false), dw, inputs, addW);
            }
            else
            {
                FloatBuffer packed = tape.Rent(MatrixProduct.PackedLength(rows, outputs));
                MatrixProduct.Pack(tape.Pool, dy, rows, outputs, packed.Pointer);
                MatrixProduct.Multiply(tape.Pool, inputs, outputs, rows, MatrixView.RowMajor(x.Pointer, inputs).Transposed,
                    packed.Pointer, dw, outputs, addW);
                tape.Return(ref packed!);
            }
        };
    }
}
