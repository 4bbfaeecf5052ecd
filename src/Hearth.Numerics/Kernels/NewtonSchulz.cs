namespace Hearth.Numerics.Kernels;

/// <summary>
/// Replaces a matrix by roughly the nearest orthogonal one: five steps of X = aX + (bA + cA²)X with A = XXᵀ, which push every singular value
/// to between about 0.7 and 1.2 (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks").
/// </summary>
public static unsafe class NewtonSchulz
{
    private const int Steps = 5;
    private const float A = 3.4445f;
    private const float B = -4.7750f;
    private const float C = 2.0315f;

    /// <summary>Makes the matrix nearly orthogonal, in place.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="x">[rows, columns]</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    public static void Orthogonalise(WorkerPool pool, FloatBuffer x, int rows, int columns)
    {
        int small = Math.Min(rows, columns), large = Math.Max(rows, columns);
        float norm = (float)Math.Sqrt(Elementwise.SumOfSquares(pool, x.Memory));
        Elementwise.Scale(x.Span, 1f / (norm + 1e-7f), x.Span);
        var gram = new FloatBuffer(small * small, zeroed: false);
        var square = new FloatBuffer(small * small, zeroed: false);
        var product = new FloatBuffer(rows * columns, zeroed: false);
        var packed = new FloatBuffer(Math.Max(MatrixProduct.PackedLength(large, small), MatrixProduct.PackedLength(small, large)), zeroed: false);
        var view = MatrixView.RowMajor(x.Pointer, columns);
        bool wide = rows <= columns;
        for (int step = 0; step < Steps; step++)
        {
            MatrixView left = wide ? view : view.Transposed;                     // [small, large]
            MatrixProduct.Pack(pool, left.Transposed, large, small, packed.Pointer);
            MatrixProduct.Multiply(pool, small, small, large, left, packed.Pointer, gram.Pointer, small, add: false);
            var gramView = MatrixView.RowMajor(gram.Pointer, small);
            MatrixProduct.Pack(pool, gramView, small, small, packed.Pointer);
            MatrixProduct.Multiply(pool, small, small, small, gramView, packed.Pointer, square.Pointer, small, add: false);
            Updates.Combine(gram.Span, B, C, square.Span);                       // square = bA + cA²
            var squareView = MatrixView.RowMajor(square.Pointer, small);
            if (wide)
            {
                MatrixProduct.Pack(pool, view, small, large, packed.Pointer);
                MatrixProduct.Multiply(pool, rows, columns, small, squareView, packed.Pointer, product.Pointer, columns, add: false);
            }
            else
            {
                MatrixProduct.Pack(pool, squareView, small, small, packed.Pointer);
                MatrixProduct.Multiply(pool, rows, columns, small, view, packed.Pointer, product.Pointer, columns, add: false);
            }
            Updates.Combine(product.Span, 1f, A, x.Span);                        // x = ax + (bA + cA²)x
        }
    }
}
