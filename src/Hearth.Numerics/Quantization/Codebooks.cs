using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Quantization;

/// <summary>Tables that are part of the tensor types.</summary>
internal static class Codebooks
{
    /// <summary>The sixteen values of IQ4_NL and IQ4_XS (ggml, ggml-common.h, kvalues_iq4nl), ascending.</summary>
    public static readonly Vector128<sbyte> Uneven =
        Vector128.Create(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

    /// <summary>The sixteen values of E2M1, doubled to be whole (OCP Microscaling Formats 1.0, section 5.3.3).</summary>
    public static readonly Vector128<sbyte> TwiceE2M1 = Vector128.Create(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);
}
