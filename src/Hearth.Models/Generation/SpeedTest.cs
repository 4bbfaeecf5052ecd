using System.Diagnostics;
using Hearth.Models.Architectures;
using Hearth.Numerics;

namespace Hearth.Models.Generation;

/// <summary>How fast a model reads a prompt and says tokens, with made-up tokens: sizes and types decide speed, words do not.</summary>
/// <param name="model">The model.</param>
/// <param name="pool">Threads.</param>
public sealed class SpeedTest(LanguageModel model, WorkerPool pool)
{
    private readonly Tape _tape = new(pool, recording: false);

    /// <summary>Bytes of weights that a token's pass reads: all of them, an embedding table that is not the output layer apart.</summary>
    public long WeightBytes => model.Parameters.All.Sum(p => Bytes(p.Tensor)) - (model.Config.TieWordEmbeddings ? 0 : Bytes(model.Parameters.All[0].Tensor));

    /// <summary>Seconds of one pass over a prompt, its last logits included.</summary>
    /// <param name="tokens">Tokens of the prompt, at least 1.</param>
    public double Prefill(int tokens)
    {
        var clock = Stopwatch.StartNew();
        Step([new Segment(0, tokens, model.NewCache())], [tokens - 1]);
        return clock.Elapsed.TotalSeconds;
    }

    /// <summary>Seconds of saying tokens, one by one, in sequences side by side.</summary>
    /// <param name="tokens">Tokens of each sequence.</param>
    /// <param name="sequences">How many sequences.</param>
    public double Decode(int tokens, int sequences)
    {
        KeyValueCache[] caches = [.. Enumerable.Range(0, sequences).Select(_ => model.NewCache())];
        int[] rows = [.. Enumerable.Range(0, sequences)];
        Step([.. caches.Select((c, i) => new Segment(i, 1, c))], rows);
        var clock = Stopwatch.StartNew();
        for (int t = 0; t < tokens; t++) Step([.. caches.Select((c, i) => new Segment(i, 1, c))], rows);
        return clock.Elapsed.TotalSeconds;
    }

    private void Step(Segment[] segments, int[] rows)
    {
        int count = segments[^1].Start + segments[^1].Count;
        var tokens = new int[count];
        for (int i = 0; i < count; i++) tokens[i] = (int)((i + 1) * 7919L % model.Config.VocabularySize);
        _ = model.Logits(_tape, new SequenceBatch(tokens, segments), rows).Data[0];
        _tape.Reset();
    }

    private static long Bytes(Tensor tensor) => tensor.Weights?.Bytes ?? ((long)tensor.Length * sizeof(float));
}
