using System.Runtime.CompilerServices;

namespace Hearth.Models.Tokenizers;

/// <summary>Byte-pair encoding of one piece: neighbours of the lowest rank merge first, the leftmost of equals, until none can.</summary>
internal sealed class BpeModel
{
    // Up to this many bytes, looking at every pair again after each merge is faster than keeping a queue of them.
    private const int ShortWord = 48;

    private readonly int[] _byteTokens = new int[256];
    private readonly MergeTable _merges;
    private readonly Dictionary<string, int>? _wholeWords;

    /// <summary>Prepares a vocabulary for encoding.</summary>
    /// <param name="vocabulary">Every token's bytes, by id; null where no token has the id.</param>
    /// <param name="merges">By rank.</param>
    /// <param name="ignoreMerges">A piece that is a token is never built by merges.</param>
    /// <param name="isSpecial">By id; ordinary text never becomes one of these by being a token as a whole.</param>
    public BpeModel(IReadOnlyList<byte[]?> vocabulary, IReadOnlyList<Merge> merges, bool ignoreMerges, ReadOnlySpan<bool> isSpecial)
    {
        Array.Fill(_byteTokens, -1);
        _wholeWords = ignoreMerges ? [] : null;
        for (int id = 0; id < vocabulary.Count; id++)
        {
            if (vocabulary[id] is not { } bytes) continue;
            if (bytes.Length == 1) _byteTokens[bytes[0]] = id;
            if (!isSpecial[id]) _wholeWords?.TryAdd(Latin(bytes), id);
        }
        _merges = new MergeTable(merges);
    }

    /// <summary>Appends the tokens of one piece.</summary>
    /// <exception cref="UnencodableTextException">A byte has no token.</exception>
    public void Encode(ReadOnlySpan<byte> piece, List<int> tokens)
    {
        if (_wholeWords is not null && _wholeWords.TryGetValue(Latin(piece), out int whole))
        {
            tokens.Add(whole);
            return;
        }
        Span<int> ids = piece.Length <= ShortWord ? stackalloc int[piece.Length] : new int[piece.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = _byteTokens[piece[i]];
            if (ids[i] < 0) throw new UnencodableTextException(piece[i]);
        }
        int count = ids.Length <= ShortWord ? MergeShort(ids) : MergeLong(ids);
        foreach (int id in ids[..count]) tokens.Add(id);
    }

    private int MergeShort(Span<int> ids)
    {
        Span<(int Rank, int Result)> pairs = stackalloc (int, int)[ids.Length]; // pairs[i] is ids[i] with ids[i + 1]
        int count = ids.Length;
        for (int i = 0; i + 1 < count; i++) pairs[i] = _merges.Find(ids[i], ids[i + 1]);
        while (count > 1)
        {
            int best = 0;
            for (int i = 1; i + 1 < count; i++)
                if (pairs[i].Rank < pairs[best].Rank) best = i;
            if (pairs[best] == MergeTable.NoPair) break;

            ids[best] = pairs[best].Result;
            ids[(best + 2)..count].CopyTo(ids[(best + 1)..]);
            pairs[(best + 1)..(count - 1)].CopyTo(pairs[best..]);
            count--;
            if (best > 0) pairs[best - 1] = _merges.Find(ids[best - 1], ids[best]);
            if (best + 1 < count) pairs[best] = _merges.Find(ids[best], ids[best + 1]);
        }
        return count;
    }

    // Optimised from the first call on, because the first long piece may be a megabyte that someone sent to slow things down.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int MergeLong(Span<int> ids)
    {
        int n = ids.Length;
        int[] next = new int[n], previous = new int[n];
        var pairs = new (int Rank, int Result)[n]; // pairs[i] is ids[i] with ids[next[i]]; no rank where either is gone
        var queue = new MinHeap(n);
        for (int i = 0; i < n; i++)
        {
            (next[i], previous[i]) = (i + 1, i - 1);
            pairs[i] = i + 1 < n ? _merges.Find(ids[i], ids[i + 1]) : MergeTable.NoPair;
            if (pairs[i] != MergeTable.NoPair) queue.Add(Priority(pairs[i].Rank, i));
        }

        while (queue.TryTake(out long lowest))
        {
            int at = (int)lowest;
            if (pairs[at].Rank != (int)(lowest >> 32)) continue; // changed since; the pair that stands here has its own entry

            int right = next[at], after = next[right], before = previous[at];
            ids[at] = pairs[at].Result;
            next[at] = after;
            pairs[right] = MergeTable.NoPair;
            pairs[at] = after < n ? _merges.Find(ids[at], ids[after]) : MergeTable.NoPair;
            if (pairs[at] != MergeTable.NoPair) queue.Add(Priority(pairs[at].Rank, at));
            if (after < n) previous[after] = at;
            if (before < 0) continue;
            pairs[before] = _merges.Find(ids[before], ids[at]);
            if (pairs[before] != MergeTable.NoPair) queue.Add(Priority(pairs[before].Rank, before));
        }

        int count = 0;
        for (int i = 0; i < n; i = next[i]) ids[count++] = ids[i];
        return count;
    }

    private static long Priority(int rank, int place) => ((long)rank << 32) | (uint)place;

    private static string Latin(ReadOnlySpan<byte> bytes) => System.Text.Encoding.Latin1.GetString(bytes);
}
