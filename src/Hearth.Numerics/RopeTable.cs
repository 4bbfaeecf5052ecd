namespace Hearth.Numerics;

/// <summary>Cosines and sines of the rotary position embedding: angle = position · base^(-2i/D), in float64, rounded once.</summary>
public sealed class RopeTable
{
    private readonly float[] _cos;
    private readonly float[] _sin;
    private readonly int _half;

    /// <summary>Computes the table.</summary>
    /// <param name="positions">Positions from 0.</param>
    /// <param name="headSize">D, even.</param>
    /// <param name="theta">The base.</param>
    public RopeTable(int positions, int headSize, double theta)
    {
        Positions = positions;
        HeadSize = headSize;
        _half = headSize / 2;
        _cos = new float[positions * _half];
        _sin = new float[positions * _half];
        for (int i = 0; i < _half; i++)
        {
            double frequency = Canonical.Pow(theta, -2.0 * i / headSize);
            for (int p = 0; p < positions; p++)
            {
                _cos[(p * _half) + i] = (float)Canonical.Cos(p * frequency);
                _sin[(p * _half) + i] = (float)Canonical.Sin(p * frequency);
            }
        }
    }

    /// <summary>Positions in the table.</summary>
    public int Positions { get; }

    /// <summary>D.</summary>
    public int HeadSize { get; }

    /// <summary>[D/2] cosines of a position.</summary>
    /// <param name="position">Position from 0.</param>
    public ReadOnlySpan<float> Cos(int position) => _cos.AsSpan(position * _half, _half);

    /// <summary>[D/2] sines of a position.</summary>
    /// <param name="position">Position from 0.</param>
    public ReadOnlySpan<float> Sin(int position) => _sin.AsSpan(position * _half, _half);
}
