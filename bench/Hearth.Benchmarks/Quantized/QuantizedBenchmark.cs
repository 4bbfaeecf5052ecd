using Hearth.Benchmarks.Harness;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;

namespace Hearth.Benchmarks.Quantized;

/// <summary>
/// Products with stored weights, by type: 512 rows as in reading a prompt, in G operations a second; one row as in writing, in GB of weights
/// read a second; eight rows as for eight sequences at once. Weights are many matrices of a shape, together larger than the caches, that calls
/// take in turn.
/// </summary>
internal static unsafe class QuantizedBenchmark
{
    private const long TogetherBytes = 256L << 20;
    private const int Prompt = 512;
    private const int Sequences = 8;

    private static readonly TensorType[] Usual =
    [
        TensorType.Q8_0, TensorType.Q4_0, TensorType.Q4_K, TensorType.Q6_K, TensorType.F16, TensorType.BF16, TensorType.Q5_K, TensorType.Q5_0,
        TensorType.Q5_1, TensorType.Q4_1, TensorType.IQ4_NL, TensorType.IQ4_XS, TensorType.MXFP4, TensorType.Q2_K, TensorType.Q3_K,
    ];

    public static void Run(Arguments arguments)
    {
        int threads = arguments.Number("threads", 1), repeats = arguments.Number("repeats", 9);
        string json = arguments.Text("json", ""), only = arguments.Text("types", "");
        string[] shapes = arguments.Text("shapes", "3072x1024,1024x3072,2048x8192").Split(',');
        arguments.RequireAllUsed();
        using var pool = new WorkerPool(threads);
        double read = Peaks.ReadBytes(pool, repeats);
        var report = new Report("quantized", threads, "type", "outputs x inputs", "bits a weight held", "512 rows, Gop/s", "1 row, GB/s",
            "% of reading", "8 rows, GB/s", "8 rows, times 1");
        foreach (TensorType type in only.Length > 0 ? only.Split(',').Select(t => BlockFormat.Find(t)!.Type) : Usual)
        {
            foreach (string shape in shapes)
            {
                int[] sizes = [.. shape.Split('x').Select(int.Parse)];
                Measure(report, pool, type, sizes[0], sizes[1], repeats, read);
            }
        }
        report.Fact("readGBs", read / 1e9);
        report.Fact("fmaPeakGflops", Peaks.Flops(pool, repeats) / 1e9);
        report.Finish(json);
    }

    private static void Measure(Report report, WorkerPool pool, TensorType type, int outputs, int inputs, int repeats, double read)
    {
        PackedWeights[] ring = Weights(pool, type, outputs, inputs);
        Ring x = new(Prompt * inputs, 1, 1), records = new(Prompt * inputs, 2, 1), y = new(Prompt * outputs, 3, 1);
        void Multiply(int i, int n)
        {
            PackedWeights w = ring[i % ring.Length];
            if (!w.TakesSingles) QuantizedActivations.Quantize(pool, x[0].Pointer, n, inputs, records[0].Pointer);
            QuantizedProduct.Multiply(pool, n, w.TakesSingles ? x[0].Pointer : records[0].Pointer, w, y[0].Pointer, outputs);
        }
        Timing[] times = Timing.Of([i => Multiply(i, Prompt), i => Multiply(i, 1), i => Multiply(i, Sequences)], repeats);
        double bytes = ring[0].Bytes, rate = bytes / times[1].Median, eight = bytes / times[2].Median;
        report.Row(type.ToString(), $"{outputs}x{inputs}", 8.0 * bytes / ((double)outputs * inputs),
            2.0 * Prompt * outputs * inputs / times[0].Median / 1e9,
            rate / 1e9, 100 * rate / read, eight / 1e9, Sequences * eight / rate);
    }

    private static PackedWeights[] Weights(WorkerPool pool, TensorType type, int outputs, int inputs)
    {
        var first = new PackedWeights(type, 1, outputs, inputs);
        var bytes = new byte[first.RowBytes];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)((i * 37) ^ (i >> 5));
        if (first.TakesSingles) System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan()).Fill(0x2E66);
        int count = (int)Math.Clamp(TogetherBytes / first.Bytes, 2, 64);
        var ring = new PackedWeights[count];
        for (int i = 0; i < count; i++)
        {
            ring[i] = new PackedWeights(type, 1, outputs, inputs);
            ring[i].PackAll(pool, _ => bytes);
        }
        return ring;
    }
}
