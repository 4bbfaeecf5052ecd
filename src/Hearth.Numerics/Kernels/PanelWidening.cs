using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// Steps of a panel as tiles read them: bytes, 16-bit scales and singles, in a place that stays in the cache while many rows of activations
/// meet it. Integers are moved, scales rounded at most once (a small minimum times the block's).
/// </summary>
internal static unsafe class PanelWidening
{
    /// <summary>Widens some steps of a panel.</summary>
    /// <param name="format">The panel's format, of shape T and codes C.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="first">The first step.</param>
    /// <param name="count">Steps.</param>
    /// <param name="into">As many times <see cref="WideStep.Bytes"/>.</param>
    public static void Run<T, C>(PanelFormat format, byte* panel, int first, int count, byte* into) where T : struct, ITileShape where C : struct, IPanelCodes
    {
        int steps = format.Steps, stepBytes = format.StepBytes, blockBytes = format.BlockBytes, small = format.SmallBytes;
        for (int s = first; s < first + count; s++, into += WideStep.Bytes<T>())
        {
            byte* block = panel + ((nint)(s / steps) * blockBytes), step = block + format.HeaderBytes + (s % steps * stepBytes);
            byte* q = step + small;
            for (int at = 0; at < WideStep.RowBytes; at += 64)
            {
                Codes<T, C>(q, at, into + at);
                Scales<T>(format, step + (at / 4), into + WideStep.Scales<T>() + at);
                Singles<T>(format, block, step, at / 4, into + WideStep.D<T>() + at);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Codes<T, C>(byte* q, int at, byte* into) where T : struct, ITileShape where C : struct, IPanelCodes
    {
        Group<T, C>(q, 0, at, into); Group<T, C>(q, 1, at, into); Group<T, C>(q, 2, at, into); Group<T, C>(q, 3, at, into);
        Group<T, C>(q, 4, at, into); Group<T, C>(q, 5, at, into); Group<T, C>(q, 6, at, into); Group<T, C>(q, 7, at, into);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Group<T, C>(byte* q, int group, int at, byte* into) where T : struct, ITileShape where C : struct, IPanelCodes
    {
        C.Lower(q, group, at).Store(into + (group * WideStep.GroupBytes<T>()));
        if (T.Planes) C.Upper(q, group, at).Store(into + (group * WideStep.GroupBytes<T>()) + WideStep.RowBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scales<T>(PanelFormat format, byte* small, byte* into) where T : struct, ITileShape
    {
        for (int half = 0; half < (T.Halves ? 2 : 1); half++, into += WideStep.GroupBytes<T>())
        {
            Vector512<int> scale = format.Scales == 0 ? Vector512<int>.One : Integers(small + (format.Scales == 2 ? half * PanelFormat.Rows : 0));
            if (T.Minima == 2) scale &= Vector512.Create(15);
            Twice(scale).Store((int*)into);
            if (T.Planes) Twice(Vector512.ShiftLeft(scale, 4)).Store((int*)(into + WideStep.RowBytes));
        }
    }

    /// <summary>d, then the minima: as they are where a block is a step, else times the small minima and negative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Singles<T>(PanelFormat format, byte* block, byte* step, int row, byte* into) where T : struct, ITileShape
    {
        Vector512<float> d = format.Power ? Powers(block + row) : Halves((ushort*)block + row) * Vector512.Create(format.Factor);
        d.Store((float*)into);
        if (T.Minima == 0) return;
        Vector512<float> minimum = Halves((ushort*)block + PanelFormat.Rows + row);
        if (T.Minima == 2)
        {
            for (int half = 0; half < 2; half++)
            {
                Vector512<int> small = Vector512.ShiftRightLogical(Integers(step + (half * PanelFormat.Rows) + row), 4) & Vector512.Create(15);
                (-(minimum * Vector512.ConvertToSingle(small))).Store((float*)(into + ((1 + half) * WideStep.RowBytes)));
            }
            return;
        }
        if (format.Minima > 0) minimum = -(minimum * Vector512.ConvertToSingle(Integers(step + (format.Scales * PanelFormat.Rows) + row)));
        minimum.Store((float*)(into + WideStep.RowBytes));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Twice(Vector512<int> scale) => (scale & Vector512.Create(0xFFFF)) | Vector512.ShiftLeft(scale, 16);

    /// <summary>Sixteen signed bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Integers(byte* at)
    {
        Vector128<sbyte> bytes = Vector128.Load((sbyte*)at);
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512Int32(bytes);
        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(bytes);
        (Vector256<int> first, Vector256<int> second) = Vector256.Widen(Vector256.Create(low, high));
        return Vector512.Create(first, second);
    }

    /// <summary>Sixteen halves as singles, exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Halves(ushort* at)
    {
        (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Load(at));
        return Conversion.Widen(Vector512.Create(low, high));
    }

    /// <summary>2^(e - 128) of sixteen bytes e: see <see cref="Blocks32.HalfPower"/>.</summary>
    private static Vector512<float> Powers(byte* at)
    {
        float* powers = stackalloc float[Lanes.Count];
        for (int i = 0; i < Lanes.Count; i++) powers[i] = Blocks32.HalfPower(at[i]);
        return Vector512.Load(powers);
    }
}
