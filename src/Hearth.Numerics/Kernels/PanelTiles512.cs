using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// Tiles of the quantised product with AVX-512: 32 rows of weights, widened by <see cref="PanelWidening"/>, with four rows of activations or
/// one. Sums of products stay in 16 bits within a half of a step: an offset's surplus is subtracted first, so that the true sum fits, and
/// what overflows on the way there wraps back. Shapes of two planes go through <see cref="PanelWords512"/>.
/// </summary>
internal static unsafe class PanelTiles512
{
    private const int Record = QuantizedActivations.RecordBytes;

    /// <summary>Four rows of activations, <c>stride</c> bytes apart.</summary>
    public static void Four<T>(byte* w, byte* x, nint stride, int steps, float* y, nint ldy, bool add) where T : struct, ITileShape
    {
        byte* x0 = x, x1 = x + stride, x2 = x1 + stride, x3 = x2 + stride;
        Vector512<float> y0a = add ? Vector512.Load(y) : Vector512<float>.Zero,
            y0b = add ? Vector512.Load(y + 16) : Vector512<float>.Zero;
        Vector512<float> y1a = add ? Vector512.Load(y + ldy) : Vector512<float>.Zero,
            y1b = add ? Vector512.Load(y + ldy + 16) : Vector512<float>.Zero;
        Vector512<float> y2a = add ? Vector512.Load(y + (2 * ldy)) : Vector512<float>.Zero,
            y2b = add ? Vector512.Load(y + (2 * ldy) + 16) : Vector512<float>.Zero;
        Vector512<float> y3a = add ? Vector512.Load(y + (3 * ldy)) : Vector512<float>.Zero,
            y3b = add ? Vector512.Load(y + (3 * ldy) + 16) : Vector512<float>.Zero;
        for (; steps > 0; steps--, w += WideStep.Bytes<T>(), x0 += Record, x1 += Record, x2 += Record, x3 += Record)
        {
            Vector512<int> i0a = default, i0b = default, i1a = default, i1b = default;
            Vector512<int> i2a = default, i2b = default, i3a = default, i3b = default;
            byte* q = w, scales = w + WideStep.Scales<T>();
            int half = 0;
            do
            {
                Vector512<short> l0a = Start<T>(x0, half), l0b = l0a;
                Vector512<short> l1a = Start<T>(x1, half), l1b = l1a;
                Vector512<short> l2a = Start<T>(x2, half), l2b = l2a;
                Vector512<short> l3a = Start<T>(x3, half), l3b = l3a;
                for (nint k = half * 16, end = T.Halves ? k + 16 : 32; k < end; k += 4, q += WideStep.GroupBytes<T>())
                {
                    Vector512<byte> la = Vector512.Load(q), lb = Vector512.Load(q + 64);
                    Vector512<sbyte> b;
                    b = Columns(x0 + k); l0a += Pairs(la, b); l0b += Pairs(lb, b);
                    b = Columns(x1 + k); l1a += Pairs(la, b); l1b += Pairs(lb, b);
                    b = Columns(x2 + k); l2a += Pairs(la, b); l2b += Pairs(lb, b);
                    b = Columns(x3 + k); l3a += Pairs(la, b); l3b += Pairs(lb, b);
                }
                Vector512<short> sa = Vector512.Load((short*)scales), sb = Vector512.Load((short*)scales + 32);
                i0a = Plus<T>(i0a, Scaled(l0a, sa)); i0b = Plus<T>(i0b, Scaled(l0b, sb));
                i1a = Plus<T>(i1a, Scaled(l1a, sa)); i1b = Plus<T>(i1b, Scaled(l1b, sb));
                i2a = Plus<T>(i2a, Scaled(l2a, sa)); i2b = Plus<T>(i2b, Scaled(l2b, sb));
                i3a = Plus<T>(i3a, Scaled(l3a, sa)); i3b = Plus<T>(i3b, Scaled(l3b, sb));
                scales += WideStep.GroupBytes<T>();
            }
            while (T.Halves && ++half < 2);
            float* p = (float*)(w + WideStep.D<T>());
            Vector512<float> da = Vector512.Load(p), db = Vector512.Load(p + 16), f;
            f = Vector512.Create(*(float*)(x0 + QuantizedActivations.Scale));
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
                p += PanelFormat.Rows;
                da = Vector512.Load(p); db = Vector512.Load(p + 16);
                int sum = QuantizedActivations.Sums + (T.Minima == 2 ? 4 + (4 * m) : 0);
                f = Vector512.Create(*(float*)(x0 + sum));
                y0a = Vector512.FusedMultiplyAdd(da, f, y0a); y0b = Vector512.FusedMultiplyAdd(db, f, y0b);
                f = Vector512.Create(*(float*)(x1 + sum));
                y1a = Vector512.FusedMultiplyAdd(da, f, y1a); y1b = Vector512.FusedMultiplyAdd(db, f, y1b);
                f = Vector512.Create(*(float*)(x2 + sum));
                y2a = Vector512.FusedMultiplyAdd(da, f, y2a); y2b = Vector512.FusedMultiplyAdd(db, f, y2b);
                f = Vector512.Create(*(float*)(x3 + sum));
                y3a = Vector512.FusedMultiplyAdd(da, f, y3a); y3b = Vector512.FusedMultiplyAdd(db, f, y3b);
            }
        }
        y0a.Store(y); y0b.Store(y + 16);
        y1a.Store(y + ldy); y1b.Store(y + ldy + 16);
        y2a.Store(y + (2 * ldy)); y2b.Store(y + (2 * ldy) + 16);
        y3a.Store(y + (3 * ldy)); y3b.Store(y + (3 * ldy) + 16);
    }

    /// <summary>One row of activations: the shape of decoding.</summary>
    public static void One<T>(byte* w, byte* x, int steps, float* y, bool add) where T : struct, ITileShape
    {
        Vector512<float> y0a = add ? Vector512.Load(y) : Vector512<float>.Zero,
            y0b = add ? Vector512.Load(y + 16) : Vector512<float>.Zero;
        for (; steps > 0; steps--, w += WideStep.Bytes<T>(), x += Record)
        {
            Vector512<int> i0a = default, i0b = default;
            byte* q = w, scales = w + WideStep.Scales<T>();
            int half = 0;
            do
            {
                Vector512<short> l0a = Start<T>(x, half), l0b = l0a;
                for (nint k = half * 16, end = T.Halves ? k + 16 : 32; k < end; k += 4, q += WideStep.GroupBytes<T>())
                {
                    Vector512<byte> la = Vector512.Load(q), lb = Vector512.Load(q + 64);
                    Vector512<sbyte> b;
                    b = Columns(x + k); l0a += Pairs(la, b); l0b += Pairs(lb, b);
                }
                Vector512<short> sa = Vector512.Load((short*)scales), sb = Vector512.Load((short*)scales + 32);
                i0a = Plus<T>(i0a, Scaled(l0a, sa)); i0b = Plus<T>(i0b, Scaled(l0b, sb));
                scales += WideStep.GroupBytes<T>();
            }
            while (T.Halves && ++half < 2);
            float* p = (float*)(w + WideStep.D<T>());
            Vector512<float> da = Vector512.Load(p), db = Vector512.Load(p + 16), f;
            f = Vector512.Create(*(float*)(x + QuantizedActivations.Scale));
            y0a = Vector512.FusedMultiplyAdd(da * f, Vector512.ConvertToSingle(i0a), y0a);
            y0b = Vector512.FusedMultiplyAdd(db * f, Vector512.ConvertToSingle(i0b), y0b);
            for (int m = 0; m < T.Minima; m++)
            {
                p += PanelFormat.Rows;
                da = Vector512.Load(p); db = Vector512.Load(p + 16);
                int sum = QuantizedActivations.Sums + (T.Minima == 2 ? 4 + (4 * m) : 0);
                f = Vector512.Create(*(float*)(x + sum));
                y0a = Vector512.FusedMultiplyAdd(da, f, y0a); y0b = Vector512.FusedMultiplyAdd(db, f, y0b);
            }
        }
        y0a.Store(y); y0b.Store(y + 16);
    }

    /// <summary>Sums of a half before its first group: what an offset adds too much.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Start<T>(byte* x, int half) where T : struct, ITileShape =>
        T.Start == 0 ? Vector512<short>.Zero : Vector512.Create(*(int*)(x + T.Start + (4 * half))).AsInt16();

    /// <summary>Four columns of a row of activations, for every row of weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<sbyte> Columns(byte* x) => Vector512.Create(*(int*)x).AsSByte();

    /// <summary>Products of four columns, the first two and the last two summed: at most 2 · 63 · 127, so that nothing saturates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs(Vector512<byte> weights, Vector512<sbyte> columns) => Avx512BW.MultiplyAddAdjacent(weights, columns);

    /// <summary>A step's sum after another half; without halves, the only one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Plus<T>(Vector512<int> sum, Vector512<int> half) where T : struct, ITileShape => T.Halves ? sum + half : half;

    /// <summary>The two sums of a row times its scale, together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Scaled(Vector512<short> sums, Vector512<short> scales) => Avx512BW.MultiplyAddAdjacent(sums, scales);
}
