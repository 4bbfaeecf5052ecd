using System.Runtime.Intrinsics.X86;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// y = x·Wᵀ for quantised weights. Each 32 columns, a step, add to an output, in ascending order,
/// <c>fma(d · dx, float(Σ s · Σ q · x), y)</c>: d is the weights' scale, dx that of the activations, s the small scale of 32 or 16 weights; the sums are exact
/// integers. Where weights have a minimum m, <c>fma(m, dx · float(Σ x), y)</c> follows, for each 32 or 16 columns. So an output's bits do not depend on who
/// computes it, beside what, or with which instructions. Weights of F16, BF16 and types without a panel format are widened to singles and
/// multiplied as <see cref="MatrixProduct"/> does.
/// </summary>
public static unsafe class QuantizedProduct
{
    private const int DepthSteps = 16;                                           // a widened panel of 512 columns (about 24 KB) stays in the L1 cache
    private const int RowBlock = 128;                                            // activations of 512 columns (128 KB) stay in the L2 cache
    private const int MostStepBytes = 3072;

    private delegate void Reader(byte* w, int row, int offset, float* into);

    private delegate void Tiler(byte* w, byte* x, nint stride, int rows, int steps, float* y, nint ldy, bool add);

    private delegate void Widener(PanelFormat format, byte* panel, int first, int count, byte* into);

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
        (Widener widen, Tiler tile, _) = Choose(format);
        pool.For(w.Panels, 1, Math.Max(1L, n / 8) * w.Rows * w.Columns / 16, (from, to) =>
        {
            byte* wide = (byte*)Scratch.Rent(Scratch.Use.QuantizedProduct, DepthSteps * MostStepBytes / sizeof(float));
            int steps = w.Columns / QuantizedActivations.Step;
            if (steps == 0)
            {
                for (int i = 0; i < n; i++) new Span<float>(y + ((nint)i * ldy), w.Rows).Clear();
            }
            for (int row = 0; row < n; row += RowBlock)
            {
                int rows = Math.Min(RowBlock, n - row);
                byte* first = (byte*)x + ((nint)row * steps * QuantizedActivations.RecordBytes);
                for (int step = 0; step < steps; step += DepthSteps)
                {
                    int depth = Math.Min(DepthSteps, steps - step);
                    for (int p = from; p < to; p++)
                    {
                        widen(format, w.Panel(p), step, depth, wide);
                        Stripe(tile, wide, first + (step * QuantizedActivations.RecordBytes), steps * QuantizedActivations.RecordBytes, rows, depth,
                            y + ((nint)row * ldy) + (p * PanelFormat.Rows), ldy, Math.Min(PanelFormat.Rows, w.Rows - (p * PanelFormat.Rows)), step > 0);
                    }
                }
            }
        });
    }

    /// <summary>
    /// One row of a panel as singles: d · s, rounded, times q, rounded; then plus the minimum, rounded. These are the roundings of the formats' own readers.
    /// </summary>
    internal static void ReadRow(PanelFormat format, byte* panel, int row, int columns, float* into)
    {
        byte* wide = stackalloc byte[MostStepBytes];
        (Widener widen, _, Reader read) = Choose(format);
        for (int step = 0; step < columns / QuantizedActivations.Step; step++)
        {
            widen(format, panel, step, 1, wide);
            read(wide, row, format.Offset, into + (step * QuantizedActivations.Step));
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

    /// <summary>The rows of one widened panel; a last panel of fewer rows goes through memory of its own.</summary>
    private static void Stripe(Tiler tile, byte* wide, byte* x, nint stride, int rows, int steps, float* y, nint ldy, int outputs, bool add)
    {
        if (outputs == PanelFormat.Rows)
        {
            tile(wide, x, stride, rows, steps, y, ldy, add);
            return;
        }
        float* edge = stackalloc float[RowBlock * PanelFormat.Rows];
        for (int i = 0; add && i < rows; i++) new Span<float>(y + (i * ldy), outputs).CopyTo(new Span<float>(edge + (i * PanelFormat.Rows), outputs));
        tile(wide, x, stride, rows, steps, edge, PanelFormat.Rows, add);
        for (int i = 0; i < rows; i++) new Span<float>(edge + (i * PanelFormat.Rows), outputs).CopyTo(new Span<float>(y + (i * ldy), outputs));
    }

    private static (Widener, Tiler, Reader) Choose(PanelFormat format) => (format.Codes, format.Shape) switch
    {
        (PanelCodes.Two, _) => (PanelWidening.Run<HalvesTwoMinima, TwoBitCodes>, Tiles<HalvesTwoMinima>, ReadStep<HalvesTwoMinima>),
        (PanelCodes.Three, _) => (PanelWidening.Run<HalvesThirtyTwo, ThreeBitCodes>, Tiles<HalvesThirtyTwo>, ReadStep<HalvesThirtyTwo>),
        (PanelCodes.Four, TileShape.WholeEight) => (PanelWidening.Run<WholeEight, FourBitCodes>, Tiles<WholeEight>, ReadStep<WholeEight>),
        (PanelCodes.Four, _) => (PanelWidening.Run<WholeMinimum, FourBitCodes>, Tiles<WholeMinimum>, ReadStep<WholeMinimum>),
        (PanelCodes.Ternary, _) => (PanelWidening.Run<WholeEight, TernaryCodes>, Tiles<WholeEight>, ReadStep<WholeEight>),
        (PanelCodes.E2M1, _) => (PanelWidening.Run<WholeSixteen, E2M1Codes>, Tiles<WholeSixteen>, ReadStep<WholeSixteen>),
        (PanelCodes.Uneven, _) => (PanelWidening.Run<PlanesWhole, UnevenCodes>, Tiles<PlanesWhole>, ReadStep<PlanesWhole>),
        (PanelCodes.Five, TileShape.WholeSixteen) => (PanelWidening.Run<WholeSixteen, FiveBitCodes>, Tiles<WholeSixteen>, ReadStep<WholeSixteen>),
        (PanelCodes.Five, _) => (PanelWidening.Run<HalvesMinimum, FiveBitCodes>, Tiles<HalvesMinimum>, ReadStep<HalvesMinimum>),
        (PanelCodes.Six, _) => (PanelWidening.Run<HalvesThirtyTwo, SixBitCodes>, Tiles<HalvesThirtyTwo>, ReadStep<HalvesThirtyTwo>),
        (PanelCodes.Eight, TileShape.Planes) => (PanelWidening.Run<PlanesWhole, EightBitCodes>, Tiles<PlanesWhole>, ReadStep<PlanesWhole>),
        _ => (PanelWidening.Run<PlanesHalves, EightBitHalvesCodes>, Tiles<PlanesHalves>, ReadStep<PlanesHalves>),
    };

    private static void Tiles<T>(byte* w, byte* x, nint stride, int rows, int steps, float* y, nint ldy, bool add) where T : struct, ITileShape
    {
        int i = 0;
        if (Avx512BW.IsSupported)
        {
            for (; i + 4 <= rows; i += 4, x += 4 * stride, y += 4 * ldy) PanelTiles512.Four<T>(w, x, stride, steps, y, ldy, add);
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
