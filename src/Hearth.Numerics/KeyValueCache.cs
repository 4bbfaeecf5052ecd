using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics;

/// <summary>
/// Keys and values of a sequence's past tokens, for every layer, in blocks of 64 positions (Kwon et al. 2023, arXiv:2309.06180, section 4.1).
/// It holds them in the order in which attention reads them, so decoding and one whole pass run the same kernel. A layer with a window gives
/// back the blocks that no later token sees. Caches of sequences that begin alike share blocks until one of them writes to a block.
/// </summary>
public sealed unsafe class KeyValueCache
{
    /// <summary>How many tokens a cache can always be taken back, whatever the windows of its layers.</summary>
    public const int Slack = 64;

    private readonly Layer[] _layers;
    private readonly BlockPool? _pool;

    /// <summary>An empty cache.</summary>
    /// <param name="layers">Layers that attend.</param>
    /// <param name="keyValueHeads">Key and value heads of a layer.</param>
    /// <param name="keySize">Numbers in a head's key.</param>
    /// <param name="valueSize">Numbers in a head's value; 0 when they are as many as in a key.</param>
    /// <param name="type">How the numbers are held: F32, F16 or Q8_0.</param>
    /// <param name="windows">How many tokens a token sees in each layer, itself included, 0 for all; null when all layers see all.</param>
    /// <param name="pool">Where blocks come from and go back to; null for none.</param>
    /// <exception cref="ArgumentException">The type does not fit heads of this size.</exception>
    public KeyValueCache(int layers, int keyValueHeads, int keySize, int valueSize = 0, TensorType type = TensorType.F32,
        IReadOnlyList<int>? windows = null, BlockPool? pool = null)
    {
        Type = type;
        _pool = pool;
        _layers = new Layer[layers];
        for (int i = 0; i < layers; i++) _layers[i] = new Layer(windows?[i] ?? 0, []);
        BlockLength = LengthOf(type, keyValueHeads, keySize, valueSize);
    }

    private KeyValueCache(KeyValueCache other)
    {
        (Type, _pool, BlockLength, Length) = (other.Type, other._pool, other.BlockLength, other.Length);
        int used = AttentionBlocks.CountFor(Length);
        _layers = [.. other._layers.Select(l => new Layer(l.Window, [.. l.Blocks.Take(used)]) { First = l.First })];
        foreach (Block block in _layers.SelectMany(l => l.Blocks).OfType<Block>()) block.Holders++;
    }

    /// <summary>Bytes that the cache of so many tokens holds.</summary>
    /// <param name="windows">For each layer, how many tokens a token sees, 0 for all.</param>
    /// <param name="cached">Key and value heads of a layer, numbers in a key and in a value.</param>
    /// <param name="type">How the numbers are held: F32, F16 or Q8_0.</param>
    /// <param name="tokens">Tokens.</param>
    /// <exception cref="ArgumentException">The type does not fit heads of this size.</exception>
    public static long BytesFor(IEnumerable<int> windows, (int Heads, int KeySize, int ValueSize) cached, TensorType type, int tokens)
    {
        int all = AttentionBlocks.CountFor(tokens), length = LengthOf(type, cached.Heads, cached.KeySize, cached.ValueSize);
        return windows.Sum(window => all - (long)new Layer(window, []).FirstSeen(Math.Max(0, tokens - Slack))) * length * sizeof(float);
    }

    /// <summary>Tokens that every layer has seen.</summary>
    public int Length { get; private set; }

    /// <summary>How the numbers are held.</summary>
    public TensorType Type { get; }

    /// <summary>Bytes held, for tokens past and to come; shared blocks count in each cache.</summary>
    public long BytesHeld => _layers.Sum(l => l.Blocks.LongCount(b => b is not null)) * BlockLength * sizeof(float);

    /// <summary>Layers that attend.</summary>
    public int Layers => _layers.Length;

    private int BlockLength { get; }

    /// <summary>How many tokens a token sees in a layer, itself included; 0 for all before it.</summary>
    /// <param name="layer">The layer, from 0.</param>
    public int Window(int layer) => _layers[layer].Window;

    /// <summary>Whether <see cref="Truncate"/> can go back to a length: to 0 always, and to any where no layer gave blocks back.</summary>
    /// <param name="length">0 to <see cref="Length"/>.</param>
    public bool CanTruncate(int length) => length == 0 || (length > 0 && length <= Length && Array.TrueForAll(_layers, l => l.First <= l.FirstSeen(length)));

    /// <summary>Goes back to an earlier length; what came after is overwritten by the next tokens.</summary>
    /// <param name="length">A length that <see cref="CanTruncate"/> allows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative, beyond the present one, or needs blocks that were given back.</exception>
    public void Truncate(int length)
    {
        if (!CanTruncate(length))
        {
            throw new ArgumentOutOfRangeException(nameof(length), length,
                $"The cache has {Length} tokens and can go back to 0, {Slack} tokens, or as far as its layers have kept blocks.");
        }
        Length = length;
        if (length == 0)
        {
            foreach (Layer layer in _layers) layer.First = 0;
        }
    }

    /// <summary>Forgets everything and gives the blocks back.</summary>
    public void Clear()
    {
        foreach (Layer layer in _layers)
        {
            foreach (Block? block in layer.Blocks) Release(block);
            layer.Blocks.Clear();
            layer.First = 0;
        }
        Length = 0;
    }

    /// <summary>
    /// A second cache of the same tokens, to go on in another way. Blocks are shared; a block is copied when one of the two writes to it.
    /// Caches that share blocks must not be used by two threads at once.
    /// </summary>
    public KeyValueCache Fork() => new(this);

    internal void Advance(int count)
    {
        Length += count;
        foreach (Layer layer in _layers)
        {
            if (layer.Window == 0) continue;
            int first = layer.FirstSeen(Math.Max(0, Length - Slack));
            for (; layer.First < first; layer.First++)
            {
                Release(layer.Blocks[layer.First]);
                layer.Blocks[layer.First] = null;
            }
        }
    }

    /// <summary>Addresses of a layer's blocks, enough for so many positions; 0 for those behind the window. Blocks from <see cref="Length"/> on may be written.</summary>
    internal nint[] Blocks(int layerIndex, int positions)
    {
        Layer layer = _layers[layerIndex];
        int needed = AttentionBlocks.CountFor(positions), writable = Length / AttentionBlocks.Keys;
        while (layer.Blocks.Count < needed) layer.Blocks.Add(null);
        var addresses = new nint[needed];
        for (int i = layer.First; i < needed; i++)
        {
            Block? block = layer.Blocks[i];
            if (block is null || (i >= writable && block.Holders > 1)) layer.Blocks[i] = block = Own(block, copy: i == writable);
            addresses[i] = (nint)block.Numbers.Pointer;
        }
        return addresses;
    }

    private static int LengthOf(TensorType type, int heads, int keySize, int valueSize)
    {
        int bytes = heads * AttentionBlocks.HeadBytes(type, keySize, valueSize > 0 ? valueSize : keySize);
        return (bytes + sizeof(float) - 1) / sizeof(float);
    }

    /// <summary>A block of this cache alone, in place of none or of a shared one.</summary>
    private Block Own(Block? shared, bool copy)
    {
        var own = new Block(_pool?.Rent(BlockLength) ?? new FloatBuffer(BlockLength));
        if (shared is null) return own;
        if (copy) shared.Numbers.Span.CopyTo(own.Numbers.Span);
        shared.Holders--;
        return own;
    }

    private void Release(Block? block)
    {
        if (block is not null && --block.Holders == 0) _pool?.Return(block.Numbers);
    }

    private sealed class Block(FloatBuffer numbers)
    {
        public FloatBuffer Numbers { get; } = numbers;

        /// <summary>Caches that hold it.</summary>
        public int Holders { get; set; } = 1;
    }

    private sealed class Layer(int window, List<Block?> blocks)
    {
        public int Window { get; } = window;

        public List<Block?> Blocks { get; } = blocks;

        /// <summary>The first block that was not given back.</summary>
        public int First { get; set; }

        /// <summary>The first block that the token after so many sees.</summary>
        public int FirstSeen(int length) => Window > 0 ? Math.Max(0, length - Window + 1) / AttentionBlocks.Keys : 0;
    }
}
