namespace Hearth.Numerics;

/// <summary>
/// The blocks of 64 consecutive positions in the layers of a cache, held for other caches to begin with (<see cref="KeyValueCache.Begin"/>).
/// A layer whose window has passed may be missing. Used, like the caches, by one thread at a time.
/// </summary>
public sealed class CachePage
{
    private readonly BlockPool? _pool;

    internal CachePage(int layers, BlockPool? pool) => (Blocks, _pool) = (new CacheBlock?[layers], pool);

    /// <summary>Whether anything else holds one of its blocks, so that giving it up would free less than it has.</summary>
    public bool IsShared
    {
        get
        {
            foreach (CacheBlock? block in Blocks)
            {
                if (block is { Holders: > 1 }) return true;
            }
            return false;
        }
    }

    /// <summary>Bytes of its blocks.</summary>
    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (CacheBlock? block in Blocks) bytes += (block?.Numbers.Length ?? 0L) * sizeof(float);
            return bytes;
        }
    }

    /// <summary>A block for each layer.</summary>
    internal CacheBlock?[] Blocks { get; }

    /// <summary>Gives the blocks up.</summary>
    public void Release()
    {
        for (int i = 0; i < Blocks.Length; i++)
        {
            Blocks[i]?.Release(_pool);
            Blocks[i] = null;
        }
    }
}

/// <summary>Keys and values of 64 positions in one layer.</summary>
internal sealed class CacheBlock(FloatBuffer numbers)
{
    public FloatBuffer Numbers { get; } = numbers;

    /// <summary>Caches and pages that hold it.</summary>
    public int Holders { get; set; } = 1;

    public CacheBlock Share()
    {
        Holders++;
        return this;
    }

    public void Release(BlockPool? pool)
    {
        if (--Holders == 0) pool?.Return(Numbers);
    }
}
