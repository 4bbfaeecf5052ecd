using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// Rotary position embedding (Su et al. 2021, arXiv:2104.09864, eq. 34) on half-split pairs: of R numbers of a head that turn, element i
/// turns with element i + R/2. The others stay as they are.
/// </summary>
public static class Rotary
{
    /// <summary>Turns every head of a row, y = R·x; with <paramref name="inverse"/> the other way round, which is the gradient.</summary>
    /// <param name="x">[heads · D]</param>
    /// <param name="cos">[R/2] cosines of the row's position.</param>
    /// <param name="sin">[R/2] sines of the row's position.</param>
    /// <param name="headSize">D.</param>
    /// <param name="first">The first number of a head that turns.</param>
    /// <param name="inverse">True to turn backwards.</param>
    /// <param name="y">[heads · D]</param>
    /// <param name="add">True to add to what stands in y.</param>
    public static void Turn(ReadOnlySpan<float> x, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, int headSize, int first, bool inverse, Span<float> y, bool add)
    {
        int half = cos.Length, end = first + (2 * half);
        for (int head = 0; head < x.Length; head += headSize)
        {
            Keep(x.Slice(head, first), y.Slice(head, first), add);
            ReadOnlySpan<float> a = x.Slice(head + first, half), b = x.Slice(head + first + half, half);
            Span<float> ya = y.Slice(head + first, half), yb = y.Slice(head + first + half, half);
            for (int i = 0; i < half; i += Lanes.Count)
            {
                Vector512<float> c = Lanes.Load(cos, i), s = Lanes.Load(sin, i), xa = Lanes.Load(a, i), xb = Lanes.Load(b, i);
                if (inverse) s = -s;
                Vector512<float> low = (xa * c) - (xb * s), high = (xa * s) + (xb * c);
                Lanes.Store(add ? Lanes.Load(ya, i) + low : low, ya, i);
                Lanes.Store(add ? Lanes.Load(yb, i) + high : high, yb, i);
            }
            Keep(x[(head + end)..(head + headSize)], y[(head + end)..(head + headSize)], add);
        }
    }

    private static void Keep(ReadOnlySpan<float> x, Span<float> y, bool add)
    {
        if (add) Elementwise.Add(y, x, y);
        else x.CopyTo(y);
    }
}
