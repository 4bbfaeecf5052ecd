namespace Hearth.Numerics;

/// <summary>
/// Cosines and sines of the rotary position embedding: angle = position · frequency, in float64, rounded once. They are computed some
/// positions at a time, when one of them is first asked for, so that a long context costs nothing until it is used.
/// </summary>
public sealed class RopeTable
{
    private const int BlockPositions = 64;
    private readonly double[] _frequencies;
    private readonly double _magnitude;
    private readonly Block?[] _blocks;

    /// <summary>Makes the table of the plain embedding, whose frequency i is base^(-2i/R).</summary>
    /// <param name="positions">Positions from 0.</param>
    /// <param name="size">R, numbers of a head that turn, even.</param>
    /// <param name="theta">The base.</param>
    public RopeTable(int positions, int size, double theta)
        : this(positions, new double[size / 2])
    {
        for (int i = 0; i < _frequencies.Length; i++) _frequencies[i] = Canonical.Pow(theta, -2.0 * i / size);
    }

    /// <summary>Makes the table of given frequencies.</summary>
    /// <param name="positions">Positions from 0.</param>
    /// <param name="frequencies">[R/2] angles of position 1, in radians.</param>
    /// <param name="magnitude">Factor of every cosine and sine.</param>
    public RopeTable(int positions, double[] frequencies, double magnitude = 1)
    {
        Positions = positions;
        _frequencies = frequencies;
        _magnitude = magnitude;
        _blocks = new Block?[(positions + BlockPositions - 1) / BlockPositions];
    }

    /// <summary>Positions in the table.</summary>
    public int Positions { get; }

    /// <summary>[R/2] angles of position 1, in radians.</summary>
    public IReadOnlyList<double> Frequencies => _frequencies;

    /// <summary>R, numbers of a head that turn.</summary>
    public int Size => 2 * _frequencies.Length;

    /// <summary>[R/2] cosines of a position.</summary>
    /// <param name="position">Position from 0.</param>
    public ReadOnlySpan<float> Cos(int position) => Row(BlockOf(position).Cos, position);

    /// <summary>[R/2] sines of a position.</summary>
    /// <param name="position">Position from 0.</param>
    public ReadOnlySpan<float> Sin(int position) => Row(BlockOf(position).Sin, position);

    private ReadOnlySpan<float> Row(float[] block, int position) =>
        block.AsSpan(position % BlockPositions * _frequencies.Length, _frequencies.Length);

    /// <summary>Two threads may compute the same block at once; both get the same numbers, and either is kept.</summary>
    private Block BlockOf(int position)
    {
        int index = position / BlockPositions;
        Block? block = Volatile.Read(ref _blocks[index]);
        if (block is not null) return block;
        block = Compute(index * BlockPositions);
        Volatile.Write(ref _blocks[index], block);
        return block;
    }

    private Block Compute(int first)
    {
        int half = _frequencies.Length, count = Math.Min(BlockPositions, Positions - first);
        var block = new Block(new float[count * half], new float[count * half]);
        for (int p = 0; p < count; p++)
        {
            for (int i = 0; i < half; i++)
            {
                double angle = (first + p) * _frequencies[i];
                block.Cos[(p * half) + i] = (float)(Canonical.Cos(angle) * _magnitude);
                block.Sin[(p * half) + i] = (float)(Canonical.Sin(angle) * _magnitude);
            }
        }
        return block;
    }

    /// <summary>Some positions' cosines and sines, [positions, R/2].</summary>
    private sealed record Block(float[] Cos, float[] Sin);
}
