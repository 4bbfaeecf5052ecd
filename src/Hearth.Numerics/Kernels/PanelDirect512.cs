using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// A few rows of activations with panels as they are stored, with AVX-512: when decoding, which is bound by reading the weights, widening
/// them in memory would cost more than the products. The sums are those of <see cref="PanelTiles512"/>.
/// </summary>
internal static unsafe class PanelDirect512
{
    private const int Record = QuantizedActivations.RecordBytes;
    private const int Ahead = 4096;
    private const int Line = 64;

    /// <summary>All columns of a panel.</summary>
    /// <param name="format">The panel's format, of shape T and codes C.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="x">The row's records.</param>
    /// <param name="blocks">Blocks of the panel.</param>
    /// <param name="y">32 outputs.</param>
    public static void One<T, C>(PanelFormat format, byte* panel, byte* x, int blocks, float* y)
        where T : struct, ITileShape where C : struct, IPanelCodes
    {
        int steps = format.Steps, stepBytes = format.StepBytes, header = format.HeaderBytes, small = format.SmallBytes;
        Vector512<float> ya = Vector512<float>.Zero, yb = ya;
        for (byte* block = panel; blocks > 0; blocks--)
        {
            Vector512<float> da = PanelWidening.D(format, block, 0), db = PanelWidening.D(format, block, Lanes.Count);
            Vector512<float> ma = default, mb = default;
            if (T.Minima > 0)
            {
                ma = PanelWidening.Halves((ushort*)block + PanelFormat.Rows);
                mb = PanelWidening.Halves((ushort*)block + PanelFormat.Rows + Lanes.Count);
            }
            byte* step = block + header;
            block = step + (steps * stepBytes);
            for (; step != block; step += stepBytes, x += QuantizedActivations.RecordBytes)
            {
                Vector512<int> ia = default, ib = default;
                int half = 0;
                do
                {
                    Half<T, C>(step + small, x, half, out Vector512<short> la, out Vector512<short> lb,
                        out Vector512<short> ha, out Vector512<short> hb);
                    Vector512<int> sa = PanelWidening.Scale<T>(format, step, half);
                    Vector512<int> sb = PanelWidening.Scale<T>(format, step + Lanes.Count, half);
                    ia = Plus<T>(ia, Scaled(la, sa));
                    ib = Plus<T>(ib, Scaled(lb, sb));
                    if (!T.Planes) continue;
                    ia += Scaled(ha, PanelWidening.UpperScale(sa));
                    ib += Scaled(hb, PanelWidening.UpperScale(sb));
                }
                while (T.Halves && ++half < 2);
                Vector512<float> dx = Vector512.Create(*(float*)(x + QuantizedActivations.Scale));
                ya = Vector512.FusedMultiplyAdd(da * dx, Vector512.ConvertToSingle(ia), ya);
                yb = Vector512.FusedMultiplyAdd(db * dx, Vector512.ConvertToSingle(ib), yb);
                for (int m = 0; m < T.Minima; m++)
                {
                    Vector512<float> sum = Vector512.Create(*(float*)(x + QuantizedActivations.Sums + (T.Minima == 2 ? 4 + (4 * m) : 0)));
                    ya = Vector512.FusedMultiplyAdd(PanelWidening.Minimum<T>(format, ma, step, m), sum, ya);
                    yb = Vector512.FusedMultiplyAdd(PanelWidening.Minimum<T>(format, mb, step + Lanes.Count, m), sum, yb);
                }
            }
        }
        ya.Store(y);
        yb.Store(y + Lanes.Count);
    }

    /// <summary>Four rows of activations, <c>stride</c> bytes apart: for several sequences at once.</summary>
    /// <param name="format">The panel's format, of shape T and codes C.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="x">The rows' records.</param>
    /// <param name="stride">Bytes between rows of records.</param>
    /// <param name="blocks">Blocks of the panel.</param>
    /// <param name="y">32 outputs of each row.</param>
    /// <param name="ldy">Distance between the rows of y, in elements.</param>
    public static void Four<T, C>(PanelFormat format, byte* panel, byte* x, nint stride, int blocks, float* y, nint ldy)
        where T : struct, ITileShape where C : struct, IPanelCodes
    {
        int steps = format.Steps, stepBytes = format.StepBytes, header = format.HeaderBytes, small = format.SmallBytes;
        byte* x1 = x + stride, x2 = x1 + stride, x3 = x2 + stride;
        Vector512<float> y0a = Vector512<float>.Zero, y0b = Vector512<float>.Zero;
        Vector512<float> y1a = Vector512<float>.Zero, y1b = Vector512<float>.Zero;
        Vector512<float> y2a = Vector512<float>.Zero, y2b = Vector512<float>.Zero;
        Vector512<float> y3a = Vector512<float>.Zero, y3b = Vector512<float>.Zero;
        for (byte* block = panel; blocks > 0; blocks--)
        {
            Vector512<float> da = PanelWidening.D(format, block, 0), db = PanelWidening.D(format, block, Lanes.Count);
            Vector512<float> ma = default, mb = default, f;
            if (T.Minima > 0)
            {
                ma = PanelWidening.Halves((ushort*)block + PanelFormat.Rows);
                mb = PanelWidening.Halves((ushort*)block + PanelFormat.Rows + Lanes.Count);
            }
            byte* step = block + header;
            block = step + (steps * stepBytes);
            for (; step != block; step += stepBytes, x += Record, x1 += Record, x2 += Record, x3 += Record)
            {
                Fetch(step, stepBytes);
                Vector512<int> i0a = default, i0b = default;
                Vector512<int> i1a = default, i1b = default;
                Vector512<int> i2a = default, i2b = default;
                Vector512<int> i3a = default, i3b = default;
                byte* q = step + small;
                int half = 0;
                do
                {
                    Vector512<short> l0a = Start<T>(x, half, T.Planes), l0b = l0a, h0a = Start<T>(x, half, !T.Planes), h0b = h0a;
                    Vector512<short> l1a = Start<T>(x1, half, T.Planes), l1b = l1a, h1a = Start<T>(x1, half, !T.Planes), h1b = h1a;
                    Vector512<short> l2a = Start<T>(x2, half, T.Planes), l2b = l2a, h2a = Start<T>(x2, half, !T.Planes), h2b = h2a;
                    Vector512<short> l3a = Start<T>(x3, half, T.Planes), l3b = l3a, h3a = Start<T>(x3, half, !T.Planes), h3b = h3a;
                    for (int group = half * 4, end = T.Halves ? group + 4 : WideStep.Groups; group < end; group++)
                    {
                        Vector512<byte> la = C.Lower(q, group, 0), lb = C.Lower(q, group, 64), ha = default, hb = default;
                        if (T.Planes) (ha, hb) = (C.Upper(q, group, 0), C.Upper(q, group, 64));
                        Vector512<sbyte> columns;
                        columns = Vector512.Create(*(int*)(x + (4 * group))).AsSByte();
                        l0a += Pairs(la, columns); l0b += Pairs(lb, columns);
                        if (T.Planes) { h0a += Pairs(ha, columns); h0b += Pairs(hb, columns); }
                        columns = Vector512.Create(*(int*)(x1 + (4 * group))).AsSByte();
                        l1a += Pairs(la, columns); l1b += Pairs(lb, columns);
                        if (T.Planes) { h1a += Pairs(ha, columns); h1b += Pairs(hb, columns); }
                        columns = Vector512.Create(*(int*)(x2 + (4 * group))).AsSByte();
                        l2a += Pairs(la, columns); l2b += Pairs(lb, columns);
                        if (T.Planes) { h2a += Pairs(ha, columns); h2b += Pairs(hb, columns); }
                        columns = Vector512.Create(*(int*)(x3 + (4 * group))).AsSByte();
                        l3a += Pairs(la, columns); l3b += Pairs(lb, columns);
                        if (T.Planes) { h3a += Pairs(ha, columns); h3b += Pairs(hb, columns); }
                    }
                    Vector512<int> sa = PanelWidening.Scale<T>(format, step, half);
                    Vector512<int> sb = PanelWidening.Scale<T>(format, step + Lanes.Count, half);
                    i0a = Plus<T>(i0a, Scaled(l0a, sa)); i0b = Plus<T>(i0b, Scaled(l0b, sb));
                    i1a = Plus<T>(i1a, Scaled(l1a, sa)); i1b = Plus<T>(i1b, Scaled(l1b, sb));
                    i2a = Plus<T>(i2a, Scaled(l2a, sa)); i2b = Plus<T>(i2b, Scaled(l2b, sb));
                    i3a = Plus<T>(i3a, Scaled(l3a, sa)); i3b = Plus<T>(i3b, Scaled(l3b, sb));
                    if (!T.Planes) continue;
                    (sa, sb) = (PanelWidening.UpperScale(sa), PanelWidening.UpperScale(sb));
                    i0a += Scaled(h0a, sa); i0b += Scaled(h0b, sb);
                    i1a += Scaled(h1a, sa); i1b += Scaled(h1b, sb);
                    i2a += Scaled(h2a, sa); i2b += Scaled(h2b, sb);
                    i3a += Scaled(h3a, sa); i3b += Scaled(h3b, sb);
                }
                while (T.Halves && ++half < 2);
                f = Vector512.Create(*(float*)(x + QuantizedActivations.Scale));
                y0a = Vector512.FusedMultiplyAdd(da * f, Vector512.ConvertToSingle(i0a), y0a);
                y0b = Vector512.FusedMultiplyAdd(db * f, Vector512.ConvertToSingle(i0b), y0b);
                f = Vector512.Create(*(float*)(x1 + QuantizedActivations.Scale));
                y1a = Vector512.FusedMultiplyAdd(da * f, Vector512.ConvertToSingle(i1a), y1a);
                y1b = Vector512.FusedMultiplyAdd(db * f, Vector512.ConvertToSingle(i1b), y1b);
                f = Vector512.Create(*(float*)(x2 + QuantizedActivations.Scale));
                y2a = Vector512.FusedMultiplyAdd(da * f, Vector512.ConvertToSingle(i2a), y2a);
                y2b = Vector512.FusedMultiplyAdd(db * f, Vector512.ConvertToSingle(i2b), y2b);
                f = Vector512.Create(*(float*)(x3 + QuantizedActivations.Scale));
                y3a = Vector512.FusedMultiplyAdd(da * f, Vector512.ConvertToSingle(i3a), y3a);
                y3b = Vector512.FusedMultiplyAdd(db * f, Vector512.ConvertToSingle(i3b), y3b);
                for (int m = 0; m < T.Minima; m++)
                {
                    int sum = QuantizedActivations.Sums + (T.Minima == 2 ? 4 + (4 * m) : 0);
                    Vector512<float> na = PanelWidening.Minimum<T>(format, ma, step, m);
                    Vector512<float> nb = PanelWidening.Minimum<T>(format, mb, step + Lanes.Count, m);
                    f = Vector512.Create(*(float*)(x + sum));
                    y0a = Vector512.FusedMultiplyAdd(na, f, y0a); y0b = Vector512.FusedMultiplyAdd(nb, f, y0b);
                    f = Vector512.Create(*(float*)(x1 + sum));
                    y1a = Vector512.FusedMultiplyAdd(na, f, y1a); y1b = Vector512.FusedMultiplyAdd(nb, f, y1b);
                    f = Vector512.Create(*(float*)(x2 + sum));
                    y2a = Vector512.FusedMultiplyAdd(na, f, y2a); y2b = Vector512.FusedMultiplyAdd(nb, f, y2b);
                    f = Vector512.Create(*(float*)(x3 + sum));
                    y3a = Vector512.FusedMultiplyAdd(na, f, y3a); y3b = Vector512.FusedMultiplyAdd(nb, f, y3b);
                }
            }
        }
        y0a.Store(y); y0b.Store(y + Lanes.Count);
        y1a.Store(y + ldy); y1b.Store(y + ldy + Lanes.Count);
        y2a.Store(y + (2 * ldy)); y2b.Store(y + (2 * ldy) + Lanes.Count);
        y3a.Store(y + (3 * ldy)); y3b.Store(y + (3 * ldy) + Lanes.Count);
    }

    /// <summary>
    /// Asks for what comes some steps later. One row meets the weights faster than memory gives them, and the processor runs ahead by itself; with
    /// several rows it would wait at every line.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(byte* step, int bytes)
    {
        for (byte* at = step + Ahead, end = at + bytes; at < end; at += Line) Sse.Prefetch0(at);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Start<T>(byte* x, int half, bool none) where T : struct, ITileShape =>
        none || T.Start == 0 ? Vector512<short>.Zero : Vector512.Create(*(int*)(x + T.Start + (4 * half))).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs(Vector512<byte> weights, Vector512<sbyte> columns) => Avx512BW.MultiplyAddAdjacent(weights, columns);

    /// <summary>A step's sum after another half; without halves, the only one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Plus<T>(Vector512<int> sum, Vector512<int> half) where T : struct, ITileShape => T.Halves ? sum + half : half;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Scaled(Vector512<short> sums, Vector512<int> scales) => Avx512BW.MultiplyAddAdjacent(sums, scales.AsInt16());

    /// <summary>The sums of a half of a step, or of the whole where it has no halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Half<T, C>(byte* q, byte* x, int half, out Vector512<short> la, out Vector512<short> lb,
        out Vector512<short> ha, out Vector512<short> hb)
        where T : struct, ITileShape where C : struct, IPanelCodes
    {
        Vector512<short> start = T.Start == 0 ? default : Vector512.Create(*(int*)(x + T.Start + (4 * half))).AsInt16();
        Vector512<short> a = T.Planes ? default : start, b = a, c = start, d = start;
        for (int group = half * 4, end = T.Halves ? group + 4 : WideStep.Groups; group < end; group++)
        {
            Vector512<sbyte> columns = Vector512.Create(*(int*)(x + (4 * group))).AsSByte();
            a += Avx512BW.MultiplyAddAdjacent(C.Lower(q, group, 0), columns);
            b += Avx512BW.MultiplyAddAdjacent(C.Lower(q, group, 64), columns);
            if (!T.Planes) continue;
            c += Avx512BW.MultiplyAddAdjacent(C.Upper(q, group, 0), columns);
            d += Avx512BW.MultiplyAddAdjacent(C.Upper(q, group, 64), columns);
        }
        (la, lb, ha, hb) = (a, b, c, d);
    }
}
