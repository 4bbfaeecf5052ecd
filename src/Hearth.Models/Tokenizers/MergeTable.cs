using System.Numerics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Hearth.Models.Tokenizers;

/// <summary>
/// Finds the rank of a pair of tokens: the question encoding asks most. Open addressing in one array of places in the list of merges; the
/// hash is keyed per process, so that no file can be made to fill one stretch of it (which slot a pair has never shows in a result).
/// </summary>
internal sealed class MergeTable
{
    /// <summary>What <see cref="Find"/> says of two tokens that do not merge.</summary>
    public static readonly (int Rank, int Result) NoPair = (int.MaxValue, 0);

    private const int Empty = -1;
    private static readonly ulong Multiplier = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;

    private readonly Merge[] _merges;
    private readonly int[]? _ranks;
    private readonly int[] _slots;                                               // places in _merges
    private readonly int _shift;

    /// <summary>A table of merges by rank. A pair listed twice keeps its last rank, as the reference implementation does.</summary>
    /// <param name="merges">The merges; an array is kept and not changed.</param>
    /// <param name="ranks">The rank of each where some share one; null when a merge's place is its rank.</param>
    public MergeTable(IReadOnlyList<Merge> merges, IReadOnlyList<int>? ranks = null)
    {
        _merges = merges as Merge[] ?? [.. merges];
        _ranks = ranks is null ? null : [.. ranks];
        int bits = BitOperations.Log2((uint)Math.Max(merges.Count, 1) * 3 / 2) + 1;  // at most two thirds full
        _shift = 64 - bits;
        _slots = new int[1 << bits];
        Array.Fill(_slots, Empty);
        for (int i = 0; i < _merges.Length; i++)
        {
            (int left, int right, _) = _merges[i];
            int slot = FirstSlot(left, right);
            while (_slots[slot] != Empty && !Is(_merges[_slots[slot]], left, right)) slot = (slot + 1) & (_slots.Length - 1);
            _slots[slot] = i;
        }
    }

    /// <summary>The rank of a pair and the token it becomes, or <see cref="NoPair"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public (int Rank, int Result) Find(int left, int right)
    {
        for (int slot = FirstSlot(left, right); ; slot = (slot + 1) & (_slots.Length - 1))
        {
            int at = _slots[slot];
            if (at == Empty) return NoPair;
            ref readonly Merge found = ref _merges[at];
            if (Is(found, left, right)) return (_ranks is null ? at : _ranks[at], found.Result);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Is(in Merge merge, int left, int right) => merge.Left == left && merge.Right == right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int FirstSlot(int left, int right) => (int)(((ulong)Merge.Key(left, right) * Multiplier) >> _shift);
}
