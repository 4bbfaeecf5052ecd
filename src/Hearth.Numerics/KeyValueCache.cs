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
        foreach (CacheBlock block in _layers.SelectMany(l => l.Blocks).OfType<CacheBlock>()) block.Share();
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
    public long BytesHeld
    {
        get
        {
            long blocks = 0;
            foreach (Layer layer in _layers)
            {
                for (int i = layer.First; i < layer.Blocks.Count; i++) blocks += layer.Blocks[i] is null ? 0 : 1;
            }
            return blocks * BlockLength * sizeof(float);
        }
    }

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
            foreach (CacheBlock? block in layer.Blocks) block?.Release(_pool);
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

    /// <summary>Bytes of the blocks that so many more tokens take beside those held; a shared block that they write to is copied.</summary>
    /// <param name="more">Tokens.</param>
    public long BytesNeeded(int more)
    {
        long blocks = 0;
        int writable = Length / AttentionBlocks.Keys, needed = AttentionBlocks.CountFor(Length + more);
        foreach (Layer layer in _layers)
        {
            for (int i = writable; i < needed; i++)
            {
                if (i >= layer.Blocks.Count || layer.Blocks[i] is not { Holders: 1 }) blocks++;
            }
        }
        return blocks * BlockLength * sizeof(float);
    }

    /// <summary>Bytes that a cache of this kind takes for so many tokens, when the last of them are read 64 at a time.</summary>
    /// <param name="tokens">Tokens.</param>
    public long BytesFor(int tokens)
    {
        long blocks = 0;
        foreach (Layer layer in _layers) blocks += AttentionBlocks.CountFor(tokens) - layer.FirstSeen(Math.Max(0, tokens - (2 * Slack)));
        return blocks * BlockLength * sizeof(float);
    }

    /// <summary>Holds a block of 64 positions, which is full, for other caches to begin with.</summary>
    /// <param name="index">The block's number, from 0.</param>
    /// <param name="windows">Whether to hold the blocks of layers with a window too.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block, or it is not full.</exception>
    public CachePage Page(int index, bool windows = true)
    {
        var page = new CachePage(_layers.Length, _pool);
        Complete(page, index, windows);
        return page;
    }

    /// <summary>Adds to a page the blocks that it lacks and this cache has.</summary>
    /// <param name="page">A page of the same tokens.</param>
    /// <param name="index">The block's number, from 0.</param>
    /// <param name="windows">Whether to hold the blocks of layers with a window too.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block, or it is not full.</exception>
    public void Complete(CachePage page, int index, bool windows = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((index + 1) * AttentionBlocks.Keys, Length, nameof(index));
        for (int i = 0; i < _layers.Length; i++)
        {
            if (windows || _layers[i].Window == 0) page.Blocks[i] ??= _layers[i].Blocks[index]?.Share();
        }
    }

    /// <summary>Whether an empty cache can begin with pages: those that the next token sees have their blocks, in every layer.</summary>
    /// <param name="pages">Pages of a sequence from its beginning.</param>
    public bool CanBegin(ReadOnlySpan<CachePage> pages)
    {
        for (int i = 0; i < _layers.Length; i++)
        {
            for (int b = _layers[i].FirstSeen(pages.Length * AttentionBlocks.Keys); b < pages.Length; b++)
            {
                if (pages[b].Blocks[i] is null) return false;
            }
        }
        return true;
    }

    /// <summary>Makes an empty cache one of the pages' tokens. Blocks are shared.</summary>
    /// <param name="pages">Pages of a sequence from its beginning, with which it <see cref="CanBegin"/>.</param>
    /// <exception cref="InvalidOperationException">The cache is not empty, or a block that the next token sees is missing.</exception>
    public void Begin(ReadOnlySpan<CachePage> pages)
    {
        if (Length > 0 || !CanBegin(pages)) throw new InvalidOperationException("Only an empty cache can begin with pages, and none may be missing.");
        Clear();
        Length = pages.Length * AttentionBlocks.Keys;
        for (int i = 0; i < _layers.Length; i++)
        {
            Layer layer = _layers[i];
            layer.First = layer.FirstSeen(Length);
            for (int b = 0; b < pages.Length; b++) layer.Blocks.Add(b < layer.First ? null : pages[b].Blocks[i]!.Share());
        }
    }

    internal void Advance(int count)
    {
        Length += count;
        foreach (Layer layer in _layers)
        {
            if (layer.Window == 0) continue;
            int first = layer.FirstSeen(Math.Max(0, Length - Slack));
            for (; layer.First < first; layer.First++)
            {
                layer.Blocks[layer.First]?.Release(_pool);
                layer.Blocks[layer.First] = null;
            }
        }
    }

    /// <summary>Addresses of a layer's blocks, enough for so many positions, good until asked again; 0 for those behind the window. Blocks from <see cref="Length"/> on may be written.</summary>
    internal nint[] Blocks(int layerIndex, int positions)
    {
        Layer layer = _layers[layerIndex];
        int needed = AttentionBlocks.CountFor(positions), writable = Length / AttentionBlocks.Keys;
        while (layer.Blocks.Count < needed) layer.Blocks.Add(null);
        nint[] addresses = layer.Addresses(needed);
        for (int i = layer.First; i < needed; i++)
        {
            CacheBlock? block = layer.Blocks[i];
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
    private CacheBlock Own(CacheBlock? shared, bool copy)
    {
        var own = new CacheBlock(_pool?.Rent(BlockLength) ?? new FloatBuffer(BlockLength));
        if (shared is null) return own;
        if (copy) shared.Numbers.Span.CopyTo(own.Numbers.Span);
        shared.Holders--;
        return own;
    }

    private sealed class Layer(int window, List<CacheBlock?> blocks)
    {
        private nint[] _addresses = [];

        public int Window { get; } = window;

        public List<CacheBlock?> Blocks { get; } = blocks;

        /// <summary>The first block that was not given back.</summary>
        public int First { get; set; }

        /// <summary>Room for the addresses of at least so many blocks, used again by the next pass.</summary>
        public nint[] Addresses(int blocks)
        {
            if (_addresses.Length < blocks) _addresses = new nint[Math.Max(blocks, 2 * _addresses.Length)];
            Array.Clear(_addresses, 0, First);
            return _addresses;
        }

        /// <summary>The first block that the token after so many sees.</summary>
        public int FirstSeen(int length) => Window > 0 ? Math.Max(0, length - Window + 1) / AttentionBlocks.Keys : 0;
    }
}
