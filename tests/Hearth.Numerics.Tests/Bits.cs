using Shouldly;

namespace Hearth.Numerics.Tests;

/// <summary>Comparison of float32 numbers by their bits, zeros of both signs told apart.</summary>
internal static class Bits
{
    public static void ShouldHaveBits(this ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, string what)
    {
        actual.Length.ShouldBe(expected.Length, what);
        for (int i = 0; i < actual.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(actual[i]) == BitConverter.SingleToInt32Bits(expected[i])) continue;
            throw new ShouldAssertException($"{what}: number {i} is {actual[i]:R}, expected {expected[i]:R}");
        }
    }

    public static void ShouldHaveBits(this float[] actual, ReadOnlySpan<float> expected, string what) =>
        ((ReadOnlySpan<float>)actual).ShouldHaveBits(expected, what);

    public static void ShouldHaveBits(this Span<float> actual, ReadOnlySpan<float> expected, string what) =>
        ((ReadOnlySpan<float>)actual).ShouldHaveBits(expected, what);
}
