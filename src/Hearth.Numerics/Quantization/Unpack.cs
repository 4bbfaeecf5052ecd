using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hearth.Numerics.Quantization;

/// <summary>
/// Sixteen small integers to sixteen singles. The products of integers of at most eight bits and scales of at most sixteen are exact, so
/// that the bits do not depend on whether a reader fuses the product with the sum that follows.
/// </summary>
internal static unsafe class Unpack
{
    private static readonly Vector128<byte> EachBit = Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128);

    /// <summary>y[i] = scale · q[i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<sbyte> q, float scale, float* y) => (Singles(q) * Vector512.Create(scale)).Store(y);

    /// <summary>y[i] = scale · q[i] + offset, two roundings.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<byte> q, float scale, float offset, float* y) =>
        ((Singles(q.AsSByte()) * Vector512.Create(scale)) + Vector512.Create(offset)).Store(y);

    /// <summary>The lower four bits of each byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Low(Vector128<byte> packed) => packed & Vector128.Create((byte)15);

    /// <summary>The upper four bits of each byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> High(Vector128<byte> packed) => Field(packed, 4, 15);

    /// <summary>(packed[i] >> shift) &amp; mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Field(Vector128<byte> packed, int shift, byte mask) =>
        // mask drops what came from the neighbour
        Vector128.ShiftRightLogical(packed.AsUInt16(), shift).AsByte() & Vector128.Create(mask);

    /// <summary>All ones where a bit of sixteen is set, the lowest first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Mask(int bits)
    {
        const ulong everywhere = 0x0101_0101_0101_0101;
        Vector128<byte> spread = Vector128.Create((byte)bits * everywhere, (byte)(bits >> 8) * everywhere).AsByte();
        return Vector128.Equals(spread & EachBit, EachBit);
    }

    /// <summary>The numbers as singles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Singles(Vector128<sbyte> q)
    {
        if (Avx512F.IsSupported) return Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(q));
        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(q);
        (Vector256<int> first, Vector256<int> second) = Vector256.Widen(Vector256.Create(low, high));
        return Vector512.ConvertToSingle(Vector512.Create(first, second));
    }

    /// <summary>A half at any address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Half(byte* at) => Kernels.Conversion.FromHalf(Unsafe.ReadUnaligned<ushort>(at));
}
