using System.Diagnostics;
using System.Runtime.CompilerServices;
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]                       // called a few times only, and each counts
    private static float Sum(ReadOnlySpan<float> numbers)
    {
        Vector512<float> a = default, b = default, c = default, d = default;
        for (int i = 0; i + (4 * Lanes.Count) <= numbers.Length; i += 4 * Lanes.Count)
        {
            a += Lanes.Load(numbers, i);
            b += Lanes.Load(numbers, i + Lanes.Count);
            c += Lanes.Load(numbers, i + (2 * Lanes.Count));
            d += Lanes.Load(numbers, i + (3 * Lanes.Count));
        }
        return Lanes.Sum(a + b + c + d);
    }
}
