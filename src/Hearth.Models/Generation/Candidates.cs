namespace Hearth.Models.Generation;

/// <summary>The best few of many numbers by a heap, without sorting them all. Larger numbers are better, and of equals the lower index.</summary>
internal static class Candidates
{
    /// <summary>The indexes of the best numbers, best first.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="best">Receives the indexes; at most as many as there are numbers.</param>
    public static void Best(ReadOnlySpan<float> values, Span<int> best)
    {
        int count = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (count < best.Length)
            {
                best[count++] = i;
                if (count == best.Length) MakeHeap(values, best, worstFirst: true);
            }
            else if (best.Length > 0 && values[i] > values[best[0]])
            {
                best[0] = i;
                SiftDown(values, best, 0, worstFirst: true);
            }
        }
        for (int end = count - 1; end > 0; end--)                                // the worst goes to the end
        {
            (best[0], best[end]) = (best[end], best[0]);
            SiftDown(values, best[..end], 0, worstFirst: true);
        }
    }

    /// <summary>Arranges indexes so that the first is the best, or the worst.</summary>
    public static void MakeHeap(ReadOnlySpan<float> values, Span<int> heap, bool worstFirst)
    {
        for (int i = (heap.Length / 2) - 1; i >= 0; i--) SiftDown(values, heap, i, worstFirst);
    }

    /// <summary>Takes the first of a heap to its end and restores the others; the heap is one shorter afterwards.</summary>
    public static int Pop(ReadOnlySpan<float> values, Span<int> heap)
    {
        int top = heap[0];
        heap[0] = heap[^1];
        heap[^1] = top;
        SiftDown(values, heap[..^1], 0, worstFirst: false);
        return top;
    }

    private static void SiftDown(ReadOnlySpan<float> values, Span<int> heap, int i, bool worstFirst)
    {
        while (true)
        {
            int child = (2 * i) + 1;
            if (child >= heap.Length) return;
            if (child + 1 < heap.Length && Above(values, heap[child + 1], heap[child], worstFirst)) child++;
            if (!Above(values, heap[child], heap[i], worstFirst)) return;
            (heap[i], heap[child]) = (heap[child], heap[i]);
            i = child;
        }
    }

    private static bool Above(ReadOnlySpan<float> values, int a, int b, bool worstFirst) =>
        worstFirst ? Better(values, b, a) : Better(values, a, b);

    private static bool Better(ReadOnlySpan<float> values, int a, int b) => values[a] > values[b] || (values[a] == values[b] && a < b);
}
