using Hearth.Benchmarks.Harness;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;

namespace Hearth.Benchmarks.Model;

/// <summary>The attention of a training step.</summary>
internal static unsafe class AttentionParts
{
    public static IEnumerable<Part> Of(ModelShape s, WorkerPool pool) => [Forward(s, pool), Backward(s, pool)];

    private static Part Forward(ModelShape s, WorkerPool pool)
    {
        int rows = ModelShape.Tokens, c = s.Hidden, d = s.HeadSize, length = ModelShape.Length, pieces = ModelShape.Sequences * s.Heads;
        double pairs = (double)pieces * length * (length + 1) / 2;               // of a query and a key it sees
        float scale = 1f / MathF.Sqrt(d);
        return new Part("attention", $"attention forward, {pieces} × [{length}, {d}]", s.Layers, 4 * pairs * d, 4.0 * sizeof(float) * rows * c, () =>
        {
            Ring q = new(rows * c, 1), k = new(rows * c, 2), v = new(rows * c, 3), o = new(rows * c), sums = new(rows * s.Heads);
            int headLength = AttentionBlocks.HeadBytes(TensorType.F32, d, d) / sizeof(float), count = AttentionBlocks.CountFor(length);
            var memory = new FloatBuffer(pieces * count * headLength);
            return i => pool.For(pieces, 1, (long)rows * c, (from, to) =>
            {
                for (int p = from; p < to; p++)
                {
                    nint at = Row(p, s, length) + ((p % s.Heads) * d);
                    var blocks = new nint[count];
                    for (int b = 0; b < count; b++) blocks[b] = (nint)(memory.Pointer + ((((nint)p * count) + b) * headLength));
                    AttentionBlocks.Append(TensorType.F32, blocks, 0, d, d, 0, length, k[i].Pointer + at, c, v[i].Pointer + at, c);
                    float* logSum = sums[i].Pointer + ((nint)(p / s.Heads) * length * s.Heads) + (p % s.Heads);
                    AttentionForward.Run(new(d, d, scale), new(length, 0, 1, c, c), q[i].Pointer + at, o[i].Pointer + at, blocks, 0, null, logSum, s.Heads);
                }
            });
        });
    }

    private static Part Backward(ModelShape s, WorkerPool pool)
    {
        int rows = ModelShape.Tokens, c = s.Hidden, d = s.HeadSize, length = ModelShape.Length, pieces = ModelShape.Sequences * s.Heads;
        double pairs = (double)pieces * length * (length + 1) / 2;               // of a query and a key it sees
        float scale = 1f / MathF.Sqrt(d);
        return new Part("attention", $"attention backward, {pieces} × [{length}, {d}]", s.Layers, 10 * pairs * d, 8.0 * sizeof(float) * rows * c, () =>
        {
            Ring q = new(rows * c, 1), k = new(rows * c, 2), v = new(rows * c, 3), o = new(rows * c, 4), go = new(rows * c, 5);
            Ring dq = new(rows * c), dk = new(rows * c), dv = new(rows * c), sums = new(rows * s.Heads, 6);
            foreach (ref float sum in sums[0].Span) sum += 6f;                   // about the log of 256: weights stay below 1
            return i =>
            {
                var tensors = new AttentionBackward.Tensors((nint)q[i].Pointer, (nint)k[i].Pointer, (nint)v[i].Pointer, (nint)o[i].Pointer,
                    (nint)sums[0].Pointer, (nint)go[i].Pointer, (nint)dq[i].Pointer, (nint)dk[i].Pointer, (nint)dv[i].Pointer,
                    s.Heads, s.Heads, d, scale, false, false, false);
                pool.For(pieces, 1, (long)rows * c, (from, to) =>
                {
                    for (int p = from; p < to; p++) AttentionBackward.Run(tensors, p / s.Heads * length, length, p % s.Heads);
                });
            };
        });
    }

    private static nint Row(int piece, ModelShape s, int length) => (nint)(piece / s.Heads) * length * s.Hidden;
}
