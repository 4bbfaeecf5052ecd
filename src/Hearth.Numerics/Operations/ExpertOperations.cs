using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Operations;

/// <summary>Work that only some rows need, or that every head does with weights of its own. None of it can be trained through.</summary>
public static class ExpertOperations
{
    /// <summary>
    /// A mixture of experts: y[n] = Σ weight · expert(x[n]) over the experts chosen for row n, one fused multiply-add each, ascending by their number,
    /// whatever other rows there are.
    /// </summary>
    /// <param name="x">[N, C]</param>
    /// <param name="routes">The rows of each expert, with their weights.</param>
    /// <param name="expert">What an expert makes of its rows: [n, C] to [n, O].</param>
    /// <param name="outputs">O.</param>
    /// <returns>[N, O]</returns>
    public static Tensor MixExperts(this Tensor x, ExpertRoutes routes, Func<int, Tensor, Tensor> expert, int outputs)
    {
        Tape tape = x.Tape!;
        Tensor y = tape.New(x.Rows, outputs);
        y.Data.Clear();
        for (int e = 0; e < routes.Experts; e++)
        {
            ReadOnlySpan<int> rows = routes.Rows(e);
            if (rows.Length == 0) continue;
            Tensor h = expert(e, TakeRows(x, rows));
            ReadOnlySpan<float> weights = routes.Weights(e);
            ShapeException.Require(h, rows.Length, outputs);
            for (int i = 0; i < rows.Length; i++)
            {
                Elementwise.AddScaled(h.Data.Slice(i * outputs, outputs), weights[i], y.Data.Slice(rows[i] * outputs, outputs));
            }
        }
        if (tape.Recording) tape.Record(y, NotTrained(nameof(MixExperts)));
        return y;
    }

    /// <summary>Each head's part of a row times the transpose of the head's own matrix.</summary>
    /// <param name="x">[N, heads · D]</param>
    /// <param name="headSize">D.</param>
    /// <param name="first">The first number of a head that is used.</param>
    /// <param name="weights">A matrix [O, C] for each head.</param>
    /// <returns>[N, heads · O]</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public static Tensor LinearByHead(this Tensor x, int headSize, int first, Tensor[] weights)
    {
        ShapeException.Require(x.Columns == headSize * weights.Length, x, $"[{x.Rows}, {weights.Length} · {headSize}]");
        int outputs = weights[0].Rows, inputs = weights[0].Columns;
        Tensor y = x.Tape!.New(x.Rows, outputs * weights.Length);
        for (int head = 0; head < weights.Length; head++)
        {
            Tensor part = x.TakeColumns((head * headSize) + first, inputs).Linear(weights[head]);
            PutColumns(part, y, head * outputs);
        }
        if (x.Tape.Recording) x.Tape.Record(y, NotTrained(nameof(LinearByHead)));
        return y;
    }

    /// <summary>Heads put together of two parts each: head h is a's part h, then b's.</summary>
    /// <param name="a">[N, heads · A]</param>
    /// <param name="b">[N, heads · D]</param>
    /// <param name="heads">Heads.</param>
    /// <param name="first">The first number of b's heads that is taken.</param>
    /// <returns>[N, heads · (A + D - first)]</returns>
    public static Tensor JoinHeads(this Tensor a, Tensor b, int heads, int first = 0)
    {
        int sizeA = a.Columns / heads, stepB = b.Columns / heads, sizeB = stepB - first, size = sizeA + sizeB;
        Tensor y = a.Tape!.New(a.Rows, heads * size);
        for (int r = 0; r < a.Rows; r++)
        {
            ReadOnlySpan<float> rowA = a.Data.Slice(r * a.Columns, a.Columns), rowB = b.Data.Slice(r * b.Columns, b.Columns);
            Span<float> row = y.Data.Slice(r * y.Columns, y.Columns);
            for (int h = 0; h < heads; h++)
            {
                rowA.Slice(h * sizeA, sizeA).CopyTo(row[(h * size)..]);
                rowB.Slice((h * stepB) + first, sizeB).CopyTo(row[((h * size) + sizeA)..]);
            }
        }
        if (a.Tape.Recording) a.Tape.Record(y, NotTrained(nameof(JoinHeads)));
        return y;
    }

    private static Tensor TakeRows(Tensor x, ReadOnlySpan<int> rows)
    {
        int c = x.Columns;
        Tensor y = x.Tape!.New(rows.Length, c);
        for (int i = 0; i < rows.Length; i++) x.Data.Slice(rows[i] * c, c).CopyTo(y.Data[(i * c)..]);
        return y;
    }

    private static void PutColumns(Tensor from, Tensor into, int first)
    {
        for (int r = 0; r < from.Rows; r++) from.Data.Slice(r * from.Columns, from.Columns).CopyTo(into.Data[((r * into.Columns) + first)..]);
    }

    private static Action NotTrained(string operation) => () => throw new NotSupportedException($"{operation} can not be trained.");
}
