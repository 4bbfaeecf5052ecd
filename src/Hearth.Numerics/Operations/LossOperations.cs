using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Operations;

/// <summary>The output layer and its loss, together.</summary>
public static unsafe class LossOperations
{
    /// <summary>A target that is left out of the loss.</summary>
    public const int Ignored = -1;

    private const int LogitsAtOnce = 1 << 22;

    /// <summary>
    /// Σ -ln softmax(x·Wᵀ)[target] in nats over the rows that have a target. Logits are made some rows at a time and never stand whole in memory;
    /// while they stand, a recording tape takes their gradients at once.
    /// </summary>
    /// <param name="x">[N, C]</param>
    /// <param name="w">[V, C]</param>
    /// <param name="targets">[N], each a token or <see cref="Ignored"/>.</param>
    /// <param name="scale">Factor of the gradients: 1 over the step's targets gives the gradient of the mean.</param>
    /// <param name="rowLosses">Receives the loss of each row, 0 where ignored; may be empty.</param>
    /// <returns>The sum of the losses, not scaled.</returns>
    /// <exception cref="ShapeException">Shapes do not fit or a target is not a token.</exception>
    public static double CrossEntropy(this Tensor x, Tensor w, int[] targets, float scale, float[]? rowLosses = null)
    {
        ShapeException.Require(w.Columns == x.Columns, w, $"[vocabulary, {x.Columns}]");
        ShapeException.Require(x, targets.Length, w.Columns);
        int[] rows = Rows(targets, w.Rows);
        Tape tape = x.Tape!;
        int c = x.Columns, vocabulary = w.Rows;
        bool gradient = tape.Recording && rows.Length > 0;
        float* dx = null;
        if (gradient)
        {
            dx = x.TakeGradient(out bool add);
            if (!add) x.Gradient.Clear();
        }
        var losses = new float[rows.Length];
        int atOnce = Math.Min(Math.Max(LogitsAtOnce / vocabulary, 16), Math.Max(rows.Length, 1));
        Tensor logits = tape.New(atOnce, vocabulary), some = tape.New(atOnce, c), dsome = tape.New(atOnce, c);
        FloatBuffer packed = tape.Rent(MatrixProduct.PackedLength(atOnce, c));
        for (int first = 0; first < rows.Length; first += atOnce)
        {
            int start = first, count = Math.Min(atOnce, rows.Length - first);
            for (int i = 0; i < count; i++) x.Data.Slice(rows[start + i] * c, c).CopyTo(some.Data.Slice(i * c, c));
            var someView = MatrixView.RowMajor(some.Pointer, c);
            if (w.Weights is { } stored) LinearOperations.Multiply(tape, some.Pointer, count, stored, logits.Pointer);
            else MatrixProduct.Multiply(tape.Pool, count, vocabulary, c, someView, w.Packed(tape.Pool, transposed: true), logits.Pointer, vocabulary, add: false);
            tape.Pool.For(count, 1, (long)count * vocabulary * 4, (from, to) =>
            {
                for (int i = from; i < to; i++)
                {
                    losses[start + i] = Softmax.CrossEntropy(logits.Data.Slice(i * vocabulary, vocabulary), targets[rows[start + i]], scale);
                }
            });
            if (!gradient) continue;
            var dlogits = MatrixView.RowMajor(logits.Pointer, vocabulary);
            MatrixProduct.Multiply(tape.Pool, count, c, vocabulary, dlogits, w.Packed(tape.Pool, transposed: false), dsome.Pointer, c, add: false);
            for (int i = 0; i < count; i++)
            {
                Span<float> row = x.Gradient.Slice(rows[start + i] * c, c);
                Elementwise.Add(row, dsome.Data.Slice(i * c, c), row);
            }
            if (!w.NeedsGradient) continue;
            MatrixProduct.Pack(tape.Pool, someView, count, c, packed.Pointer);
            float* dw = w.TakeGradient(out bool addW);
            MatrixProduct.Multiply(tape.Pool, vocabulary, c, count, dlogits.Transposed, packed.Pointer, dw, c, addW);
        }
        tape.Return(ref packed!);
        return Sum(losses, rows, rowLosses);
    }

    private static int[] Rows(int[] targets, int vocabulary)
    {
        var rows = new List<int>(targets.Length);
        for (int i = 0; i < targets.Length; i++)
        {
            if (targets[i] == Ignored) continue;
            if ((uint)targets[i] >= (uint)vocabulary)
            {
                throw new ShapeException(nameof(CrossEntropy), "a target", $"value {targets[i]}", $"0 to {vocabulary - 1}");
            }
            rows.Add(i);
        }
        return [.. rows];
    }

    private static double Sum(float[] losses, int[] rows, float[]? rowLosses)
    {
        double sum = 0;
        for (int i = 0; i < losses.Length; i++)
        {
            sum += losses[i];
            if (rowLosses is not null) rowLosses[rows[i]] = losses[i];
        }
        return sum;
    }
}
