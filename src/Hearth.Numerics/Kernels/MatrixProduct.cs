namespace Hearth.Numerics.Kernels;

/// <summary>A matrix inside a larger array: element (i, j) stands at <c>Data[i · RowStride + j · ColumnStride]</c>; one stride is 1.</summary>
/// <param name="Data">Element (0, 0).</param>
/// <param name="RowStride">Distance between rows, in elements.</param>
/// <param name="ColumnStride">Distance between columns, in elements.</param>
public readonly unsafe record struct MatrixView(nint Data, int RowStride, int ColumnStride)
{
    /// <summary>A row-major matrix.</summary>
    /// <param name="data">Element (0, 0).</param>
    /// <param name="rowStride">Distance between rows, in elements.</param>
    public static MatrixView RowMajor(float* data, int rowStride) => new((nint)data, rowStride, 1);

    /// <summary>The same memory read as the transposed matrix.</summary>
    public MatrixView Transposed => new(Data, ColumnStride, RowStride);

    internal float* Pointer => (float*)Data;
}

/// <summary>
/// c = a·b and c += a·b. Every output element is one chain of fused multiply-adds over the shared index, ascending, from zero
/// (or from the element's value when adding). Tiles, cache blocks and threads decide who computes an element and when, never the order
/// of its terms, so one row alone, a batch, and any number of threads give the same bits.
/// </summary>
public static unsafe class MatrixProduct
{
    private const int DepthBlock = 256;                                          // of k: a panel of b (32 KB) stays in the L1 cache
    private const int RowBlock = 16 * Tiles.Rows;                                // a packed block of a (192 KB) stays in the L2 cache

    /// <summary>Numbers that the packed form of a [k, n] matrix takes.</summary>
    /// <param name="k">Rows.</param>
    /// <param name="n">Columns.</param>
    public static int PackedLength(int k, int n) => checked((n + Tiles.Columns - 1) / Tiles.Columns * Tiles.Columns * k);

    /// <summary>Packs b into panels of 32 columns, [panel][k][32], zeros beyond the last column.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="b">[k, n]</param>
    /// <param name="k">Rows.</param>
    /// <param name="n">Columns.</param>
    /// <param name="into"><see cref="PackedLength"/> numbers.</param>
    public static void Pack(WorkerPool pool, MatrixView b, int k, int n, float* into)
    {
        int panels = (n + Tiles.Columns - 1) / Tiles.Columns;
        pool.For(panels, 1, (long)k * n, (from, to) =>
        {
            for (int p = from; p < to; p++)
            {
                int column = p * Tiles.Columns;
                Packing.Panel(b.Pointer + ((nint)column * b.ColumnStride), k, b.RowStride, b.ColumnStride,
                    Math.Min(Tiles.Columns, n - column), Tiles.Columns, into + ((nint)column * k));
            }
        });
    }

    /// <summary>c = a·b, or c += a·b.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="m">Rows of a and c.</param>
    /// <param name="n">Columns of b and c.</param>
    /// <param name="k">The shared dimension.</param>
    /// <param name="a">[m, k]</param>
    /// <param name="packed">b [k, n], packed by <see cref="Pack"/>.</param>
    /// <param name="c">[m, n], row-major.</param>
    /// <param name="ldc">Distance between the rows of c, in elements.</param>
    /// <param name="add">True to go on from the values in c, false to start at zero.</param>
    public static void Multiply(WorkerPool pool, int m, int n, int k, MatrixView a, float* packed, float* c, int ldc, bool add)
    {
        long size = (long)m * n * k / Tiles.Columns;
        bool byRows = m >= 2 * Tiles.Rows * pool.Threads;
        pool.For(byRows ? m : n, byRows ? Tiles.Rows : Tiles.Columns, size, new Product(byRows, m, n, k, a, (nint)packed, (nint)c, ldc, add), static (p, from, to) =>
        {
            (int row, int rowEnd, int column, int columnEnd) = p.ByRows ? (from, to, 0, p.N) : (0, p.M, from, to);
            Block(row, rowEnd, column, columnEnd, p.K, p.A, (float*)p.Packed, (float*)p.C, p.Stride, p.Add);
        });
    }

    private readonly record struct Product(bool ByRows, int M, int N, int K, MatrixView A, nint Packed, nint C, int Stride, bool Add);

    private static void Block(int row0, int row1, int column0, int column1, int k, MatrixView a, float* packed, float* c, int ldc, bool add)
    {
        if (k == 0 && !add)
        {
            for (int i = row0; i < row1; i++) new Span<float>(c + ((nint)i * ldc) + column0, column1 - column0).Clear();
        }
        float* packedA = Scratch.Rent(Scratch.Use.MatrixProduct, RowBlock * DepthBlock);
        for (int p = 0; p < k; p += DepthBlock)
        {
            int depth = Math.Min(DepthBlock, k - p);
            for (int i = row0; i < row1; i += RowBlock)
            {
                int rows = Math.Min(RowBlock, row1 - i);
                PackRows(a.Pointer + ((nint)i * a.RowStride) + ((nint)p * a.ColumnStride), a, rows, depth, packedA);
                for (int j = column0; j < column1; j += Tiles.Columns)
                {
                    float* panel = packed + ((nint)j * k) + ((nint)p * Tiles.Columns);
                    Stripe(rows, Math.Min(Tiles.Columns, column1 - j), depth, packedA, panel, c + ((nint)i * ldc) + j, ldc, add || p > 0);
                }
            }
        }
    }

    /// <summary>Height of the next tile when so many rows are left.</summary>
    private static int Height(int rows) => rows >= Tiles.Rows ? Tiles.Rows : rows >= Tiles.MiddleRows ? Tiles.MiddleRows : 1;

    internal static void PackRows(float* from, MatrixView a, int rows, int depth, float* into)
    {
        if (a.RowStride == 1)
        {
            Packing.Groups(from, depth, a.ColumnStride, rows, into);
            return;
        }
        for (int i = 0, height; i < rows; i += height)
        {
            height = Height(rows - i);
            Packing.Panel(from + ((nint)i * a.RowStride), depth, a.ColumnStride, a.RowStride, height, height, into + ((nint)i * depth));
        }
    }

    /// <summary>All rows of a packed block of a by one panel of b.</summary>
    internal static void Stripe(int rows, int columns, int depth, float* a, float* b, float* c, int ldc, bool add)
    {
        float* edge = stackalloc float[Tiles.Rows * Tiles.Columns];
        for (int i = 0, height; i < rows; i += height)
        {
            height = Height(rows - i);
            float* ai = a + ((nint)i * depth), ci = c + ((nint)i * ldc);
            if (columns == Tiles.Columns)
            {
                if (i + height < rows) Tiles.Fetch(ci + ((nint)height * ldc), height, ldc);
                Tiles.Run(height, depth, ai, b, ci, ldc, add);
            }
            else
            {
                if (add) CopyTile(ci, ldc, edge, Tiles.Columns, height, columns);
                Tiles.Run(height, depth, ai, b, edge, Tiles.Columns, add);
                CopyTile(edge, Tiles.Columns, ci, ldc, height, columns);
            }
        }
    }

    private static void CopyTile(float* from, int fromStride, float* into, int intoStride, int rows, int columns)
    {
        for (int i = 0; i < rows; i++)
        {
            new ReadOnlySpan<float>(from + (i * fromStride), columns).CopyTo(new Span<float>(into + ((nint)i * intoStride), columns));
        }
    }
}
