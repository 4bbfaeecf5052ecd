namespace Hearth.Numerics;

/// <summary>
/// Blocks that ended sequences gave back, for the caches of others. What it keeps is bounded; blocks beyond that go to the collector.
/// Safe for use by several threads.
/// </summary>
/// <param name="mostBytes">The most bytes it keeps.</param>
public sealed class BlockPool(long mostBytes)
{
    private readonly Dictionary<int, Stack<FloatBuffer>> _free = [];             // by length

    /// <summary>Blocks that nobody uses are kept only while they and those in use have no more bytes than this together.</summary>
    public long MostTogether { get; init; } = long.MaxValue;

    /// <summary>Bytes of the blocks that nobody uses.</summary>
    public long BytesHeld { get; private set; }

    /// <summary>Bytes of the blocks in use; one that several caches share counts once.</summary>
    public long BytesInUse { get; private set; }

    /// <summary>A block of so many numbers; its content is undefined.</summary>
    internal FloatBuffer Rent(int length)
    {
        lock (_free)
        {
            long bytes = (long)length * sizeof(float);
            BytesInUse += bytes;
            if (_free.TryGetValue(length, out Stack<FloatBuffer>? blocks) && blocks.TryPop(out FloatBuffer? block))
            {
                BytesHeld -= bytes;
                return block;
            }
            MakeRoom();
        }
        return new FloatBuffer(length);
    }

    /// <summary>Takes back a block that nothing reads any more.</summary>
    internal void Return(FloatBuffer block)
    {
        lock (_free)
        {
            long bytes = (long)block.Length * sizeof(float);
            BytesInUse -= bytes;
            if (BytesHeld + bytes > mostBytes || BytesHeld + BytesInUse + bytes > MostTogether) return;
            if (!_free.TryGetValue(block.Length, out Stack<FloatBuffer>? blocks)) _free.Add(block.Length, blocks = new Stack<FloatBuffer>());
            blocks.Push(block);
            BytesHeld += bytes;
        }
    }

    /// <summary>Lets free blocks of other lengths go for a new one.</summary>
    private void MakeRoom()
    {
        foreach ((int length, Stack<FloatBuffer> blocks) in _free)
        {
            while (BytesHeld + BytesInUse > MostTogether && blocks.TryPop(out _)) BytesHeld -= (long)length * sizeof(float);
        }
    }
}
