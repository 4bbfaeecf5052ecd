using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;
using Hearth.Numerics.Tests.Manifest;

namespace Hearth.Numerics.Tests.Quantization;

/// <summary>
/// A stored matrix of random blocks and the definition of its product in plain C#. The integers come from the type's own reader: for a block whose scale is
/// one and whose minimum is zero it gives small scale times integer, exactly; with scale zero and minimum one, the small minima.
/// </summary>
internal sealed class StoredSample
{
    private const ushort One = 0x3C00;
    private readonly byte[] _bytes;
    private readonly float[] _scales, _integers, _minima;

    public StoredSample(TensorType type, int rows, int columns, ulong seed)
    {
        (Type, Rows, Columns) = (type, rows, columns);
        BlockFormat format = BlockFormat.Of(type);
        var inputs = new Inputs(seed);
        _bytes = new byte[(int)format.BytesFor((long)rows * columns)!.Value];
        for (int i = 0; i < _bytes.Length; i++) _bytes[i] = (byte)inputs.Bits();
        int blocks = _bytes.Length / format.Bytes;
        byte[] unit = [.. _bytes], minimum = [.. _bytes];
        _scales = new float[blocks];
        var blockMinima = new float[blocks];
        for (int b = 0; b < blocks; b++)
        {
            int at = b * format.Bytes;
            ushort d = BitConverter.HalfToUInt16Bits((Half)inputs.Unit()), m = BitConverter.HalfToUInt16Bits((Half)inputs.Unit());
            if (b % 11 == 3) d = (ushort)(d & 0x83FF);                              // below the normal range
            SetScale(type, _bytes.AsSpan(at, format.Bytes), d, m);
            SetScale(type, unit.AsSpan(at, format.Bytes), One, 0);
            SetScale(type, minimum.AsSpan(at, format.Bytes), 0, One);
            _scales[b] = type == TensorType.MXFP4 ? MathF.ScaleB(1, (d & 63) + 90 - 128) : (float)BitConverter.UInt16BitsToHalf(d) * Factor(type);
            blockMinima[b] = (float)BitConverter.UInt16BitsToHalf(m);
        }
        _integers = Read(type, unit, rows, columns);
        for (int i = 0; i < _integers.Length; i++) _integers[i] /= Factor(type);
        _minima = [];
        if (!HasMinimum(type)) return;
        _minima = Read(type, minimum, rows, columns);
        for (int i = 0; i < _minima.Length; i++) _minima[i] *= blockMinima[i / format.Elements];
    }

    public TensorType Type { get; }

    public int Rows { get; }

    public int Columns { get; }

    public ReadOnlySpan<byte> Row(long row) => _bytes.AsSpan((int)(row * (_bytes.Length / Math.Max(1, Rows))), _bytes.Length / Math.Max(1, Rows));

    public PackedWeights Pack(WorkerPool pool)
    {
        var packed = new PackedWeights(Type, 1, Rows, Columns);
        packed.PackAll(pool, Row);
        return packed;
    }

    /// <summary>The product as docs/determinism.md defines it, one output after the other.</summary>
    public float[] Product(float[] x, int n)
    {
        var y = new float[n * Rows];
        for (int i = 0; i < n; i++)
        {
            (sbyte[] q, float[] d) = QuantizeRow(x.AsSpan(i * Columns, Columns));
            for (int o = 0; o < Rows; o++) y[(i * Rows) + o] = Chain(o, q, d);
        }
        return y;
    }

    /// <summary>An output in float64, with the bound for it: each step rounds three times at most, each activation is half a unit off.</summary>
    public Exact Near(ReadOnlySpan<float> x, int output)
    {
        var row = new float[Columns];
        QuantizedRows.Dequantize(Type, Row(output), row);
        (sbyte[] q, float[] d) = QuantizeRow(x);
        double sum = 0, size = 0, off = 0;
        for (int k = 0; k < Columns; k++)
        {
            double minimum = _minima.Length > 0 ? Math.Abs(_minima[(output * Columns) + k]) : 0, weight = Math.Abs(row[k]) + (2 * minimum);
            sum += (double)row[k] * x[k];
            size += weight * (Math.Abs((double)q[k] * d[k / 32]) + Math.Abs(x[k]));
            off += Math.Abs((double)row[k]) * d[k / 32] * 0.501;
        }
        return Exact.Chain(sum, 8 + (3 * Columns / 32), size).Plus(off);
    }

    public static (sbyte[] Q, float[] D) QuantizeRow(ReadOnlySpan<float> x)
    {
        var q = new sbyte[x.Length];
        var d = new float[x.Length / 32];
        for (int b = 0; b < d.Length; b++)
        {
            float max = 0;
            foreach (float v in x.Slice(32 * b, 32)) max = float.IsFinite(v) ? Math.Max(max, Math.Abs(v)) : float.NaN;
            d[b] = max >= MathF.ScaleB(1, -100) || float.IsNaN(max) ? max / 127f : 0f;
            float factor = 127f / max;
            for (int k = 32 * b; d[b] > 0 && k < 32 * (b + 1); k++)
            {
                float scaled = x[k] * factor;
                q[k] = (sbyte)MathF.Round(scaled, MidpointRounding.ToEven);
            }
        }
        return (q, d);
    }

    private float Chain(int output, sbyte[] q, float[] d)
    {
        int perBlock = BlockFormat.Of(Type).Elements, perMinimum = Type == TensorType.Q2_K ? 16 : 32;
        float y = 0;
        for (int k = 0; k < Columns; k += 32)
        {
            int at = (output * Columns) + k;
            long dot = 0;
            for (int i = 0; i < 32; i++) dot += (long)_integers[at + i] * q[k + i];
            y = MathF.FusedMultiplyAdd(_scales[at / perBlock] * d[k / 32], dot, y);
            for (int part = 0; _minima.Length > 0 && part < 32; part += perMinimum)
            {
                int sum = 0;
                for (int i = part; i < part + perMinimum; i++) sum += q[k + i];
                y = MathF.FusedMultiplyAdd(_minima[at + part], d[k / 32] * sum, y);
            }
        }
        return y;
    }

    private static float[] Read(TensorType type, byte[] bytes, int rows, int columns)
    {
        var values = new float[rows * columns];
        if (values.Length > 0) QuantizedRows.Dequantize(type, bytes, values);
        return values;
    }

    private static bool HasMinimum(TensorType type) => type is TensorType.Q4_1 or TensorType.Q5_1 or TensorType.Q2_K or TensorType.Q4_K or TensorType.Q5_K;

    private static float Factor(TensorType type) => type switch
    {
        TensorType.IQ1_S or TensorType.IQ1_M or TensorType.IQ2_XXS or TensorType.IQ2_XS or TensorType.IQ2_S => 0.125f,
        TensorType.IQ3_XXS => 0.25f,
        _ => 1f,
    };

    private static void SetScale(TensorType type, Span<byte> block, ushort d, ushort minimum)
    {
        switch (type)
        {
            case TensorType.MXFP4:
                block[0] = d == One ? (byte)128 : (byte)((d & 63) + 90);
                return;
            case TensorType.IQ1_M:
                for (int i = 0; i < 4; i++) block[49 + (2 * i)] = (byte)((block[49 + (2 * i)] & 15) | (((d >> (4 * i)) & 15) << 4));
                return;
        }
        int at = type switch
        {
            TensorType.Q2_K => 80,
            TensorType.Q3_K => 108,
            TensorType.Q6_K => 208,
            TensorType.TQ1_0 => 52,
            TensorType.TQ2_0 => 64,
            _ => 0,
        };
        BitConverter.TryWriteBytes(block[at..], d);
        if (HasMinimum(type)) BitConverter.TryWriteBytes(block[(at + 2)..], minimum);
    }
}
