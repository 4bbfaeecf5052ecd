using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Tests.Manifest;

/// <summary>Queries, keys and values of one sequence, attention over them by the kernels, and the same in float64 with its
/// bounds.</summary>
internal sealed unsafe class AttentionSample(
    Inputs inputs, int headSize, int heads, int keyValueHeads, int past, int count, float size, int valueSize = 0, int window = 0, float? sink = null,
    TensorType cache = TensorType.F32)
{
    private readonly int _valueSize = valueSize > 0 ? valueSize : headSize;
    private readonly float[] _q = inputs.Even(count * heads * headSize, size);
    private readonly float[] _k = inputs.Even((past + count) * keyValueHeads * headSize);
    private readonly float[] _v = inputs.Even((past + count) * keyValueHeads * (valueSize > 0 ? valueSize : headSize));
    private readonly float[] _gradO = inputs.Even(count * heads * headSize);
    private readonly float[] _before = inputs.Even((past + count) * heads * headSize);
    private readonly float _scale = 1f / MathF.Sqrt(headSize);

    public int Past => past;

    private int Group => heads / keyValueHeads;

    /// <summary>The results [count, heads · D] and log sums [count, heads].</summary>
    public (float[] O, float[] LogSum) Forward(WorkerPool pool)
    {
        int headBytes = AttentionBlocks.HeadBytes(cache, headSize, _valueSize), keys = past + count;
        FloatBuffer q = Memory.Of(_q), k = Memory.Of(_k), v = Memory.Of(_v);
        FloatBuffer o = Memory.Unwritten(count * heads * _valueSize), logSum = Memory.Unwritten(count * heads);
        FloatBuffer[] memory = [.. Enumerable.Range(0, AttentionBlocks.CountFor(keys)).Select(_ =>
            Memory.Unwritten(keyValueHeads * headBytes / sizeof(float)))];
        nint[] blocks = [.. memory.Select(b => (nint)b.Pointer)];
        for (int head = 0; head < keyValueHeads; head++)
        {
            AttentionBlocks.Append(cache, blocks, head * headBytes, headSize, _valueSize, 0, keys, k.Pointer + (head * headSize), keyValueHeads * headSize,
                v.Pointer + (head * _valueSize), keyValueHeads * _valueSize);
        }
        pool.For(heads, 1, (from, to) =>
        {
            for (int h = from; h < to; h++)
            {
                var head = new AttentionForward.Head(headSize, _valueSize, _scale, window, cache);
                var rows = new AttentionForward.Rows(count, past, 1, heads * headSize, heads * _valueSize);
                float extra = sink ?? 0;
                AttentionForward.Run(head, rows, q.Pointer + (h * headSize), o.Pointer + (h * _valueSize), blocks, h / Group * headBytes,
                    sink is null ? null : &extra, logSum.Pointer + h, heads);
            }
        });
        GC.KeepAlive(memory);
        return (o.Span.ToArray(), logSum.Span.ToArray());
    }

    /// <summary>Gradients of queries, keys and values, the results and log sums of the forward pass taken as given.</summary>
    public float[][] Backward(WorkerPool pool, bool add)
    {
        (float[] oValues, float[] logSumValues) = Forward(pool);
        FloatBuffer q = Memory.Of(_q), k = Memory.Of(_k), v = Memory.Of(_v), o = Memory.Of(oValues), logSum = Memory.Of(logSumValues),
            gradO = Memory.Of(_gradO);
        FloatBuffer dq = Memory.Of(_before), dk = Memory.Of(_before), dv = Memory.Of(_before);
        var tensors = new AttentionBackward.Tensors((nint)q.Pointer, (nint)k.Pointer, (nint)v.Pointer, (nint)o.Pointer,
            (nint)logSum.Pointer, (nint)gradO.Pointer, (nint)dq.Pointer, (nint)dk.Pointer, (nint)dv.Pointer,
            heads, keyValueHeads, headSize, _scale, add, add, add);
        pool.For(keyValueHeads, 1, (from, to) =>
        {
            for (int h = from; h < to; h++) AttentionBackward.Run(tensors, 0, count, h);
        });
        GC.KeepAlive((q, k, v, o, logSum, gradO));
        return [dq.Span[.._q.Length].ToArray(), dk.Span[.._k.Length].ToArray(), dv.Span[.._v.Length].ToArray()];
    }

    /// <summary>
    /// A score is a chain of D terms and two more roundings, within (D + 8) · U of the largest sum of absolute terms S; a weight has that
    /// as relative error, exp's 4 and 4 a block for rescaling, in numerator and denominator alike; the sums over keys add a rounding a key.
    /// The log sum has the scores' error absolutely.
    /// </summary>
    public Exact[][] ForwardExact()
    {
        Exact[] o = new Exact[count * heads * _valueSize], logSum = new Exact[count * heads];
        for (int t = 0; t < count; t++)
        {
            for (int h = 0; h < heads; h++)
            {
                int seen = past + t + 1, from = window > 0 ? Math.Max(0, seen - window) : 0, blocks = AttentionBlocks.CountFor(seen) + (sink is null ? 0 : 1);
                (double[] s, double largest) = Scores(t, h);
                double[] inSum = [.. s[from..], .. sink is { } extra ? new double[] { extra } : []];
                double max = inSum.Max(), sum = inSum.Sum(x => Math.Exp(x - max)), score = ((headSize + 8) * largest) + 4 + (6 * blocks);
                logSum[(t * heads) + h] = Exact.Chain(max + Math.Log(sum), 1, score + (seen / 16.0) + 5 + (3 * Math.Abs(max))
                    + Math.Abs(Math.Log(sum)));
                for (int c = 0; c < _valueSize; c++)
                {
                    double value = 0, magnitude = 0;
                    for (int j = from; j < seen; j++)
                    {
                        double p = Math.Exp(s[j] - max) / sum, v = _v[(((j * keyValueHeads) + (h / Group)) * _valueSize) + c];
                        value += p * v;
                        magnitude += p * Math.Abs(v);
                    }
                    o[(((t * heads) + h) * _valueSize) + c] = Exact.Chain(value, (2 * score) + seen + (seen / 16.0) + 6, magnitude);
                }
            }
        }
        return [o, logSum];
    }

    /// <summary>
    /// Weights as in the forward pass; a gradient of a score is p · (dO·v - dO·o) · scale, whose chains have D terms; sums over keys add a
    /// rounding a key, sums over queries one a query and head. Every rounding is at most U times the sum of absolute values of all terms.
    /// </summary>
    public Exact[][] BackwardExact(WorkerPool pool, bool add)
    {
        (float[] o, float[] logSum) = Forward(pool);
        double[] dq = Start(_q.Length), dk = Start(_k.Length), dv = Start(_v.Length), sizeQ = Size(dq), sizeK = Size(dk), sizeV = Size(dv);
        double roundings = 0;
        for (int t = 0; t < count; t++)
        {
            for (int h = 0; h < heads; h++)
            {
                (double[] s, double largest) = Scores(t, h);
                int row = ((t * heads) + h) * headSize;
                roundings = Math.Max(roundings, ((headSize + 8) * (largest + 1)) + headSize + 12 + (count * (Group + 1)));
                for (int j = 0; j <= t; j++)
                {
                    int key = ((j * keyValueHeads) + (h / Group)) * headSize;
                    double p = Math.Exp(s[j] - logSum[(t * heads) + h]), dp = 0, sizeP = 0;
                    for (int c = 0; c < headSize; c++)
                    {
                        dp += _gradO[row + c] * ((double)_v[key + c] - o[row + c]);
                        sizeP += Math.Abs(_gradO[row + c]) * (Math.Abs((double)_v[key + c]) + Math.Abs(o[row + c]));
                    }
                    for (int c = 0; c < headSize; c++)
                    {
                        Add(dv, sizeV, key + c, p * _gradO[row + c], p * Math.Abs(_gradO[row + c]));
                        Add(dq, sizeQ, row + c, p * dp * _scale * _k[key + c], p * sizeP * _scale * Math.Abs(_k[key + c]));
                        Add(dk, sizeK, key + c, p * dp * _scale * _q[row + c], p * sizeP * _scale * Math.Abs(_q[row + c]));
                    }
                }
            }
        }
        return [Chains(dq, sizeQ), Chains(dk, sizeK), Chains(dv, sizeV)];

        double[] Start(int n) => [.. _before.Take(n).Select(b => add ? (double)b : 0)];
        static double[] Size(double[] values) => [.. values.Select(Math.Abs)];
        Exact[] Chains(double[] values, double[] sizes) => [.. values.Select((x, i) => Exact.Chain(x, roundings, sizes[i]))];

        static void Add(double[] values, double[] sizes, int at, double term, double magnitude)
        {
            values[at] += term;
            sizes[at] += magnitude;
        }
    }

    /// <summary>Scores of a query against the keys it sees, and the largest sum of the absolute values of a score's terms.</summary>
    private (double[] Scores, double Largest) Scores(int t, int h)
    {
        var scores = new double[past + t + 1];
        double largest = 0;
        for (int j = 0; j < scores.Length; j++)
        {
            double terms = 0;
            for (int c = 0; c < headSize; c++)
            {
                int query = ((t * heads) + h) * headSize, key = ((j * keyValueHeads) + (h / Group)) * headSize;
                double term = (double)_scale * _q[query + c] * _k[key + c];
                scores[j] += term;
                terms += Math.Abs(term);
            }
            largest = Math.Max(largest, terms);
        }
        return (scores, largest);
    }
}
