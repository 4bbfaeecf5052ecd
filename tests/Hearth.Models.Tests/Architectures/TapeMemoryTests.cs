using Hearth.Models.Architectures;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Architectures;

/// <summary>What a tape holds when batches are of many lengths, as documents that are kept whole make them.</summary>
public sealed class TapeMemoryTests
{
    private static readonly int[] Sequences = [10, 13, 9, 16, 12, 15, 11, 8, 14, 16, 10, 16, 9];

    [Theory]
    [InlineData("llama, grouped heads, untied", true)]
    [InlineData("llama, grouped heads, untied", false)]
    [InlineData("gpt2, gelu, tied", true)]
    public void Batches_of_many_lengths_take_little_more_memory_than_the_longest_alone(string name, bool recording)
    {
        LanguageModel model = TinyModels.Create(name);
        using var pool = new WorkerPool(1);
        Tape longest = new(pool, recording), all = new(pool, recording);
        Pass(model, longest, Sequences.Max());
        foreach (int sequences in Sequences) Pass(model, all, sequences);
        ((double)all.BytesHeld).ShouldBeLessThan(1.25 * longest.BytesHeld);

        long held = all.BytesHeld;
        for (int i = 0; i < 3; i++)
        {
            foreach (int sequences in Sequences) Pass(model, all, sequences);
        }
        ((double)all.BytesHeld).ShouldBeLessThan(1.1 * held);
    }

    [Fact]
    public void Losses_are_the_same_bits_in_memory_of_other_lengths()
    {
        LanguageModel model = TinyModels.Create("llama, grouped heads, untied");
        using var pool = new WorkerPool(1);
        var used = new Tape(pool, recording: true);
        foreach (int sequences in Sequences) Pass(model, used, sequences).ShouldBe(Pass(model, new Tape(pool, recording: true), sequences));
    }

    private static double Pass(LanguageModel model, Tape tape, int sequences)
    {
        const int Length = 50;
        int[] tokens = TinyModels.Tokens(sequences * Length, 1);
        double loss = model.Loss(tape,
            new SequenceBatch(tokens, [.. Enumerable.Range(0, sequences).Select(i => new Segment(i * Length, Length))]), tokens, 1);
        if (tape.Recording) tape.Backward();
        else tape.Reset();
        return loss;
    }
}
