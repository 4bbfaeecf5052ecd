using System.Security.Cryptography;
using System.Text;

namespace Hearth.Numerics.Tests.Manifest;

internal static class PhiloxCases
{
    private const long Seed = 0x0123456789ABCDEF;

    public static KernelCase[] All { get; } =
    [
        new("Philox.Block", Block),
        new("Philox.Uniform", Uniform),
        new("Philox.Normal", Normal),
        new("Philox.WithSeed", WithSeed),
    ];

    private static void Block(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(21);
        for (int t = 0; t < 50; t++)
        {
            uint[] c = [Word(), Word(), Word(), Word()], k = [Word(), Word()];
            (uint x0, uint x1, uint x2, uint x3) = Philox.Block(c[0], c[1], c[2], c[3], k[0], k[1]);
            uint[] expected = Reference(c, k);
            e.AddIntegers([x0, x1, x2, x3], i => expected[i]);
        }

        uint Word() => (uint)inputs.Bits();
    }

    /// <summary>53 of the block's bits over 2^53, exactly.</summary>
    private static void Uniform(WorkerPool pool, Evidence e)
    {
        var philox = new Philox(Seed, "case", 3);
        long[] indexes = Indexes();
        double[] y = [.. indexes.Select(philox.Uniform)];
        e.AddDoubles(y, i => y[i] == Reference(indexes[i]).U ? 0 : double.PositiveInfinity);
    }

    /// <summary>
    /// √(-2 ln u) · cos 2πv: the cosine is within 1e-15, its angle within 7e-16 (2π and the product, each rounded), the root within three
    /// parts in 2^53; the logarithm's 2 ulp are 2^-52 of it.
    /// </summary>
    private static void Normal(WorkerPool pool, Evidence e)
    {
        var philox = new Philox(Seed, "case", 3);
        long[] indexes = Indexes();
        double[] y = [.. indexes.Select(philox.Normal)];
        e.AddDoubles(y, i =>
        {
            (_, double u, double v) = Reference(indexes[i]);
            double root = Math.Sqrt(-2 * Math.Log(u));
            return Math.Abs(y[i] - (root * Math.Cos(2 * Math.PI * v))) / (root * 3e-15);
        });
    }

    /// <summary>The numbers of the stream that is made with the seed.</summary>
    private static void WithSeed(WorkerPool pool, Evidence e)
    {
        Philox philox = new Philox(77, "case", 3).WithSeed(Seed);
        long[] indexes = Indexes();
        double[] y = [.. indexes.Select(philox.Uniform)];
        e.AddDoubles(y, i => y[i] == Reference(indexes[i]).U ? 0 : double.PositiveInfinity);
    }

    private static long[] Indexes() => [.. Enumerable.Range(0, 300).Select(i => (long)i), uint.MaxValue, (long)uint.MaxValue + 1,
        long.MaxValue];

    private static (double U, double UAboveZero, double V) Reference(long index)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes("case"));
        uint[] key = [unchecked((uint)Seed) ^ BitConverter.ToUInt32(hash, 4), (uint)(Seed >> 32) ^ BitConverter.ToUInt32(hash, 8)];
        uint[] x = Reference([(uint)index, (uint)(index >> 32), 3, BitConverter.ToUInt32(hash, 0)], key);
        double first = (double)((((ulong)x[0] << 32) | x[1]) / 2048), second = (double)((((ulong)x[2] << 32) | x[3]) / 2048);
        return (first / Math.Pow(2, 53), (first + 1) / Math.Pow(2, 53), second / Math.Pow(2, 53));
    }

    /// <summary>The round of the paper's figure 2, written out.</summary>
    private static uint[] Reference(uint[] counter, uint[] key)
    {
        uint[] c = [.. counter], k = [.. key];
        for (int round = 1; round <= 10; round++)
        {
            UInt128 left = (UInt128)0xD2511F53 * c[0], right = (UInt128)0xCD9E8D57 * c[2];
            c = [(uint)(right >> 32) ^ c[1] ^ k[0], (uint)(right & uint.MaxValue), (uint)(left >> 32) ^ c[3] ^ k[1],
                (uint)(left & uint.MaxValue)];
            k = [unchecked(k[0] + 0x9E3779B9), unchecked(k[1] + 0xBB67AE85)];
        }
        return c;
    }
}
