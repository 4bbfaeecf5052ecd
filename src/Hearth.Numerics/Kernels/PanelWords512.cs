using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// Tiles of the quantised product with AVX-512 for integers too large for sums of 16 bits: weights, their small scale included, and activations
/// become 16-bit words, and two products are added in 32 bits. That takes as many instructions as two planes of bytes and no scaling afterwards.
/// A word vector holds two columns of sixteen rows: of each four columns the first and third, then the second and fourth.
/// </summary>
internal static unsafe class PanelWords512
{
    /// <summary>Bytes of a widened step of 32 rows: words, then the rows' d.</summary>
    public const int StepBytes = (2 * QuantizedActivations.Step * PanelFormat.Rows) + WideStep.RowBytes;

    /// <summary>Bytes of a block of a row of activations: first and third words of each four, second and fourth, then d.</summary>
    public const int RecordBytes = (2 * QuantizedActivations.Step) + sizeof(float);

    private const int Odd = QuantizedActivations.Step;
    private const int Scale = 2 * QuantizedActivations.Step;
    private const int GroupBytes = 2 * WideStep.RowBytes;

    /// <summary>Widens some steps of a panel, as <see cref="PanelWidening.Run"/> does.</summary>
    public static void Widen<T, C>(PanelFormat format, byte* panel, int first, int count, byte* into)
        where T : struct, ITileShape where C : struct, IPanelCodes
    {
        int steps = format.Steps, stepBytes = format.StepBytes, blockBytes = format.BlockBytes, header = format.HeaderBytes, small = format.SmallBytes;
        for (int s = first; s < first + count; s++, into += StepBytes)
        {
            byte* block = panel + ((nint)(s / steps) * blockBytes), step = block + header + (s % steps * stepBytes);
            for (int row = 0; row < PanelFormat.Rows; row += Lanes.Count)
            {
                Vector512<short> scale = default;
                for (int group = 0; group < WideStep.Groups; group++)
                {
                    if (group % 4 == 0) scale = PanelWidening.Scale<T>(format, step + row, group / 4).AsInt16();
                    Vector512<short> four = C.Signed(step + small, group, 4 * row).AsInt16();
                    byte* words = into + (group * GroupBytes) + (4 * row);
                    (Vector512.ShiftRightArithmetic(Vector512.ShiftLeft(four, 8), 8) * scale).Store((short*)words);
                    (Vector512.ShiftRightArithmetic(four, 8) * scale).Store((short*)(words + WideStep.RowBytes));
                }
                PanelWidening.D(format, block, row).Store((float*)(into + StepBytes - WideStep.RowBytes) + row);
            }
        }
    }

    /// <summary>Rows of activations as words, one after the other.</summary>
    /// <param name="x">The rows' records.</param>
    /// <param name="stride">Bytes between rows of records.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="steps">Blocks of each.</param>
    /// <param name="into">As many times <see cref="RecordBytes"/>.</param>
    public static void Words(byte* x, nint stride, int rows, int steps, byte* into)
    {
        for (; rows > 0; rows--, x += stride)
        {
            byte* record = x;
            for (int s = 0; s < steps; s++, record += QuantizedActivations.RecordBytes, into += RecordBytes)
            {
                Vector256<short> four = Vector256.Load((short*)record);
                Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(four, 8), 8).Store((short*)into);
                Vector256.ShiftRightArithmetic(four, 8).Store((short*)(into + Odd));
                *(float*)(into + Scale) = *(float*)(record + QuantizedActivations.Scale);
            }
        }
    }

    /// <summary>Multiplies a widened panel with some rows of words.</summary>
    public static void Tiles(byte* w, byte* x, nint stride, int rows, int steps, float* y, nint ldy, bool add)
    {
        for (; rows >= 4; rows -= 4, x += 4 * stride, y += 4 * ldy)
        {
            if (rows >= 8) Kernels.Tiles.Fetch(y + (4 * ldy), 4, (int)ldy);
            Four(w, x, stride, steps, y, ldy, add);
        }
        for (; rows > 0; rows--, x += stride, y += ldy) One(w, x, steps, y, add);
    }

    private static void Four(byte* w, byte* x, nint stride, int steps, float* y, nint ldy, bool add)
    {
        byte* x0 = x, x1 = x + stride, x2 = x1 + stride, x3 = x2 + stride;
        Vector512<float> y0a = Begin(y, add), y0b = Begin(y + 16, add), y1a = Begin(y + ldy, add), y1b = Begin(y + ldy + 16, add);
        Vector512<float> y2a = Begin(y + (2 * ldy), add), y2b = Begin(y + (2 * ldy) + 16, add);
        Vector512<float> y3a = Begin(y + (3 * ldy), add), y3b = Begin(y + (3 * ldy) + 16, add);
        for (; steps > 0; steps--, w += StepBytes, x0 += RecordBytes, x1 += RecordBytes, x2 += RecordBytes, x3 += RecordBytes)
        {
            Vector512<int> i0a = default, i0b = default, i1a = default, i1b = default;
            Vector512<int> i2a = default, i2b = default, i3a = default, i3b = default;
            byte* q = w;
            for (nint k = 0; k < Odd; k += 4, q += GroupBytes)
            {
                Vector512<short> a = Vector512.Load((short*)q), b = Vector512.Load((short*)q + 32), c;
                c = Columns(x0 + k); i0a += Pairs(a, c); i0b += Pairs(b, c);
                c = Columns(x1 + k); i1a += Pairs(a, c); i1b += Pairs(b, c);
                c = Columns(x2 + k); i2a += Pairs(a, c); i2b += Pairs(b, c);
                c = Columns(x3 + k); i3a += Pairs(a, c); i3b += Pairs(b, c);
                a = Vector512.Load((short*)q + 64);
                b = Vector512.Load((short*)q + 96);
                c = Columns(x0 + k + Odd); i0a += Pairs(a, c); i0b += Pairs(b, c);
                c = Columns(x1 + k + Odd); i1a += Pairs(a, c); i1b += Pairs(b, c);
                c = Columns(x2 + k + Odd); i2a += Pairs(a, c); i2b += Pairs(b, c);
                c = Columns(x3 + k + Odd); i3a += Pairs(a, c); i3b += Pairs(b, c);
            }
            Vector512<float> da = Vector512.Load((float*)q), db = Vector512.Load((float*)q + 16), f;
            f = Vector512.Create(*(float*)(x0 + Scale)); y0a = Plus(y0a, da * f, i0a); y0b = Plus(y0b, db * f, i0b);
            f = Vector512.Create(*(float*)(x1 + Scale)); y1a = Plus(y1a, da * f, i1a); y1b = Plus(y1b, db * f, i1b);
            f = Vector512.Create(*(float*)(x2 + Scale)); y2a = Plus(y2a, da * f, i2a); y2b = Plus(y2b, db * f, i2b);
            f = Vector512.Create(*(float*)(x3 + Scale)); y3a = Plus(y3a, da * f, i3a); y3b = Plus(y3b, db * f, i3b);
        }
        y0a.Store(y); y0b.Store(y + 16);
        y1a.Store(y + ldy); y1b.Store(y + ldy + 16);
        y2a.Store(y + (2 * ldy)); y2b.Store(y + (2 * ldy) + 16);
        y3a.Store(y + (3 * ldy)); y3b.Store(y + (3 * ldy) + 16);
    }

    private static void One(byte* w, byte* x, int steps, float* y, bool add)
    {
        Vector512<float> ya = Begin(y, add), yb = Begin(y + 16, add);
        for (; steps > 0; steps--, w += StepBytes, x += RecordBytes)
        {
            Vector512<int> ia = default, ib = default;
            byte* q = w;
            for (nint k = 0; k < Odd; k += 4, q += GroupBytes)
            {
                Vector512<short> even = Columns(x + k), odd = Columns(x + k + Odd);
                ia = ia + Pairs(Vector512.Load((short*)q), even) + Pairs(Vector512.Load((short*)q + 64), odd);
                ib = ib + Pairs(Vector512.Load((short*)q + 32), even) + Pairs(Vector512.Load((short*)q + 96), odd);
            }
            Vector512<float> f = Vector512.Create(*(float*)(x + Scale));
            ya = Plus(ya, Vector512.Load((float*)q) * f, ia);
            yb = Plus(yb, Vector512.Load((float*)q + 16) * f, ib);
        }
        ya.Store(y);
        yb.Store(y + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Begin(float* y, bool add) => add ? Vector512.Load(y) : Vector512<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Columns(byte* x) => Vector512.Create(*(int*)x).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Pairs(Vector512<short> weights, Vector512<short> columns) => Avx512BW.MultiplyAddAdjacent(weights, columns);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Plus(Vector512<float> y, Vector512<float> d, Vector512<int> sum) =>
        Vector512.FusedMultiplyAdd(d, Vector512.ConvertToSingle(sum), y);
}
