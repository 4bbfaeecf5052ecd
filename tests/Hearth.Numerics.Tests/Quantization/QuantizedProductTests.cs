using Hearth.Numerics.Kernels;
using Hearth.Numerics.Operations;
using Hearth.Numerics.Quantization;
using Hearth.Numerics.Tests.Manifest;
using Shouldly;
using Xunit;

namespace Hearth.Numerics.Tests.Quantization;

/// <summary>Products with stored weights have the bits that their definition says, whatever computes them.</summary>
public sealed unsafe class QuantizedProductTests
{
    public static TheoryData<TensorType> Quantized => new(Enum.GetValues<TensorType>().Where(t => !Packed(t, 1, 256).TakesSingles));

    public static TheoryData<TensorType> Singles => new(Enum.GetValues<TensorType>().Where(t => Packed(t, 1, 256).TakesSingles));

    [Theory]
    [MemberData(nameof(Quantized))]
    public void A_product_is_the_chain_of_its_definition(TensorType type)
    {
        foreach (int threads in (int[])[1, 3])
        {
            using var pool = new WorkerPool(threads);
            int unit = Math.Max(32, BlockFormat.Of(type).Elements);
            foreach ((int n, int rows, int blocks) in ((int, int, int)[])[(1, 1, 1), (1, 70, 3), (4, 32, 1), (7, 33, 2), (9, 64, 5), (130, 40, 1), (37, 70, 3)])
            {
                var sample = new StoredSample(type, rows, blocks * unit, (ulong)(n + rows));
                float[] x = Activations(n, sample.Columns);
                Product(pool, sample.Pack(pool), x, n).ShouldHaveBits(sample.Product(x, n), $"{type}: {n} x {rows} x {sample.Columns}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Singles))]
    public void A_product_with_weights_that_become_singles_is_the_product_with_those_singles(TensorType type)
    {
        using var pool = new WorkerPool(2);
        foreach ((int n, int rows, int columns) in ((int, int, int)[])[(1, 70, 64), (3, 33, 256), (4, 32, 320), (13, 65, 576), (200, 31, 64)])
        {
            byte[] bytes = Finite(type, rows, columns, seed: 5);
            var packed = new PackedWeights(type, 1, rows, columns);
            packed.PackAll(pool, row => bytes.AsSpan((int)row * packed.RowBytes, packed.RowBytes));
            var weights = Tensor.Parameter("w", rows, columns);
            for (int r = 0; r < rows; r++) QuantizedRows.Dequantize(type, bytes.AsSpan(r * packed.RowBytes, packed.RowBytes), weights.Data.Slice(r * columns, columns));
            float[] x = new Inputs(6).Spread(n * columns);
            var tape = new Tape(pool, recording: false);
            Tensor input = tape.New(n, columns);
            x.CopyTo(input.Data);
            input.Linear(Tensor.Stored("w", packed)).Data.ShouldHaveBits(input.Linear(weights).Data, $"{type}: {n} x {rows} x {columns}");
        }
    }

    [Theory]
    [MemberData(nameof(Quantized))]
    public void A_row_read_back_has_the_bits_of_the_formats_own_reader(TensorType type)
    {
        var sample = new StoredSample(type, 67, 512, 3);
        PackedWeights packed = sample.Pack(WorkerPool.Alone);
        float[] expected = new float[512], actual = new float[512];
        foreach (int row in (int[])[0, 1, 31, 32, 50, 66])
        {
            QuantizedRows.Dequantize(type, sample.Row(row), expected);
            packed.ReadRow(row, actual);
            actual.ShouldHaveBits(expected, $"{type}, row {row}");
        }
    }

    [Fact]
    public void A_quantised_row_is_what_the_definition_says_and_numbers_that_are_not_finite_make_their_outputs_so()
    {
        float[] x = [.. Activations(3, 128), .. new float[32], .. Enumerable.Repeat(1e-38f, 32), .. Enumerable.Repeat(0.5f, 32)];
        x[40] = float.NaN;
        x[70] = float.NegativeInfinity;
        (sbyte[] q, float[] d) = StoredSample.QuantizeRow(x);
        FloatBuffer records = Memory.Unwritten(QuantizedActivations.Length(1, x.Length));
        QuantizedActivations.Quantize(WorkerPool.Alone, Memory.Of(x).Pointer, 1, x.Length, records.Pointer);
        for (int b = 0; b < d.Length; b++)
        {
            var record = new ReadOnlySpan<byte>((byte*)records.Pointer + (b * QuantizedActivations.RecordBytes), QuantizedActivations.RecordBytes);
            float scale = BitConverter.ToSingle(record[32..]);
            if (float.IsNaN(d[b])) scale.ShouldBe(float.NaN);
            else scale.ShouldBe(d[b]);
            for (int k = 0; k < 32; k++) ((sbyte)record[k]).ShouldBe(q[(32 * b) + k]);
        }
        var sample = new StoredSample(TensorType.Q4_K, 5, 256, 9);
        Product(WorkerPool.Alone, sample.Pack(WorkerPool.Alone), x[..256], 1).ShouldAllBe(v => !float.IsFinite(v));
    }

    [Fact]
    public void Experts_of_one_tensor_are_matrices_in_one_memory()
    {
        using var pool = new WorkerPool(2);
        var sample = new StoredSample(TensorType.Q6_K, 3 * 40, 256, 11);
        var packed = new PackedWeights(TensorType.Q6_K, 3, 40, 256);
        packed.PackAll(pool, sample.Row);
        float[] x = Activations(2, 256), expected = sample.Product(x, 2);
        for (int e = 0; e < 3; e++)
        {
            float[] y = Product(pool, packed.Matrix(e), x, 2);
            for (int i = 0; i < 2; i++) y.AsSpan(i * 40, 40).ShouldHaveBits(expected.AsSpan((i * 120) + (e * 40), 40), $"expert {e}");
        }
        float[] row = new float[256], stored = new float[256];
        packed.ReadRow(97, row);
        QuantizedRows.Dequantize(TensorType.Q6_K, sample.Row(97), stored);
        row.ShouldHaveBits(stored, "row 97");
    }

    [Fact]
    public void Stored_weights_serve_layers_and_embeddings_and_cannot_be_trained()
    {
        using var pool = new WorkerPool(2);
        var sample = new StoredSample(TensorType.Q4_K, 48, 256, 12);
        Tensor w = Tensor.Stored("blk.0.weight", sample.Pack(pool));
        var tape = new Tape(pool, recording: false);
        Tensor x = tape.Embed(w, [3, 47, 3]);
        float[] row = new float[256];
        QuantizedRows.Dequantize(TensorType.Q4_K, sample.Row(47), row);
        x.Data.Slice(256, 256).ShouldHaveBits(row, "embedding");
        Tensor logits = x.Linear(w);
        logits.Data.ShouldHaveBits(sample.Product(x.Data.ToArray(), 3), "layer");
        double loss = 0;
        for (int i = 0; i < 3; i++)
        {
            double[] outputs = [.. logits.Data.Slice(i * 48, 48).ToArray().Select(v => (double)v)];
            loss += outputs.Max() + Math.Log(outputs.Sum(v => Math.Exp(v - outputs.Max()))) - outputs[5 + i];
        }
        x.CrossEntropy(w, [5, 6, 7], 1f).ShouldBe(loss, 1e-4 * loss);
        Should.Throw<InvalidOperationException>(() => w.Data.Length).Message.ShouldContain("blk.0.weight");
        var recording = new Tape(pool, recording: true);
        Should.Throw<InvalidOperationException>(() => recording.Embed(w, [1]).Linear(w));
        Should.Throw<ArgumentException>(() => new PackedWeights(TensorType.Q4_K, 1, 4, 250));
    }

    private static PackedWeights Packed(TensorType type, int rows, int columns) => new(type, 1, rows, columns);

    /// <summary>Numbers, with blocks of zeros and of very small ones among them.</summary>
    private static float[] Activations(int n, int columns)
    {
        float[] x = new Inputs(21).Spread(n * columns);
        for (int i = 0; i < x.Length; i++)
        {
            if (i / 32 % 7 == 5) x[i] = 0;
            if (i / 32 % 7 == 6) x[i] *= 1e-30f;
        }
        return x;
    }

    private static float[] Product(WorkerPool pool, PackedWeights w, float[] x, int n)
    {
        FloatBuffer input = Memory.Of(x), quantized = Memory.Unwritten(QuantizedActivations.Length(n, w.Columns)), y = Memory.Unwritten(n * w.Rows);
        QuantizedActivations.Quantize(pool, input.Pointer, n, w.Columns, quantized.Pointer);
        QuantizedProduct.Multiply(pool, n, quantized.Pointer, w, y.Pointer, w.Rows);
        GC.KeepAlive((input, quantized));
        return y.Span.ToArray();
    }

    private static byte[] Finite(TensorType type, int rows, int columns, ulong seed)
    {
        var inputs = new Inputs(seed);
        var bytes = new byte[(int)BlockFormat.Of(type).BytesFor((long)rows * columns)!.Value];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)inputs.Bits();
        int size = type switch { TensorType.F32 => 4, TensorType.F64 => 8, TensorType.F16 or TensorType.BF16 => 2, _ => 0 };
        for (int i = size; size > 0 && i <= bytes.Length; i += size) bytes[i - 1] &= 0xBB;    // no infinities
        return bytes;
    }
}
