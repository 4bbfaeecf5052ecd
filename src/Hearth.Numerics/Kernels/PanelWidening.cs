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
    public static void Run<T, C>(PanelFormat format, byte* panel, int first, int count, byte* into)
        where T : struct, ITileShape where C : struct, IPanelCodes
    {
        int steps = format.Steps, stepBytes = format.StepBytes, blockBytes = format.BlockBytes, small = format.SmallBytes;
        for (int s = first; s < first + count; s++, into += WideStep.Bytes<T>())
        {
            byte* block = panel + ((nint)(s / steps) * blockBytes), step = block + format.HeaderBytes + (s % steps * stepBytes);
            Codes<T, C>(step + small, into);
            Rows<T>(format, block, step, 0, into);
            Rows<T>(format, block, step, Lanes.Count, into);
        }
    }

    private static void Codes<T, C>(byte* q, byte* into) where T : struct, ITileShape where C : struct, IPanelCodes
    {
        for (int group = 0; group < WideStep.Groups; group++, into += WideStep.GroupBytes<T>())
        {
            C.Lower(q, group, 0).Store(into);
            C.Lower(q, group, 64).Store(into + 64);
            if (!T.Planes) continue;
            C.Upper(q, group, 0).Store(into + WideStep.RowBytes);
            C.Upper(q, group, 64).Store(into + WideStep.RowBytes + 64);
        }
    }

    /// <summary>The small scales of a half for sixteen rows, each twice; one where there are none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Scale<T>(PanelFormat format, byte* small, int half) where T : struct, ITileShape
    {
        Vector512<int> scale = format.Scales == 0 ? Vector512<int>.One : Integers(small + (format.Scales == 2 ? half * PanelFormat.Rows : 0));
        return Twice(T.Minima == 2 ? scale & Vector512.Create(15) : scale);
    }

    /// <summary>The scales of the upper plane: sixteen times those of the lower.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UpperScale(Vector512<int> scale) => Vector512.ShiftLeft(scale.AsInt16(), 4).AsInt32();

    /// <summary>d of sixteen rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> D(PanelFormat format, byte* block, int row) =>
        format.Power ? Powers(block + row) : Halves((ushort*)block + row) * Vector512.Create(format.Factor);

    /// <summary>Minima of sixteen rows: the block's as it is where a block is a step, else times the small ones and negative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Minimum<T>(PanelFormat format, Vector512<float> minimum, byte* small, int half) where T : struct, ITileShape
    {
        if (T.Minima == 2)
        {
            Vector512<int> shared = Vector512.ShiftRightLogical(Integers(small + (half * PanelFormat.Rows)), 4) & Vector512.Create(15);
            return -(minimum * Vector512.ConvertToSingle(shared));
        }
        return format.Minima == 0 ? minimum : -(minimum * Vector512.ConvertToSingle(Integers(small + (format.Scales * PanelFormat.Rows))));
    }

    private static void Rows<T>(PanelFormat format, byte* block, byte* small, int row, byte* into) where T : struct, ITileShape
    {
        byte* scales = into + WideStep.Scales<T>() + (4 * row);
        for (int half = 0; half < (T.Halves ? 2 : 1); half++, scales += WideStep.GroupBytes<T>())
        {
            Vector512<int> scale = Scale<T>(format, small + row, half);
            scale.Store((int*)scales);
            if (T.Planes) UpperScale(scale).Store((int*)(scales + WideStep.RowBytes));
        }
        var d = (float*)(into + WideStep.D<T>()) + row;
        D(format, block, row).Store(d);
        if (T.Minima == 0) return;
        Vector512<float> minimum = Halves((ushort*)block + PanelFormat.Rows + row);
        for (int half = 0; half < T.Minima; half++) Minimum<T>(format, minimum, small + row, half).Store(d + ((1 + half) * PanelFormat.Rows));
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
    public static Vector512<float> Halves(ushort* at) => Conversion.Widen(Integers(at));

    /// <summary>Sixteen unsigned 16-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Integers(ushort* at)
    {
        Vector256<ushort> words = Vector256.Load(at);
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512UInt32(words);
        (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(words);
        return Vector512.Create(low, high);
    }

    /// <summary>2^(e - 128) of sixteen bytes e: see <see cref="Blocks32.HalfPower"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Powers(byte* at)
    {
        Vector512<int> e = Integers(at) & Vector512.Create(255);
        Vector512<int> small = Vector512.Create(0x0020_0000) + (Vector512.Equals(e, Vector512<int>.One) & Vector512.Create(0x0020_0000));
        return Vector512.ConditionalSelect(Vector512.LessThan(e, Vector512.Create(2)), small, Vector512.ShiftLeft(e - Vector512<int>.One, 23)).AsSingle();
    }
}
