namespace Hearth.Numerics.Kernels;

/// <summary>Working memory that belongs to a thread and is used again by the next call; what it holds means nothing between calls.</summary>
internal static unsafe class Scratch
{
    [ThreadStatic]
    private static FloatBuffer?[]? _buffers;

    /// <summary>Who uses the memory: two users on one thread never share.</summary>
    public enum Use
    {
        /// <summary>Packed rows of a.</summary>
        MatrixProduct,

        /// <summary>Tiles of attention.</summary>
        Attention,

        /// <summary>A widened panel of weights.</summary>
        QuantizedProduct,
    }

    /// <summary>At least <paramref name="length"/> numbers, undefined; valid on this thread until the same use rents again.</summary>
    public static float* Rent(Use use, int length)
    {
        _buffers ??= new FloatBuffer?[Enum.GetValues<Use>().Length];
        FloatBuffer? buffer = _buffers[(int)use];
        if (buffer is null || buffer.Length < length) _buffers[(int)use] = buffer = new FloatBuffer(length, zeroed: false);
        return buffer.Pointer;
    }
}
