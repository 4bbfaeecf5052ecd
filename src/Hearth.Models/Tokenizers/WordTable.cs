using System.Numerics;

namespace Hearth.Models.Tokenizers;

/// <summary>
/// Finds the token that some bytes are as a whole. Open addressing over ids, so that a hundred thousand tokens take a megabyte and not the
/// ten that a dictionary of texts takes; the runtime keys the hash per process, and which slot a token has never shows in a result.
/// </summary>
internal sealed class WordTable
{
    private const int Empty = -1;
    private readonly IReadOnlyList<byte[]?> _vocabulary;
    private readonly int[] _slots;

    /// <summary>A table of tokens. Of two with the same bytes the lower id is found.</summary>
    /// <param name="vocabulary">Every token's bytes, by id; null where no token has the id.</param>
    /// <param name="leaveOut">By id: tokens that are not found.</param>
    public WordTable(IReadOnlyList<byte[]?> vocabulary, ReadOnlySpan<bool> leaveOut)
    {
        _vocabulary = vocabulary;
        _slots = new int[1 << (BitOperations.Log2((uint)Math.Max(vocabulary.Count, 1) * 3 / 2) + 1)];   // at most two thirds full
        Array.Fill(_slots, Empty);
        for (int id = 0; id < vocabulary.Count; id++)
        {
            if (vocabulary[id] is not { } bytes || leaveOut[id]) continue;
            int slot = Slot(bytes);
            if (_slots[slot] == Empty) _slots[slot] = id;
        }
    }

    /// <summary>The id of the token that has these bytes, or -1.</summary>
    public int Find(ReadOnlySpan<byte> bytes) => _slots[Slot(bytes)];

    /// <summary>The slot that has the bytes, or the empty one where they belong.</summary>
    private int Slot(ReadOnlySpan<byte> bytes)
    {
        var hash = default(HashCode);
        hash.AddBytes(bytes);
        int slot = hash.ToHashCode() & (_slots.Length - 1);
        while (_slots[slot] is var id && id != Empty && !bytes.SequenceEqual(_vocabulary[id])) slot = (slot + 1) & (_slots.Length - 1);
        return slot;
    }
}
