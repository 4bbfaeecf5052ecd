using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;
using Hearth.Numerics.Tests.Quantization;

namespace Hearth.Numerics.Tests.Manifest;

internal static unsafe class StoredProductCases
{
    public static KernelCase[] All { get; } =
    [
        new("QuantizedActivations.Length", Length),
        new("QuantizedActivations.Quantize", Quantize),
        new("QuantizedProduct.Multiply", Multiply),
    ];

    private static void Length(WorkerPool pool, Evidence e)
    {
        foreach ((int rows, int columns) in ((int, int)[])[(0, 32), (1, 32), (3, 256), (7, 1024)])
        {
            e.AddIntegers([QuantizedActivations.Length(rows, columns)], _ => rows * columns / 2);
        }
    }

    /// <summary>
    /// A number is off by half a unit of its block's scale, and by the roundings of the scale, the factor and the product: four of 127 units.
    /// </summary>
    private static void Quantize(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(101);
        foreach ((int rows, int columns) in ((int, int)[])[(1, 32), (5, 96), (9, 512)])
        {
            float[] values = inputs.Spread(rows * columns);
            FloatBuffer x = Memory.Of(values), records = Memory.Unwritten(QuantizedActivations.Length(rows, columns));
            QuantizedActivations.Quantize(pool, x.Pointer, rows, columns, records.Pointer);
            e.AddIntegers([.. new ReadOnlySpan<int>(records.Pointer, records.Length).ToArray().Select(v => (long)v)], i =>
                new ReadOnlySpan<int>(records.Pointer, records.Length)[i]);
            var back = new float[values.Length];
            for (int i = 0; i < back.Length; i++)
            {
                byte* record = (byte*)records.Pointer + (i / 32 * QuantizedActivations.RecordBytes);
                back[i] = ((sbyte*)record)[i % 32] * *(float*)(record + 32);
            }
            e.Add(back, i =>
            {
                double unit = values.Skip(i / 32 * 32).Take(32).Max(v => Math.Abs((double)v)) / 127;
                return new Exact(values[i], (unit * (0.5 + (127 * 4 * Exact.U))) + Exact.Tiny);
            });
        }
    }

    /// <summary>A chain of at most three fused steps for 32 columns; the activations are off by half a unit of their scale.</summary>
    private static void Multiply(WorkerPool pool, Evidence e)
    {
        foreach (TensorType type in Enum.GetValues<TensorType>())
        {
            var packed = new PackedWeights(type, 1, 45, 512);
            if (packed.TakesSingles) continue;
            var sample = new StoredSample(type, 45, 512, 102);
            packed.PackAll(pool, sample.Row);
            const int n = 6;
            float[] values = new Inputs(103).Spread(n * 512);
            FloatBuffer x = Memory.Of(values), records = Memory.Unwritten(QuantizedActivations.Length(n, 512)), y = Memory.Unwritten(n * 45);
            QuantizedActivations.Quantize(pool, x.Pointer, n, 512, records.Pointer);
            QuantizedProduct.Multiply(pool, n, records.Pointer, packed, y.Pointer, 45);
            e.Add(y.Span, at => sample.Near(values.AsSpan(at / 45 * 512, 512), at % 45));
        }
        Halves(pool, e);
    }

    private static void Halves(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(104);
        foreach (int n in (int[])[1, 3, 4, 14])
        {
            const int rows = 45, columns = 300;
            float[] values = inputs.Spread(n * columns), weights = inputs.Even(rows * columns);
            ushort[] halves = [.. weights.Select(w => BitConverter.HalfToUInt16Bits((Half)w))];
            ushort[] upper = [.. weights.Select(w => (ushort)(BitConverter.SingleToInt32Bits(w) >> 16))];
            foreach (TensorType type in (TensorType[])[TensorType.F16, TensorType.BF16])
            {
                ushort[] stored = type == TensorType.F16 ? halves : upper;
                var packed = new PackedWeights(type, 1, rows, columns);
                packed.PackAll(pool, row => System.Runtime.InteropServices.MemoryMarshal.AsBytes(stored.AsSpan((int)row * columns, columns)));
                FloatBuffer x = Memory.Of(values), y = Memory.Unwritten(n * rows);
                QuantizedProduct.Multiply(pool, n, x.Pointer, packed, y.Pointer, rows);
                e.Add(y.Span, at =>
                {
                    double sum = 0, size = 0;
                    for (int k = 0; k < columns; k++)
                    {
                        ushort bits = stored[(at % rows * columns) + k];
                        double w = type == TensorType.F16 ? (double)BitConverter.UInt16BitsToHalf(bits) : BitConverter.Int32BitsToSingle(bits << 16);
                        sum += w * values[(at / rows * columns) + k];
                        size += Math.Abs(w * values[(at / rows * columns) + k]);
                    }
                    return Exact.Chain(sum, columns, size);
                });
                GC.KeepAlive(x);
            }
        }
    }
}
