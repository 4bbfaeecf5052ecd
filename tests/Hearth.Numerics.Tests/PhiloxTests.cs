using Shouldly;
using Xunit;

namespace Hearth.Numerics.Tests;

public sealed class PhiloxTests
{
    // Known answers for philox4x32 with 10 rounds, published with the paper's library Random123 (file kat_vectors).
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u,
        0x24126ea1u)]
    public void A_block_has_the_published_answer(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint x0, uint x1, uint x2,
        uint x3) =>
        Philox.Block(c0, c1, c2, c3, k0, k1).ShouldBe((x0, x1, x2, x3));

    [Fact]
    public void Seed_purpose_step_and_index_each_change_the_number()
    {
        double number = new Philox(1, "init", 2).Uniform(3);
        new Philox(1, "init", 2).Uniform(3).ShouldBe(number);
        new Philox(2, "init", 2).Uniform(3).ShouldNotBe(number);
        new Philox(1L << 32, "init", 2).Uniform(3).ShouldNotBe(new Philox(0, "init", 2).Uniform(3));
        new Philox(1, "order", 2).Uniform(3).ShouldNotBe(number);
        new Philox(1, "init", 1).Uniform(3).ShouldNotBe(number);
        new Philox(1, "init", 2).Uniform(4).ShouldNotBe(number);
        new Philox(1, "init", 2).Uniform(3 + (1L << 32)).ShouldNotBe(number);
    }

    [Fact]
    public void Uniform_numbers_fill_the_interval_evenly()
    {
        const int n = 100_000;
        var philox = new Philox(5, "test");
        var bins = new int[10];
        for (int i = 0; i < n; i++) bins[(int)(philox.Uniform(i) * 10)]++;
        // Each count has deviation √(n · 0.1 · 0.9) = 95.
        bins.ShouldAllBe(b => Math.Abs(b - (n / 10)) < 5 * 95);
    }

    [Fact]
    public void Normal_numbers_have_the_moments_of_the_normal_distribution()
    {
        const int n = 100_000;
        var philox = new Philox(6, "test");
        double[] moments = new double[5];
        for (int i = 0; i < n; i++)
        {
            double x = philox.Normal(i);
            for (int p = 1; p <= 4; p++) moments[p] += Math.Pow(x, p) / n;
        }
        // Deviations of the sample moments: √(1, 2, 15, 96) / √n; five of each.
        Math.Abs(moments[1]).ShouldBeLessThan(5 * Math.Sqrt(1.0 / n));
        Math.Abs(moments[2] - 1).ShouldBeLessThan(5 * Math.Sqrt(2.0 / n));
        Math.Abs(moments[3]).ShouldBeLessThan(5 * Math.Sqrt(15.0 / n));
        Math.Abs(moments[4] - 3).ShouldBeLessThan(5 * Math.Sqrt(96.0 / n));
    }
}
