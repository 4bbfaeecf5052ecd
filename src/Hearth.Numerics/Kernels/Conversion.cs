using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// Single precision from and to other floating-point formats, sixteen numbers at a time, the same bits on every processor.
/// </summary>
public static class Conversion
{
    private const uint Sign = 0x8000_0000;
    private const uint Infinity = 0x7F80_0000;
    private const uint HalfMagnitude = 0x7FFF;
    private const uint HalfInfinity = 0x7C00;
    private const uint HalfQuietNaN = 0x7E00;

    // 65,536 is beyond every half; 2^-14 is the smallest normal half.
    private const uint BeyondHalf = 0x4780_0000;
    private const uint NormalHalf = 0x3880_0000;

    // 2^112 moves the exponent's bias from 15 to 127. The product is exact, for subnormal halves too.
    private const float HalfScale = 5.192296858534828e33f;

    /// <summary>IEEE half precision to single: exact, subnormals and infinities included.</summary>
    /// <param name="from">Halves' bits, [n].</param>
    /// <param name="into">[n]</param>
    public static void FromHalf(ReadOnlySpan<ushort> from, Span<float> into)
    {
        int i = 0;
        for (; i + Vector512<ushort>.Count <= from.Length; i += Vector512<ushort>.Count)
        {
            (Vector512<uint> low, Vector512<uint> high) = Vector512.Widen(Vector512.Create(from[i..]));
            Widen(low).CopyTo(into[i..]);
            Widen(high).CopyTo(into[(i + Lanes.Count)..]);
        }
        for (; i < from.Length; i++) into[i] = FromHalf(from[i]);
    }

    /// <summary>BF16 to single: exact, it is the upper half of one.</summary>
    /// <param name="from">BF16 bits, [n].</param>
    /// <param name="into">[n]</param>
    public static void FromBFloat16(ReadOnlySpan<ushort> from, Span<float> into)
    {
        int i = 0;
        for (; i + Vector512<ushort>.Count <= from.Length; i += Vector512<ushort>.Count)
        {
            (Vector512<uint> low, Vector512<uint> high) = Vector512.Widen(Vector512.Create(from[i..]));
            (low << 16).AsSingle().CopyTo(into[i..]);
            (high << 16).AsSingle().CopyTo(into[(i + Lanes.Count)..]);
        }
        for (; i < from.Length; i++) into[i] = BitConverter.UInt32BitsToSingle((uint)from[i] << 16);
    }

    /// <summary>Doubles rounded to the nearest single, ties to even; too large ones become infinite.</summary>
    /// <param name="from">[n]</param>
    /// <param name="into">[n]</param>
    public static void FromDouble(ReadOnlySpan<double> from, Span<float> into)
    {
        int i = 0, half = Vector512<double>.Count;
        for (; i + (2 * half) <= from.Length; i += 2 * half)
        {
            Vector512.Narrow(Vector512.Create(from[i..]), Vector512.Create(from[(i + half)..])).CopyTo(into[i..]);
        }
        for (; i < from.Length; i++) into[i] = (float)from[i];
    }

    /// <summary>Single to the nearest half, ties to even; too large ones become infinite, every NaN one quiet NaN with its sign.</summary>
    /// <param name="from">[n]</param>
    /// <param name="into">Halves' bits, [n].</param>
    public static void ToHalf(ReadOnlySpan<float> from, Span<ushort> into)
    {
        int i = 0;
        for (; i + (2 * Lanes.Count) <= from.Length; i += 2 * Lanes.Count)
        {
            Vector512.Narrow(NarrowToHalf(Lanes.Load(from, i)), NarrowToHalf(Lanes.Load(from, i + Lanes.Count))).CopyTo(into[i..]);
        }
        for (; i < from.Length; i++) into[i] = ToHalf(from[i]);
    }

    /// <summary>Single to the nearest BF16, ties to even; every NaN stays one.</summary>
    /// <param name="from">[n]</param>
    /// <param name="into">BF16 bits, [n].</param>
    public static void ToBFloat16(ReadOnlySpan<float> from, Span<ushort> into)
    {
        int i = 0;
        for (; i + (2 * Lanes.Count) <= from.Length; i += 2 * Lanes.Count)
        {
            Vector512.Narrow(NarrowToBFloat16(Lanes.Load(from, i)), NarrowToBFloat16(Lanes.Load(from, i + Lanes.Count))).CopyTo(into[i..]);
        }
        for (; i < from.Length; i++) into[i] = (ushort)NarrowToBFloat16(Vector512.Create(from[i])).ToScalar();
    }

    /// <summary>One half to single, exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float FromHalf(ushort half)
    {
        uint magnitude = half & HalfMagnitude, sign = (half ^ magnitude) << 16, shifted = magnitude << 13;
        uint finite = BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle(shifted) * HalfScale);
        return BitConverter.UInt32BitsToSingle(sign | (magnitude < HalfInfinity ? finite : shifted | Infinity));
    }

    /// <summary>One single to the nearest half, ties to even.</summary>
    internal static ushort ToHalf(float value) => (ushort)NarrowToHalf(Vector512.Create(value)).ToScalar();

    internal static Vector512<float> Widen(Vector512<uint> half)
    {
        Vector512<uint> magnitude = half & Vector512.Create(HalfMagnitude);
        Vector512<uint> sign = (half ^ magnitude) << 16;
        Vector512<uint> shifted = magnitude << 13;
        Vector512<uint> finite = (shifted.AsSingle() * HalfScale).AsUInt32();
        Vector512<uint> isFinite = Vector512.LessThan(magnitude, Vector512.Create(HalfInfinity));
        return (sign | Vector512.ConditionalSelect(isFinite, finite, shifted | Vector512.Create(Infinity))).AsSingle();
    }

    private static Vector512<uint> NarrowToHalf(Vector512<float> value)
    {
        Vector512<uint> bits = value.AsUInt32(), sign = bits & Vector512.Create(Sign), magnitude = bits ^ sign;
        // Normal: move the bias from 127 to 15 and round off thirteen bits, half of an odd number up, of an even one down.
        Vector512<uint> odd = (magnitude >>> 13) & Vector512<uint>.One;
        Vector512<uint> normal = (magnitude - Vector512.Create((112u << 23) - 0xFFF) + odd) >>> 13;
        // Subnormal: added to one half, whose last place is 2^-24, the number is rounded by the addition.
        Vector512<uint> small = (magnitude.AsSingle() + Vector512.Create(0.5f)).AsUInt32() - Vector512.Create(0x3F00_0000u);
        Vector512<uint> large = Vector512.ConditionalSelect(Vector512.GreaterThan(magnitude, Vector512.Create(Infinity)),
            Vector512.Create(HalfQuietNaN), Vector512.Create(HalfInfinity));
        Vector512<uint> half = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(NormalHalf)), small, normal);
        half = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(BeyondHalf)), half, large);
        return half | (sign >>> 16);
    }

    private static Vector512<uint> NarrowToBFloat16(Vector512<float> value)
    {
        Vector512<uint> bits = value.AsUInt32(), magnitude = bits & Vector512.Create(~Sign);
        Vector512<uint> rounded = (bits + Vector512.Create(0x7FFFu) + ((bits >>> 16) & Vector512<uint>.One)) >>> 16;
        Vector512<uint> quiet = (bits >>> 16) | Vector512.Create(0x40u);
        return Vector512.ConditionalSelect(Vector512.GreaterThan(magnitude, Vector512.Create(Infinity)), quiet, rounded);
    }
}
