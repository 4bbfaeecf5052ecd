namespace Hearth.Models.Tokenizers;

/// <summary>Byte-pair encoding of one piece: the neighbours with the lowest rank merge first, the leftmost of equals, until none can.</summary>
internal sealed class BpeModel
{
    // Up to this many bytes, looking at every pair again after each merge is faster than keeping a queue of them.
    private const int ShortWord = 48;

    private readonly int[] _byteTokens = new int[256];
    private readonly Dictionary<long, (int Rank, int Result)> _merges;
    private readonly Dictionary<string, int>? _wholeWords;

    /// <summary>Prepares a vocabulary for encoding.</summary>
    /// <param name="vocabulary">Every token's bytes, by id; null where no token has the id.</param>
    /// <param name="merges">By rank. A pair listed twice keeps its last rank, as the reference does.</param>
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
        _merges = new Dictionary<long, (int, int)>(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
            _merges[Merge.Key(merges[rank].Left, merges[rank].Right)] = (rank, merges[rank].Result);
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
        for (int i = 0; i + 1 < count; i++) pairs[i] = Pair(ids[i], ids[i + 1]);
        while (count > 1)
        {
            int best = 0;
            for (int i = 1; i + 1 < count; i++)
                if (pairs[i].Rank < pairs[best].Rank) best = i;
            if (pairs[best].Rank == int.MaxValue) break;

            ids[best] = pairs[best].Result;
            ids[(best + 2)..count].CopyTo(ids[(best + 1)..]);
            pairs[(best + 1)..(count - 1)].CopyTo(pairs[best..]);
            count--;
            if (best > 0) pairs[best - 1] = Pair(ids[best - 1], ids[best]);
            if (best + 1 < count) pairs[best] = Pair(ids[best], ids[best + 1]);
        }
        return count;
    }

    private int MergeLong(Span<int> ids)
    {
        const int Gone = -1;
        int n = ids.Length;
        int[] next = new int[n], previous = new int[n];
        var first = new (int, long)[n - 1];
        for (int i = 0; i < n; i++) (next[i], previous[i]) = (i + 1, i - 1);
        for (int i = 0; i + 1 < n; i++) first[i] = (i, Priority(Pair(ids[i], ids[i + 1]).Rank, i));

        // An entry is out of date when the pair at its place has another rank by now; that pair then has its own entry.
        var queue = new PriorityQueue<int, long>(first);
        while (queue.TryDequeue(out int at, out long priority))
        {
            if (priority >> 32 == int.MaxValue) break;
            if (ids[at] == Gone || next[at] == n) continue;
            int right = next[at];
            (int rank, int result) = Pair(ids[at], ids[right]);
            if (Priority(rank, at) != priority) continue;

            (ids[at], ids[right]) = (result, Gone);
            int after = next[at] = next[right];
            if (after < n)
            {
                previous[after] = at;
                if (Pair(result, ids[after]) is { Rank: < int.MaxValue } p) queue.Enqueue(at, Priority(p.Rank, at));
            }
            int before = previous[at];
            if (before >= 0 && Pair(ids[before], result) is { Rank: < int.MaxValue } q) queue.Enqueue(before, Priority(q.Rank, before));
        }

        int count = 0;
        for (int i = 0; i < n; i = next[i]) ids[count++] = ids[i];
        return count;
    }

    private (int Rank, int Result) Pair(int left, int right) =>
        _merges.TryGetValue(Merge.Key(left, right), out (int, int) found) ? found : (int.MaxValue, 0);

    private static long Priority(int rank, int place) => ((long)rank << 32) | (uint)place;

    private static string Latin(ReadOnlySpan<byte> bytes) => System.Text.Encoding.Latin1.GetString(bytes);
}
