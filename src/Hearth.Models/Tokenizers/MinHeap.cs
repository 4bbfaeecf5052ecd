using System.Runtime.CompilerServices;

namespace Hearth.Models.Tokenizers;

/// <summary>A queue that gives its lowest number first. Four children a node: they share a cache line, where the time goes.</summary>
/// <param name="capacity">How many numbers to have room for at first.</param>
internal sealed class MinHeap(int capacity)
{
    private const int Children = 4;
    private long[] _items = new long[Math.Max(capacity, 1)];
    private int _count;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(long item)
    {
        if (_count == _items.Length) Array.Resize(ref _items, checked(_count * 2));
        int at = _count++;
        while (at > 0 && _items[(at - 1) / Children] > item)
        {
            _items[at] = _items[(at - 1) / Children];
            at = (at - 1) / Children;
        }
        _items[at] = item;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryTake(out long lowest)
    {
        lowest = _count > 0 ? _items[0] : 0;
        if (_count == 0) return false;
        long moved = _items[--_count];
        int at = 0;
        for (int child = 1; child < _count; child = (at * Children) + 1)
        {
            int least = child, end = Math.Min(child + Children, _count);
            for (int i = child + 1; i < end; i++)
                if (_items[i] < _items[least]) least = i;
            if (_items[least] >= moved) break;
            _items[at] = _items[least];
            at = least;
        }
        _items[at] = moved;
        return true;
    }
}
