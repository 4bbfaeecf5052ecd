using System.Runtime.Intrinsics;
using Hearth.Numerics.Kernels;
using Hearth.Numerics.Operations;
using Hearth.Numerics.Quantization;
using Hearth.Numerics.Tests.Manifest;
using Xunit;

namespace Hearth.Numerics.Tests.BitContract;

/// <summary>A token's attention depends on the tokens before it and on nothing else, to the bit.</summary>
public sealed class AttentionBitTests
{
    private static readonly int[] Lengths = [1, 2, 5, 63, 64, 65, 66, 127, 128, 129, 200];

    [Theory]
    [InlineData(8, 4, 2, 1)]
    [InlineData(24, 3, 1, 2)]
    [InlineData(32, 2, 2, 3)]
    [InlineData(64, 2, 1, 1)]
    [InlineData(128, 2, 1, 7)]
    public void Token_by_token_chunk_by_chunk_and_one_whole_pass_give_the_same_bits(int headSize, int heads, int keyValueHeads, int threads)
    {
        using var pool = new WorkerPool(threads);
        var inputs = new Inputs((ulong)headSize);
        foreach (int length in Lengths)
        {
            var rows = new Rows(inputs, length, headSize, heads, keyValueHeads);
            float[] whole = rows.Attend(pool, new SequenceBatch(new int[length]));
            rows.InChunks(pool, [length]).ShouldHaveBits(whole, $"{length} tokens into a cache");
            rows.InChunks(pool, [.. Enumerable.Repeat(1, length)]).ShouldHaveBits(whole, $"{length} tokens one by one");
            for (int cut = 1; cut < length; cut += 1 + (length / 7))
            {
                rows.InChunks(pool, [cut, length - cut]).ShouldHaveBits(whole, $"{cut} of {length} tokens, then the rest");
            }
        }
    }

    [Theory]
    [InlineData(8, 1)]
    [InlineData(20, 2)]
    [InlineData(64, 7)]
    public void A_sequence_alone_has_the_bits_it_has_among_others(int headSize, int threads)
    {
        using var pool = new WorkerPool(threads);
        int[] lengths = [3, 70, 1, 129, 64, 17];
        var rows = new Rows(new Inputs(5), lengths.Sum(), headSize, heads: 4, keyValueHeads: 2);
        var segments = new List<Segment>();
        foreach (int length in lengths) segments.Add(new Segment(segments.Sum(s => s.Count), length));
        float[] together = rows.Attend(pool, new SequenceBatch(new int[lengths.Sum()], [.. segments]));
        foreach (Segment segment in segments)
        {
            Rows alone = rows.Slice(segment.Start, segment.Count);
            alone.Attend(pool, new SequenceBatch(new int[segment.Count])).ShouldHaveBits(
                together.AsSpan(segment.Start * 4 * headSize, segment.Count * 4 * headSize), $"the sequence at row {segment.Start}");
        }
    }

    [Fact]
    public void A_recording_pass_gives_the_bits_of_one_that_does_not_record()
    {
        using var pool = new WorkerPool(2);
        var rows = new Rows(new Inputs(6), 131, headSize: 16, heads: 2, keyValueHeads: 1);
        var batch = new SequenceBatch(new int[131]);
        rows.Attend(pool, batch, recording: true).ShouldHaveBits(rows.Attend(pool, batch), "recorded");
    }

    [Fact]
    public void A_cache_that_went_back_gives_the_bits_of_one_that_never_went_on()
    {
        using var pool = new WorkerPool(1);
        var rows = new Rows(new Inputs(7), 90, headSize: 16, heads: 2, keyValueHeads: 2);
        float[] whole = rows.Attend(pool, new SequenceBatch(new int[90]));
        var cache = new KeyValueCache(1, 2, 16);
        rows.Slice(0, 90).Continue(pool, cache);
        cache.Truncate(60);
        rows.Slice(60, 30).Continue(pool, cache).ShouldHaveBits(whole.AsSpan(60 * 32), "the last 30 tokens");
    }

    [Theory]
    [InlineData(TensorType.F16, 24, 4, 2)]
    [InlineData(TensorType.F16, 40, 8, 1)]
    [InlineData(TensorType.Q8_0, 32, 2, 2)]
    [InlineData(TensorType.Q8_0, 64, 9, 1)]
    public void A_smaller_cache_gives_the_bits_of_keys_and_values_that_were_rounded_before(TensorType type, int headSize, int heads, int keyValueHeads)
    {
        using var pool = new WorkerPool(2);
        const int length = 150;
        var rows = new Rows(new Inputs(9), length, headSize, heads, keyValueHeads);
        float[] expected = rows.Rounded(type).Attend(pool, new SequenceBatch(new int[length]));
        rows.InChunks(pool, [length], type).ShouldHaveBits(expected, "at once");
        rows.InChunks(pool, [.. Enumerable.Repeat(1, length)], type).ShouldHaveBits(expected, "one by one");
        rows.InChunks(pool, [70, 3, 77], type).ShouldHaveBits(expected, "in pieces");
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(8, false)]
    [InlineData(70, true)]
    public void With_a_window_or_sinks_too_pieces_do_not_matter(int window, bool withSinks)
    {
        using var pool = new WorkerPool(2);
        const int length = 150, heads = 8, headSize = 16;
        var rows = new Rows(new Inputs(10), length, headSize, heads, keyValueHeads: 1);
        Tensor? sinks = withSinks ? Tensor.Parameter("sinks", heads) : null;
        for (int h = 0; h < heads && sinks is not null; h++) sinks.Data[h] = h - 4;
        AttentionShape shape = new AttentionShape(headSize) with { Window = window, Sinks = sinks };
        float[] whole = rows.Attend(pool, new SequenceBatch(new int[length]), shape: shape);
        rows.InChunks(pool, [.. Enumerable.Repeat(1, length)], shape: shape).ShouldHaveBits(whole, "one by one");
        rows.InChunks(pool, [70, 3, 77], shape: shape).ShouldHaveBits(whole, "in pieces");
    }

    [Theory]
    [InlineData(8, 200)]
    [InlineData(33, 65)]
    public void Attention_is_the_stated_fold_over_blocks_of_64_keys(int headSize, int length)
    {
        using var pool = new WorkerPool(1);
        var rows = new Rows(new Inputs(8), length, headSize, heads: 1, keyValueHeads: 1);
        float[] found = rows.Attend(pool, new SequenceBatch(new int[length]));
        for (int t = 0; t < length; t++) found.AsSpan(t * headSize, headSize).ShouldHaveBits(rows.Folded(t), $"token {t}");
    }

    /// <summary>Queries, keys and values of a batch's rows.</summary>
    private sealed class Rows(float[] q, float[] k, float[] v, int count, int headSize, int heads, int keyValueHeads)
    {
        public Rows(Inputs inputs, int count, int headSize, int heads, int keyValueHeads)
            : this(inputs.Even(count * heads * headSize, 3), inputs.Even(count * keyValueHeads * headSize),
                inputs.Spread(count * keyValueHeads * headSize),
                count, headSize, heads, keyValueHeads)
        {
        }

        public Rows Slice(int start, int rows) =>
            new(Part(q, start, rows), Part(k, start, rows), Part(v, start, rows), rows, headSize, heads, keyValueHeads);

        /// <summary>The same rows, each key and value of a head written in a type and read back.</summary>
        public Rows Rounded(TensorType type)
        {
            return new Rows(q, Through(k), Through(v), count, headSize, heads, keyValueHeads);

            float[] Through(float[] x)
            {
                var bytes = new byte[BlockFormat.Of(type).BytesFor(headSize)!.Value];
                float[] y = [.. x];
                for (int i = 0; i < y.Length; i += headSize)
                {
                    QuantizedRows.Quantize(type, x.AsSpan(i, headSize), bytes);
                    QuantizedRows.Dequantize(type, bytes, y.AsSpan(i, headSize));
                }
                return y;
            }
        }

        public float[] Attend(WorkerPool pool, SequenceBatch batch, bool recording = false, AttentionShape? shape = null)
        {
            var tape = new Tape(pool, recording);
            Tensor tq = tape.New(count, heads * headSize);
            Tensor tk = tape.New(count, keyValueHeads * headSize), tv = tape.New(count, keyValueHeads * headSize);
            q.CopyTo(tq.Data);
            k.CopyTo(tk.Data);
            v.CopyTo(tv.Data);
            return tq.Attend(tk, tv, shape ?? new AttentionShape(headSize), batch, layer: 0).Data.ToArray();
        }

        /// <summary>These rows as the next tokens of a cache.</summary>
        public float[] Continue(WorkerPool pool, KeyValueCache cache, AttentionShape? shape = null)
        {
            var batch = new SequenceBatch(new int[count], cache);
            float[] o = Attend(pool, batch, shape: shape);
            batch.Commit();
            return o;
        }

        public float[] InChunks(WorkerPool pool, int[] chunks, TensorType type = TensorType.F32, AttentionShape? shape = null)
        {
            var cache = new KeyValueCache(1, keyValueHeads, headSize, type: type);
            var o = new List<float>();
            foreach (int chunk in chunks) o.AddRange(Slice(cache.Length, chunk).Continue(pool, cache, shape));
            return [.. o];
        }

        /// <summary>One token of one head by single numbers: scores ascend over the head, weights over keys, blocks fold into a running
        /// maximum.</summary>
        public float[] Folded(int t)
        {
            var o = new float[headSize];
            float max = float.NegativeInfinity, total = 0f, scale = 1f / MathF.Sqrt(headSize);
            for (int block = 0; block <= t; block += 64)
            {
                int first = block, n = Math.Min(64, t + 1 - block);
                float[] s = new float[n];
                for (int j = 0; j < n; j++)
                {
                    int query = t * headSize, key = (first + j) * headSize;
                    for (int c = 0; c < headSize; c++) s[j] = MathF.FusedMultiplyAdd(q[query + c], k[key + c], s[j]);
                    s[j] *= scale;
                }
                float next = Math.Max(max, s.Max());
                float[] p = [.. s.Select(x => Exp(x - next))];
                float ratio = next > max ? Exp(max - next) : 1f;
                total = (total * ratio) + ScalarLanes.Sum(n, j => p[j]);
                for (int c = 0; c < headSize; c++)
                {
                    o[c] *= ratio;
                    for (int j = 0; j < n; j++) o[c] = MathF.FusedMultiplyAdd(p[j], v[((first + j) * headSize) + c], o[c]);
                }
                max = next;
            }
            return [.. o.Select(x => x / total)];
        }

        private float[] Part(float[] x, int start, int rows) => x.AsSpan(start * (x.Length / count), rows * (x.Length / count)).ToArray();

        private static float Exp(float x) => Lanes.Exp(Vector512.Create(x)).GetElement(0);
    }
}
