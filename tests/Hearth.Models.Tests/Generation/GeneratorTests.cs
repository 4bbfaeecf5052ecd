using Hearth.Models.Architectures;
using Hearth.Models.Generation;
using Hearth.Models.Tests.Architectures;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation;

public sealed class GeneratorTests : IDisposable
{
    private readonly LanguageModel _model = TinyModels.Create("llama, grouped heads, qk norm, tied");
    private readonly WorkerPool _pool = new(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData(0.0, 64)]
    [InlineData(0.0, 3)]
    [InlineData(0.0, 1)]
    [InlineData(0.8, 64)]
    [InlineData(0.8, 5)]
    public void Prompts_side_by_side_are_continued_as_each_is_alone(double temperature, int atOnce)
    {
        int[][] prompts = [.. Enumerable.Range(0, 12).Select(i => TinyModels.Tokens(1 + (i * 7 % 23), 40 + i))];
        var options = new GenerationOptions { MaxTokens = 20, Temperature = temperature, Seed = 4, StopTokens = [3, 8, 13, 21] };

        GeneratedToken[][] together = new Generator(_model, _pool).Complete(prompts, options, atOnce);

        for (int i = 0; i < prompts.Length; i++)
        {
            together[i].ShouldBe(new Generator(_model, _pool).Stream(prompts[i], options, Cancel), $"prompt {i}");
        }
        together.Select(t => t.Length).Distinct().Count().ShouldBeGreaterThan(1);    // some met the stop token, some did not
    }

    [Fact]
    public void A_stop_token_ends_the_answer_and_is_not_part_of_it()
    {
        int[] prompt = TinyModels.Tokens(6, 1);
        int[] free = Ids(prompt, new GenerationOptions { MaxTokens = 30, Temperature = 1, Seed = 2 });
        int stop = free[10], first = Array.IndexOf(free, stop);

        Ids(prompt, new GenerationOptions { MaxTokens = 30, Temperature = 1, Seed = 2, StopTokens = [stop] }).ShouldBe(free[..first]);
        Ids(prompt, new GenerationOptions { MaxTokens = 30, Temperature = 1, Seed = 2, StopTokens = [free[0]] }).ShouldBeEmpty();
    }

    [Fact]
    public void No_more_tokens_come_than_were_asked_for_and_none_when_none_were()
    {
        int[] prompt = TinyModels.Tokens(6, 1);
        foreach (int most in (int[])[0, 1, 7])
        {
            var options = new GenerationOptions { MaxTokens = most };
            Ids(prompt, options).Length.ShouldBe(most);
            new Generator(_model, _pool).Complete([prompt, prompt], options).ShouldAllBe(t => t.Length == most);
        }
        new Generator(_model, _pool).Complete([], new GenerationOptions()).ShouldBeEmpty();
    }

    [Fact]
    public void An_answer_ends_where_the_context_does()
    {
        var options = new GenerationOptions { MaxTokens = 50 };
        foreach (int left in (int[])[1, 3, 49])
        {
            int[] prompt = TinyModels.Tokens(TinyModels.Context - left, 2);
            Ids(prompt, options).Length.ShouldBe(left);
            new Generator(_model, _pool).Complete([prompt], options)[0].Length.ShouldBe(left);
        }
    }

    [Theory]
    [InlineData(0, "empty")]
    [InlineData(TinyModels.Context, "160")]
    [InlineData(TinyModels.Context + 5, "165")]
    public void A_prompt_that_leaves_no_room_is_an_error_that_says_how_long_it_is(int length, string says)
    {
        int[] prompt = TinyModels.Tokens(length, 2);
        Should.Throw<ContextException>(() => Ids(prompt, new GenerationOptions())).Message.ShouldContain(says);
        Should.Throw<ContextException>(() => new Generator(_model, _pool).Complete([prompt], new GenerationOptions()))
            .Message.ShouldContain(says);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(1.3)]
    public void Log_probabilities_are_those_of_a_softmax_in_float64_before_temperature(double temperature)
    {
        int[] prompt = TinyModels.Tokens(9, 3);
        GeneratedToken[] answer =
            [.. new Generator(_model, _pool).Stream(prompt, new GenerationOptions { MaxTokens = 25, Temperature = temperature, Seed = 8 },
            Cancel)];
        int[] all = [.. prompt, .. answer.Select(t => t.Id)];
        Tensor logits = _model.Logits(new Tape(_pool, recording: false), new SequenceBatch(all));
        for (int i = 0; i < answer.Length; i++)
        {
            double[] row = [.. logits.Data.Slice((prompt.Length - 1 + i) * logits.Columns, logits.Columns).ToArray()
                .Select(x => (double)x)];
            double expected = row[answer[i].Id] - Float64Decoder.LogSum(row);
            // A float32 sum of 29 exponentials, its logarithm, and a difference, of numbers below 16: under forty roundings of 2^-21.
            ((double)answer[i].LogProbability).ShouldBe(expected, 40 * Math.ScaleB(1, -21), $"token {i}");
            if (temperature == 0) row[answer[i].Id].ShouldBe(row.Max());
        }
    }

    [Fact]
    public void The_seed_decides_the_text_and_the_same_seed_gives_the_same_text()
    {
        int[] prompt = TinyModels.Tokens(5, 4);
        GenerationOptions Seeded(long seed) => new() { MaxTokens = 30, Temperature = 1, Seed = seed };
        int[] one = Ids(prompt, Seeded(1));
        Ids(prompt, Seeded(1)).ShouldBe(one);
        Ids(prompt, Seeded(2)).ShouldNotBe(one);
        Ids(prompt, Seeded(1) with { Temperature = 0 }).ShouldBe(Ids(prompt, Seeded(2) with { Temperature = 0 }));
    }

    [Fact]
    public void What_a_generator_did_before_leaves_no_trace()
    {
        var generator = new Generator(_model, _pool);
        var options = new GenerationOptions { MaxTokens = 12, Temperature = 0.7, Seed = 3 };
        int[] prompt = TinyModels.Tokens(20, 5);
        GeneratedToken[] first = generator.Complete([prompt], options)[0];

        generator.Complete([TinyModels.Tokens(100, 6), TinyModels.Tokens(2, 7)], options with { MaxTokens = 40 });
        generator.Stream(TinyModels.Tokens(3, 8), options, Cancel).Take(2).Count().ShouldBe(2);              // left half way

        generator.Complete([prompt], options)[0].ShouldBe(first);
        generator.Stream(prompt, options, Cancel).ShouldBe(first);
        generator.Complete([TinyModels.Tokens(70, 9), prompt], options)[1].ShouldBe(first);
    }

    [Fact]
    public void An_answer_can_be_cancelled_between_tokens()
    {
        using var cancel = new CancellationTokenSource();
        var got = new List<GeneratedToken>();
        foreach (GeneratedToken token in new Generator(_model, _pool).Stream(TinyModels.Tokens(4, 1),
            new GenerationOptions { MaxTokens = 20 }, cancel.Token))
        {
            got.Add(token);
            if (got.Count == 3) cancel.Cancel();
        }
        got.Count.ShouldBe(3);
    }

    [Fact]
    public void Progress_counts_finished_prompts_up_to_all()
    {
        var told = new List<int>();
        int[][] prompts = [.. Enumerable.Range(0, 7).Select(i => TinyModels.Tokens(3, i))];
        new Generator(_model, _pool).Complete(prompts, new GenerationOptions { MaxTokens = 4 }, atOnce: 2, told.Add);
        told.ShouldBe(told.Order());
        told[^1].ShouldBe(7);
    }

    private int[] Ids(int[] prompt, GenerationOptions options) => [.. new Generator(_model, _pool).Stream(prompt, options, Cancel)
        .Select(t => t.Id)];
}
