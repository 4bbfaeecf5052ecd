using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// How the codes of a step become unsigned bytes: a group of four columns for sixteen rows at a time. <c>at</c> is 0 for the first sixteen rows
/// of the panel, 64 for the second. See <see cref="PanelFormat"/> for where the bits stand.
/// </summary>
internal unsafe interface IPanelCodes
{
    /// <summary>The integers, or their lower plane.</summary>
    static abstract Vector512<byte> Lower(byte* q, int group, int at);

    /// <summary>The upper plane; types of one plane have none.</summary>
    static virtual Vector512<byte> Upper(byte* q, int group, int at) => throw new NotSupportedException();

    /// <summary>The integers of types of two planes, whole.</summary>
    static virtual Vector512<sbyte> Signed(byte* q, int group, int at) => throw new NotSupportedException();
}

internal readonly unsafe struct TwoBitCodes : IPanelCodes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Lower(byte* q, int group, int at) => CodeBits.Field(q + at, group, 2);
}

/// <summary>q - 4 made q - 4 + 32.</summary>
internal readonly unsafe struct ThreeBitCodes : IPanelCodes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Lower(byte* q, int group, int at) =>
        CodeBits.Field(q + at, group, 2) + (CodeBits.Field(q + (2 * CodeBits.PlaneBytes) + at, group, 1) << 2) + Vector512.Create((byte)28);
}

internal readonly unsafe struct FourBitCodes : IPanelCodes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Lower(byte* q, int group, int at) => CodeBits.Field(q + at, group, 4);
}

/// <summary>q - 1 made q - 1 + 8.</summary>
internal readonly unsafe struct TernaryCodes : IPanelCodes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Lower(byte* q, int group, int at) => CodeBits.Field(q + at, group, 4) + Vector512.Create((byte)7);
}

internal readonly unsafe struct FiveBitCodes : IPanelCodes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Lower(byte* q, int group, int at) =>
        CodeBits.Field(q + at, group, 4) | (CodeBits.Field(q + (4 * CodeBits.PlaneBytes) + at, group, 1) << 4);
}

internal readonly unsafe struct SixBitCodes : IPanelCodes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Lower(byte* q, int group, int at) =>
        CodeBits.Field(q + at, group, 4) | (CodeBits.Field(q + (4 * CodeBits.PlaneBytes) + at, group, 2) << 4);
}

/// <summary>E2M1's values doubled, plus 16.</summary>
internal readonly unsafe struct E2M1Codes : IPanelCodes
{
    private const ulong High = 0x8080_8080_8080_8080, Sixteen = 0x1010_1010_1010_1010;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Lower(byte* q, int group, int at) =>
        CodeBits.Lookup(Plus(Codebooks.TwiceE2M1First), Plus(Codebooks.TwiceE2M1Second), CodeBits.Field(q + at, group, 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Plus(ulong bytes) => ((bytes & ~High) + Sixteen) ^ (bytes & High);       // no byte carries into the next
}

/// <summary>The values of IQ4_NL cut into two planes.</summary>
internal readonly unsafe struct UnevenCodes : IPanelCodes
{
    private const ulong Nibbles = 0x0F0F_0F0F_0F0F_0F0F, Eights = 0x0808_0808_0808_0808;
    private const ulong LowerFirst = Codebooks.UnevenFirst & Nibbles, LowerSecond = Codebooks.UnevenSecond & Nibbles;
    private const ulong UpperFirst = ((Codebooks.UnevenFirst >> 4) & Nibbles) ^ Eights, UpperSecond = ((Codebooks.UnevenSecond >> 4) & Nibbles) ^ Eights;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Lower(byte* q, int group, int at) => CodeBits.Lookup(LowerFirst, LowerSecond, CodeBits.Field(q + at, group, 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Upper(byte* q, int group, int at) => CodeBits.Lookup(UpperFirst, UpperSecond, CodeBits.Field(q + at, group, 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<sbyte> Signed(byte* q, int group, int at) =>
        CodeBits.Lookup(Codebooks.UnevenFirst, Codebooks.UnevenSecond, CodeBits.Field(q + at, group, 4)).AsSByte();
}

/// <summary>Signed bytes cut into two planes, the upper one plus 8.</summary>
internal readonly unsafe struct EightBitCodes : IPanelCodes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Lower(byte* q, int group, int at) => CodeBits.Plane(q + at, group) & Vector512.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Upper(byte* q, int group, int at) =>
        (Vector512.ShiftRightLogical(CodeBits.Plane(q + at, group).AsUInt16(), 4).AsByte() & Vector512.Create((byte)15)) ^ Vector512.Create((byte)8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<sbyte> Signed(byte* q, int group, int at) => CodeBits.Plane(q + at, group).AsSByte();
}

/// <summary>The same, the upper plane plus 32.</summary>
internal readonly unsafe struct EightBitHalvesCodes : IPanelCodes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Lower(byte* q, int group, int at) => EightBitCodes.Lower(q, group, at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Upper(byte* q, int group, int at) => EightBitCodes.Upper(q, group, at) + Vector512.Create((byte)24);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<sbyte> Signed(byte* q, int group, int at) => EightBitCodes.Signed(q, group, at);
}

/// <summary>Bits out of planes of 128 bytes.</summary>
internal static unsafe class CodeBits
{
    public const int PlaneBytes = 4 * PanelFormat.Rows;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Plane(byte* q, int plane) => Vector512.Load(q + (plane * PlaneBytes));

    /// <summary>The group's field of so many bits, 1, 2 or 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Field(byte* q, int group, int bits)
    {
        uint together = 8 / (uint)bits, plane = (uint)group / together, place = (uint)group % together;
        return Vector512.ShiftRightLogical(Plane(q, (int)plane).AsUInt16(), (int)place * bits).AsByte()
            & Vector512.Create((byte)((1 << bits) - 1));                         // the mask drops what came from the neighbour
    }

    /// <summary>Sixteen values by number, the first eight in <paramref name="first"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Lookup(ulong first, ulong second, Vector512<byte> numbers)
    {
        if (Avx512BW.IsSupported) return Avx512BW.Shuffle(Vector512.Create(first, second, first, second, first, second, first, second).AsByte(), numbers);
        Vector128<byte> values = Vector128.Create(first, second).AsByte();
        return Vector512.Create(
            Vector256.Create(Vector128.Shuffle(values, numbers.GetLower().GetLower()), Vector128.Shuffle(values, numbers.GetLower().GetUpper())),
            Vector256.Create(Vector128.Shuffle(values, numbers.GetUpper().GetLower()), Vector128.Shuffle(values, numbers.GetUpper().GetUpper())));
    }
}
