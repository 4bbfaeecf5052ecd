using Hearth.Numerics.Kernels;
using Shouldly;
using Xunit;

namespace Hearth.Numerics.Tests;

/// <summary>A run stops when its loss is not a number, so a number that is not one must reach the loss.</summary>
public sealed class NotANumberTests
{
    [Theory]
    [InlineData(3, 0)]
    [InlineData(40, 39)]
    public void A_NaN_is_never_lost(int n, int where)
    {
        float[] x = new float[n], w = new float[n], y = new float[n], other = new float[n];
        Array.Fill(x, 1f);
        Array.Fill(w, 1f);
        x[where] = float.NaN;

        Activations.Gelu(x, y);
        y[where].ShouldBe(float.NaN);
        Activations.SwiGlu(x, w, y);
        y[where].ShouldBe(float.NaN);
        Activations.SquaredRelu(x, y);
        y[where].ShouldBe(float.NaN);
        Activations.SquaredReluBackward(x, w, y, add: false);
        y[where].ShouldBe(float.NaN);
        Activations.GeluBackward(x, w, y, add: false);
        y[where].ShouldBe(float.NaN);
        Activations.SwiGluBackward(x, w, w, y, addGate: false, other, addUp: false);
        y[where].ShouldBe(float.NaN);
        other[where].ShouldBe(float.NaN);
        Norms.Rms(x, w, 1e-5f, y);
        y.ShouldAllBe(v => float.IsNaN(v));
        Norms.Layer(x, w, w, 1e-5f, y);
        y.ShouldAllBe(v => float.IsNaN(v));
        Softmax.LogSum(x).ShouldBe(float.NaN);
        Softmax.Forward(x, y);
        y.ShouldAllBe(v => float.IsNaN(v));
        Softmax.CrossEntropy([.. x], 1, 1f).ShouldBe(float.NaN);
    }
}
