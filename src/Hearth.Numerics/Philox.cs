using System.Security.Cryptography;
using System.Text;

namespace Hearth.Numerics;

/// <summary>
/// Counter-based random numbers, Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3).
/// A number is a pure function of seed, purpose, step and index: there is no state to save, lose or share between threads.
/// </summary>
public readonly struct Philox
{
    private readonly uint _hash0;
    private readonly uint _hash1;
    private readonly ulong _seed;
    private readonly uint _step;
    private readonly uint _purpose;

    /// <summary>A stream of numbers.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="purpose">What the numbers are for; another purpose gives unrelated numbers.</param>
    /// <param name="step">The step they are for.</param>
    public Philox(long seed, string purpose, int step = 0)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(purpose), hash);
        _seed = (ulong)seed;
        _hash0 = BitConverter.ToUInt32(hash[4..]);
        _hash1 = BitConverter.ToUInt32(hash[8..]);
        _purpose = BitConverter.ToUInt32(hash);
        _step = (uint)step;
    }

    private Philox(Philox other, long seed)
    {
        this = other;
        _seed = (ulong)seed;
    }

    /// <summary>The stream of another seed with the same purpose and step.</summary>
    /// <param name="seed">The other seed.</param>
    public Philox WithSeed(long seed) => new(this, seed);

    /// <summary>The block of four 32-bit numbers for a counter and a key.</summary>
    /// <param name="c0">Counter, lowest word.</param>
    /// <param name="c1">Counter.</param>
    /// <param name="c2">Counter.</param>
    /// <param name="c3">Counter, highest word.</param>
    /// <param name="k0">Key, low word.</param>
    /// <param name="k1">Key, high word.</param>
    public static (uint X0, uint X1, uint X2, uint X3) Block(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (int round = 0; round < 10; round++)
        {
            ulong product0 = 0xD2511F53UL * c0, product1 = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = ((uint)(product1 >> 32) ^ c1 ^ k0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ k1, (uint)product0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return (c0, c1, c2, c3);
    }

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    /// <param name="index">Which one.</param>
    public double Uniform(long index)
    {
        (uint x0, uint x1, _, _) = At(index);
        return ((((ulong)x0 << 32) | x1) >> 11) * (1.0 / 9007199254740992.0);
    }

    /// <summary>A normal number with mean 0 and deviation 1 (Box and Muller 1958).</summary>
    /// <param name="index">Which one.</param>
    public double Normal(long index)
    {
        (uint x0, uint x1, uint x2, uint x3) = At(index);
        double u = (((((ulong)x0 << 32) | x1) >> 11) + 1) * (1.0 / 9007199254740992.0);
        double v = ((((ulong)x2 << 32) | x3) >> 11) * (1.0 / 9007199254740992.0);
        return Math.Sqrt(-2 * Canonical.Log(u)) * Canonical.Cos(6.283185307179586 * v);
    }

    private (uint X0, uint X1, uint X2, uint X3) At(long index) => Block((uint)index, (uint)(index >> 32), _step, _purpose,
        (uint)_seed ^ _hash0, (uint)(_seed >> 32) ^ _hash1);
}
