namespace Hearth.Numerics.Tests.Manifest;

/// <summary>The same numbers on every machine, made by integers alone (SplitMix64: Steele, Lea and Flood 2014,
/// doi:10.1145/2660193.2660195).</summary>
internal sealed class Inputs(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Row lengths with every kind of tail.</summary>
    public static IEnumerable<int> Lengths => Enumerable.Range(1, 130);

    /// <summary>Some of them, for kernels that take several rows.</summary>
    public static int[] SomeLengths { get; } = [1, 2, 7, 15, 16, 17, 31, 48, 63, 65, 100, 130];

    public ulong Bits()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to <paramref name="end"/> - 1.</summary>
    public int Below(int end) => (int)(Bits() % (ulong)end);

    /// <summary>A number in [-1, 1) with 24 random bits.</summary>
    public float Unit() => ((int)(Bits() >> 39) - (1 << 24)) * (1f / (1 << 24));

    /// <summary>Numbers in [-size, size).</summary>
    public float[] Even(int count, float size = 1f) => Fill(count, () => Unit() * size);

    /// <summary>Numbers of magnitudes from 2^-12 to 2^6 and both signs, with some zeros of both signs and some below the normal
    /// range.</summary>
    public float[] Spread(int count) => Fill(count, () => (Bits() % 32) switch
    {
        0 => 0f,
        1 => -0f,
        2 => Unit() * 1e-39f,
        _ => Unit() * BitConverter.Int32BitsToSingle((127 - 11 + Below(18)) << 23),
    });

    private static float[] Fill(int count, Func<float> next)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++) values[i] = next();
        return values;
    }
}
