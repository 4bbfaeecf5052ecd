using System.Runtime.Intrinsics.X86;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Kernels;

/// <summary>The code for a format's shape and codes.</summary>
/// <param name="Widen">Widens some steps of a panel.</param>
/// <param name="Tile">Multiplies a widened panel with some rows.</param>
/// <param name="Read">Reads a row of a widened step as singles.</param>
/// <param name="One">Multiplies a stored panel with one row.</param>
/// <param name="Four">Multiplies a stored panel with four rows.</param>
internal sealed unsafe record PanelCode(
    PanelCode.Widener Widen, PanelCode.Tiles Tile, PanelCode.Reader Read, PanelCode.OneRow One, PanelCode.FourRows Four)
{
    /// <summary>Widens some steps of a panel to words, where <see cref="PanelWords512.Tiles"/> multiplies them.</summary>
    public Widener? Words { get; init; }

    public delegate void Widener(PanelFormat format, byte* panel, int first, int count, byte* into);

    public delegate void Tiles(byte* w, byte* x, nint stride, int rows, int steps, float* y, nint ldy, bool add);

    public delegate void Reader(byte* w, int row, int offset, float* into);

    public delegate void OneRow(PanelFormat format, byte* panel, byte* x, int blocks, float* y);

    public delegate void FourRows(PanelFormat format, byte* panel, byte* x, nint stride, int blocks, float* y, nint ldy);
}

/// <summary>
/// y = x·Wᵀ for quantised weights. Each 32 columns, a step, add to an output, in ascending order, <c>fma(d · dx, float(Σ s · Σ q · x), y)</c>:
/// d is the weights' scale, dx that of the activations, s the small scale of 32 or 16 weights; the sums are exact integers. Where weights
/// have a minimum m, <c>fma(m, dx · float(Σ x), y)</c> follows, for each 32 or 16 columns. So an output's bits do not depend on who computes
/// it, beside what, or with which instructions. Weights of F16, BF16 and types without a panel format are widened to singles and multiplied
/// as <see cref="MatrixProduct"/> does.
/// </summary>
public static unsafe class QuantizedProduct
{
    private const int DepthSteps = 16;                                           // a widened panel of 512 columns (about 24 KB) stays in the L1 cache
    private const int WordSteps = 8;                                             // the same of words
    private const int RowBlock = 256;                                            // activations of 512 columns (128 KB) stay in the L2 cache
    private const int MostStepBytes = 3072;
    private const int DirectBelow = 32;                                          // rows; more are worth widening for

    /// <summary>y = x·Wᵀ.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="n">Rows of x and y.</param>
    /// <param name="x">[n, C], quantised by <see cref="QuantizedActivations"/>; the singles themselves where <see cref="PackedWeights.TakesSingles"/>.</param>
    /// <param name="w">[O, C]</param>
    /// <param name="y">[n, O]</param>
    /// <param name="ldy">Distance between the rows of y, in elements.</param>
    public static void Multiply(WorkerPool pool, int n, float* x, PackedWeights w, float* y, int ldy)
    {
        if (w.Format is not { } format)
        {
            SinglesProduct.Multiply(pool, n, x, w, y, ldy);
            return;
        }
        long size = Math.Max(1L, n / 8) * w.Rows * w.Columns / 16;
        pool.For(w.Panels, 1, size, (n, (nint)x, w, format, (nint)y, ldy), static (s, from, to) =>
        {
            (int n, nint x, PackedWeights w, PanelFormat format, nint y, int ldy) = s;
            if (n < DirectBelow && Avx512BW.IsSupported) Directly(n, (byte*)x, w, format, from, to, (float*)y, ldy);
            else Widened(n, (byte*)x, w, format, from, to, (float*)y, ldy);
        });
        GC.KeepAlive(w);
    }

    /// <summary>Each row with the panels as they are stored.</summary>
    private static void Directly(int n, byte* x, PackedWeights w, PanelFormat format, int from, int to, float* y, int ldy)
    {
        float* edge = stackalloc float[PanelFormat.Rows];
        int blocks = w.Columns / (QuantizedActivations.Step * format.Steps);
        nint stride = (nint)w.Columns / QuantizedActivations.Step * QuantizedActivations.RecordBytes;
        for (int p = from; p < to; p++)
        {
            int output = p * PanelFormat.Rows, outputs = Math.Min(PanelFormat.Rows, w.Rows - output);
            int i = 0;
            for (; i + 4 <= n && outputs == PanelFormat.Rows; i += 4)
            {
                w.Code!.Four(format, w.Panel(p), x + (i * stride), stride, blocks, y + ((nint)i * ldy) + output, ldy);
            }
            for (; i < n; i++)
            {
                float* into = y + ((nint)i * ldy) + output;
                w.Code!.One(format, w.Panel(p), x + (i * stride), blocks, outputs == PanelFormat.Rows ? into : edge);
                if (outputs < PanelFormat.Rows) Copy(edge, outputs, into);
            }
        }
    }

    /// <summary>Parts of panels widened, each for many rows.</summary>
    private static void Widened(int n, byte* x, PackedWeights w, PanelFormat format, int from, int to, float* y, int ldy)
    {
        byte* wide = (byte*)Scratch.Rent(Scratch.Use.QuantizedProduct, DepthSteps * MostStepBytes / sizeof(float));
        (PanelCode.Widener widen, PanelCode.Tiles tile, int most) = (w.Code!.Widen, w.Code.Tile, DepthSteps);
        byte* words = null;
        if (w.Code.Words is not null)
        {
            (widen, tile, most) = (w.Code.Words, PanelWords512.Tiles, WordSteps);
            words = (byte*)Scratch.Rent(Scratch.Use.MatrixProduct, RowBlock * WordSteps * PanelWords512.RecordBytes / sizeof(float));
        }
        int steps = w.Columns / QuantizedActivations.Step;
        nint stride = (nint)steps * QuantizedActivations.RecordBytes;
        for (int i = 0; steps == 0 && i < n; i++) new Span<float>(y + ((nint)i * ldy), w.Rows).Clear();
        for (int row = 0; row < n; row += RowBlock)
        {
            int rows = Math.Min(RowBlock, n - row);
            for (int step = 0; step < steps; step += most)
            {
                int depth = Math.Min(most, steps - step);
                byte* first = x + (row * stride) + (step * QuantizedActivations.RecordBytes);
                nint between = stride;
                if (words is not null)
                {
                    PanelWords512.Words(first, stride, rows, depth, words);
                    first = words;
                    between = depth * PanelWords512.RecordBytes;
                }
                for (int p = from; p < to; p++)
                {
                    int output = p * PanelFormat.Rows;
                    widen(format, w.Panel(p), step, depth, wide);
                    Stripe(tile, wide, first, between, rows, depth, y + ((nint)row * ldy) + output, ldy,
                        Math.Min(PanelFormat.Rows, w.Rows - output), step > 0);
                }
            }
        }
    }

    /// <summary>The rows of one widened panel; a last panel of fewer rows goes through memory of its own.</summary>
    private static void Stripe(
        PanelCode.Tiles tile, byte* wide, byte* x, nint stride, int rows, int steps, float* y, nint ldy, int outputs, bool add)
    {
        if (outputs == PanelFormat.Rows)
        {
            tile(wide, x, stride, rows, steps, y, ldy, add);
            return;
        }
        float* edge = stackalloc float[RowBlock * PanelFormat.Rows];
        for (int i = 0; add && i < rows; i++) Copy(y + (i * ldy), outputs, edge + (i * PanelFormat.Rows));
        tile(wide, x, stride, rows, steps, edge, PanelFormat.Rows, add);
        for (int i = 0; i < rows; i++) Copy(edge + (i * PanelFormat.Rows), outputs, y + (i * ldy));
    }

    /// <summary>
    /// One row of a panel as singles: d · s, rounded, times q, rounded; then plus the minimum, rounded. These are the roundings of the formats'
    /// own readers.
    /// </summary>
    internal static void ReadRow(PanelFormat format, byte* panel, int row, int columns, float* into)
    {
        byte* wide = stackalloc byte[MostStepBytes];
        PanelCode code = Choose(format);
        for (int step = 0; step < columns / QuantizedActivations.Step; step++)
        {
            code.Widen(format, panel, step, 1, wide);
            code.Read(wide, row, format.Offset, into + (step * QuantizedActivations.Step));
        }
    }

    private static void ReadStep<T>(byte* w, int row, int offset, float* into) where T : struct, ITileShape
    {
        var d = (float*)(w + WideStep.D<T>()) + row;
        for (int k = 0; k < QuantizedActivations.Step; k++)
        {
            int half = T.Halves ? k / 16 : 0;
            byte* q = w + (k / 4 * WideStep.GroupBytes<T>()) + (4 * row) + (k % 4);
            int scale = ((short*)(w + WideStep.Scales<T>() + (half * WideStep.GroupBytes<T>())))[2 * row];
            int value = T.Planes ? q[0] + (16 * (q[WideStep.RowBytes] - offset)) : q[0] - offset;
            into[k] = d[0] * scale * value;
            if (T.Minima > 0) into[k] += d[(1 + (T.Minima == 2 ? half : 0)) * PanelFormat.Rows];
        }
    }

    /// <summary>The code that a format needs.</summary>
    internal static PanelCode Choose(PanelFormat format) => (format.Codes, format.Shape) switch
    {
        (PanelCodes.Two, _) => Of<HalvesTwoMinima, TwoBitCodes>(),
        (PanelCodes.Three, _) => Of<HalvesThirtyTwo, ThreeBitCodes>(),
        (PanelCodes.Four, TileShape.WholeEight) => Of<WholeEight, FourBitCodes>(),
        (PanelCodes.Four, _) => Of<WholeMinimum, FourBitCodes>(),
        (PanelCodes.Ternary, _) => Of<WholeEight, TernaryCodes>(),
        (PanelCodes.E2M1, _) => Of<WholeSixteen, E2M1Codes>(),
        (PanelCodes.Uneven, _) => Of<PlanesWhole, UnevenCodes>(),
        (PanelCodes.Five, TileShape.WholeSixteen) => Of<WholeSixteen, FiveBitCodes>(),
        (PanelCodes.Five, _) => Of<HalvesMinimum, FiveBitCodes>(),
        (PanelCodes.Six, _) => Of<HalvesThirtyTwo, SixBitCodes>(),
        (PanelCodes.Eight, TileShape.Planes) => Of<PlanesWhole, EightBitCodes>(),
        _ => Of<PlanesHalves, EightBitHalvesCodes>(),
    };

    private static void Copy(float* from, int count, float* into) => new Span<float>(from, count).CopyTo(new Span<float>(into, count));

    private static PanelCode Of<T, C>() where T : struct, ITileShape where C : struct, IPanelCodes =>
        new(PanelWidening.Run<T, C>, Tiles<T>, ReadStep<T>, PanelDirect512.One<T, C>, PanelDirect512.Four<T, C>)
        {
            Words = T.Planes && Avx512BW.IsSupported ? PanelWords512.Widen<T, C> : null,
        };

    private static void Tiles<T>(byte* w, byte* x, nint stride, int rows, int steps, float* y, nint ldy, bool add) where T : struct, ITileShape
    {
        int i = 0;
        if (Avx512BW.IsSupported)
        {
            for (; i + 4 <= rows; i += 4, x += 4 * stride, y += 4 * ldy)
            {
                if (i + 8 <= rows) Kernels.Tiles.Fetch(y + (4 * ldy), 4, (int)ldy);
                PanelTiles512.Four<T>(w, x, stride, steps, y, ldy, add);
            }
            for (; i < rows; i++, x += stride, y += ldy) PanelTiles512.One<T>(w, x, steps, y, add);
        }
        else if (Avx2.IsSupported)
        {
            for (; i + 4 <= rows; i += 4, x += 4 * stride, y += 4 * ldy)
            {
                for (int r = 0; r < PanelFormat.Rows; r += 8) PanelTiles256.Four<T>(w + (4 * r), x, stride, steps, y + r, ldy, add);
            }
            for (; i < rows; i++, x += stride, y += ldy)
            {
                for (int r = 0; r < PanelFormat.Rows; r += 8) PanelTiles256.One<T>(w + (4 * r), x, steps, y + r, add);
            }
        }
        else
        {
            for (; i < rows; i++, x += stride, y += ldy) PanelTilesPortable.One<T>(w, x, steps, y, add);
        }
    }
}
