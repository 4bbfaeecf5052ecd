using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hearth.Numerics;

namespace Hearth.Benchmarks.Harness;

/// <summary>What this machine can do at most, measured, so that a kernel's rate can be given as a share of it.</summary>
internal static unsafe class Peaks
{
    private const int Chains = 24;
    private const int Rounds = 200_000;
    private const int Numbers = 1 << 25;                                         // 128 MB: four times the largest cache of a small server

    /// <summary>Fused multiply-adds a second times two, with every operand in a register.</summary>
    public static double Flops(WorkerPool pool, int repeats)
    {
        Timing timing = Timing.Of(_ => pool.Run(_ => Registers(Rounds)), repeats);
        return 2.0 * Lanes.Count * Chains * Rounds * pool.Threads / timing.Min;
    }

    /// <summary>Bytes a second read and written by a copy of memory that no cache holds.</summary>
    public static double CopyBytes(WorkerPool pool, int repeats)
    {
        var from = new FloatBuffer(Numbers);
        var into = new FloatBuffer(Numbers);
        Timing timing = Timing.Of(_ => pool.For(Numbers, 1024, Numbers, (a, b) => from.Span[a..b].CopyTo(into.Span[a..b])), repeats);
        return 2.0 * sizeof(float) * Numbers / timing.Min;
    }

    /// <summary>Bytes a second read from memory that no cache holds.</summary>
    public static double ReadBytes(WorkerPool pool, int repeats)
    {
        var from = new FloatBuffer(2 * Numbers);
        from.Span.Fill(1f);                                                      // untouched pages would all be one page of zeros
        Timing timing = Timing.Of(_ => pool.For(2 * Numbers, 1024, Numbers, (a, b) => Read(from.Pointer + a, from.Pointer + b)), repeats);
        return 2.0 * sizeof(float) * Numbers / timing.Min;
    }

    /// <summary>Bytes a second moved by c = a + b, two streams read and one written, as most of a training step's elementwise work.</summary>
    public static double AddBytes(WorkerPool pool, int repeats)
    {
        var a = new FloatBuffer(Numbers);
        var b = new FloatBuffer(Numbers);
        var c = new FloatBuffer(Numbers);
        Timing timing = Timing.Of(_ => pool.For(Numbers, 1024, Numbers,
            (from, to) => Numerics.Kernels.Elementwise.Add(a.Span[from..to], b.Span[from..to], c.Span[from..to])), repeats);
        return 3.0 * sizeof(float) * Numbers / timing.Min;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Read(float* from, float* to)
    {
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
        for (; from < to; from += 64)
        {
            s0 += Vector512.Load(from);
            s1 += Vector512.Load(from + 16);
            s2 += Vector512.Load(from + 32);
            s3 += Vector512.Load(from + 48);
        }
        Keep(s0 + s1 + s2 + s3);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Registers(int rounds)
    {
        Vector512<float> a = Vector512.Create(0.5f), b = Vector512.Create(0.25f);
        Vector512<float> s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a, s6 = a, s7 = a, s8 = a, s9 = a, s10 = a, s11 = a;
        Vector512<float> t0 = a, t1 = a, t2 = a, t3 = a, t4 = a, t5 = a, t6 = a, t7 = a, t8 = a, t9 = a, t10 = a, t11 = a;
        for (int i = 0; i < rounds; i++)
        {
            s0 = Vector512.FusedMultiplyAdd(a, s0, b); t0 = Vector512.FusedMultiplyAdd(a, t0, b);
            s1 = Vector512.FusedMultiplyAdd(a, s1, b); t1 = Vector512.FusedMultiplyAdd(a, t1, b);
            s2 = Vector512.FusedMultiplyAdd(a, s2, b); t2 = Vector512.FusedMultiplyAdd(a, t2, b);
            s3 = Vector512.FusedMultiplyAdd(a, s3, b); t3 = Vector512.FusedMultiplyAdd(a, t3, b);
            s4 = Vector512.FusedMultiplyAdd(a, s4, b); t4 = Vector512.FusedMultiplyAdd(a, t4, b);
            s5 = Vector512.FusedMultiplyAdd(a, s5, b); t5 = Vector512.FusedMultiplyAdd(a, t5, b);
            s6 = Vector512.FusedMultiplyAdd(a, s6, b); t6 = Vector512.FusedMultiplyAdd(a, t6, b);
            s7 = Vector512.FusedMultiplyAdd(a, s7, b); t7 = Vector512.FusedMultiplyAdd(a, t7, b);
            s8 = Vector512.FusedMultiplyAdd(a, s8, b); t8 = Vector512.FusedMultiplyAdd(a, t8, b);
            s9 = Vector512.FusedMultiplyAdd(a, s9, b); t9 = Vector512.FusedMultiplyAdd(a, t9, b);
            s10 = Vector512.FusedMultiplyAdd(a, s10, b); t10 = Vector512.FusedMultiplyAdd(a, t10, b);
            s11 = Vector512.FusedMultiplyAdd(a, s11, b); t11 = Vector512.FusedMultiplyAdd(a, t11, b);
        }
        Vector512<float> sum = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11;
        Keep(sum + t0 + t1 + t2 + t3 + t4 + t5 + t6 + t7 + t8 + t9 + t10 + t11);
    }

    /// <summary>Stands for a use, so that the loop is not taken away.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Keep(Vector512<float> value)
    {
        if (value.GetElement(0) == 12345f) Console.WriteLine(value);
    }
}
