using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Tests.Manifest;

internal static unsafe class AttentionCases
{
    public static KernelCase[] All { get; } =
    [
        new("AttentionBlocks.Padded", (_, e) => Integers(e, AttentionBlocks.Padded, d => (long)Math.Ceiling(d / 16.0) * 16)),
        new("AttentionBlocks.HeadBytes", (_, e) =>
        {
            Integers(e, d => AttentionBlocks.HeadBytes(TensorType.F32, d, 200 - d), d => 4 * ((64 * d) + (64 * (long)Math.Ceiling((200 - d) / 16.0) * 16)));
            Integers(e, d => AttentionBlocks.HeadBytes(TensorType.F16, d, 200 - d), d => 2 * ((64 * d) + (64 * (long)Math.Ceiling((200 - d) / 16.0) * 16)));
            Integers(e, d => AttentionBlocks.HeadBytes(TensorType.Q8_0, 32 * d, 64), d => 64 * 34 * (d + 2));
        }),
        new("AttentionBlocks.CountFor", (_, e) => Integers(e, AttentionBlocks.CountFor, n => (long)Math.Ceiling(n / 64.0))),
        new("AttentionBlocks.Append", Append),
        new("AttentionForward.Run", Forward),
        new("AttentionBackward.Run", Backward),
    ];

    private static readonly (int HeadSize, int Heads, int KeyValueHeads, int Past, int Count, float Size)[] Shapes =
    [
        (8, 1, 1, 0, 1, 1), (8, 2, 1, 0, 67, 2), (24, 2, 2, 0, 130, 1), (32, 3, 1, 61, 9, 6), (64, 1, 1, 128, 1, 1), (20, 2, 1, 3, 65, 1),
    ];

    private static readonly (int HeadSize, int ValueSize, int Heads, int Past, int Count, int Window, float? Sink)[] Variations =
    [
        (24, 16, 2, 0, 70, 0, null), (8, 24, 2, 61, 9, 0, 0.5f), (16, 16, 1, 0, 150, 8, null), (16, 16, 2, 130, 20, 70, -2f), (32, 20, 1, 3, 65, 1, 3f),
    ];

    private static void Integers(Evidence e, Func<int, int> function, Func<int, long> expected)
    {
        for (int i = 0; i < 200; i++) e.AddIntegers([function(i)], _ => expected(i));
    }

    /// <summary>Keys stand transposed, values as they are with zeros up to whole vectors, wherever the rows are cut.</summary>
    private static void Append(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(101);
        foreach ((int d, int heads, int[] cuts) in ((int, int, int[])[])[(8, 1, [70]), (24, 2, [1, 62, 1, 3]), (33, 1, [64, 64])])
        {
            int rows = cuts.Sum(), padded = AttentionBlocks.Padded(d), head = heads - 1, headLength = (padded * 64) + (64 * d);
            float[] keys = inputs.Spread(rows * heads * d), values = inputs.Spread(rows * heads * d);
            FloatBuffer k = Memory.Of(keys), v = Memory.Of(values);
            FloatBuffer[] memory = [.. Enumerable.Range(0, AttentionBlocks.CountFor(rows)).Select(_ =>
                Memory.Unwritten(heads * headLength))];
            nint[] blocks = [.. memory.Select(b => (nint)b.Pointer)];
            int position = 0;
            foreach (int cut in cuts)
            {
                nint from = (position * heads * d) + (head * d);
                AttentionBlocks.Append(TensorType.F32, blocks, head * headLength * sizeof(float), d, d, position, cut, k.Pointer + from, heads * d, v.Pointer + from, heads * d);
                position += cut;
            }
            for (int b = 0; b < memory.Length; b++)
            {
                int first = b * 64;
                float[] part = memory[b].Span.Slice(head * headLength, headLength).ToArray();
                e.AddSame(part, at => at < 64 * d
                    ? first + (at % 64) < rows ? keys[((first + (at % 64)) * heads * d) + (head * d) + (at / 64)] : float.NaN
                    : Value(first + ((at - (64 * d)) / padded), (at - (64 * d)) % padded));
            }
            GC.KeepAlive(memory);

            float Value(int row, int c) => row >= rows ? float.NaN : c >= d ? 0f : values[(row * heads * d) + (head * d) + c];
        }
    }

    private static void Forward(WorkerPool pool, Evidence e)
    {
        var inputs = new Inputs(104);
        IEnumerable<AttentionSample> variations = Variations.Select(v => new AttentionSample(inputs, v.HeadSize, v.Heads, 1, v.Past, v.Count, 2, v.ValueSize, v.Window, v.Sink));
        foreach (AttentionSample sample in Samples(102).Concat(variations))
        {
            (float[] o, float[] logSum) = sample.Forward(pool);
            Exact[][] exact = sample.ForwardExact();
            e.Add(o, () => exact[0]);
            e.Add(logSum, () => exact[1]);
        }
    }

    private static void Backward(WorkerPool pool, Evidence e)
    {
        foreach (AttentionSample sample in Samples(103))
        {
            if (sample.Past > 0) continue;
            foreach (bool add in (bool[])[false, true])
            {
                float[][] gradients = sample.Backward(pool, add);
                Exact[][] exact = sample.BackwardExact(pool, add);
                for (int i = 0; i < 3; i++)
                {
                    int which = i;
                    e.Add(gradients[which], () => exact[which]);
                }
            }
        }
    }

    private static IEnumerable<AttentionSample> Samples(ulong seed)
    {
        var inputs = new Inputs(seed);
        foreach ((int headSize, int heads, int keyValueHeads, int past, int count, float size) in Shapes)
        {
            yield return new AttentionSample(inputs, headSize, heads, keyValueHeads, past, count, size);
        }
    }
}
