using System.Runtime.CompilerServices;

namespace Hearth.Models.Tokenizers;

/// <summary>Merges neighbours of the lowest rank, the leftmost of equals, until none can.</summary>
/// <param name="merges">The ranks.</param>
internal sealed class Merger(MergeTable merges)
{
    // Up to this many tokens, looking at every pair again after each merge is faster than keeping a queue of them.
    public const int ShortWord = 48;

    /// <summary>Characters of a piece beyond which no array comes from the pool, which would keep what somebody's megabytes took.</summary>
    public const int LongestPooled = 1 << 16;

    /// <summary>Merges in place.</summary>
    /// <param name="ids">The tokens.</param>
    /// <returns>How many are left, at the beginning.</returns>
    public int Merge(Span<int> ids) => ids.Length <= ShortWord ? MergeShort(ids) : MergeLong(ids);

    private int MergeShort(Span<int> ids)
    {
        Span<(int Rank, int Result)> pairs = stackalloc (int, int)[ids.Length]; // pairs[i] is ids[i] with ids[i + 1]
        int count = ids.Length;
        for (int i = 0; i + 1 < count; i++) pairs[i] = merges.Find(ids[i], ids[i + 1]);
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
            if (best > 0) pairs[best - 1] = merges.Find(ids[best - 1], ids[best]);
            if (best + 1 < count) pairs[best] = merges.Find(ids[best], ids[best + 1]);
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
            pairs[i] = i + 1 < n ? merges.Find(ids[i], ids[i + 1]) : MergeTable.NoPair;
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
            pairs[at] = after < n ? merges.Find(ids[at], ids[after]) : MergeTable.NoPair;
            if (pairs[at] != MergeTable.NoPair) queue.Add(Priority(pairs[at].Rank, at));
            if (after < n) previous[after] = at;
            if (before < 0) continue;
            pairs[before] = merges.Find(ids[before], ids[at]);
            if (pairs[before] != MergeTable.NoPair) queue.Add(Priority(pairs[before].Rank, before));
        }

        int count = 0;
        for (int i = 0; i < n; i = next[i]) ids[count++] = ids[i];
        return count;
    }

    private static long Priority(int rank, int place) => ((long)rank << 32) | (uint)place;
}
