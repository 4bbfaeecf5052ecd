using Hearth.Models.Bundles;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;
using Hearth.Server.Scheduling;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Scheduling;

/// <summary>Many mixed requests at once, with little memory: every answer is the one that a generator alone gives, and nothing stays behind.</summary>
public sealed class StormTests
{
    private const int Requests = 48;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("random", TensorType.F32)]
    [InlineData("random", TensorType.Q8_0)]
    [InlineData("random, window 70", TensorType.Q8_0)]
    [InlineData("llama-q4_k_m", TensorType.F32)]
    [InlineData("qwen3moe", TensorType.F16)]
    [InlineData("deepseek2-lite", TensorType.F32)]
    [InlineData("gemma3", TensorType.F32)]
    [InlineData("gpt-oss", TensorType.F16)]
    public async Task Answers_are_those_of_a_generator_alone_in_any_company_memory_and_pieces(string name, TensorType type)
    {
        ModelBundle bundle = SmallModels.Named(name);
        Storm storm = Storm.Of(bundle, seed: 11);
        using var one = new WorkerPool(1);
        object[] expected = storm.Alone(new Generator(bundle.Model, one) { CacheType = type });
        long longest = bundle.Model.NewCache(type).BytesFor(storm.Longest);
        (SchedulerOptions Options, bool IsTight)[] settings =
        [
            (new SchedulerOptions { Threads = 2, KeyValueBytes = 40 * longest }, false),
            (new SchedulerOptions { Threads = 1, KeyValueBytes = longest + (longest / 3), PrefillRows = 48, DecodeDelay = TimeSpan.Zero }, true),
            (new SchedulerOptions { Threads = 2, KeyValueBytes = 2 * longest, MostRunning = 7, SharesPrefixesBetweenOwners = true,
                Speculation = _ => new PromptLookup { ShortestEnding = 1 } }, true),
            (new SchedulerOptions { Threads = 2, KeyValueBytes = 3 * longest, PrefillRows = 7, RemembersPrefixes = false }, false),
        ];
        foreach ((SchedulerOptions options, bool isTight) in settings)
        {
            await using var scheduler = new Scheduler(options: options with { CacheType = type });
            scheduler.Add("it", bundle);
            for (int round = 0; round < 2; round++)                              // cold, then with what is remembered
            {
                Exception?[] failures = await storm.RunAsync(scheduler, expected, Cancel);
                failures.OfType<Exception>().ShouldBeEmpty($"{options}, round {round}");
            }
            SchedulerStatistics done = scheduler.Statistics;
            (done.Waiting, done.Running, done.Failed).ShouldBe((0, 0, 0L));
            if (isTight) (done.Preemptions * done.Evictions).ShouldBeGreaterThan(0, $"{options}");
            else if (options.RemembersPrefixes) done.CachedTokens.ShouldBeGreaterThan(0, $"{options}");
            done.KeyValueBytes.ShouldBeLessThanOrEqualTo(options.KeyValueBytes);
            await scheduler.ForgetPrefixesAsync();
            scheduler.Statistics.KeyValueBytes.ShouldBe(0, $"{options}");
        }
    }

    /// <summary>Seeded requests of every kind.</summary>
    private sealed class Storm(IReadOnlyList<Storm.Ask> asks)
    {
        internal sealed record Ask(int[] Tokens, GenerationOptions? Options, int Alternatives, bool Embeds, int CancelAfter, string Owner, RequestPriority Priority);

        public int Longest => asks.Max(a => a.Tokens.Length + (a.Options?.MaxTokens ?? 0));

        public static Storm Of(ModelBundle bundle, int seed)
        {
            var random = new Random(seed);
            int vocabulary = bundle.Model.Config.VocabularySize, context = Math.Min(bundle.Model.Config.MaxPositionEmbeddings, 600);
            int[][] beginnings = [.. Enumerable.Range(0, 4).Select(i => SmallModels.Tokens(Math.Min(context / 2, 70 + (i * 60)), 100 + i, vocabulary))];
            var constraint = new TokenConstraint(Grammar.FromRegex("[a-f]{3,60}"), SmallModels.VocabularyOf(bundle));
            var asks = new List<Ask>();
            for (int i = 0; i < Requests; i++)
            {
                int[] beginning = beginnings[random.Next(beginnings.Length)];
                int[] prompt = [.. beginning[..random.Next(beginning.Length / 2, beginning.Length + 1)], .. SmallModels.Tokens(1 + random.Next(40), 200 + i, vocabulary)];
                if (random.Next(6) == 0) prompt = SmallModels.Tokens(1 + random.Next(20), i, vocabulary);
                int kind = random.Next(10);
                var options = new GenerationOptions
                {
                    MaxTokens = random.Next(8) == 0 ? 0 : Math.Min(1 + random.Next(90), context - prompt.Length),
                    Temperature = random.Next(3) == 0 ? 0 : random.NextDouble() * 1.5,
                    Seed = random.Next(),
                    TopP = random.Next(2) == 0 ? 1 : 0.9,
                    TopK = random.Next(2) == 0 ? 0 : 20,
                    RepetitionPenalty = random.Next(2) == 0 ? 1 : 1.2,
                    Alternatives = random.Next(3) == 0 ? 4 : 0,
                    StopTokens = [3, 8, 13],
                    Constraint = random.Next(4) == 0 ? constraint : null,
                };
                int cancelAfter = random.Next(6) == 0 ? random.Next(20) : int.MaxValue;
                asks.Add(new Ask(prompt, kind < 8 ? options : null, random.Next(5), kind == 9, cancelAfter, "owner " + random.Next(4), (RequestPriority)random.Next(3)));
            }
            return new Storm(asks);
        }

        public object[] Alone(Generator generator) => [.. asks.Select(a => a.Options is { } options
            ? generator.Stream(a.Tokens, options).ToArray()
            : a.Embeds ? generator.Embed(a.Tokens) : (object)generator.Score(a.Tokens, a.Alternatives))];

        public Task<Exception?[]> RunAsync(Scheduler scheduler, object[] expected, CancellationToken cancel) =>
            Task.WhenAll(asks.Select((ask, i) => Task.Run<Exception?>(async () =>
            {
                try
                {
                    await RunAsync(scheduler.For("it", ask.Owner, ask.Priority), ask, expected[i], cancel);
                    return null;
                }
                catch (Exception e)
                {
                    return new InvalidOperationException($"request {i}: {e.Message}", e);
                }
            }, cancel)));

        private static async Task RunAsync(ScheduledGenerator generator, Ask ask, object expected, CancellationToken cancel)
        {
            if (ask.Options is null)
            {
                if (ask.Embeds) (await generator.EmbedAsync(ask.Tokens, cancel)).ShouldBe((float[])expected);
                else Same(await generator.ScoreAsync(ask.Tokens, ask.Alternatives, cancel), (GeneratedToken[])expected);
                return;
            }
            using var left = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var answer = new List<GeneratedToken>();
            bool leaves = ask.CancelAfter < ((GeneratedToken[])expected).Length;
            await foreach (GeneratedToken token in generator.GenerateAsync(ask.Tokens, ask.Options, left.Token))
            {
                answer.Add(token);
                if (answer.Count > ask.CancelAfter) break;                       // the reader goes away
            }
            Same([.. answer], leaves ? ((GeneratedToken[])expected)[..(ask.CancelAfter + 1)] : (GeneratedToken[])expected);
        }

        private static void Same(GeneratedToken[] found, GeneratedToken[] expected)
        {
            found.Select(t => (t.Id, t.LogProbability)).ShouldBe(expected.Select(t => (t.Id, t.LogProbability)));
            for (int i = 0; i < found.Length; i++) (found[i].Alternatives ?? []).ShouldBe(expected[i].Alternatives ?? []);
        }
    }
}
