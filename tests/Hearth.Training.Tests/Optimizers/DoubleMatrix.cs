namespace Hearth.Training.Tests.Optimizers;

/// <summary>A little float64 linear algebra, row-major, by definition.</summary>
internal static class DoubleMatrix
{
    /// <summary>a·b of [rows, inner] and [inner, columns].</summary>
    public static double[] Multiply(double[] a, double[] b, int rows, int inner, int columns)
    {
        double[] y = new double[rows * columns];
        for (int i = 0; i < rows; i++)
        {
            for (int k = 0; k < inner; k++)
            {
                for (int j = 0; j < columns; j++) y[(i * columns) + j] += a[(i * inner) + k] * b[(k * columns) + j];
            }
        }
        return y;
    }

    public static double[] Transpose(double[] a, int rows, int columns)
    {
        double[] y = new double[a.Length];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++) y[(j * rows) + i] = a[(i * columns) + j];
        }
        return y;
    }

    /// <summary>Five steps of X = aX + (bA + cA²)X with A = XXᵀ, on the side that is smaller.</summary>
    public static double[] NewtonSchulz(double[] g, int rows, int columns)
    {
        if (rows > columns) return Transpose(NewtonSchulz(Transpose(g, rows, columns), columns, rows), columns, rows);
        double norm = Math.Sqrt(g.Sum(v => v * v));
        double[] x = [.. g.Select(v => v / (norm + 1e-7))];
        for (int step = 0; step < 5; step++)
        {
            double[] a = Multiply(x, Transpose(x, rows, columns), rows, columns, rows), square = Multiply(a, a, rows, rows, rows);
            double[] b = [.. a.Zip(square, (v, s) => (-4.7750 * v) + (2.0315 * s))];
            x = [.. x.Zip(Multiply(b, x, rows, rows, columns), (v, p) => (3.4445 * v) + p)];
        }
        return x;
    }

    /// <summary>Singular values, largest first: roots of the eigenvalues of X·Xᵀ (or XᵀX), found by Jacobi's rotations.</summary>
    public static double[] SingularValues(double[] x, int rows, int columns)
    {
        if (rows > columns) return SingularValues(Transpose(x, rows, columns), columns, rows);
        double[] a = Multiply(x, Transpose(x, rows, columns), rows, columns, rows);
        for (int sweep = 0; sweep < 30; sweep++)
        {
            for (int p = 0; p < rows; p++)
            {
                for (int q = p + 1; q < rows; q++) Rotate(a, rows, p, q);
            }
        }
        return [.. Enumerable.Range(0, rows).Select(i => Math.Sqrt(Math.Max(0, a[(i * rows) + i]))).OrderDescending()];
    }

    private static void Rotate(double[] a, int n, int p, int q)
    {
        double off = a[(p * n) + q];
        if (Math.Abs(off) < 1e-300) return;
        double angle = 0.5 * Math.Atan2(2 * off, a[(q * n) + q] - a[(p * n) + p]), c = Math.Cos(angle), s = Math.Sin(angle);
        for (int k = 0; k < n; k++)
            (a[(k * n) + p], a[(k * n) + q]) = ((c * a[(k * n) + p]) - (s * a[(k * n) + q]), (s * a[(k * n) + p]) + (c * a[(k * n) + q]));
        for (int k = 0; k < n; k++)
            (a[(p * n) + k], a[(q * n) + k]) = ((c * a[(p * n) + k]) - (s * a[(q * n) + k]), (s * a[(p * n) + k]) + (c * a[(q * n) + k]));
    }
}
