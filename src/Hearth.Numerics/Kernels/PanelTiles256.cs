using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// Tiles of the quantised product with AVX2: 8 rows of weights, widened by <see cref="PanelWidening"/>, with four rows of activations or
/// one. Sums of products stay in 16 bits within a half of a step: an offset's surplus is subtracted first, so that the true sum fits, and
/// what overflows on the way there wraps back.
/// </summary>
internal static unsafe class PanelTiles256
{
    private const int Record = QuantizedActivations.RecordBytes;

    /// <summary>Four rows of activations, <c>stride</c> bytes apart.</summary>
    public static void Four<T>(byte* w, byte* x, nint stride, int steps, float* y, nint ldy, bool add) where T : struct, ITileShape
    {
        byte* x0 = x, x1 = x + stride, x2 = x1 + stride, x3 = x2 + stride;
        Vector256<float> y0 = add ? Vector256.Load(y) : Vector256<float>.Zero;
        Vector256<float> y1 = add ? Vector256.Load(y + ldy) : Vector256<float>.Zero;
        Vector256<float> y2 = add ? Vector256.Load(y + (2 * ldy)) : Vector256<float>.Zero;
        Vector256<float> y3 = add ? Vector256.Load(y + (3 * ldy)) : Vector256<float>.Zero;
        for (; steps > 0; steps--, w += WideStep.Bytes<T>(), x0 += Record, x1 += Record, x2 += Record, x3 += Record)
        {
            Vector256<int> i0 = default, i1 = default, i2 = default, i3 = default;
            byte* q = w, scales = w + WideStep.Scales<T>();
            int half = 0;
            do
            {
                Vector256<short> l0 = Start<T>(x0, half, T.Planes);
                Vector256<short> l1 = Start<T>(x1, half, T.Planes);
                Vector256<short> l2 = Start<T>(x2, half, T.Planes);
                Vector256<short> l3 = Start<T>(x3, half, T.Planes);
                Vector256<short> h0 = Start<T>(x0, half, !T.Planes);
                Vector256<short> h1 = Start<T>(x1, half, !T.Planes);
                Vector256<short> h2 = Start<T>(x2, half, !T.Planes);
                Vector256<short> h3 = Start<T>(x3, half, !T.Planes);
                for (nint k = half * 16, end = T.Halves ? k + 16 : 32; k < end; k += 4, q += WideStep.GroupBytes<T>())
                {
                    Vector256<byte> l = Vector256.Load(q);
                    Vector256<byte> h = T.Planes ? Vector256.Load(q + WideStep.RowBytes) : default;
                    Vector256<sbyte> b;
                    b = Columns(x0 + k); l0 += Pairs(l, b);
                    if (T.Planes) { h0 += Pairs(h, b); }
                    b = Columns(x1 + k); l1 += Pairs(l, b);
                    if (T.Planes) { h1 += Pairs(h, b); }
                    b = Columns(x2 + k); l2 += Pairs(l, b);
                    if (T.Planes) { h2 += Pairs(h, b); }
                    b = Columns(x3 + k); l3 += Pairs(l, b);
                    if (T.Planes) { h3 += Pairs(h, b); }
                }
                Vector256<short> s = Vector256.Load((short*)scales);
                i0 = Plus<T>(i0, Scaled(l0, s));
                i1 = Plus<T>(i1, Scaled(l1, s));
                i2 = Plus<T>(i2, Scaled(l2, s));
                i3 = Plus<T>(i3, Scaled(l3, s));
                if (T.Planes)
                {
                    s = Vector256.Load((short*)(scales + WideStep.RowBytes));
                    i0 += Scaled(h0, s);
                    i1 += Scaled(h1, s);
                    i2 += Scaled(h2, s);
                    i3 += Scaled(h3, s);
                }
                scales += WideStep.GroupBytes<T>();
            }
            while (T.Halves && ++half < 2);
            float* p = (float*)(w + WideStep.D<T>());
            Vector256<float> d = Vector256.Load(p), f;
            f = Vector256.Create(*(float*)(x0 + QuantizedActivations.Scale));
            y0 = Vector256.FusedMultiplyAdd(d * f, Vector256.ConvertToSingle(i0), y0);
            f = Vector256.Create(*(float*)(x1 + QuantizedActivations.Scale));
            y1 = Vector256.FusedMultiplyAdd(d * f, Vector256.ConvertToSingle(i1), y1);
            f = Vector256.Create(*(float*)(x2 + QuantizedActivations.Scale));
            y2 = Vector256.FusedMultiplyAdd(d * f, Vector256.ConvertToSingle(i2), y2);
            f = Vector256.Create(*(float*)(x3 + QuantizedActivations.Scale));
            y3 = Vector256.FusedMultiplyAdd(d * f, Vector256.ConvertToSingle(i3), y3);
            for (int m = 0; m < T.Minima; m++)
            {
                p += PanelFormat.Rows;
                d = Vector256.Load(p);
                int sum = QuantizedActivations.Sums + (T.Minima == 2 ? 4 + (4 * m) : 0);
                f = Vector256.Create(*(float*)(x0 + sum));
                y0 = Vector256.FusedMultiplyAdd(d, f, y0);
                f = Vector256.Create(*(float*)(x1 + sum));
                y1 = Vector256.FusedMultiplyAdd(d, f, y1);
                f = Vector256.Create(*(float*)(x2 + sum));
                y2 = Vector256.FusedMultiplyAdd(d, f, y2);
                f = Vector256.Create(*(float*)(x3 + sum));
                y3 = Vector256.FusedMultiplyAdd(d, f, y3);
            }
        }
        y0.Store(y);
        y1.Store(y + ldy);
        y2.Store(y + (2 * ldy));
        y3.Store(y + (3 * ldy));
    }

    /// <summary>One row of activations: the shape of decoding.</summary>
    public static void One<T>(byte* w, byte* x, int steps, float* y, bool add) where T : struct, ITileShape
    {
        Vector256<float> y0 = add ? Vector256.Load(y) : Vector256<float>.Zero;
        for (; steps > 0; steps--, w += WideStep.Bytes<T>(), x += Record)
        {
            Vector256<int> i0 = default;
            byte* q = w, scales = w + WideStep.Scales<T>();
            int half = 0;
            do
            {
                Vector256<short> l0 = Start<T>(x, half, T.Planes);
                Vector256<short> h0 = Start<T>(x, half, !T.Planes);
                for (nint k = half * 16, end = T.Halves ? k + 16 : 32; k < end; k += 4, q += WideStep.GroupBytes<T>())
                {
                    Vector256<byte> l = Vector256.Load(q);
                    Vector256<byte> h = T.Planes ? Vector256.Load(q + WideStep.RowBytes) : default;
                    Vector256<sbyte> b;
                    b = Columns(x + k); l0 += Pairs(l, b);
                    if (T.Planes) { h0 += Pairs(h, b); }
                }
                Vector256<short> s = Vector256.Load((short*)scales);
                i0 = Plus<T>(i0, Scaled(l0, s));
                if (T.Planes)
                {
                    s = Vector256.Load((short*)(scales + WideStep.RowBytes));
                    i0 += Scaled(h0, s);
                }
                scales += WideStep.GroupBytes<T>();
            }
            while (T.Halves && ++half < 2);
            float* p = (float*)(w + WideStep.D<T>());
            Vector256<float> d = Vector256.Load(p), f;
            f = Vector256.Create(*(float*)(x + QuantizedActivations.Scale));
            y0 = Vector256.FusedMultiplyAdd(d * f, Vector256.ConvertToSingle(i0), y0);
            for (int m = 0; m < T.Minima; m++)
            {
                p += PanelFormat.Rows;
                d = Vector256.Load(p);
                int sum = QuantizedActivations.Sums + (T.Minima == 2 ? 4 + (4 * m) : 0);
                f = Vector256.Create(*(float*)(x + sum));
                y0 = Vector256.FusedMultiplyAdd(d, f, y0);
            }
        }
        y0.Store(y);
    }

    /// <summary>Sums of a half before its first group: what an offset adds too much.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Start<T>(byte* x, int half, bool none) where T : struct, ITileShape =>
        none || T.Start == 0 ? Vector256<short>.Zero : Vector256.Create(*(int*)(x + T.Start + (4 * half))).AsInt16();

    /// <summary>Four columns of a row of activations, for every row of weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Columns(byte* x) => Vector256.Create(*(int*)x).AsSByte();

    /// <summary>Products of four columns, the first two and the last two summed: at most 2 · 63 · 127, so that nothing saturates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs(Vector256<byte> weights, Vector256<sbyte> columns) => Avx2.MultiplyAddAdjacent(weights, columns);

    /// <summary>A step's sum after another half; without halves, the only one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Plus<T>(Vector256<int> sum, Vector256<int> half) where T : struct, ITileShape => T.Halves ? sum + half : half;

    /// <summary>The two sums of a row times its scale, together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Scaled(Vector256<short> sums, Vector256<short> scales) => Avx2.MultiplyAddAdjacent(sums, scales);
}
