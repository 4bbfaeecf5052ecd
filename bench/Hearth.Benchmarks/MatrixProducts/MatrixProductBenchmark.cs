using Hearth.Benchmarks.Harness;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Benchmarks.MatrixProducts;

/// <summary>
/// Large products and those of training. "GFLOP/s" packs b inside the measured time, as any library call has to; "packed before" is what
/// training sees, where a weight is packed once a step and serves several products.
/// </summary>
internal static unsafe class MatrixProductBenchmark
{
    public static void Run(Arguments arguments)
    {
        int threads = arguments.Number("threads", 1), repeats = arguments.Number("repeats", 9);
        string json = arguments.Text("json", "");
        arguments.RequireAllUsed();
        using var pool = new WorkerPool(threads);
        double peak = Peaks.Flops(pool, repeats);
        var report = new Report("matmul", threads, "m x n x k", "GFLOP/s", "best", "packed before", "% of FMA peak");
        foreach (ProductShape s in ProductShape.All())
        {
            Ring a = new(s.M * s.K, 1, 1), b = new(s.K * s.N, 2, 1), c = new(s.M * s.N, 3, 1), packed = new(MatrixProduct.PackedLength(s.K, s.N), 4, 1);
            MatrixView av = s.Transposed ? MatrixView.RowMajor(a[0].Pointer, s.M).Transposed : MatrixView.RowMajor(a[0].Pointer, s.K);
            MatrixView bv = s.Transposed ? MatrixView.RowMajor(b[0].Pointer, s.N) : MatrixView.RowMajor(b[0].Pointer, s.K).Transposed;
            Action<int> multiply = _ => MatrixProduct.Multiply(pool, s.M, s.N, s.K, av, packed[0].Pointer, c[0].Pointer, s.N, add: false);
            Action<int> whole = i =>
            {
                MatrixProduct.Pack(pool, bv, s.K, s.N, packed[0].Pointer);
                multiply(i);
            };
            Timing[] times = Timing.Of([whole, multiply], repeats);
            GC.KeepAlive((a, b));
            report.Row(s.ToString(), s.Flops / times[0].Median / 1e9, s.Flops / times[0].Min / 1e9, s.Flops / times[1].Median / 1e9,
                100 * s.Flops / times[1].Median / peak);
        }
        report.Fact("fmaPeakGflops", peak / 1e9);
        report.Finish(json);
    }
}
