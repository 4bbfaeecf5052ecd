using Hearth.Benchmarks.Harness;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Benchmarks.Model;

/// <summary>What a training step does row by row and element by element, and its loss.</summary>
internal static class ElementParts
{
    private const string Kind = "norms and elementwise";

    public static IEnumerable<Part> Of(ModelShape s, WorkerPool pool)
    {
        int rows = ModelShape.Tokens, c = s.Hidden, f = s.FeedForward, l = s.Layers, norms = (2 * l) + 1;
        yield return Rows($"RMSNorm [{rows}, {c}]", norms, pool, rows, c, 2, (x, _, w, y, _) => Norms.Rms(x, w, 1e-5f, y));
        yield return Rows($"RMSNorm backward [{rows}, {c}]", norms, pool, rows, c, 4, (x, dy, w, dx, _) => Norms.RmsBackward(x, w, 1f, dy, dx, add: true));
        yield return NormWeights(norms, pool, rows, c);
        yield return Pieces($"SwiGLU [{rows}, {f}]", l, pool, rows * f, 3, (a, b, _, y, _) => Activations.SwiGlu(a, b, y));
        yield return Pieces($"SwiGLU backward [{rows}, {f}]", l, pool, rows * f, 5,
            (a, b, dy, da, db) => Activations.SwiGluBackward(a, b, dy, da, false, db, false));
        yield return Rotate("RoPE", inverse: false, s, pool);
        yield return Rotate("RoPE backward", inverse: true, s, pool);
        yield return Pieces($"add [{rows}, {c}]", 2 * l, pool, rows * c, 3, (a, b, _, y, _) => Elementwise.Add(a, b, y));
        yield return Pieces($"copy a gradient [{rows}, {c}]", 4 * l, pool, rows * c, 2, (a, _, _, y, _) => a.CopyTo(y));
        yield return Embed(s, pool);
        yield return EmbedBackward(s, pool);
        yield return Loss(pool);
    }

    private delegate void RowWork(ReadOnlySpan<float> x, ReadOnlySpan<float> dy, ReadOnlySpan<float> w, Span<float> y, Span<float> dx);

    private delegate void PieceWork(ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> c, Span<float> y, Span<float> z);

    private static Part Rows(string name, int calls, WorkerPool pool, int rows, int c, int streams, RowWork work) =>
        new(Kind, name, calls, 0, (double)streams * sizeof(float) * rows * c, () =>
        {
            Ring x = new(rows * c, 1), dy = new(rows * c, 2), y = new(rows * c), w = new(c, 3);
            return i => pool.For(rows, 8, (long)rows * c, (from, to) =>
            {
                Span<float> xi = x[i].Span, dyi = dy[i].Span, wi = w[0].Span, yi = y[i].Span;
                for (int r = from; r < to; r++)
                {
                    Span<float> into = yi.Slice(r * c, c);
                    work(xi.Slice(r * c, c), dyi.Slice(r * c, c), wi, into, into);
                }
            });
        });

    private static Part Pieces(string name, int calls, WorkerPool pool, int length, int streams, PieceWork work) =>
        new(Kind, name, calls, 0, (double)streams * sizeof(float) * length, () =>
        {
            Ring a = new(length, 1), b = new(length, 2), c = new(length, 3), y = new(length), z = new(length);
            return i => pool.For(length, 1024, length, (from, to) =>
                work(a[i].Span[from..to], b[i].Span[from..to], c[i].Span[from..to], y[i].Span[from..to], z[i].Span[from..to]));
        });

    private static Part NormWeights(int calls, WorkerPool pool, int rows, int c) =>
        new(Kind, $"RMSNorm weights' gradient [{rows}, {c}]", calls, 0, 2.0 * sizeof(float) * rows * c, () =>
        {
            Ring x = new(rows * c, 1), dy = new(rows * c, 2), inverse = new(rows, 3), dw = new(c);
            return i => pool.For(c, Lanes.Count, (long)rows * c, (from, to) =>
                Norms.RmsWeightBackward(x[i].Span, inverse[0].Span, dy[i].Span, dw[0].Span, from, to));
        });

    private static Part Rotate(string name, bool inverse, ModelShape s, WorkerPool pool)
    {
        int rows = ModelShape.Tokens, c = s.Hidden;
        return new Part(Kind, $"{name} [{rows}, {c}]", 2 * s.Layers, 0, 2.0 * sizeof(float) * rows * c, () =>
        {
            var table = new RopeTable(ModelShape.Length, s.HeadSize, 10000);
            Ring x = new(rows * c, 1), y = new(rows * c);
            return i => pool.For(rows, 1, (long)rows * c, (from, to) =>
            {
                Span<float> xi = x[i].Span, yi = y[i].Span;
                for (int r = from; r < to; r++)
                {
                    int position = r % ModelShape.Length;
                    Rotary.Turn(xi.Slice(r * c, c), table.Cos(position), table.Sin(position), s.HeadSize, 0, inverse, yi.Slice(r * c, c), add: false);
                }
            });
        });
    }

    private static Part Embed(ModelShape s, WorkerPool pool)
    {
        int rows = ModelShape.Tokens, c = s.Hidden;
        return new Part(Kind, $"embedding [{rows}, {c}]", 1, 0, 2.0 * sizeof(float) * rows * c, () =>
        {
            Ring table = new(ModelShape.Vocabulary * c), y = new(rows * c);
            int[] ids = Ids(rows);
            return i => pool.For(rows, 1, (long)rows * c, (from, to) =>
            {
                Span<float> rowsOfTable = table[i].Span, yi = y[i].Span;
                for (int r = from; r < to; r++) rowsOfTable.Slice(ids[r] * c, c).CopyTo(yi.Slice(r * c, c));
            });
        });
    }

    private static Part EmbedBackward(ModelShape s, WorkerPool pool)
    {
        int rows = ModelShape.Tokens, c = s.Hidden;
        return new Part(Kind, $"embedding backward [{rows}, {c}]", 1, 0, 3.0 * sizeof(float) * rows * c, () =>
        {
            Ring table = new(ModelShape.Vocabulary * c), dy = new(rows * c);
            int[] ids = Ids(rows);
            return i => pool.For(c, Lanes.Count, (long)rows * c, (from, to) => Embedding.Backward(ids, dy[i].Span, table[i].Span, c, from, to));
        });
    }

    private static Part Loss(WorkerPool pool)
    {
        const int V = ModelShape.Vocabulary, AtOnce = (1 << 22) / V;
        return new Part("loss", $"softmax, loss, gradient [{AtOnce}, {V}]", ModelShape.Tokens / AtOnce, 0, 4.0 * sizeof(float) * AtOnce * V, () =>
        {
            var logits = new Ring(AtOnce * V);
            return i => pool.For(AtOnce, 1, AtOnce * V, (from, to) =>
            {
                for (int r = from; r < to; r++) Softmax.CrossEntropy(logits[i].Span.Slice(r * V, V), r, 1e-3f);
            });
        });
    }

    private static int[] Ids(int rows) => [.. Enumerable.Range(0, rows).Select(r => (int)(((uint)r * 2654435761) >> 20))];
}
