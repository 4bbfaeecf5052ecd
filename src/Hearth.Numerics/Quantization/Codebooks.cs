using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Quantization;

/// <summary>Tables that are part of the tensor types. Constants, so that no loop asks whether they are ready: eight values a number, the first lowest.</summary>
internal static class Codebooks
{
    /// <summary>The first eight values of IQ4_NL and IQ4_XS (ggml, ggml-common.h, kvalues_iq4nl): -127, -104, -83, -65, -49, -35, -22, -10.</summary>
    public const ulong UnevenFirst = 0xF6EA_DDCF_BFAD_9881;

    /// <summary>The others: 1, 13, 25, 38, 53, 69, 89, 113.</summary>
    public const ulong UnevenSecond = 0x7159_4535_2619_0D01;

    /// <summary>The values of E2M1 that are not negative, doubled to be whole (OCP Microscaling Formats 1.0, section 5.3.3): 0, 1, 2, 3, 4, 6, 8, 12.</summary>
    public const ulong TwiceE2M1First = 0x0C08_0604_0302_0100;

    /// <summary>The others: the same, negative.</summary>
    public const ulong TwiceE2M1Second = 0xF4F8_FAFC_FDFE_FF00;

    /// <summary>The sixteen values of IQ4_NL and IQ4_XS, ascending.</summary>
    public static Vector128<sbyte> Uneven
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create(UnevenFirst, UnevenSecond).AsSByte();
    }

    /// <summary>The sixteen values of E2M1, doubled.</summary>
    public static Vector128<sbyte> TwiceE2M1
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create(TwiceE2M1First, TwiceE2M1Second).AsSByte();
    }
}
