using System.Runtime.Intrinsics;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// Causal attention of one head, o[t] = Σ softmax(scale · q[t]·k[s]) v[s] over s up to t, with the softmax folded block by block
/// (Milakov and Gimelshein 2018, arXiv:1805.02867; Dao et al. 2022, arXiv:2205.14135, algorithm 1). Blocks are 64 absolute positions,
/// ascending, whatever part of a sequence a call computes: a token decoded with a cache and the same token in one whole pass get the same bits.
/// </summary>
public static unsafe class AttentionForward
{
    private const int Tile = 8;

    /// <summary>What a head's attention is like.</summary>
    /// <param name="KeySize">D, numbers in a query or key.</param>
    /// <param name="ValueSize">E, numbers in a value.</param>
    /// <param name="Scale">Factor of the scores.</param>
    /// <param name="Window">How many positions a token sees, itself included; 0 for all.</param>
    /// <param name="Cache">How blocks hold keys and values.</param>
    public readonly record struct Head(int KeySize, int ValueSize, float Scale, int Window = 0, TensorType Cache = TensorType.F32);

    /// <summary>Rows that attend to the same keys and values: a head's at consecutive positions, or several heads' at one.</summary>
    /// <param name="Count">How many rows.</param>
    /// <param name="Position">Position of the first.</param>
    /// <param name="Step">1 for consecutive positions, 0 for one.</param>
    /// <param name="QStride">Distance between their queries.</param>
    /// <param name="OStride">Distance between their results.</param>
    public readonly record struct Rows(int Count, int Position, int Step, int QStride, int OStride);

    /// <summary>Attends queries to the blocks.</summary>
    /// <param name="head">What the attention is like.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="q">First query, D numbers.</param>
    /// <param name="o">First result, E numbers.</param>
    /// <param name="blocks">Addresses of the blocks.</param>
    /// <param name="headOffset">Where the key-value head's part begins in a block, in bytes.</param>
    /// <param name="sinks">A score for each head that takes part in its softmax and has no value; null for none.</param>
    /// <param name="logSum">Receives each row's log of the sum of exponentials; rows are <paramref name="logSumStride"/> apart; may be null.</param>
    /// <param name="logSumStride">Distance between rows' sums.</param>
    public static void Run(Head head, Rows rows, float* q, float* o, nint[] blocks, int headOffset, float* sinks = null, float* logSum = null, int logSumStride = 0)
    {
        int padded = AttentionBlocks.Padded(head.ValueSize);
        int laidOut = head.Cache == TensorType.F32 ? 0 : AttentionBlocks.Floats(head.KeySize, head.ValueSize);
        float* scratch = Scratch.Rent(Scratch.Use.Attention, (Tile * (AttentionBlocks.Keys + padded)) + laidOut);
        float* scores = scratch, sums = scratch + (Tile * AttentionBlocks.Keys), open = sums + (Tile * padded);
        float* max = stackalloc float[Tile], total = stackalloc float[Tile];
        for (int row = 0; row < rows.Count; row += Tile)
        {
            int count = Math.Min(Tile, rows.Count - row), first = rows.Position + (row * rows.Step), last = first + ((count - 1) * rows.Step);
            new Span<float>(sums, Tile * padded).Clear();
            for (int r = 0; r < count; r++)
            {
                max[r] = float.NegativeInfinity;
                total[r] = 0f;
            }
            float* qRow = q + ((nint)row * rows.QStride);
            for (int b = FirstSeen(first, head.Window) / AttentionBlocks.Keys; b * AttentionBlocks.Keys <= last; b++)
            {
                int key = b * AttentionBlocks.Keys, common = Math.Min(AttentionBlocks.Keys, first + 1 - key);
                float* keys = AttentionBlocks.Open(head.Cache, blocks[b], headOffset, head.KeySize, head.ValueSize, Math.Min(AttentionBlocks.Keys, last + 1 - key), open);
                float* values = keys + (head.KeySize * AttentionBlocks.Keys);
                if (count == Tile && common > 0 && FirstSeen(last, head.Window) <= key)
                {
                    Block(head, rows, qRow, keys, values, common, padded, scores, sums, max, total);
                    continue;
                }
                for (int r = 0; r < count; r++)
                {
                    int position = first + (r * rows.Step);
                    int seen = Math.Max(0, FirstSeen(position, head.Window) - key), valid = Math.Min(AttentionBlocks.Keys, position + 1 - key);
                    if (seen >= valid) continue;
                    AttentionBlocks.Scores(qRow + ((nint)r * rows.QStride), keys, head.KeySize, scores);
                    Fold(scores, seen, valid, head.Scale, ref max[r], ref total[r], sums + (r * padded), padded);
                    AttentionBlocks.AddValues(scores, seen, valid, values, padded, sums + (r * padded));
                }
            }
            for (int r = 0; r < count; r++)
            {
                if (sinks is not null) AddSink(sinks[rows.Step == 0 ? row + r : 0], ref max[r], ref total[r], sums + (r * padded), padded);
                Finish(sums + (r * padded), total[r], head.ValueSize, o + ((nint)(row + r) * rows.OStride));
                if (logSum is not null) logSum[(nint)(row + r) * logSumStride] = max[r] + (float)Canonical.Log(total[r]);
            }
        }
    }

    /// <summary>The first position that a query sees.</summary>
    private static int FirstSeen(int position, int window) => window > 0 ? Math.Max(0, position - window + 1) : 0;

    /// <summary>A tile of queries against a block: the keys that all of them see together, then those that only the later ones see.</summary>
    private static void Block(Head head, Rows rows, float* q, float* keys, float* values, int common, int padded,
        float* scores, float* sums, float* max, float* total)
    {
        new Span<float>(scores, Tile * AttentionBlocks.Keys).Clear();
        SmallProduct.Add(Tile, AttentionBlocks.Keys, head.KeySize, q, rows.QStride, 1, keys, AttentionBlocks.Keys, scores, AttentionBlocks.Keys);
        for (int r = 0; r < Tile; r++)
        {
            int valid = Math.Min(AttentionBlocks.Keys, common + (r * rows.Step));
            Fold(scores + (r * AttentionBlocks.Keys), 0, valid, head.Scale, ref max[r], ref total[r], sums + (r * padded), padded);
        }
        SmallProduct.Add(Tile, padded, common, scores, AttentionBlocks.Keys, 1, values, padded, sums, padded);
        for (int r = 1; r < Tile; r++)
        {
            int valid = Math.Min(AttentionBlocks.Keys, common + (r * rows.Step));
            AttentionBlocks.AddValues(scores + (r * AttentionBlocks.Keys), common, valid, values, padded, sums + (r * padded));
        }
    }

    /// <summary>Turns a block's scores from <c>seen</c> to <c>valid</c> into weights against the running maximum, and rescales what was summed before.</summary>
    private static void Fold(float* scores, int seen, int valid, float scale, ref float max, ref float total, float* sums, int padded)
    {
        Vector512<float> factor = Vector512.Create(scale), low = Vector512.Create(float.NegativeInfinity), top = low;
        for (int j = 0; j < valid; j += Lanes.Count)
        {
            Vector512<float> s = Vector512.Load(scores + j) * factor;
            s = Vector512.ConditionalSelect(Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(valid - j)).AsSingle(), s, low);
            if (j < seen) s = Vector512.ConditionalSelect(Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(seen - j)).AsSingle(), low, s);
            s.Store(scores + j);
            top = Lanes.Max(s, top);
        }
        float blockMax = Lanes.Max(top), newMax = blockMax > max ? blockMax : max;
        Vector512<float> shift = Vector512.Create(newMax), sum = Vector512<float>.Zero;
        for (int j = 0; j < valid; j += Lanes.Count)
        {
            Vector512<float> p = Lanes.Exp(Vector512.Load(scores + j) - shift);
            p.Store(scores + j);
            sum += p;
        }
        if (newMax > max)
        {
            Vector512<float> ratio = Lanes.Exp(Vector512.Create(max - newMax));
            for (int c = 0; c < padded; c += Lanes.Count) (Vector512.Load(sums + c) * ratio).Store(sums + c);
            total *= ratio.GetElement(0);
            max = newMax;
        }
        total += Lanes.Sum(sum);
    }

    private static void AddSink(float sink, ref float max, ref float total, float* sums, int padded)
    {
        float newMax = sink > max ? sink : max;
        Vector512<float> ratio = Lanes.Exp(Vector512.Create(max - newMax));
        for (int c = 0; c < padded; c += Lanes.Count) (Vector512.Load(sums + c) * ratio).Store(sums + c);
        total = (total * ratio.GetElement(0)) + Lanes.Exp(Vector512.Create(sink - newMax)).GetElement(0);
        max = newMax;
    }

    private static void Finish(float* sums, float total, int headSize, float* o)
    {
        Vector512<float> divisor = Vector512.Create(total);
        for (int c = 0; c < headSize; c += Lanes.Count)
        {
            Vector512<float> y = Vector512.Load(sums + c) / divisor;
            Lanes.Store(y, new Span<float>(o, headSize), c);
        }
    }
}
