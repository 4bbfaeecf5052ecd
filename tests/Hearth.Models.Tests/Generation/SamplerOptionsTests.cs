using Hearth.Models.Generation;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation;

public sealed class SamplerOptionsTests
{
    private static readonly float[] Logits = [1f, -0.5f, 2f, 0f, 1.5f, -2f, 2f];

    [Fact]
    public void Top_k_draws_from_the_k_most_likely_and_prefers_lower_ids_among_equals()
    {
        Drawn(Logits, new GenerationOptions { Temperature = 3, TopK = 1 }).ShouldBe([2]);
        Drawn(Logits, new GenerationOptions { Temperature = 3, TopK = 3 }).ShouldBe([2, 4, 6]);
        Drawn(Logits, new GenerationOptions { Temperature = 3, TopK = 100 }).ShouldBe([0, 1, 2, 3, 4, 5, 6]);
    }

    [Fact]
    public void Top_p_and_min_p_keep_the_tokens_that_their_definitions_name()
    {
        double[] p = Probabilities(Logits, 1);
        foreach (double part in (double[])[0.1, 0.3, 0.5, 0.7, 0.9, 0.97])
        {
            var kept = new List<int>();
            double sum = 0;
            foreach (int id in Enumerable.Range(0, p.Length).OrderByDescending(i => p[i]).ThenBy(i => i))
            {
                if (sum >= part) break;
                kept.Add(id);
                sum += p[id];
            }
            Drawn(Logits, new GenerationOptions { Temperature = 1, TopP = part }).ShouldBe([.. kept.Order()], $"top-p {part}");
            Drawn(Logits, new GenerationOptions { Temperature = 1, MinP = part }).ShouldBe(
                [.. Enumerable.Range(0, p.Length).Where(i => p[i] >= part * p.Max() * (1 + 1e-6))], $"min-p {part}");
        }
    }

    [Fact]
    public void Filters_that_keep_all_change_no_draw_and_large_vocabularies_give_what_sorting_gives()
    {
        var random = new Philox(3, "test");
        float[] many = [.. Enumerable.Range(0, 5_000).Select(i => (float)(3 * random.Normal(i)))];
        var sampler = new Sampler();
        var plain = new GenerationOptions { Temperature = 0.9, Seed = 5 };
        for (int i = 0; i < 200; i++)
        {
            int free = sampler.Next(many, plain, i).Id;
            sampler.Next(many, plain with { TopK = many.Length }, i).Id.ShouldBe(free);
            sampler.Next(many, plain with { MinP = 1e-30 }, i).Id.ShouldBe(free);
            int[] best = [.. Enumerable.Range(0, many.Length).OrderByDescending(t => many[t]).ThenBy(t => t).Take(40)];
            best.ShouldContain(sampler.Next(many, plain with { TopK = 40 }, i).Id);
            sampler.Next(many, plain with { TopK = 40 }, i).Id.ShouldBe(sampler.Next(Only(many, best), plain, i).Id);
        }
        float[] Only(float[] all, int[] kept) => [.. all.Select((x, i) => kept.Contains(i) ? x : float.NegativeInfinity)];
    }

    [Fact]
    public void Penalties_count_tokens_of_prompt_and_answer_within_their_window()
    {
        float[] logits = [2f, 1.9f, -1f];
        Next(new GenerationOptions(), [0, 0]).ShouldBe(0);
        Next(new GenerationOptions { RepetitionPenalty = 1.1 }, [0]).ShouldBe(1);
        Next(new GenerationOptions { RepetitionPenalty = 1.1 }, [1, 0]).ShouldBe(0);
        Next(new GenerationOptions { PresencePenalty = 0.09 }, [0, 0]).ShouldBe(0);
        Next(new GenerationOptions { PresencePenalty = 0.11 }, [0, 0]).ShouldBe(1);
        Next(new GenerationOptions { FrequencyPenalty = 0.06 }, [0]).ShouldBe(0);
        Next(new GenerationOptions { FrequencyPenalty = 0.06 }, [0, 0]).ShouldBe(1);
        Next(new GenerationOptions { FrequencyPenalty = 0.06, PenaltyWindow = 2 }, [0, 0, 2]).ShouldBe(0);
        // A negative logit is multiplied: the second of two is preferred once the first was seen.
        new Sampler().Next([-1f, -1.2f], new GenerationOptions { RepetitionPenalty = 1.5 }, 0, new TokenHistory([0])).Id.ShouldBe(1);

        int Next(GenerationOptions options, int[] history) =>
            new Sampler().Next(logits, options, 0, new TokenHistory(history, options.PenaltyWindow)).Id;
    }

    [Fact]
    public void Dry_finds_the_longest_repeated_ending_before_every_token_as_a_naive_search_does()
    {
        var random = new Philox(9, "test");
        for (int round = 0; round < 300; round++)
        {
            int n = 1 + (int)(random.Uniform(round * 100) * 60);
            int[] tokens = [.. Enumerable.Range(0, n).Select(i => (int)(random.Uniform((round * 100) + i + 1) * 3))];
            var dry = new DryOptions { AllowedLength = 1 + (round % 3), Window = round % 4 == 0 ? 20 : 0, Breakers = round % 5 == 0 ? new HashSet<int> { 2 } : new HashSet<int>() };
            var found = new Dictionary<int, int>();
            new TokenHistory(tokens).Repeated(dry, found);
            found.OrderBy(p => p.Key).ShouldBe(Naive(tokens, dry).OrderBy(p => p.Key), string.Join(' ', tokens));
        }
    }

    [Fact]
    public void Dry_lowers_the_token_that_would_go_on_with_a_repetition()
    {
        var options = new GenerationOptions { Dry = new DryOptions { Multiplier = 1, Base = 2, AllowedLength = 2 } };
        float[] logits = [0f, 0f, 0f, 3.9f, 0f];
        new Sampler().Next(logits, options, 0, new TokenHistory([0, 1, 2, 3, 0, 1, 2])).Id.ShouldBe(3);                      // length 3: 2
        new Sampler().Next(logits, options, 0, new TokenHistory([4, 0, 1, 2, 3, 4, 0, 1, 2])).Id.ShouldBe(0);                // length 4: 4
    }

    [Fact]
    public void Bias_and_the_limit_of_the_vocabulary_are_kept_at_every_temperature()
    {
        foreach (double temperature in (double[])[0, 1, 5])
        {
            var options = new GenerationOptions { Temperature = temperature, VocabularyLimit = 3 };
            Drawn([0f, 1f, 2f, 90f, 90f], options).Max().ShouldBeLessThan(3);
            Drawn([0f, 1f, 2f, 90f, 90f], options with { LogitBias = new Dictionary<int, float> { [0] = 100 } }).ShouldBe([0]);
            Drawn([0f, 1f], options with { VocabularyLimit = 0, LogitBias = new Dictionary<int, float> { [1] = float.NegativeInfinity } }).ShouldBe([0]);
        }
    }

    [Fact]
    public void Reported_probabilities_are_the_models_own_and_alternatives_come_likeliest_first()
    {
        var options = new GenerationOptions { LogitBias = new Dictionary<int, float> { [5] = 50 }, Alternatives = 3 };
        GeneratedToken token = new Sampler().Next(Logits, options, 0);
        double[] p = Probabilities(Logits, 1);
        token.Id.ShouldBe(5);
        Math.Exp(token.LogProbability).ShouldBe(p[5], 1e-6);
        token.Alternatives!.Select(a => a.Id).ShouldBe([2, 6, 4]);
        foreach (TokenProbability a in token.Alternatives!) Math.Exp(a.LogProbability).ShouldBe(p[a.Id], 1e-6);
    }

    [Fact]
    public void A_mask_leaves_nothing_else_and_ends_only_where_it_may()
    {
        var mask = new TokenMask(new ulong[] { 0b0010_1001 }, MayEnd: false);
        var options = new GenerationOptions { Temperature = 4, StopTokens = [3, 6] };
        Drawn(Logits, options, mask).ShouldBe([0, 5]);
        Drawn(Logits, options, mask with { MayEnd = true }).ShouldBe([0, 3, 5, 6]);
        var banned = options with { LogitBias = new Dictionary<int, float> { [0] = float.NegativeInfinity, [5] = float.NegativeInfinity } };
        new Sampler().Next(Logits, banned with { Temperature = 0 }, 0, null, mask).Id.ShouldBe(0);      // nothing is likely: the lowest that is allowed
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        GenerationOptions[] wrong =
        [
            new() { TopP = 0 }, new() { TopP = 1.1 }, new() { MinP = -0.1 }, new() { TopK = -1 }, new() { RepetitionPenalty = 0 },
            new() { FrequencyPenalty = double.NaN }, new() { VocabularyLimit = 99 }, new() { LogitBias = new Dictionary<int, float> { [99] = 1 } },
            new() { Temperature = double.NaN }, new() { Dry = new DryOptions { Base = 0 } },
        ];
        string[] names = ["TopP", "TopP", "MinP", "TopK", "RepetitionPenalty", "FrequencyPenalty", "VocabularyLimit", "LogitBias", "Temperature", "Dry"];
        wrong.Select(o => Should.Throw<GenerationOptionsException>(() => o.Check(29)).Option).ShouldBe(names);
    }

    private static int[] Drawn(float[] logits, GenerationOptions options, TokenMask? mask = null)
    {
        var sampler = new Sampler();
        return [.. Enumerable.Range(0, 3_000).Select(i => sampler.Next(logits, options, i, null, mask).Id).Distinct().Order()];
    }

    private static double[] Probabilities(float[] logits, double temperature)
    {
        double total = logits.Sum(x => Math.Exp(x / temperature));
        return [.. logits.Select(x => Math.Exp(x / temperature) / total)];
    }

    private static Dictionary<int, int> Naive(int[] tokens, DryOptions dry)
    {
        int[] t = dry.Window == 0 ? tokens : tokens[^Math.Min(tokens.Length, dry.Window)..];
        var found = new Dictionary<int, int>();
        for (int next = 1; next < t.Length; next++)
        {
            if (dry.Breakers.Contains(t[next])) continue;
            int length = 0;
            while (next - 1 - length >= 0 && t[next - 1 - length] == t[^(1 + length)] && !dry.Breakers.Contains(t[^(1 + length)])) length++;
            if (length >= dry.AllowedLength) found[t[next]] = Math.Max(length, found.GetValueOrDefault(t[next]));
        }
        return found;
    }
}
