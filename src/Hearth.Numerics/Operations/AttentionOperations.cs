using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Operations;

/// <summary>Rotary positions and causal attention.</summary>
public static unsafe class AttentionOperations
{
    /// <summary>Turns numbers of every head of every row by the angles of the row's position.</summary>
    /// <param name="x">[N, heads · D]</param>
    /// <param name="rope">The table, of R numbers.</param>
    /// <param name="batch">Which position each row has.</param>
    /// <param name="headSize">D; 0 when it is R.</param>
    /// <param name="first">The first number of a head that turns; those before it and after R more stay as they are.</param>
    /// <returns>[N, heads · D]</returns>
    /// <exception cref="ShapeException">The rows are not whole heads, or a position lies beyond the table.</exception>
    public static Tensor Rotate(this Tensor x, RopeTable rope, SequenceBatch batch, int headSize = 0, int first = 0)
    {
        if (headSize == 0) headSize = rope.Size;
        ShapeException.Require(x.Columns % headSize == 0 && x.Rows == batch.Positions.Length, x, $"[{batch.Positions.Length}, heads · {headSize}]");
        ShapeException.Require(first + rope.Size <= headSize, x, $"heads of at least {first + rope.Size} numbers");
        foreach (Segment segment in batch.Segments)
        {
            int end = segment.Past + segment.Count;
            if (end > rope.Positions)
            {
                throw new ShapeException(nameof(Rotate), "a sequence", $"{end} tokens", $"at most {rope.Positions}, the model's context");
            }
        }
        Tensor y = x.Tape!.New(x.Rows, x.Columns);
        var turn = new Turning(rope, headSize, first, batch.Positions);
        Turn(x, y, turn);
        if (x.Tape.Recording) x.Tape.Record(y, RotateBackward(x, y, turn));
        return y;
    }

    private static Action RotateBackward(Tensor x, Tensor y, Turning turn) => () =>
    {
        x.BeginGradient(out bool add);
        Turn(y, x, turn with { Backward = true, Add = add });
    };

    /// <summary>
    /// Causal grouped-query attention within each segment: o[t] = Σ softmax(q[t]·k[s] / √D) v[s] over s up to t, the segment's cached past included.
    /// Query head h reads key-value head h / (heads / key-value heads). Nothing of size T × T is kept.
    /// </summary>
    /// <param name="q">[N, heads · D]</param>
    /// <param name="k">[N, key-value heads · D]</param>
    /// <param name="v">[N, key-value heads · D]</param>
    /// <param name="headSize">D.</param>
    /// <param name="batch">The segments.</param>
    /// <param name="layer">Which layer's part of the caches to use.</param>
    /// <returns>[N, heads · D]</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public static Tensor Attend(this Tensor q, Tensor k, Tensor v, int headSize, SequenceBatch batch, int layer) =>
        q.Attend(k, v, new AttentionShape(headSize), batch, layer);

    /// <summary>The same with values of another size, another scale, a window of positions, or sinks; these can not be trained through.</summary>
    /// <param name="q">[N, heads · D]</param>
    /// <param name="k">[N, key-value heads · D]</param>
    /// <param name="v">[N, key-value heads · E]</param>
    /// <param name="shape">What the attention is like.</param>
    /// <param name="batch">The segments.</param>
    /// <param name="layer">Which layer's part of the caches to use.</param>
    /// <returns>[N, heads · E]</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public static Tensor Attend(this Tensor q, Tensor k, Tensor v, AttentionShape shape, SequenceBatch batch, int layer)
    {
        int keySize = shape.KeySize, valueSize = shape.ValueSize;
        ShapeException.Require(q.Columns % keySize == 0 && q.Rows == batch.Positions.Length, q, $"[{batch.Positions.Length}, heads · {keySize}]");
        ShapeException.Require(k.Rows == q.Rows && k.Columns % keySize == 0 && q.Columns % k.Columns == 0, k, $"[{q.Rows}, a divisor of {q.Columns}]");
        int heads = q.Columns / keySize, keyValueHeads = k.Columns / keySize;
        ShapeException.Require(v, k.Rows, keyValueHeads * valueSize);
        if (shape.Sinks is { } sinks) ShapeException.Require(sinks.Length == heads, sinks, $"[{heads}]");
        Tape tape = q.Tape!;
        if (tape.Recording && !shape.IsPlain) throw new NotSupportedException("Attention with a window, sinks or values of another size can not be trained.");
        Tensor o = tape.New(q.Rows, heads * valueSize);
        Tensor? logSum = tape.Recording ? tape.New(q.Rows, heads) : null;
        Forward(q, k, v, o, logSum, shape, keyValueHeads, batch, layer);
        if (logSum is not null) tape.Record(o, AttendBackward(q, k, v, o, logSum, shape, batch));
        return o;
    }

    private static Action AttendBackward(Tensor q, Tensor k, Tensor v, Tensor o, Tensor logSum, AttentionShape shape, SequenceBatch batch)
    {
        int heads = q.Columns / shape.KeySize, keyValueHeads = k.Columns / shape.KeySize;
        return () =>
        {
            nint dq = (nint)q.TakeGradient(out bool addQ), dk = (nint)k.TakeGradient(out bool addK), dv = (nint)v.TakeGradient(out bool addV);
            var tensors = new AttentionBackward.Tensors((nint)q.Pointer, (nint)k.Pointer, (nint)v.Pointer, (nint)o.Pointer, (nint)logSum.Pointer,
                (nint)o.GradientPointer, dq, dk, dv, heads, keyValueHeads, shape.KeySize, shape.Scale, addQ, addK, addV);
            var costs = new long[batch.Segments.Length * keyValueHeads];
            Costs(batch, keyValueHeads, q.Columns, costs);
            o.Tape!.Pool.For(costs, (from, to) =>
            {
                for (int i = from; i < to; i++)
                {
                    Segment segment = batch.Segments[i / keyValueHeads];
                    AttentionBackward.Run(tensors, segment.Start, segment.Count, i % keyValueHeads);
                }
            });
        };
    }

    private static void Forward(Tensor q, Tensor k, Tensor v, Tensor o, Tensor? logSum, AttentionShape shape, int keyValueHeads, SequenceBatch batch, int layer)
    {
        Tape tape = q.Tape!;
        nint[][] blocks = Blocks(tape, batch, layer, keyValueHeads * AttentionBlocks.HeadBytes(TensorType.F32, shape.KeySize, shape.ValueSize));
        int pieces = batch.Segments.Length * keyValueHeads;
        Span<long> costs = pieces <= 256 ? stackalloc long[pieces] : new long[pieces];
        Costs(batch, keyValueHeads, q.Columns, costs);
        tape.Pool.For(costs, (q, k, v, o, logSum, shape, keyValueHeads, batch, blocks), static (work, from, to) =>
        {
            (Tensor q, Tensor k, Tensor v, Tensor o, Tensor? logSum, AttentionShape shape, int keyValueHeads, SequenceBatch batch, nint[][] blocks) = work;
            int keySize = shape.KeySize, valueSize = shape.ValueSize, heads = q.Columns / keySize, group = heads / keyValueHeads;
            for (int i = from; i < to; i++)
            {
                int kvHead = i % keyValueHeads, s = i / keyValueHeads;
                Segment segment = batch.Segments[s];
                TensorType cache = segment.Cache?.Type ?? TensorType.F32;
                int offset = kvHead * AttentionBlocks.HeadBytes(cache, keySize, valueSize);
                nint keyRow = ((nint)segment.Start * k.Columns) + (kvHead * keySize), valueRow = ((nint)segment.Start * v.Columns) + (kvHead * valueSize);
                AttentionBlocks.Append(cache, blocks[s], offset, keySize, valueSize, segment.Past, segment.Count,
                    k.Pointer + keyRow, k.Columns, v.Pointer + valueRow, v.Columns);

                // A single token's heads read the same keys and values, so they go together; of several tokens, each head's rows do.
                bool together = segment.Count == 1 && logSum is null;
                AttentionForward.Rows rows = together
                    ? new(group, segment.Past, 0, keySize, valueSize)
                    : new(segment.Count, segment.Past, 1, q.Columns, o.Columns);
                for (int head = kvHead * group; head < (kvHead + 1) * group; head += together ? group : 1)
                {
                    nint row = ((nint)segment.Start * q.Columns) + (head * keySize), into = ((nint)segment.Start * o.Columns) + (head * valueSize);
                    float* sums = logSum is null ? null : logSum.Pointer + ((nint)segment.Start * heads) + head;
                    float* sinks = shape.Sinks is null ? null : shape.Sinks.Pointer + head;
                    AttentionForward.Run(shape.Head(cache), rows, q.Pointer + row, o.Pointer + into, blocks[s], offset, sinks, sums, heads);
                }
            }
        });
    }

    /// <summary>Each segment's blocks: those of its cache, or memory of this pass for a segment without one.</summary>
    private static nint[][] Blocks(Tape tape, SequenceBatch batch, int layer, int blockBytes)
    {
        nint[][] blocks = tape.Addresses(batch.Segments.Length);
        for (int s = 0; s < batch.Segments.Length; s++)
        {
            Segment segment = batch.Segments[s];
            if (segment.Cache is not null)
            {
                blocks[s] = segment.Cache.Blocks(layer, segment.Past + segment.Count);
                continue;
            }
            int count = AttentionBlocks.CountFor(segment.Count);
            float* memory = tape.Scratch(s, count * (blockBytes / sizeof(float)));
            blocks[s] = new nint[count];
            for (int b = 0; b < count; b++) blocks[s][b] = (nint)memory + ((nint)b * blockBytes);
        }
        return blocks;
    }

    /// <summary>About what each (segment, key-value head) costs: queries times keys seen times their numbers, sixteen at a time.</summary>
    private static void Costs(SequenceBatch batch, int keyValueHeads, int columns, Span<long> costs)
    {
        for (int i = 0; i < costs.Length; i++)
        {
            Segment segment = batch.Segments[i / keyValueHeads];
            costs[i] = (long)segment.Count * (segment.Past + (segment.Count / 2) + AttentionBlocks.Keys) * columns / keyValueHeads / Lanes.Count;
        }
    }

    private static void Turn(Tensor from, Tensor into, Turning turn)
    {
        from.Tape!.Pool.For(from.Rows, 1, 2L * from.Length, (from, into, turn), static (work, first, end) =>
        {
            (Tensor from, Tensor into, Turning turn) = work;
            Span<float> x = turn.Backward ? from.Gradient : from.Data, y = turn.Backward ? into.Gradient : into.Data;
            for (int r = first; r < end; r++)
            {
                int row = r * from.Columns, position = turn.Positions[r];
                Rotary.Turn(x.Slice(row, from.Columns), turn.Rope.Cos(position), turn.Rope.Sin(position), turn.HeadSize, turn.First, turn.Backward,
                    y.Slice(row, from.Columns), turn.Add);
            }
        });
    }

    private readonly record struct Turning(RopeTable Rope, int HeadSize, int First, int[] Positions, bool Backward = false, bool Add = false);
}
