using Hearth.Numerics;

namespace Hearth.Benchmarks.Harness;

/// <summary>
/// Several buffers of one size that calls take in turn, together larger than the caches: a kernel of a training step finds its operands in
/// memory, not where the last call left them.
/// </summary>
internal sealed class Ring
{
    private const long TogetherBytes = 96L << 20;
    private const int Most = 16;
    private readonly FloatBuffer[] _buffers;

    public Ring(int length, uint seed = 1, int? count = null)
    {
        _buffers = new FloatBuffer[count ?? (int)Math.Clamp(TogetherBytes / Math.Max(1, (long)length * sizeof(float)), 1, Most)];
        for (int i = 0; i < _buffers.Length; i++) _buffers[i] = new FloatBuffer(length, zeroed: false);
        Fill(_buffers[0].Span, seed);
        foreach (FloatBuffer buffer in _buffers.AsSpan(1)) _buffers[0].Span.CopyTo(buffer.Span);
    }

    public FloatBuffer this[int call] => _buffers[call % _buffers.Length];

    /// <summary>Numbers spread evenly over [-0.5, 0.5).</summary>
    public static void Fill(Span<float> numbers, uint seed)
    {
        uint state = (seed * 2654435761) + 1;
        foreach (ref float number in numbers)
        {
            state = (state * 1664525) + 1013904223;
            number = ((state >> 8) * (1f / (1 << 24))) - 0.5f;
        }
    }
}
