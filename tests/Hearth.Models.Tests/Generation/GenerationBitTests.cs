using Hearth.Models.Architectures;
using Hearth.Models.Architectures.Files;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Hearth.Models.Tests.Architectures;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation;

/// <summary>Threads, company, pieces, caches and speculation: none of them changes an answer.</summary>
public sealed class GenerationBitTests
{
    private static readonly GenerationOptions Warm = new() { MaxTokens = 40, Temperature = 0.6, Seed = 4, TopP = 0.95, RepetitionPenalty = 1.05 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.Q8_0)]
    public void Answers_have_the_same_bytes_at_any_number_of_threads_in_any_company_and_pieces(TensorType type)
    {
        LanguageModel model = TinyModels.Create(((LlamaConfig)TinyModels.All["llama, grouped heads, qk norm, tied"]) with { HeadDim = 32, SlidingWindow = 20 });
        int[][] prompts = [.. Enumerable.Range(0, 8).Select(i => TinyModels.Tokens(1 + (i * 13 % 90), 40 + i))];
        using var one = new WorkerPool(1);
        using var two = new WorkerPool(2);
        GeneratedToken[][] alone = [.. prompts.Select(p => new Generator(model, one) { CacheType = type }.Stream(p, Warm, Cancel).ToArray())];
        foreach (WorkerPool pool in (WorkerPool[])[one, two])
        {
            foreach (int rows in (int[])[1, 7, 64, 512])
            {
                var generator = new Generator(model, pool) { CacheType = type, PrefillRows = rows, Speculation = rows == 7 ? new PromptLookup { ShortestEnding = 1 } : null };
                foreach (int company in (int[])[1, 3, 8])
                {
                    GeneratedToken[][] answers = generator.Complete(prompts, Warm, company);
                    for (int i = 0; i < prompts.Length; i++) answers[i].ShouldBe(alone[i], $"{pool.Threads} threads, {rows} rows, {company} at once, prompt {i}");
                }
            }
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.5)]
    [InlineData(1.2)]
    public void Speculation_gives_the_bytes_of_plain_decoding(double temperature)
    {
        LanguageModel model = TinyModels.Create("llama, grouped heads, qk norm, tied"), other = TinyModels.Create("llama, untied", seed: 8);
        using var pool = new WorkerPool(1);
        GenerationOptions options = Warm with { Temperature = temperature, StopTokens = [3, 8], MaxTokens = 60 };
        int[][] prompts = [.. Enumerable.Range(0, 6).Select(i => (int[])[.. TinyModels.Tokens(12, i), .. TinyModels.Tokens(12, i)])];
        GeneratedToken[][] plain = new Generator(model, pool).Complete(prompts, options);
        (string Name, Speculation Speculation)[] ways =
        [
            ("look-up", new PromptLookup { ShortestEnding = 1, MaxTokens = 6 }),
            ("itself", new DraftModel(model) { MaxTokens = 5 }),
            ("another", new DraftModel(other) { MaxTokens = 3 }),
        ];
        foreach ((string name, Speculation speculation) in ways)
        {
            var generator = new Generator(model, pool) { Speculation = speculation };
            GeneratedToken[][] answers = generator.Complete(prompts, options, 4);
            for (int i = 0; i < prompts.Length; i++) answers[i].ShouldBe(plain[i], $"{name}, prompt {i}");
            generator.Stream(prompts[0], options, Cancel).ShouldBe(plain[0], name);
            generator.Accepted.ShouldBeLessThanOrEqualTo(generator.Proposed);
            if (name == "itself") generator.Accepted.ShouldBeGreaterThan(generator.Proposed / 2);
            generator.Proposed.ShouldBeGreaterThan(0);
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.9)]
    public void Speculation_gives_the_bytes_of_plain_decoding_under_penalties_and_a_constraint(double temperature)
    {
        LanguageModel model = TinyModels.Create("llama, grouped heads, qk norm, tied");
        using var pool = new WorkerPool(2);
        var vocabulary = new TokenVocabulary([.. Enumerable.Range(0, TinyModels.Vocabulary).Select(i => i < 26 ? new[] { (byte)('a' + i) } : null)]);
        GenerationOptions options = Warm with
        {
            Temperature = temperature, MaxTokens = 50, StopTokens = [28], Alternatives = 2, TopK = 9, MinP = 0.01, FrequencyPenalty = 0.2,
            PenaltyWindow = 20, Dry = new DryOptions { AllowedLength = 3 }, LogitBias = new Dictionary<int, float> { [4] = 1.5f },
            Constraint = new TokenConstraint(Grammar.FromGbnf("root ::= ([a-m] [n-z])+"), vocabulary),
        };
        int[][] prompts = [.. Enumerable.Range(0, 4).Select(i => (int[])[.. TinyModels.Tokens(12, i), .. TinyModels.Tokens(12, i)])];
        GeneratedToken[][] plain = new Generator(model, pool).Complete(prompts, options);
        plain.ShouldAllBe(a => a.Select((t, i) => t.Id < 26 && t.Id >= 13 == (i % 2 == 1)).All(fits => fits));
        foreach (Speculation speculation in (Speculation[])[new PromptLookup { ShortestEnding = 1, MaxTokens = 6 }, new DraftModel(model) { MaxTokens = 5 }])
        {
            var generator = new Generator(model, pool) { Speculation = speculation };
            GeneratedToken[][] answers = generator.Complete(prompts, options, 3);
            for (int i = 0; i < prompts.Length; i++)
            {
                answers[i].Select(t => (t.Id, t.LogProbability)).ShouldBe(plain[i].Select(t => (t.Id, t.LogProbability)), $"{speculation}, prompt {i}");
                for (int t = 0; t < plain[i].Length; t++) answers[i][t].Alternatives.ShouldBe(plain[i][t].Alternatives);
            }
            generator.Accepted.ShouldBeGreaterThan(0);
        }
    }

    [Fact]
    public void Choices_share_the_prompt_and_are_the_answers_of_their_seeds()
    {
        LanguageModel model = TinyModels.Create("llama, grouped heads, qk norm, tied");
        using var pool = new WorkerPool(1);
        int[] prompt = TinyModels.Tokens(75, 3);
        GeneratedToken[][] choices = new Generator(model, pool).Choices(prompt, Warm, 4);
        for (int i = 0; i < 4; i++) choices[i].ShouldBe(new Generator(model, pool).Stream(prompt, Warm with { Seed = Warm.Seed + i }, Cancel));
        choices.Select(c => string.Join(' ', c.Select(t => t.Id))).Distinct().Count().ShouldBeGreaterThan(1);
    }

    [Fact]
    public void A_conversation_goes_on_from_its_cache_as_from_the_beginning()
    {
        LanguageModel model = TinyModels.Create("llama, grouped heads, qk norm, tied");
        using var pool = new WorkerPool(1);
        foreach (Speculation? speculation in (Speculation?[])[null, new PromptLookup { ShortestEnding = 1 }])
        {
            var generator = new Generator(model, pool) { Speculation = speculation };
            KeyValueCache cache = generator.NewCache();
            int[] first = TinyModels.Tokens(30, 3);
            int[] answer = [.. generator.Stream(first, Warm, cache, Cancel).Select(t => t.Id)];
            cache.Length.ShouldBe(first.Length + answer.Length - 1);
            int[] second = [.. first, .. answer, .. TinyModels.Tokens(10, 4)];
            generator.Stream(second, Warm, cache, Cancel).ShouldBe(new Generator(model, pool).Stream(second, Warm, Cancel));
            generator.Stream(first, Warm, cache, Cancel).Select(t => t.Id).ShouldBe(answer);                // shorter than the cache
        }
    }

    [Fact]
    public void Scores_are_the_log_probabilities_that_generation_reports_and_those_of_one_whole_pass()
    {
        LanguageModel model = TinyModels.Create("llama, grouped heads, qk norm, tied");
        using var pool = new WorkerPool(1);
        int[] prompt = TinyModels.Tokens(20, 3);
        var options = new GenerationOptions { MaxTokens = 30, Temperature = 1, Alternatives = 4 };
        GeneratedToken[] answer = [.. new Generator(model, pool).Stream(prompt, options, Cancel)];
        int[] all = [.. prompt, .. answer.Select(t => t.Id)];
        foreach (int rows in (int[])[1, 9, 512])
        {
            GeneratedToken[] scores = new Generator(model, pool) { PrefillRows = rows }.Score(all, alternatives: 4);
            scores.Length.ShouldBe(all.Length - 1);
            scores.Select(s => s.Id).ShouldBe(all[1..]);
            for (int i = 0; i < answer.Length; i++)
            {
                GeneratedToken score = scores[prompt.Length - 1 + i];
                score.LogProbability.ShouldBe(answer[i].LogProbability);
                score.Alternatives.ShouldBe(answer[i].Alternatives);
            }
        }
        Should.Throw<ContextException>(() => new Generator(model, pool).Score([]));
    }

    [Theory]
    [InlineData("gemma3")]
    [InlineData("gpt-oss")]
    [InlineData("olmo3")]
    [InlineData("deepseek2-lite")]
    [InlineData("qwen3moe")]
    public void Models_from_files_answer_alike_in_pieces_in_company_and_with_speculation(string name)
    {
        string path = Path.Combine(SharedData.At("conformance/gguf"), name + ".gguf");
        using GgufModel file = GgufModel.Open(path);
        ModelConfig config = GgufConfig.Read(file, 512);
        using var one = new WorkerPool(1);
        LanguageModel model = config.Create(new GgufParameters(file, config, one));
        using var two = new WorkerPool(2);
        int[][] prompts = [.. Enumerable.Range(0, 3).Select(i => Enumerable.Range(0, 40 + (30 * i)).Select(t => ((t * 7) + i) % 50).ToArray())];
        GenerationOptions options = Warm with { MaxTokens = 24 };
        GeneratedToken[][] plain = [.. prompts.Select(p => new Generator(model, one).Stream(p, options, Cancel).ToArray())];
        var cut = new Generator(model, two) { PrefillRows = 33, Speculation = new PromptLookup { ShortestEnding = 1 } };
        GeneratedToken[][] answers = cut.Complete(prompts, options);
        for (int i = 0; i < prompts.Length; i++) answers[i].ShouldBe(plain[i]);
        var drafted = new Generator(model, one) { Speculation = new DraftModel(model) };
        drafted.Stream(prompts[2], options, Cancel).ShouldBe(plain[2]);
        drafted.Accepted.ShouldBeGreaterThan(0);
    }
}
