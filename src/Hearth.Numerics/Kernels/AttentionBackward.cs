using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// Gradients of causal attention for one key-value head of one sequence, tile by tile of 64 queries by 64 keys, with the weights computed
/// again from the stored log sums (Dao et al. 2022, arXiv:2205.14135, algorithm 4). Sums over keys ascend; sums over queries ascend within a
/// query head, query heads ascend.
/// </summary>
public static unsafe class AttentionBackward
{
    private const int Tile = AttentionBlocks.Keys;

    /// <summary>The tensors of one attention, as rows [N, heads · D].</summary>
    /// <param name="Q">Queries.</param>
    /// <param name="K">Keys.</param>
    /// <param name="V">Values.</param>
    /// <param name="O">Results of the forward pass.</param>
    /// <param name="LogSum">Log sums of the forward pass, [N, query heads].</param>
    /// <param name="GradO">Gradient of the results.</param>
    /// <param name="GradQ">Receives the gradient of the queries.</param>
    /// <param name="GradK">Receives the gradient of the keys.</param>
    /// <param name="GradV">Receives the gradient of the values.</param>
    /// <param name="Heads">Query heads.</param>
    /// <param name="KeyValueHeads">Key-value heads.</param>
    /// <param name="HeadSize">D.</param>
    /// <param name="Scale">Factor of the scores.</param>
    /// <param name="AddQ">True to add to what stands in <paramref name="GradQ"/>.</param>
    /// <param name="AddK">True to add to what stands in <paramref name="GradK"/>.</param>
    /// <param name="AddV">True to add to what stands in <paramref name="GradV"/>.</param>
    public readonly record struct Tensors(nint Q, nint K, nint V, nint O, nint LogSum, nint GradO, nint GradQ, nint GradK, nint GradV,
        int Heads, int KeyValueHeads, int HeadSize, float Scale, bool AddQ, bool AddK, bool AddV);

    /// <summary>Adds the gradients of one key-value head over one sequence.</summary>
    /// <param name="x">The tensors.</param>
    /// <param name="start">First row of the sequence.</param>
    /// <param name="count">Rows of the sequence.</param>
    /// <param name="keyValueHead">The head.</param>
    public static void Run(in Tensors x, int start, int count, int keyValueHead)
    {
        int d = x.HeadSize, padded = AttentionBlocks.Padded(d), group = x.Heads / x.KeyValueHeads;
        int rows = (count + 3) / 4 * 4, columns = (count + Lanes.Count - 1) / Lanes.Count * Lanes.Count;
        int keyStride = x.KeyValueHeads * d, queryStride = x.Heads * d;
        int panel = columns * padded, transposed = columns + Lanes.Count;        // a power of two apart, rows would share a few sets of the cache
        float* scratch = Scratch.Rent(Scratch.Use.Attention, (7 * panel) + (2 * transposed * padded) + (2 * Tile * Tile) + columns);
        float* k = scratch, keysT = k + panel, valuesT = keysT + (transposed * padded), dk = valuesT + (transposed * padded), dv = dk + panel;
        float* q = dv + panel, o = q + panel, dO = o + panel, dq = dO + panel;
        float* p = dq + panel, ds = p + (Tile * Tile), delta = ds + (Tile * Tile);

        float* kFrom = (float*)x.K + ((nint)start * keyStride) + (keyValueHead * d);
        float* vFrom = (float*)x.V + ((nint)start * keyStride) + (keyValueHead * d);
        Take(kFrom, keyStride, count, d, padded, columns, k);
        Packing.Panel(kFrom, d, 1, keyStride, count, transposed, keysT);
        Packing.Panel(vFrom, d, 1, keyStride, count, transposed, valuesT);
        new Span<float>(dk, 2 * panel).Clear();

        for (int head = keyValueHead * group; head < (keyValueHead + 1) * group; head++)
        {
            nint offset = ((nint)start * queryStride) + (head * d);
            Take((float*)x.Q + offset, queryStride, count, d, padded, rows, q);
            Take((float*)x.O + offset, queryStride, count, d, padded, rows, o);
            Take((float*)x.GradO + offset, queryStride, count, d, padded, rows, dO);
            new Span<float>(dq, panel).Clear();
            for (int t = 0; t < count; t++)
            {
                delta[t] = Lanes.Dot(new ReadOnlySpan<float>(dO + ((nint)t * padded), padded), new ReadOnlySpan<float>(o + ((nint)t * padded), padded));
            }
            float* logSum = (float*)x.LogSum + ((nint)start * x.Heads) + head;
            for (int j = 0; j < count; j += Tile)
            {
                int n = Math.Min(Tile, columns - j);
                for (int i = j; i < count; i += Tile)
                {
                    int m = Math.Min(Tile, rows - i);
                    float* qi = q + ((nint)i * padded), dOi = dO + ((nint)i * padded);
                    new Span<float>(p, Tile * Tile).Clear();
                    new Span<float>(ds, Tile * Tile).Clear();
                    SmallProduct.Add(m, n, d, qi, padded, 1, keysT + j, transposed, p, Tile);
                    SmallProduct.Add(m, n, d, dOi, padded, 1, valuesT + j, transposed, ds, Tile);
                    Weights(p, ds, Math.Min(m, count - i), n, i, j, x.Scale, logSum, x.Heads, delta);
                    SmallProduct.Add(n, padded, m, p, 1, Tile, dOi, padded, dv + ((nint)j * padded), padded);
                    SmallProduct.Add(n, padded, m, ds, 1, Tile, qi, padded, dk + ((nint)j * padded), padded);
                    SmallProduct.Add(m, padded, n, ds, Tile, 1, k + ((nint)j * padded), padded, dq + ((nint)i * padded), padded);
                }
            }
            Give(dq, padded, count, d, (float*)x.GradQ + offset, queryStride, x.AddQ);
        }
        nint into = ((nint)start * keyStride) + (keyValueHead * d);
        Give(dk, padded, count, d, (float*)x.GradK + into, keyStride, x.AddK);
        Give(dv, padded, count, d, (float*)x.GradV + into, keyStride, x.AddV);
    }

    /// <summary>Scores become weights p = exp(scale · s - log sum), and ds becomes p · (dp - delta) · scale; zero above the diagonal.</summary>
    private static void Weights(float* p, float* ds, int rows, int n, int i, int j, float scale, float* logSum, int heads, float* delta)
    {
        Vector512<float> factor = Vector512.Create(scale), zero = Vector512<float>.Zero;
        for (int r = 0; r < Tile; r++)
        {
            int valid = r < rows ? i + r + 1 - j : 0;
            Vector512<float> shift = Vector512.Create(r < rows ? logSum[(nint)(i + r) * heads] : 0f);
            Vector512<float> subtract = Vector512.Create(r < rows ? delta[i + r] : 0f);
            for (int c = 0; c < n; c += Lanes.Count)
            {
                float* pc = p + (r * Tile) + c, dc = ds + (r * Tile) + c;
                Vector512<float> seen = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(valid - c)).AsSingle();
                Vector512<float> weight = Lanes.Exp((Vector512.Load(pc) * factor) - shift);
                weight = Vector512.ConditionalSelect(seen, weight, zero);
                weight.Store(pc);
                (weight * (Vector512.Load(dc) - subtract) * factor).Store(dc);
            }
        }
    }

    private static void Take(float* from, int stride, int count, int d, int padded, int rows, float* into)
    {
        Packing.Panel(from, count, stride, 1, d, padded, into);
        new Span<float>(into + ((nint)count * padded), (rows - count) * padded).Clear();
    }

    private static void Give(float* from, int padded, int count, int d, float* into, int stride, bool add)
    {
        for (int t = 0; t < count; t++)
        {
            var row = new Span<float>(into + ((nint)t * stride), d);
            for (int c = 0; c < d; c += Lanes.Count)
            {
                Vector512<float> g = Vector512.Load(from + ((nint)t * padded) + c);
                Lanes.Store(add ? Lanes.Load(row, c) + g : g, row, c);
            }
        }
    }
}
