namespace Hearth.Numerics.Tests.Manifest;

/// <summary>Samples of all float32 numbers.</summary>
internal static class Floats
{
    /// <summary>Every so-manieth float from a negative number up to a positive one, both zeros and the numbers below the normal range
    /// among them.</summary>
    public static float[] Between(float low, float high, int stride)
    {
        var values = new List<float> { 0f, -0f, low, high, float.Epsilon, -float.Epsilon };
        long lowest = BitConverter.SingleToInt32Bits(-low), highest = BitConverter.SingleToInt32Bits(high);
        for (long bits = 0; bits <= lowest; bits += stride) values.Add(-BitConverter.Int32BitsToSingle((int)bits));
        for (long bits = 0; bits <= highest; bits += stride) values.Add(BitConverter.Int32BitsToSingle((int)bits));
        return [.. values];
    }
}
