using System.Runtime.Intrinsics;

namespace Hearth.Models.Formats.Safetensors;

/// <summary>Turns stored floating-point numbers into singles, sixteen or thirty-two at a time, the same bits on every processor.</summary>
internal static class Widen
{
    private const uint InfinityBits = 0x7F80_0000;
    private const uint HalfMagnitude = 0x7FFF;
    private const uint HalfInfinity = 0x7C00;

    // 2^112 moves the exponent's bias from 15 to 127. The product is exact, for subnormal halves too.
    private const float HalfScale = 5.192296858534828e33f;

    /// <summary>BF16 is the upper half of a single: exact.</summary>
    public static void BFloat16(ReadOnlySpan<ushort> from, Span<float> into)
    {
        int i = 0;
        for (; i + Vector512<ushort>.Count <= from.Length; i += Vector512<ushort>.Count)
        {
            (Vector512<uint> low, Vector512<uint> high) = Vector512.Widen(Vector512.Create(from[i..]));
            (low << 16).AsSingle().CopyTo(into[i..]);
            (high << 16).AsSingle().CopyTo(into[(i + Vector512<uint>.Count)..]);
        }
        for (; i < from.Length; i++) into[i] = BitConverter.UInt32BitsToSingle((uint)from[i] << 16);
    }

    /// <summary>IEEE half precision: exact, subnormals and infinities included.</summary>
    public static void Half(ReadOnlySpan<ushort> from, Span<float> into)
    {
        int i = 0;
        for (; i + Vector512<ushort>.Count <= from.Length; i += Vector512<ushort>.Count)
        {
            (Vector512<uint> low, Vector512<uint> high) = Vector512.Widen(Vector512.Create(from[i..]));
            Half(low).CopyTo(into[i..]);
            Half(high).CopyTo(into[(i + Vector512<uint>.Count)..]);
        }
        for (; i < from.Length; i++) into[i] = Half(Vector512.Create((uint)from[i])).ToScalar();
    }

    private static Vector512<float> Half(Vector512<uint> half)
    {
        Vector512<uint> magnitude = half & Vector512.Create(HalfMagnitude);
        Vector512<uint> sign = (half ^ magnitude) << 16;
        Vector512<uint> shifted = magnitude << 13;
        Vector512<uint> finite = (shifted.AsSingle() * HalfScale).AsUInt32();
        Vector512<uint> isFinite = Vector512.LessThan(magnitude, Vector512.Create(HalfInfinity));
        return (sign | Vector512.ConditionalSelect(isFinite, finite, shifted | Vector512.Create(InfinityBits))).AsSingle();
    }

    /// <summary>Doubles rounded to the nearest single, ties to even; too large ones become infinite.</summary>
    public static void Double(ReadOnlySpan<double> from, Span<float> into)
    {
        int i = 0, half = Vector512<double>.Count;
        for (; i + 2 * half <= from.Length; i += 2 * half)
        {
            Vector512.Narrow(Vector512.Create(from[i..]), Vector512.Create(from[(i + half)..])).CopyTo(into[i..]);
        }
        for (; i < from.Length; i++) into[i] = (float)from[i];
    }
}
