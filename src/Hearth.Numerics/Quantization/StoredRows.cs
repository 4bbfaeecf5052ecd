namespace Hearth.Numerics.Quantization;

/// <summary>
/// The rows of a stored tensor one after the other, read through memory of each thread's own: what is laid out anew would otherwise be in the
/// process twice, since a mapped page stays once it was touched.
/// </summary>
/// <param name="tensor">The tensor.</param>
public sealed class StoredRows(StoredTensor tensor)
{
    private const int WindowBytes = 256 << 10;

    [ThreadStatic]
    private static Window? _window;

    /// <summary>The bytes of a row, valid until the thread asks for another. Rows near to the last one cost no reading.</summary>
    /// <param name="row">The row.</param>
    /// <exception cref="EndOfStreamException">The file has been cut short.</exception>
    public ReadOnlySpan<byte> Row(long row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, tensor.Rows);
        Window window = _window ??= new Window();
        if (window.Of != this || row < window.First || row >= window.First + window.Count)
        {
            int count = (int)Math.Clamp(WindowBytes / Math.Max(1, tensor.RowBytes), 1, tensor.Rows - row);
            if (window.Bytes.Length < (long)count * tensor.RowBytes) window.Bytes = new byte[Math.Max(WindowBytes, count * tensor.RowBytes)];
            window.Of = null;                                                    // until it is whole
            tensor.CopyRows(row, window.Bytes.AsSpan(0, count * tensor.RowBytes));
            (window.Of, window.First, window.Count) = (this, row, count);
        }
        return window.Bytes.AsSpan((int)(row - window.First) * tensor.RowBytes, tensor.RowBytes);
    }

    private sealed class Window
    {
        public byte[] Bytes = [];
        public StoredRows? Of;
        public long First;
        public int Count;
    }
}
