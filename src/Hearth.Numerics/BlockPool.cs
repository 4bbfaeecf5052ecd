namespace Hearth.Numerics;

/// <summary>
/// Blocks that ended sequences gave back, for the caches of others. What it keeps is bounded; blocks beyond that go to the collector.
/// Safe for use by several threads.
/// </summary>
/// <param name="mostBytes">The most bytes it keeps.</param>
public sealed class BlockPool(long mostBytes)
{
    private readonly Dictionary<int, Stack<FloatBuffer>> _free = [];             // by length

    /// <summary>Bytes of the blocks that nobody uses.</summary>
    public long BytesHeld { get; private set; }

    /// <summary>A block of so many numbers; its content is undefined.</summary>
    internal FloatBuffer Rent(int length)
    {
        lock (_free)
        {
            if (_free.TryGetValue(length, out Stack<FloatBuffer>? blocks) && blocks.TryPop(out FloatBuffer? block))
            {
                BytesHeld -= (long)length * sizeof(float);
                return block;
            }
        }
        return new FloatBuffer(length);
    }

    /// <summary>Takes back a block that nothing reads any more.</summary>
    internal void Return(FloatBuffer block)
    {
        lock (_free)
        {
            long bytes = (long)block.Length * sizeof(float);
            if (BytesHeld + bytes > mostBytes) return;
            if (!_free.TryGetValue(block.Length, out Stack<FloatBuffer>? blocks)) _free.Add(block.Length, blocks = new Stack<FloatBuffer>());
            blocks.Push(block);
            BytesHeld += bytes;
        }
    }
}
