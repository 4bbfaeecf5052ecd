namespace Hearth.Numerics.Tests;

/// <summary>
/// Buffers with given contents. The last of each thread stay reachable: a test takes a pointer and no longer names the buffer, and the
/// collector would give the memory to someone else while a kernel reads it.
/// </summary>
internal static class Memory
{
    private const int Kept = 256;

    [ThreadStatic]
    private static Queue<FloatBuffer>? _kept;

    public static FloatBuffer Of(ReadOnlySpan<float> values)
    {
        FloatBuffer buffer = Keep(new FloatBuffer(values.Length));
        values.CopyTo(buffer.Span);
        return buffer;
    }

    /// <summary>A buffer of NaN: what was not written shows.</summary>
    public static FloatBuffer Unwritten(int length)
    {
        FloatBuffer buffer = Keep(new FloatBuffer(length));
        buffer.Span.Fill(float.NaN);
        return buffer;
    }

    private static FloatBuffer Keep(FloatBuffer buffer)
    {
        _kept ??= new Queue<FloatBuffer>(Kept);
        if (_kept.Count == Kept) _kept.Dequeue();
        _kept.Enqueue(buffer);
        return buffer;
    }
}
