using System.Runtime.Intrinsics;
using Hearth.Numerics.Tests.Manifest;
using Shouldly;
using Xunit;

namespace Hearth.Numerics.Tests;

/// <summary>The documented bounds on millions of arguments, and the values where functions have ends and holes.</summary>
public sealed class TranscendentalTests
{
    private const int Stride = 1009;

    [Fact]
    public void Exp_is_within_2_ulp_wherever_float32_has_its_result() => Worst(Lanes.Exp, LanesCases.Exp, -106f, 90f)
        .ShouldBeLessThanOrEqualTo(1);

    [Fact]
    public void Sigmoid_is_within_4_ulp_where_its_result_is_normal() => Worst(Lanes.Sigmoid, LanesCases.Sigmoid, -120f, 120f)
        .ShouldBeLessThanOrEqualTo(1);

    [Fact]
    public void Tanh_is_within_4_ulp() => Worst(Lanes.Tanh, x => Exact.Ulps(Math.Tanh(x), 4), -20f, 20f).ShouldBeLessThanOrEqualTo(1);

    [Theory]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.MaxValue, float.PositiveInfinity)]
    [InlineData(float.MinValue, 0f)]
    [InlineData(88.8f, float.PositiveInfinity)]
    [InlineData(-104f, 0f)]
    [InlineData(-103f, 1.4012985E-45f)]
    [InlineData(0f, 1f)]
    [InlineData(float.Epsilon, 1f)]
    public void Exp_has_its_special_values(float x, float expected) => At(Lanes.Exp, x).ShouldBe(expected);

    [Theory]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(float.PositiveInfinity, 1f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.MaxValue, 1f)]
    [InlineData(float.MinValue, 0f)]
    [InlineData(0f, 0.5f)]
    [InlineData(-float.Epsilon, 0.5f)]
    public void Sigmoid_has_its_special_values(float x, float expected) => At(Lanes.Sigmoid, x).ShouldBe(expected);

    [Theory]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(float.PositiveInfinity, 1f)]
    [InlineData(float.NegativeInfinity, -1f)]
    [InlineData(float.MaxValue, 1f)]
    [InlineData(float.MinValue, -1f)]
    [InlineData(0f, 0f)]
    [InlineData(float.Epsilon, float.Epsilon)]
    [InlineData(-1e-40f, -1e-40f)]
    public void Tanh_has_its_special_values(float x, float expected) => At(Lanes.Tanh, x).ShouldBe(expected);

    [Fact]
    public void Minus_zero_gives_what_zero_gives()
    {
        At(Lanes.Exp, -0f).ShouldBe(1f);
        At(Lanes.Sigmoid, -0f).ShouldBe(0.5f);
        At(Lanes.Tanh, -0f).ShouldBe(0f);
        Canonical.Exp(-0.0).ShouldBe(1);
        Canonical.Log(-0.0).ShouldBe(double.NegativeInfinity);
    }

    [Theory]
    [InlineData(double.NaN, double.NaN)]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity, 0)]
    [InlineData(709.79, double.PositiveInfinity)]
    [InlineData(709.7828, double.PositiveInfinity)]
    [InlineData(-745.2, 0)]
    [InlineData(-745.1, double.Epsilon)]
    [InlineData(0, 1)]
    [InlineData(double.Epsilon, 1)]
    public void Canonical_exp_has_its_special_values(double x, double expected) => Canonical.Exp(x).ShouldBe(expected);

    [Theory]
    [InlineData(double.NaN, double.NaN)]
    [InlineData(-1, double.NaN)]
    [InlineData(double.NegativeInfinity, double.NaN)]
    [InlineData(-double.Epsilon, double.NaN)]
    [InlineData(0, double.NegativeInfinity)]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(1, 0)]
    public void Canonical_log_has_its_special_values(double x, double expected) => Canonical.Log(x).ShouldBe(expected);

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Sine_and_cosine_of_what_is_not_finite_are_not_numbers(double x)
    {
        Canonical.Sin(x).ShouldBe(double.NaN);
        Canonical.Cos(x).ShouldBe(double.NaN);
    }

    [Fact]
    public void Powers_of_special_exponents_are_exact()
    {
        Canonical.Pow(10_000, 0).ShouldBe(1);
        Canonical.Pow(1, 123.4).ShouldBe(1);
        Canonical.Pow(0, 2).ShouldBe(0);
    }

    [Fact]
    public void Float64_functions_keep_their_bounds_on_dense_samples()
    {
        // The platform's functions are within an ulp themselves, hence one more than documented.
        var inputs = new Inputs(3);
        double exp = 0, log = 0, circular = 0;
        for (int i = 0; i < 200_000; i++)
        {
            double x = inputs.Unit() * 700.0, positive = Math.ScaleB(1.5 + (inputs.Unit() / 2.0001), inputs.Below(60) - 30),
                angle = inputs.Unit() * 1e6;
            exp = Math.Max(exp, UlpsApart(Canonical.Exp(x), Math.Exp(x)));
            log = Math.Max(log, UlpsApart(Canonical.Log(positive), Math.Log(positive)));
            circular = Math.Max(circular, Math.Abs(Canonical.Sin(angle) - Math.Sin(angle)));
            circular = Math.Max(circular, Math.Abs(Canonical.Cos(angle) - Math.Cos(angle)));
        }
        exp.ShouldBeLessThanOrEqualTo(3);
        log.ShouldBeLessThanOrEqualTo(3);
        circular.ShouldBeLessThanOrEqualTo(1.2e-15);
    }

    private static double UlpsApart(double x, double y) => Math.Abs(x - y) / (Math.BitIncrement(Math.Abs(y)) - Math.Abs(y));

    private static float At(Func<Vector512<float>, Vector512<float>> function, float x) => function(Vector512.Create(x)).GetElement(5);

    /// <summary>The largest error as a share of its bound.</summary>
    private static double Worst(Func<Vector512<float>, Vector512<float>> function, Func<float, Exact> exact, float low, float high)
    {
        float[] x = Floats.Between(low, high, Stride), y = new float[Lanes.Count];
        double worst = 0;
        for (int i = 0; i < x.Length; i += Lanes.Count)
        {
            function(Lanes.Load(x, i)).CopyTo(y);
            for (int l = 0; l < Lanes.Count && i + l < x.Length; l++)
            {
                Exact e = exact(x[i + l]);
                double share = y[l] == e.Value ? 0 : Math.Abs(y[l] - e.Value) / e.Bound;
                worst = double.IsNaN(share) ? double.PositiveInfinity : Math.Max(worst, share);
            }
        }
        return worst;
    }
}
