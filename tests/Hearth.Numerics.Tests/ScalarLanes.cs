namespace Hearth.Numerics.Tests;

/// <summary>The stated order of row reductions, written with single numbers: sixteen lanes, lane l taking elements l, l + 16, ..., then
/// the fixed tree.</summary>
internal static class ScalarLanes
{
    /// <summary>Lane i with i + 8, then + 4, + 2, + 1.</summary>
    public static float Tree(ReadOnlySpan<float> lanes)
    {
        float[] sums = lanes.ToArray();
        for (int half = 8; half > 0; half /= 2)
        {
            for (int i = 0; i < half; i++) sums[i] += sums[i + half];
        }
        return sums[0];
    }

    /// <summary>Σ term(i).</summary>
    public static float Sum(int n, Func<int, float> term)
    {
        var lanes = new float[16];
        for (int i = 0; i < n; i++) lanes[i % 16] += term(i);
        return Tree(lanes);
    }

    /// <summary>Σ x[i]·y[i] of fused multiply-adds.</summary>
    public static float Dot(int n, Func<int, float> x, Func<int, float> y)
    {
        var lanes = new float[16];
        for (int i = 0; i < n; i++) lanes[i % 16] = MathF.FusedMultiplyAdd(x(i), y(i), lanes[i % 16]);
        return Tree(lanes);
    }
}
