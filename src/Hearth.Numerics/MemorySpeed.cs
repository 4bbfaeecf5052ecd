using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hearth.Numerics;

/// <summary>How fast this machine reads memory: what bounds decoding, which reads every weight once a token.</summary>
public static class MemorySpeed
{
    private const int Numbers = 1 << 26;                                         // 256 MB, beyond any cache
    private const int Tries = 6;

    /// <summary>Bytes a second that the threads read together, the best of a few tries.</summary>
    /// <param name="pool">The threads.</param>
    public static double Read(WorkerPool pool)
    {
        var memory = new FloatBuffer(Numbers, zeroed: false);
        memory.Span.Fill(1f);                                                    // untouched pages would all be one page of zeros
        double best = 0;
        for (int i = 0; i < Tries; i++)
        {
            var clock = Stopwatch.StartNew();
            pool.For(Numbers, 4096, Numbers, (from, to) => Sum(memory.Span[from..to]));
            best = Math.Max(best, sizeof(float) * (double)Numbers / clock.Elapsed.TotalSeconds);
        }
        return best;
    }

    /// <summary>Loads by reference alone: a call for each would cost more than the memory.</summary>
    private static float Sum(ReadOnlySpan<float> numbers)
    {
        ref float x = ref MemoryMarshal.GetReference(numbers);
        Vector512<float> a = default, b = default, c = default, d = default;
        for (nuint i = 0; i + 64 <= (nuint)numbers.Length; i += 64)
        {
            a += Vector512.LoadUnsafe(ref x, i);
            b += Vector512.LoadUnsafe(ref x, i + 16);
            c += Vector512.LoadUnsafe(ref x, i + 32);
            d += Vector512.LoadUnsafe(ref x, i + 48);
        }
        return Lanes.Sum(a + b + c + d);
    }
}
