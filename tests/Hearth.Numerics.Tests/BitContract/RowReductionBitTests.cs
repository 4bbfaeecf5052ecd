using System.Runtime.Intrinsics;
using Hearth.Numerics.Kernels;
using Hearth.Numerics.Tests.Manifest;
using Xunit;

namespace Hearth.Numerics.Tests.BitContract;

/// <summary>Sums over a row have sixteen lanes and a fixed tree: the kernels against the same written with single numbers.</summary>
public sealed class RowReductionBitTests
{
    private const float Epsilon = 1e-6f;

    public static TheoryData<int> Lengths => [1, 2, 15, 16, 17, 31, 32, 33, 47, 64, 100, 130, 1000];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Rms_norm_and_its_gradient_keep_the_order(int n)
    {
        var inputs = new Inputs((ulong)n);
        float[] x = inputs.Spread(n), w = inputs.Spread(n), dy = inputs.Spread(n), y = new float[n], dx = new float[n];
        float inverse = 1f / MathF.Sqrt((ScalarLanes.Dot(n, i => x[i], i => x[i]) / n) + Epsilon);
        new[] { Norms.Rms(x, w, Epsilon, y) }.ShouldHaveBits([inverse], "1 / rms");
        y.ShouldHaveBits(Each(n, i => x[i] * inverse * w[i]), "y");

        Norms.RmsBackward(x, w, inverse, dy, dx, add: false);
        float back = -(ScalarLanes.Dot(n, i => dy[i] * w[i], i => x[i]) / n) * inverse * inverse;
        dx.ShouldHaveBits(Each(n, i => MathF.FusedMultiplyAdd(x[i], back, dy[i] * w[i]) * inverse), "dx");
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Layer_norm_and_its_gradient_keep_the_order(int n)
    {
        var inputs = new Inputs((ulong)n);
        float[] x = inputs.Spread(n), w = inputs.Spread(n), b = inputs.Spread(n), dy = inputs.Spread(n), y = new float[n],
            dx = new float[n];
        float mean = ScalarLanes.Sum(n, i => x[i]) / n;
        float inverse = 1f / MathF.Sqrt((ScalarLanes.Dot(n, i => x[i] - mean, i => x[i] - mean) / n) + Epsilon);
        (float Mean, float Inverse) found = Norms.Layer(x, w, b, Epsilon, y);
        new[] { found.Mean, found.Inverse }.ShouldHaveBits([mean, inverse], "mean and 1 / σ");
        y.ShouldHaveBits(Each(n, i => MathF.FusedMultiplyAdd((x[i] - mean) * inverse, w[i], b[i])), "y");

        Norms.LayerBackward(x, w, mean, inverse, dy, dx, add: false);
        float meanG = ScalarLanes.Sum(n, i => dy[i] * w[i]) / n;
        float back = -(ScalarLanes.Dot(n, i => dy[i] * w[i], i => (x[i] - mean) * inverse) / n);
        dx.ShouldHaveBits(Each(n, i => MathF.FusedMultiplyAdd((x[i] - mean) * inverse, back, (dy[i] * w[i]) - meanG) * inverse), "dx");
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Softmax_and_the_loss_keep_the_order(int n)
    {
        const float scale = 0.25f;
        var inputs = new Inputs((ulong)n);
        float[] x = inputs.Spread(n), dy = inputs.Spread(n), y = new float[n], dx = new float[n], gradient = [.. x];
        float max = x.Max(), sum = ScalarLanes.Sum(n, i => Exp(x[i] - max)), logSum = max + (float)Canonical.Log(sum);
        new[] { Softmax.LogSum(x) }.ShouldHaveBits([logSum], "log sum");

        Softmax.Forward(x, y);
        y.ShouldHaveBits(Each(n, i => Exp(x[i] - max) * (1f / sum)), "softmax");
        Softmax.Backward(y, dy, dx);
        float dot = ScalarLanes.Dot(n, i => y[i], i => dy[i]);
        dx.ShouldHaveBits(Each(n, i => y[i] * (dy[i] - dot)), "softmax's gradient");

        new[] { Softmax.CrossEntropy(gradient, n / 2, scale) }.ShouldHaveBits([logSum - x[n / 2]], "loss");
        gradient.ShouldHaveBits(Each(n, i => (Exp(x[i] - logSum) * scale) - (i == n / 2 ? scale : 0f)), "loss's gradient");
    }

    [Fact]
    public void A_sum_of_squares_adds_pieces_of_4096_in_float64()
    {
        using var pool = new WorkerPool(3);
        float[] x = new Inputs(9).Spread(10_000);
        double expected = 0;
        foreach (float[] piece in x.Chunk(4096)) expected += ScalarLanes.Dot(piece.Length, i => piece[i], i => piece[i]);
        Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(Elementwise.SumOfSquares(pool, x)));
    }

    private static float Exp(float x) => Lanes.Exp(Vector512.Create(x)).GetElement(0);

    private static float[] Each(int n, Func<int, float> value) => [.. Enumerable.Range(0, n).Select(value)];
}
