namespace Hearth.Numerics.Tests;

/// <summary>Buffers with given contents.</summary>
internal static class Memory
{
    public static FloatBuffer Of(ReadOnlySpan<float> values)
    {
        var buffer = new FloatBuffer(values.Length);
        values.CopyTo(buffer.Span);
        return buffer;
    }

    /// <summary>A buffer of NaN: what was not written shows.</summary>
    public static FloatBuffer Unwritten(int length)
    {
        var buffer = new FloatBuffer(length);
        buffer.Span.Fill(float.NaN);
        return buffer;
    }
}
