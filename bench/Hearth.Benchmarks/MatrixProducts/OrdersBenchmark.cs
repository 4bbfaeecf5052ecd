using Hearth.Benchmarks.Harness;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Benchmarks.MatrixProducts;

/// <summary>
/// The measurement that decided the matrix product's order of terms: order A, a sixteen-lane chain and a tree, against order B, one chain of
/// fused multiply-adds (<see cref="MatrixProduct"/>, weights packed before). Products of one row are given in GB/s of weights read.
/// </summary>
internal static unsafe class OrdersBenchmark
{
    private static readonly ProductShape[] Shapes =
    [
        new(1024, 1024, 1024), new(4096, 256, 256), new(4096, 768, 256), new(4096, 1536, 512), new(2048, 128, 128), new(1, 1024, 1024), new(1, 4096, 2048),
    ];

    public static void Run(Arguments arguments)
    {
        int repeats = arguments.Number("repeats", 9);
        string json = arguments.Text("json", "");
        arguments.RequireAllUsed();
        using var pool = new WorkerPool(1);
        var report = new Report("matmul-orders", 1, "m x n x k", "unit", "A", "B", "A error", "B error");
        foreach (ProductShape s in Shapes)
        {
            Ring a = new(s.M * s.K, 1, 1), b = new(s.N * s.K, 2, 1), packed = new(MatrixProduct.PackedLength(s.K, s.N), 4, 1);
            Ring lanes = new(s.M * s.N, 5, 1), chain = new(s.M * s.N, 6, 1);
            MatrixProduct.Pack(pool, MatrixView.RowMajor(b[0].Pointer, s.K).Transposed, s.K, s.N, packed[0].Pointer);
            Timing[] times = Timing.Of(
            [
                _ => LaneOrder.Multiply(pool, s.M, s.N, s.K, a[0].Pointer, b[0].Pointer, lanes[0].Pointer),
                _ => MatrixProduct.Multiply(pool, s.M, s.N, s.K, MatrixView.RowMajor(a[0].Pointer, s.K), packed[0].Pointer, chain[0].Pointer, s.N, add: false),
            ], repeats);
            bool decode = s.M == 1;
            double work = decode ? (double)sizeof(float) * s.N * s.K : s.Flops;
            report.Row(s.ToString(), decode ? "GB/s" : "GFLOP/s", work / times[0].Median / 1e9, work / times[1].Median / 1e9,
                Error(s, a[0].Span, b[0].Span, lanes[0].Span), Error(s, a[0].Span, b[0].Span, chain[0].Span));
        }
        report.Finish(json);
    }

    /// <summary>The largest difference from the float64 product, over some of the rows.</summary>
    private static double Error(ProductShape s, ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> c)
    {
        double worst = 0;
        for (int i = 0; i < s.M; i += Math.Max(1, s.M / 64))
        {
            for (int j = 0; j < s.N; j++)
            {
                double sum = 0;
                for (int p = 0; p < s.K; p++) sum += (double)a[(i * s.K) + p] * b[(j * s.K) + p];
                worst = Math.Max(worst, Math.Abs(sum - c[(i * s.N) + j]));
            }
        }
        return worst;
    }
}
