using Hearth.Models.Generation;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation;

/// <summary>All options together, against their definitions in float64.</summary>
public sealed class SamplerDistributionTests
{
    private const int Tokens = 24;

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Tokens_are_drawn_as_the_definitions_say(int number)
    {
        const int Draws = 4_000;
        (float[] logits, GenerationOptions options, int[] history) = Draw(number);
        double[] p = SamplerDefinition.Probabilities(logits, options, history);
        var sampler = new Sampler();
        var seen = new TokenHistory(history, options.PenaltyWindow);
        int[] counts = new int[Tokens];
        for (int i = 0; i < Draws; i++)
        {
            int token = sampler.Next(logits, options, i, seen).Id;
            counts[token]++;
            // The token in whose part of the line from 0 to 1 the random number lies; float32 moves a border by less than 1e-5.
            double u = new Philox(options.Seed, "sample").Uniform(i), below = 0;
            for (int id = 0; id < token; id++) below += p[id];
            u.ShouldBeInRange(below - 1e-5, below + p[token] + 1e-5, $"draw {i} took {token}");
        }
        // Chi-square over the tokens that are likely enough, the rest together: its mean is the degrees of freedom, its deviation √(2 · degrees).
        int[] likely = [.. Enumerable.Range(0, Tokens).Where(id => p[id] * Draws >= 10)];
        double chi = likely.Sum(id => Math.Pow(counts[id] - (p[id] * Draws), 2) / (p[id] * Draws));
        chi.ShouldBeLessThan(likely.Length + (5 * Math.Sqrt(2.0 * likely.Length)));
        for (int id = 0; id < Tokens; id++)
        {
            if (p[id] == 0) counts[id].ShouldBe(0);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void At_temperature_zero_the_token_with_the_largest_adjusted_logit_is_taken(int number)
    {
        (float[] logits, GenerationOptions options, int[] history) = Draw(number);
        double[] p = SamplerDefinition.Probabilities(logits, options with { Temperature = 1, TopK = 0, TopP = 1, MinP = 0 }, history);
        int token = new Sampler().Next(logits, options with { Temperature = 0 }, 0, new TokenHistory(history, options.PenaltyWindow)).Id;
        p[token].ShouldBe(p.Max(), 1e-6);
    }

    [Fact]
    public void Repetition_penalty_and_dry_give_the_numbers_worked_out_by_hand()
    {
        // Logits 2 and -1, both seen: 2 / 1.25 = 1.6 and -1 · 1.25 = -1.25; once 0.5 for frequency each time, 0.25 for presence.
        double[] p = SamplerDefinition.Probabilities([2f, -1f, 0f], new GenerationOptions
        {
            Temperature = 1, RepetitionPenalty = 1.25, FrequencyPenalty = 0.5, PresencePenalty = 0.25,
        }, [0, 1, 0]);
        (double a, double b) = (Math.Exp(1.6 - 1.25), Math.Exp(-1.25 - 0.75));
        p[0].ShouldBe(a / (a + b + 1), 1e-12);
        p[1].ShouldBe(b / (a + b + 1), 1e-12);

        // 7 8 9 5 7 8 9: going on with 5 repeats three tokens, 0.8 · 1.75^(3 - 2) = 1.4 (the example's numbers are the sampler's defaults).
        double[] dry = SamplerDefinition.Probabilities(new float[10], new GenerationOptions { Temperature = 1, Dry = new DryOptions() }, [7, 8, 9, 5, 7, 8, 9]);
        Math.Log(dry[0] / dry[5]).ShouldBe(1.4, 1e-12);
    }

    /// <summary>Options, logits and a history that the number decides; every option is on in some and off in others.</summary>
    private static (float[] Logits, GenerationOptions Options, int[] History) Draw(int number)
    {
        var random = new Philox(number, "test");
        bool On(int option) => random.Uniform(option) < 0.5;
        double Between(int option, double low, double high) => low + (random.Uniform(100 + option) * (high - low));
        float[] logits = [.. Enumerable.Range(0, Tokens).Select(i => (float)(2 * random.Normal(1000 + i)))];
        int[] history = [.. Enumerable.Range(0, 30).Select(i => (int)(random.Uniform(2000 + i) * (number % 2 == 0 ? 4 : Tokens)))];
        return (logits, new GenerationOptions
        {
            Temperature = Between(0, 0.3, 2.5),
            Seed = number * 31,
            TopK = On(1) ? 1 + (int)Between(1, 0, Tokens) : 0,
            TopP = On(2) ? Between(2, 0.1, 1) : 1,
            MinP = On(3) ? Between(3, 0, 0.4) : 0,
            RepetitionPenalty = On(4) ? Between(4, 0.7, 1.8) : 1,
            FrequencyPenalty = On(5) ? Between(5, -0.3, 0.6) : 0,
            PresencePenalty = On(6) ? Between(6, -0.5, 1) : 0,
            PenaltyWindow = On(7) ? 1 + (int)Between(7, 0, 20) : 0,
            Dry = On(8) ? new DryOptions { Multiplier = Between(8, 0.1, 1), Base = Between(9, 1, 2), AllowedLength = 1 + (number % 3), Window = number % 4 == 0 ? 12 : 0 } : null,
            LogitBias = On(9) ? new Dictionary<int, float> { [number % Tokens] = (float)Between(10, -3, 3), [3] = -1f } : new Dictionary<int, float>(),
            VocabularyLimit = On(10) ? Tokens - 5 : 0,
        }, history);
    }
}
