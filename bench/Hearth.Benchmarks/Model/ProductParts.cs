using Hearth.Benchmarks.Harness;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Benchmarks.Model;

/// <summary>The matrix products of a training step, and the packing that they need.</summary>
internal static unsafe class ProductParts
{
    private const int HeadRows = (1 << 22) / ModelShape.Vocabulary;              // rows of logits that stand in memory together

    public static IEnumerable<Part> Of(ModelShape s, WorkerPool pool)
    {
        int n = ModelShape.Tokens, v = ModelShape.Vocabulary, c = s.Hidden, f = s.FeedForward, l = s.Layers, pieces = n / HeadRows;
        yield return Product(pool, n, c, c, 8 * l);                              // q, k, v, o forward, and their dx
        yield return Product(pool, n, f, c, 3 * l);                              // gate, up; dx of down
        yield return Product(pool, n, c, f, 3 * l);                              // down; dx of gate, up
        yield return WeightGradient(pool, c, c, n, 4 * l);
        yield return WeightGradient(pool, f, c, n, 2 * l);
        yield return WeightGradient(pool, c, f, n, l);
        yield return Product(pool, HeadRows, v, c, pieces);
        yield return Product(pool, HeadRows, c, v, pieces);
        yield return WeightGradient(pool, v, c, HeadRows, pieces);

        yield return Pack(pool, c, c, transposed: true, 4 * l);
        yield return Pack(pool, c, c, transposed: false, 4 * l);
        yield return Pack(pool, c, f, transposed: true, 2 * l);
        yield return Pack(pool, f, c, transposed: false, 2 * l);
        yield return Pack(pool, f, c, transposed: true, l);
        yield return Pack(pool, c, f, transposed: false, l);
        yield return Pack(pool, c, v, transposed: true, 1);
        yield return Pack(pool, v, c, transposed: false, 1);
        yield return Pack(pool, n, c, transposed: false, 3 * l);                 // what entered a linear layer, for its weight gradient
        yield return Pack(pool, n, f, transposed: false, l);
        yield return Pack(pool, HeadRows, c, transposed: false, pieces);
    }

    /// <summary>y = x·W with W packed already.</summary>
    private static Part Product(WorkerPool pool, int m, int n, int k, int calls) =>
        new("matrix product", $"y[{m}, {n}] = x[{m}, {k}]·W", calls, 2.0 * m * n * k, Bytes(m, n, k), () =>
        {
            Ring x = new(m * k), y = new(m * n), w = new(MatrixProduct.PackedLength(k, n));
            return i => MatrixProduct.Multiply(pool, m, n, k, MatrixView.RowMajor(x[i].Pointer, k), w[i].Pointer, y[i].Pointer, n, add: false);
        });

    /// <summary>dW = dyᵀ·x with x packed already.</summary>
    private static Part WeightGradient(WorkerPool pool, int m, int n, int k, int calls) =>
        new("matrix product", $"dW[{m}, {n}] = dy[{k}, {m}]ᵀ·x", calls, 2.0 * m * n * k, Bytes(m, n, k), () =>
        {
            Ring dy = new(m * k), dw = new(m * n), x = new(MatrixProduct.PackedLength(k, n));
            return i => MatrixProduct.Multiply(pool, m, n, k, MatrixView.RowMajor(dy[i].Pointer, m).Transposed, x[i].Pointer, dw[i].Pointer, n, add: false);
        });

    /// <summary>A [k, n] matrix, or the transpose of a stored [n, k] one, into panels.</summary>
    private static Part Pack(WorkerPool pool, int k, int n, bool transposed, int calls) =>
        new("packing", $"pack [{k}, {n}]{(transposed ? " of a stored transpose" : "")}", calls, 0, 2.0 * sizeof(float) * k * n, () =>
        {
            Ring from = new(k * n), into = new(MatrixProduct.PackedLength(k, n));
            return i => MatrixProduct.Pack(pool, transposed ? MatrixView.RowMajor(from[i].Pointer, k).Transposed : MatrixView.RowMajor(from[i].Pointer, n),
                k, n, into[i].Pointer);
        });

    private static double Bytes(double m, double n, double k) => sizeof(float) * ((m * n) + (m * k) + (k * n));
}
