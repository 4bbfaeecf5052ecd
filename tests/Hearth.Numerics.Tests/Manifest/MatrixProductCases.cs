using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Tests.Manifest;

internal static unsafe class MatrixProductCases
{
    public static KernelCase[] All { get; } =
    [
        new("MatrixProduct.PackedLength", PackedLength),
        new("MatrixProduct.Pack", Pack),
        new("MatrixProduct.Multiply", Multiply),
        new("NewtonSchulz.Orthogonalise", Orthogonalise),
    ];

    private static void PackedLength(WorkerPool pool, Evidence e)
    {
        foreach ((int k, int n) in ((int, int)[])[(0, 5), (1, 1), (7, 31), (7, 32), (7, 33), (300, 1000)])
        {
            e.AddIntegers([MatrixProduct.PackedLength(k, n)], _ => (long)Math.Ceiling(n / 32.0) * 32 * k);
        }
    }

    private static void Pack(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(91);
        foreach ((int k, int n) in ((int, int)[])[(1, 1), (3, 31), (5, 64), (18, 100), (33, 7)])
        {
            float[] values = inputs.Spread(k * n);
            FloatBuffer b = Memory.Of(values);
            foreach (bool transposed in (bool[])[false, true])
            {
                FloatBuffer packed = Memory.Unwritten(MatrixProduct.PackedLength(k, n));
                MatrixProduct.Pack(pool, transposed ? MatrixView.RowMajor(b.Pointer, k).Transposed : MatrixView.RowMajor(b.Pointer, n), k,
                    n, packed.Pointer);
                e.AddSame(packed.Span, at =>
                {
                    int panel = at / (32 * k), row = at / 32 % k, column = (panel * 32) + (at % 32);
                    return column >= n ? 0f : transposed ? values[(column * k) + row] : values[(row * n) + column];
                });
            }
        }
    }

    /// <summary>An element is a chain of k fused multiply-adds.</summary>
    private static void Multiply(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(92);
        foreach ((int m, int n, int k) in ((int, int, int)[])[(1, 1, 1), (1, 70, 40), (3, 31, 17), (13, 70, 300), (25, 64, 16), (50, 45,
            20), (200, 33, 9), (5, 40, 0)])
        {
            float[] aValues = inputs.Spread(m * k), bValues = inputs.Spread(k * n), before = inputs.Spread(m * n);
            FloatBuffer a = Memory.Of(aValues), b = Memory.Of(bValues), packed = Memory.Unwritten(MatrixProduct.PackedLength(k, n));
            MatrixProduct.Pack(pool, MatrixView.RowMajor(b.Pointer, n), k, n, packed.Pointer);
            foreach (bool add in (bool[])[false, true])
            {
                FloatBuffer c = Memory.Of(before);
                MatrixProduct.Multiply(pool, m, n, k, MatrixView.RowMajor(a.Pointer, k), packed.Pointer, c.Pointer, n, add);
                e.Add(c.Span, at =>
                {
                    double sum = add ? before[at] : 0, size = Math.Abs(sum);
                    for (int p = 0; p < k; p++)
                    {
                        double term = (double)aValues[(at / n * k) + p] * bValues[(p * n) + (at % n)];
                        sum += term;
                        size += Math.Abs(term);
                    }
                    return Exact.Chain(sum, k, size);
                });
            }
        }
    }

    /// <summary>
    /// A step multiplies an error by at most 3.4445, the polynomial's slope at zero, five steps together by 680. Were all roundings of a
    /// step's three chains aligned, that would come to 2e-3. They are not (2e-6 was measured), so a hundredth of it is allowed: a
    /// coefficient wrong in its fourth digit is further off.
    /// </summary>
    private static void Orthogonalise(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(93);
        foreach ((int rows, int columns) in ((int, int)[])[(1, 5), (8, 8), (17, 40), (40, 17)])
        {
            float[] values = inputs.Even(rows * columns, 3);
            var workspace = new NewtonSchulz.Workspace([(rows, columns)]);
            values.CopyTo(workspace.Matrix.Span);
            NewtonSchulz.Orthogonalise(pool, workspace, rows, columns);
            e.Add(workspace.Matrix.Span[..values.Length], () => [.. Orthogonalise(values, rows, columns).Select(v => new Exact(v, 2e-5))]);
        }
    }

    private static double[] Orthogonalise(float[] values, int rows, int columns)
    {
        double norm = Math.Sqrt(values.Sum(v => (double)v * v));
        double[] x = [.. values.Select(v => v / (norm + 1e-7))];
        for (int step = 0; step < 5; step++)
        {
            double[] gram = new double[rows * rows], polynomial = new double[rows * rows], next = new double[x.Length];
            for (int i = 0; i < rows * rows; i++)
            {
                for (int c = 0; c < columns; c++) gram[i] += x[(i / rows * columns) + c] * x[(i % rows * columns) + c];
            }
            for (int i = 0; i < rows * rows; i++)
            {
                polynomial[i] = -4.7750 * gram[i];
                for (int c = 0; c < rows; c++) polynomial[i] += 2.0315 * gram[(i / rows * rows) + c] * gram[(c * rows) + (i % rows)];
            }
            for (int i = 0; i < x.Length; i++)
            {
                next[i] = 3.4445 * x[i];
                for (int c = 0; c < rows; c++) next[i] += polynomial[(i / columns * rows) + c] * x[(c * columns) + (i % columns)];
            }
            x = next;
        }
        return x;
    }
}
