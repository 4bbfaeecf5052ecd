using Hearth.Models.Architectures;
using Hearth.Numerics;
using Hearth.Numerics.Operations;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Architectures;

/// <summary>A sequence's bits do not depend on its company: the way it came through the model leaves no trace in its logits.</summary>
public sealed class CompanyTests
{
    private static readonly int[] Tokens = TinyModels.Tokens(70, 21);                // longer than a block of 64 keys

    public static TheoryData<string, int> Models
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (string name in TinyModels.All.Keys)
            {
                data.Add(name, 1);
                data.Add(name, 3);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_of_a_sequence_are_equal_bytes_alone_in_a_batch_in_chunks_and_token_by_token(string name, int threads)
    {
        LanguageModel model = threads == 1 ? TinyModels.Create(name) : TinyModels.CreateWide(name);
        uint[] alone = Alone(model);
        using var pool = new WorkerPool(threads);
        var tape = new Tape(pool, recording: false);

        Bits(model.Logits(new Tape(pool, recording: true), new SequenceBatch(Tokens))).ShouldBe(alone, "on a tape that records");
        InABatch(model, tape, cached: false).ShouldBe(alone, "in a batch");
        InABatch(model, tape, cached: true).ShouldBe(alone, "in a batch, with caches");
        InChunks(model, tape, [70]).ShouldBe(alone, "in one pass into a cache");
        foreach (int first in (int[])[1, 17, 63, 64, 69])
            InChunks(model, tape, [first, 70 - first]).ShouldBe(alone, $"{first} tokens, then the others");
        InChunks(model, tape, [30, 20, 20]).ShouldBe(alone, "in three chunks");
        InChunks(model, tape, [.. Enumerable.Repeat(1, 70)]).ShouldBe(alone, "token by token");
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Sequences_that_decode_side_by_side_have_the_bits_of_each_alone(string name, int threads)
    {
        LanguageModel model = threads == 1 ? TinyModels.Create(name) : TinyModels.CreateWide(name);
        using var pool = new WorkerPool(threads);
        var tape = new Tape(pool, recording: false);
        int[][] sequences = [TinyModels.Tokens(9, 1), TinyModels.Tokens(66, 2), TinyModels.Tokens(3, 3)];
        int[] done = [4, 60, 1];
        KeyValueCache[] caches = [.. sequences.Select(_ => model.NewCache())];
        model.Logits(tape, Side(sequences, caches, [0, 0, 0], done));
        tape.Reset();
        for (int step = 0; step < 2; step++)
        {
            int[] next = [.. done.Select(d => d + 1)];
            Tensor logits = model.Logits(tape, Side(sequences, caches, done, next));
            for (int s = 0; s < sequences.Length; s++)
            {
                uint[] expected = Bits(model.Logits(new Tape(pool, recording: false), new SequenceBatch(sequences[s][..next[s]])));
                Bits(logits)[(s * TinyModels.Vocabulary)..((s + 1) * TinyModels.Vocabulary)]
                    .ShouldBe(expected[^TinyModels.Vocabulary..], $"sequence {s}");
            }
            tape.Reset();
            done = next;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Losses_of_a_sequence_do_not_depend_on_its_batch(string name, int threads)
    {
        LanguageModel model = threads == 1 ? TinyModels.Create(name) : TinyModels.CreateWide(name);
        using var pool = new WorkerPool(threads);
        int[] targets = TinyModels.Tokens(70, 22), other = TinyModels.Tokens(33, 23);
        float[] alone = new float[70], together = new float[103];
        double sum = model.Loss(new Tape(pool, recording: false), new SequenceBatch(Tokens), targets, 1, alone);
        model.Loss(new Tape(pool, recording: true), new SequenceBatch([.. other, .. Tokens], [new Segment(0, 33), new Segment(33, 70)]),
            [.. Enumerable.Repeat(LossOperations.Ignored, 33), .. targets], 0.01f, together);

        together[33..].Select(BitConverter.SingleToUInt32Bits).ShouldBe(alone.Select(BitConverter.SingleToUInt32Bits));
        together[..33].ShouldAllBe(x => x == 0);
        sum.ShouldBe(alone.Sum(x => (double)x), 1e-9);
    }

    [Fact]
    public void Logits_of_chosen_rows_are_those_of_all_rows()
    {
        LanguageModel model = TinyModels.Create("llama, grouped heads, untied");
        using var pool = new WorkerPool(1);
        uint[] all = Alone(model);

        uint[] chosen = Bits(model.Logits(new Tape(pool, recording: false), new SequenceBatch(Tokens), [69, 3]));

        chosen[..TinyModels.Vocabulary].ShouldBe(all[^TinyModels.Vocabulary..]);
        chosen[TinyModels.Vocabulary..].ShouldBe(all[(3 * TinyModels.Vocabulary)..(4 * TinyModels.Vocabulary)]);
    }

    [Theory]
    [InlineData("llama, untied")]
    [InlineData("gpt2, gelu, tied")]
    public void A_sequence_longer_than_the_context_is_an_error_that_says_so(string name)
    {
        LanguageModel model = TinyModels.Create(name);
        using var pool = new WorkerPool(1);
        var batch = new SequenceBatch(TinyModels.Tokens(TinyModels.Context + 1, 4));
        Should.Throw<ShapeException>(() => model.Logits(new Tape(pool, recording: false), batch)).Message.ShouldContain("160");
    }

    private static uint[] Alone(LanguageModel model)
    {
        using var pool = new WorkerPool(1);
        return Bits(model.Logits(new Tape(pool, recording: false), new SequenceBatch(Tokens)));
    }

    private static uint[] InABatch(LanguageModel model, Tape tape, bool cached)
    {
        KeyValueCache? Cache() => cached ? model.NewCache() : null;
        int[] before = TinyModels.Tokens(5, 30), after = TinyModels.Tokens(33, 31);
        var batch = new SequenceBatch([.. before, .. Tokens, .. after, 7],
            [new Segment(0, 5, Cache()), new Segment(5, 70, Cache()), new Segment(75, 33, Cache()), new Segment(108, 1, Cache())]);
        uint[] bits = Bits(model.Logits(tape, batch));
        tape.Reset();
        return bits[(5 * TinyModels.Vocabulary)..(75 * TinyModels.Vocabulary)];
    }

    private static uint[] InChunks(LanguageModel model, Tape tape, int[] chunks)
    {
        KeyValueCache cache = model.NewCache();
        var bits = new List<uint>();
        int at = 0;
        foreach (int count in chunks)
        {
            bits.AddRange(Bits(model.Logits(tape, new SequenceBatch(Tokens[at..(at + count)], cache))));
            tape.Reset();
            at += count;
            cache.Length.ShouldBe(at);
        }
        return [.. bits];
    }

    private static SequenceBatch Side(int[][] sequences, KeyValueCache[] caches, int[] from, int[] to)
    {
        var tokens = new List<int>();
        var segments = new List<Segment>();
        for (int s = 0; s < sequences.Length; s++)
        {
            segments.Add(new Segment(tokens.Count, to[s] - from[s], caches[s]));
            tokens.AddRange(sequences[s][from[s]..to[s]]);
        }
        return new SequenceBatch([.. tokens], [.. segments]);
    }

    private static uint[] Bits(Tensor tensor) => [.. tensor.Data.ToArray().Select(BitConverter.SingleToUInt32Bits)];
}
