using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;
using Hearth.Numerics.Tests.Quantization;

namespace Hearth.Numerics.Tests.Manifest;

internal static class QuantizedCases
{
    public static KernelCase[] All { get; } =
    [
        new("QuantizedRows.Dequantize", Dequantize),
        new("QuantizedRows.Quantize", Quantize),
    ];

    /// <summary>
    /// Blocks of random bytes with scales that are finite. Products are exact, so that one rounding is left where something is added, and
    /// none elsewhere. The grids are checked by digests of the reference's output, in GridTests; here only their bits count.
    /// </summary>
    private static void Dequantize(WorkerPool pool, Evidence e)
    {
        foreach (BlockFormat format in BlockFormat.All)
        {
            if (format.Type is TensorType.F32 or TensorType.F64) continue;
            const int blocks = 37;
            byte[] bytes = RandomBlocks.Of(format, blocks, seed: 100 + (ulong)format.Type);
            var numbers = new float[blocks * format.Elements];
            pool.For(blocks, 1, (from, to) =>
                QuantizedRows.Dequantize(format.Type, bytes.AsSpan((from * format.Bytes)..(to * format.Bytes)),
                numbers.AsSpan((from * format.Elements)..(to * format.Elements))));
            bool known = ScalarBlocks.Types.Contains(format.Type);
            e.Add(numbers, i =>
            {
                if (!known) return Exact.Same(numbers[i]);
                int block = i / format.Elements;
                double value = ScalarBlocks.Value(format.Type, bytes[(block * format.Bytes)..((block + 1) * format.Bytes)],
                    i % format.Elements);
                return Exact.Same((float)value);
            });
        }
    }

    /// <summary>
    /// What was written reads as numbers that are nearly the given ones: half a step of the coarsest scale away, and a bit for rounded
    /// scales.
    /// </summary>
    private static void Quantize(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(93);
        foreach (BlockFormat format in BlockFormat.All.Where(f => f.CanWrite))
        {
            const int blocks = 19;
            int n = format.Elements;
            float[] numbers = [.. inputs.Even(9 * n, 0.08f), .. inputs.Even(9 * n).Select(x => x * x * x), .. new float[n]];
            var bytes = new byte[blocks * format.Bytes];
            var read = new float[numbers.Length];
            pool.For(blocks, 1, (from, to) => QuantizedRows.Quantize(format.Type, numbers.AsSpan((from * n)..(to * n)),
                bytes.AsSpan((from * format.Bytes)..(to * format.Bytes))));
            e.AddIntegers([.. bytes.Select(b => (long)b)], i => bytes[i]);
            QuantizedRows.Dequantize(format.Type, bytes, read);
            double step = format.BitsPerNumber > 15 ? 0.005 : 2.2 / ((1 << Math.Min((int)format.BitsPerNumber, 8)) - 1);
            if (format.Type is TensorType.TQ1_0 or TensorType.TQ2_0 or TensorType.Q2_K) step = 0.9;
            if (format.Type == TensorType.MXFP4) step = 0.26;                    // the largest value, 6, stands for numbers up to 8
            e.Add(read, i =>
            {
                int block = i / n;
                double largest = numbers.Skip(block * n).Take(n).Max(MathF.Abs);
                return new Exact(numbers[i], step * largest);
            });
        }
    }
}
