using Hearth.Benchmarks.Harness;
using Hearth.Benchmarks.MatrixProducts;
using Hearth.Benchmarks.Model;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Benchmarks.Determinism;

/// <summary>Every kernel of a training step that sums, against the same kernel with a free order of summation.</summary>
internal static unsafe class Comparisons
{
    public static IEnumerable<Comparison> Of(ModelShape s, WorkerPool pool)
    {
        int rows = ModelShape.Tokens, c = s.Hidden, norms = (2 * s.Layers) + 1, l = s.Layers, pieces = rows / 1024;
        int[] calls = [8 * l, 3 * l, 3 * l, 4 * l, 2 * l, l, pieces, pieces, pieces];
        foreach ((ProductShape shape, int count) in ProductShape.OfStep(s).Zip(calls)) yield return Product(shape, count, pool);

        yield return Rows($"RMSNorm [{rows}, {c}]", norms, pool, rows, c,
            (x, _, w, y) => Norms.Rms(x, w, 1e-5f, y), (x, _, w, y) => FreeRows.Rms(x, w, 1e-5f, y));
        yield return Rows($"RMSNorm backward [{rows}, {c}]", norms, pool, rows, c,
            (x, dy, w, dx) => Norms.RmsBackward(x, w, 1f, dy, dx, add: true), (x, dy, w, dx) => FreeRows.RmsBackward(x, w, 1f, dy, dx, add: true));
        yield return NormWeights(norms, pool, rows, c);
        yield return Rows($"softmax of a block of keys [{rows}, 64]", l * s.Heads * ModelShape.Length / 128, pool, rows, 64,
            (x, _, _, y) => Softmax.Forward(x, y), (x, _, _, y) => FreeRows.Softmax(x, y));
        yield return Rows($"o · do of attention's gradient [{rows}, {s.HeadSize}]", l * s.Heads, pool, rows, s.HeadSize,
            (x, dy, _, y) => y[0] = Lanes.Dot(x, dy), (x, dy, _, y) => y[0] = FreeRows.Dot(x, dy));
        yield return Rows($"softmax, loss, gradient [1024, {ModelShape.Vocabulary}]", pieces, pool, 1024, ModelShape.Vocabulary,
            (_, _, _, y) => Softmax.CrossEntropy(y, 7, 1e-3f), (_, _, _, y) => FreeRows.CrossEntropy(y, 7, 1e-3f));
    }

    private delegate void RowWork(ReadOnlySpan<float> x, ReadOnlySpan<float> dy, ReadOnlySpan<float> w, Span<float> y);

    private static Comparison Product(ProductShape s, int calls, WorkerPool pool) => new($"product {s}", calls, () =>
    {
        Ring a = new(s.M * s.K, 1), b = new(s.K * s.N, 2), c = new(s.M * s.N, 3), packed = new(MatrixProduct.PackedLength(s.K, s.N), 4);
        var partial = new FloatBuffer(s.M * s.N * Math.Max(1, pool.Threads - 1));
        MatrixView A(int i) => s.Transposed ? MatrixView.RowMajor(a[i].Pointer, s.M).Transposed : MatrixView.RowMajor(a[i].Pointer, s.K);
        MatrixView B(int i) => MatrixView.RowMajor(b[i].Pointer, s.N);
        void Pack(int i) => MatrixProduct.Pack(pool, B(i), s.K, s.N, packed[i].Pointer);
        var works = new List<Action<int>>
        {
            i =>
            {
                Pack(i);
                MatrixProduct.Multiply(pool, s.M, s.N, s.K, A(i), packed[i].Pointer, c[i].Pointer, s.N, add: false);
            },
            i =>
            {
                Pack(i);
                FreeProduct.TwoChains(pool, s.M, s.N, s.K, A(i), packed[i].Pointer, c[i].Pointer);
            },
        };
        if (pool.Threads > 1)
        {
            works.Add(i => FreeProduct.SplitTerms(pool, s.M, s.N, s.K, A(i), B(i), packed[i].Pointer, partial.Pointer, c[i].Pointer));
        }
        return [.. works];
    });

    private static Comparison Rows(string name, int calls, WorkerPool pool, int rows, int c, RowWork canonical, RowWork free) => new(name, calls, () =>
    {
        Ring x = new(rows * c, 1), dy = new(rows * c, 2), y = new(rows * c), w = new(c, 3);
        Action<int> Over(RowWork work) => i => pool.For(rows, 8, (long)rows * c, (from, to) =>
        {
            Span<float> xi = x[i].Span, dyi = dy[i].Span, wi = w[0].Span, yi = y[i].Span;
            for (int r = from; r < to; r++) work(xi.Slice(r * c, c), dyi.Slice(r * c, c), wi, yi.Slice(r * c, c));
        });
        return [Over(canonical), Over(free)];
    });

    /// <summary>The canonical sum cuts the columns among the threads, the free one the rows, each thread with sums of its own.</summary>
    private static Comparison NormWeights(int calls, WorkerPool pool, int rows, int c) => new($"RMSNorm weights' gradient [{rows}, {c}]", calls, () =>
    {
        Ring x = new(rows * c, 1), dy = new(rows * c, 2), inverse = new(rows, 3), dw = new(c), sums = new(c * pool.Threads);
        return
        [
            i => pool.For(c, Lanes.Count, (long)rows * c, (from, to) => Norms.RmsWeightBackward(x[i].Span, inverse[0].Span, dy[i].Span, dw[0].Span, from, to)),
            i =>
            {
                pool.Run(t => FreeRows.RmsWeightBackward(x[i].Span, inverse[0].Span, dy[i].Span, sums[0].Span.Slice(t * c, c),
                    rows / 4 * t / pool.Threads * 4, rows / 4 * (t + 1) / pool.Threads * 4));
                for (int t = 0; t < pool.Threads; t++) Elementwise.Add(dw[0].Span, sums[0].Span.Slice(t * c, c), dw[0].Span);
            },
        ];
    });
}
