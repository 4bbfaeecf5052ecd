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

    /// <summary>Memory for matrices of some sizes, used again from one to the next.</summary>
    public sealed class Workspace
    {
        /// <summary>Makes room for the largest of some matrices.</summary>
        /// <param name="sizes">Their rows and columns.</param>
        public Workspace(IEnumerable<(int Rows, int Columns)> sizes)
        {
            int matrix = 0, gram = 0, packed = 0;
            foreach ((int rows, int columns) in sizes)
            {
                int small = Math.Min(rows, columns), large = Math.Max(rows, columns);
                matrix = Math.Max(matrix, rows * columns);
                gram = Math.Max(gram, small * small);
                packed = Math.Max(packed, Math.Max(MatrixProduct.PackedLength(large, small), MatrixProduct.PackedLength(small, large)));
            }
            Matrix = new FloatBuffer(matrix);
            Product = new FloatBuffer(matrix);
            Gram = new FloatBuffer(gram);
            Square = new FloatBuffer(gram);
            Packed = new FloatBuffer(packed);
        }

        /// <summary>The matrix, row-major from the beginning.</summary>
        public FloatBuffer Matrix { get; }

        internal FloatBuffer Product { get; }

        internal FloatBuffer Gram { get; }

        internal FloatBuffer Square { get; }

        internal FloatBuffer Packed { get; }
    }

    /// <summary>Makes the workspace's matrix nearly orthogonal, in place.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="workspace">The matrix and room to work.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    public static void Orthogonalise(WorkerPool pool, Workspace workspace, int rows, int columns)
    {
        int small = Math.Min(rows, columns), large = Math.Max(rows, columns);
        Memory<float> x = workspace.Matrix.Memory[..(rows * columns)], product = workspace.Product.Memory[..(rows * columns)];
        Memory<float> square = workspace.Square.Memory[..(small * small)];
        float norm = (float)Math.Sqrt(Elementwise.SumOfSquares(pool, x));
        Elementwise.Scale(x.Span, 1f / (norm + 1e-7f), x.Span);
        float* gram = workspace.Gram.Pointer, packed = workspace.Packed.Pointer;
        var view = MatrixView.RowMajor(workspace.Matrix.Pointer, columns);
        bool wide = rows <= columns;
        for (int step = 0; step < Steps; step++)
        {
            MatrixView left = wide ? view : view.Transposed;                     // [small, large]
            MatrixProduct.Pack(pool, left.Transposed, large, small, packed);
            MatrixProduct.Multiply(pool, small, small, large, left, packed, gram, small, add: false);
            var gramView = MatrixView.RowMajor(gram, small);
            MatrixProduct.Pack(pool, gramView, small, small, packed);
            MatrixProduct.Multiply(pool, small, small, small, gramView, packed, workspace.Square.Pointer, small, add: false);
            Updates.Combine(workspace.Gram.Span[..(small * small)], B, C, square.Span);                       // square = bA + cA²
            var squareView = MatrixView.RowMajor(workspace.Square.Pointer, small);
            if (wide)
            {
                MatrixProduct.Pack(pool, view, small, large, packed);
                MatrixProduct.Multiply(pool, rows, columns, small, squareView, packed, workspace.Product.Pointer, columns, add: false);
            }
            else
            {
                MatrixProduct.Pack(pool, squareView, small, small, packed);
                MatrixProduct.Multiply(pool, rows, columns, small, view, packed, workspace.Product.Pointer, columns, add: false);
            }
            Updates.Combine(product.Span, 1f, A, x.Span);                        // x = ax + (bA + cA²)x
        }
    }
}
