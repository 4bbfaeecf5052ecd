using Hearth.Numerics.Quantization;

namespace Hearth.Numerics;

/// <summary>
/// Keys and values of a sequence's past tokens, for every layer, in blocks of 64 positions. It holds them in the order in which
/// attention reads them, so decoding and one whole pass run the same kernel.
/// </summary>
public sealed unsafe class KeyValueCache
{
    private readonly List<FloatBuffer>[] _blocks;

    /// <summary>An empty cache.</summary>
    /// <param name="layers">Layers that attend.</param>
    /// <param name="keyValueHeads">Key and value heads of a layer.</param>
    /// <param name="keySize">Numbers in a head's key.</param>
    /// <param name="valueSize">Numbers in a head's value; 0 when they are as many as in a key.</param>
    /// <param name="type">How the numbers are held.</param>
    /// <exception cref="ArgumentException">The type does not fit heads of this size.</exception>
    public KeyValueCache(int layers, int keyValueHeads, int keySize, int valueSize = 0, TensorType type = TensorType.F32)
    {
        Type = type;
        _blocks = new List<FloatBuffer>[layers];
        for (int i = 0; i < layers; i++) _blocks[i] = [];
        int bytes = keyValueHeads * Kernels.AttentionBlocks.HeadBytes(type, keySize, valueSize > 0 ? valueSize : keySize);
        BlockLength = (bytes + sizeof(float) - 1) / sizeof(float);
    }

    /// <summary>Tokens that every layer has seen.</summary>
    public int Length { get; private set; }

    /// <summary>How the numbers are held.</summary>
    public TensorType Type { get; }

    /// <summary>Bytes held, for tokens past and to come.</summary>
    public long BytesHeld => _blocks.Sum(b => (long)b.Count) * BlockLength * sizeof(float);

    private int BlockLength { get; }

    /// <summary>Goes back to an earlier length; what came after is overwritten by the next tokens.</summary>
    /// <param name="length">0 to <see cref="Length"/>.</param>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Length);
        Length = length;
    }

    internal void Advance(int count) => Length += count;

    /// <summary>Addresses of a layer's blocks, enough for so many positions.</summary>
    internal nint[] Blocks(int layer, int positions)
    {
        List<FloatBuffer> blocks = _blocks[layer];
        int needed = Kernels.AttentionBlocks.CountFor(positions);
        while (blocks.Count < needed) blocks.Add(new FloatBuffer(BlockLength));
        var addresses = new nint[needed];
        for (int i = 0; i < needed; i++) addresses[i] = (nint)blocks[i].Pointer;
        return addresses;
    }
}
