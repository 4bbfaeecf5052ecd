using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// Rotary position embedding (Su et al. 2021, arXiv:2104.09864, eq. 34) on half-split pairs: element i of a head turns with element i + D/2.
/// </summary>
public static class Rotary
{
    /// <summary>Turns every head of a row, y = R·x; with <paramref name="inverse"/> the other way round, which is the gradient.</summary>
    /// <param name="x">[heads · D]</param>
    /// <param name="cos">[D/2] cosines of the row's position.</param>
    /// <param name="sin">[D/2] sines of the row's position.</param>
    /// <param name="headSize">D.</param>
    /// <param name="inverse">True to turn backwards.</param>
    /// <param name="y">[heads · D]</param>
    /// <param name="add">True to add to what stands in y.</param>
    public static void Turn(ReadOnlySpan<float> x, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, int headSize, bool inverse, Span<float> y, bool add)
    {
        int half = headSize / 2;
        for (int head = 0; head < x.Length; head += headSize)
        {
            ReadOnlySpan<float> a = x.Slice(head, half), b = x.Slice(head + half, half);
            Span<float> ya = y.Slice(head, half), yb = y.Slice(head + half, half);
            for (int i = 0; i < half; i += Lanes.Count)
            {
                Vector512<float> c = Lanes.Load(cos, i), s = Lanes.Load(sin, i), xa = Lanes.Load(a, i), xb = Lanes.Load(b, i);
                if (inverse) s = -s;
                Vector512<float> first = (xa * c) - (xb * s), second = (xa * s) + (xb * c);
                Lanes.Store(add ? Lanes.Load(ya, i) + first : first, ya, i);
                Lanes.Store(add ? Lanes.Load(yb, i) + second : second, yb, i);
            }
        }
    }
}
