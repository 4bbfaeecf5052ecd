using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Server.Scheduling;

/// <summary>
/// Keys and values of prompts and answers that were read, for others that begin alike (Zheng et al. 2023, arXiv:2312.07104, section 3): a
/// radix tree over tokens whose edges are blocks of 64. Each root is a world of its own, so that nobody can find out what another has asked. The
/// least recently used leaf goes first. For the scheduler's thread alone.
/// </summary>
internal sealed class PrefixTree
{
    private const int Block = AttentionBlocks.Keys;

    private readonly Dictionary<string, Node> _roots = new(StringComparer.Ordinal);
    private readonly LinkedList<Node> _byUse = [];                               // least recent first; a node is always after its children
    private readonly List<Node> _path = [];
    private readonly List<CachePage> _pages = [];

    /// <summary>Blocks that were given up for others.</summary>
    public long Evicted { get; private set; }

    /// <summary>Whether all that is left is in use, as far as the last look showed.</summary>
    public bool IsSpent { get; set; }

    /// <summary>When the least recently used node was last used; the largest number when there is none.</summary>
    public long Oldest => _byUse.First?.Value.Used ?? long.MaxValue;

    /// <summary>Lets an empty cache begin with as much of a text as is known and can be gone on from.</summary>
    /// <param name="root">Whose texts.</param>
    /// <param name="tokens">The text.</param>
    /// <param name="cache">The cache; emptied when more is known than it holds, and else left alone.</param>
    /// <param name="most">The most tokens to begin with.</param>
    /// <param name="now">The present time, in uses.</param>
    /// <returns>Tokens that are known, whether or not they can be gone on from.</returns>
    public int Begin(string root, ReadOnlySpan<int> tokens, KeyValueCache cache, int most, long now)
    {
        Walk(root, tokens[..Math.Min(tokens.Length, most)]);
        int known = _path.Count;
        _pages.Clear();
        foreach (Node node in _path) _pages.Add(node.Page);
        int begin = known;
        while (begin * Block > cache.Length && !cache.CanBegin(CollectionsMarshal.AsSpan(_pages)[..begin])) begin--;
        if (begin * Block > cache.Length)
        {
            cache.Clear();
            cache.Begin(CollectionsMarshal.AsSpan(_pages)[..begin]);
            Touch(now);
        }
        return known * Block;
    }

    /// <summary>Remembers a text's full blocks.</summary>
    /// <param name="root">Whose text.</param>
    /// <param name="tokens">The text, as far as the cache holds it.</param>
    /// <param name="cache">Its keys and values.</param>
    /// <param name="windows">Whether to keep the blocks of layers with a window, without which the text can not be gone on from.</param>
    /// <param name="now">The present time, in uses.</param>
    public void Add(string root, ReadOnlySpan<int> tokens, KeyValueCache cache, bool windows, long now)
    {
        int blocks = Math.Min(tokens.Length, cache.Length) / Block;
        if (blocks == 0) return;
        Walk(root, tokens[..(blocks * Block)]);
        for (int i = 0; windows && i < _path.Count; i++) cache.Complete(_path[i].Page, i);
        if (_path.Count < blocks && !_roots.ContainsKey(root)) _roots.Add(root, new Node(null, [], null!));
        for (int i = _path.Count; i < blocks; i++)
        {
            Node parent = i == 0 ? _roots[root] : _path[i - 1];
            int[] key = tokens.Slice(i * Block, Block).ToArray();
            var node = new Node(parent, key, cache.Page(i, windows));
            parent.Children.Add(key, node);
            node.Place = _byUse.AddLast(node);
            _path.Add(node);
        }
        Touch(now);
    }

    /// <summary>Bytes of blocks that nobody runs with.</summary>
    public long BytesUnused()
    {
        long bytes = 0;
        foreach (Node node in _byUse)
        {
            if (!node.Page.IsShared) bytes += node.Page.Bytes;
        }
        return bytes;
    }

    /// <summary>Gives up what nobody runs with, least recently used first.</summary>
    /// <param name="isEnough">Whether enough was given up; asked before each block.</param>
    public void Evict(Func<bool> isEnough)
    {
        for (LinkedListNode<Node>? place = _byUse.First; place is not null;)
        {
            if (isEnough()) return;
            Node node = place.Value;
            place = place.Next;
            if (node.Children.Count > 0 || node.Page.IsShared) continue;         // what a sequence runs with would not become free
            Remove(node);
            Evicted++;
        }
        IsSpent = true;
    }

    /// <summary>Gives up the least recently used block that nobody runs with.</summary>
    public void EvictOne()
    {
        long before = Evicted;
        Evict(() => Evicted > before);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        foreach (Node node in _byUse) node.Page.Release();
        _byUse.Clear();
        _roots.Clear();
    }

    private void Walk(string root, ReadOnlySpan<int> tokens)
    {
        _path.Clear();
        if (!_roots.TryGetValue(root, out Node? node)) return;
        for (int i = 0; (i + 1) * Block <= tokens.Length; i++)
        {
            if (!node.ByTokens.TryGetValue(tokens.Slice(i * Block, Block), out node)) return;
            _path.Add(node);
        }
    }

    /// <summary>Makes a path the most recently used, its last node first, so that the nodes of a path go from its end.</summary>
    private void Touch(long now)
    {
        for (int i = _path.Count - 1; i >= 0; i--)
        {
            Node node = _path[i];
            node.Used = now;
            _byUse.Remove(node.Place!);
            _byUse.AddLast(node.Place!);
        }
    }

    private void Remove(Node node)
    {
        node.Page.Release();
        _byUse.Remove(node.Place!);
        Node parent = node.Parent!;
        parent.Children.Remove(node.Key);
        if (parent.Parent is null && parent.Children.Count == 0)
        {
            foreach ((string name, Node root) in _roots)
            {
                if (root != parent) continue;
                _roots.Remove(name);
                return;
            }
        }
    }

    private sealed class Node(Node? parent, int[] key, CachePage page)
    {
        public Node? Parent { get; } = parent;

        public int[] Key { get; } = key;

        public CachePage Page { get; } = page;

        public LinkedListNode<Node>? Place { get; set; }

        public long Used { get; set; }

        public Dictionary<int[], Node> Children { get; } = new(BlockComparer.Instance);

        public Dictionary<int[], Node>.AlternateLookup<ReadOnlySpan<int>> ByTokens => Children.GetAlternateLookup<ReadOnlySpan<int>>();
    }

    /// <summary>Blocks are equal when their tokens are. Hash codes only find them; no result depends on one.</summary>
    private sealed class BlockComparer : IEqualityComparer<int[]>, IAlternateEqualityComparer<ReadOnlySpan<int>, int[]>
    {
        public static BlockComparer Instance { get; } = new();

        public int[] Create(ReadOnlySpan<int> alternate) => alternate.ToArray();

        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<int> alternate, int[] other) => alternate.SequenceEqual(other);

        public int GetHashCode([DisallowNull] int[] obj) => GetHashCode(obj.AsSpan());

        public int GetHashCode(ReadOnlySpan<int> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(MemoryMarshal.AsBytes(alternate));
            return hash.ToHashCode();
        }
    }
}
