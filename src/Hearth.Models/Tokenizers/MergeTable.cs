using System.Numerics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Hearth.Models.Tokenizers;

/// <summary>
/// Finds the rank of a pair of tokens: the question encoding asks most. Open addressing in one array; the hash is keyed per process, so
/// that no file can be made to fill one stretch of it (which slot a pair has never shows in a result).
/// </summary>
internal sealed class MergeTable
{
    /// <summary>What <see cref="Find"/> says of two tokens that do not merge.</summary>
    public static readonly (int Rank, int Result) NoPair = (int.MaxValue, 0);

    private const long Empty = -1;
    private static readonly ulong Multiplier = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;

    private readonly (long Key, int Rank, int Result)[] _slots;
    private readonly int _shift;

    /// <summary>A table of merges by rank. A pair listed twice keeps its last rank, as the reference implementation does.</summary>
    /// <param name="merges">The merges.</param>
    /// <param name="ranks">The rank of each where some share one; null when a merge's place is its rank.</param>
    public MergeTable(IReadOnlyList<Merge> merges, IReadOnlyList<int>? ranks = null)
    {
        int bits = BitOperations.Log2((uint)Math.Max(merges.Count, 1)) + 2; // at most half full
        _shift = 64 - bits;
        _slots = new (long, int, int)[1 << bits];
        Array.Fill(_slots, (Empty, 0, 0));
        for (int i = 0; i < merges.Count; i++)
        {
            long key = Merge.Key(merges[i].Left, merges[i].Right);
            int slot = FirstSlot(key);
            while (_slots[slot].Key != Empty && _slots[slot].Key != key) slot = (slot + 1) & (_slots.Length - 1);
            _slots[slot] = (key, ranks?[i] ?? i, merges[i].Result);
        }
    }

    /// <summary>The rank of a pair and the token it becomes, or <see cref="NoPair"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public (int Rank, int Result) Find(int left, int right)
    {
        long key = Merge.Key(left, right);
        for (int slot = FirstSlot(key); ; slot = (slot + 1) & (_slots.Length - 1))
        {
            ref readonly (long Key, int Rank, int Result) found = ref _slots[slot];
            if (found.Key == key) return (found.Rank, found.Result);
            if (found.Key == Empty) return NoPair;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int FirstSlot(long key) => (int)(((ulong)key * Multiplier) >> _shift);
}
