using System.Diagnostics.Metrics;
using Hearth.Models.Bundles;
using Hearth.Models.Generation;
using Hearth.Numerics;
using Hearth.Server.Scheduling;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Scheduling;

public sealed class SchedulerTests
{
    private static readonly GenerationOptions Short = new() { MaxTokens = 8 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_prompt_that_was_read_before_is_not_read_again_and_other_owners_and_salts_do_not_notice()
    {
        await using Scheduler scheduler = New(SmallModels.Random());
        int[] prompt = SmallModels.Tokens(200, 1);
        (await CachedAsync(scheduler.For("it", "a"), prompt)).ShouldBe(0);
        (await CachedAsync(scheduler.For("it", "a"), prompt)).ShouldBe(192);
        (await CachedAsync(scheduler.For("it", "a", RequestPriority.High), [.. prompt[..150], 1, 2, 3])).ShouldBe(128);
        (await CachedAsync(scheduler.For("it", "b"), prompt)).ShouldBe(0);
        (await CachedAsync(scheduler.For("it", "a", cacheSalt: "s"), prompt)).ShouldBe(0);
        scheduler.Statistics.CachedTokens.ShouldBe(192 + 128);

        await using Scheduler shared = New(SmallModels.Random(), new SchedulerOptions { SharesPrefixesBetweenOwners = true });
        (await CachedAsync(shared.For("it", "a"), prompt)).ShouldBe(0);
        (await CachedAsync(shared.For("it", "b"), prompt)).ShouldBe(192);
        (await CachedAsync(shared.For("it", "b", cacheSalt: "s"), prompt)).ShouldBe(0);
    }

    [Fact]
    public async Task An_answer_is_remembered_with_its_prompt_for_the_next_turn_of_a_conversation()
    {
        foreach (int window in (int[])[0, 70])
        {
            await using Scheduler scheduler = New(SmallModels.Random(window));
            int[] prompt = SmallModels.Tokens(100, 1);
            GeneratedToken[] answer = await AllAsync(scheduler.For("it", "a").GenerateAsync(prompt, new GenerationOptions { MaxTokens = 60 }, Cancel));
            (await CachedAsync(scheduler.For("it", "a"), [.. prompt, .. answer.Select(t => t.Id), 1, 2, 3])).ShouldBe(128, $"window {window}");
        }
    }

    [Fact]
    public async Task A_wrong_proposal_at_the_end_of_an_answer_is_not_remembered()
    {
        ModelBundle bundle = SmallModels.Random();
        await using Scheduler scheduler = New(bundle, new SchedulerOptions { Speculation = _ => new PromptLookup { ShortestEnding = 1, MaxTokens = 6 } });
        for (int i = 0; i < 20; i++)
        {
            int[] prompt = [.. SmallModels.Tokens(48, i), .. SmallModels.Tokens(48, i)];
            var options = new GenerationOptions { MaxTokens = 32, Temperature = 1.5, Seed = i };   // the end is the end of a block
            GeneratedToken[] answer = await AllAsync(scheduler.For("it", "a").GenerateAsync(prompt, options, Cancel));
            int[] next = [.. prompt, .. answer.Select(t => t.Id), 1, 2, 3];
            (await AllAsync(scheduler.For("it", "a").GenerateAsync(next, options, Cancel))).ShouldBe(Alone(bundle, next, options), $"answer {i}");
        }
    }

    [Fact]
    public async Task A_beginning_whose_windows_are_gone_is_kept_the_second_time()
    {
        await using Scheduler scheduler = New(SmallModels.Random(window: 70));
        int[] common = SmallModels.Tokens(200, 1);
        var cached = new List<int>();
        for (int i = 0; i < 3; i++) cached.Add(await CachedAsync(scheduler.For("it", "a"), [.. common, .. SmallModels.Tokens(300, 10 + i)]));
        cached.ShouldBe([0, 0, 192]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(70)]
    public async Task Several_answers_to_one_prompt_read_it_once(int window)
    {
        await using Scheduler scheduler = New(SmallModels.Random(window), new SchedulerOptions { PrefillRows = 100 });
        int[] prompt = SmallModels.Tokens(500, 1);
        ScheduledGenerator generator = scheduler.For("it", "a");
        GeneratedToken[][] answers = await Task.WhenAll(Enumerable.Range(0, 6)
            .Select(i => AllAsync(generator.GenerateAsync(prompt, Short with { Temperature = 1, Seed = i }, Cancel))));
        for (int i = 0; i < answers.Length; i++) answers[i].ShouldBe(Alone(SmallModels.Random(window), prompt, Short with { Temperature = 1, Seed = i }));
        scheduler.Statistics.PromptTokens.ShouldBeLessThan(500 + (6 * 64));
    }

    [Fact]
    public async Task Tokens_come_while_a_long_prompt_is_read()
    {
        var options = new SchedulerOptions { Threads = 1, DecodeDelay = TimeSpan.Zero };
        await using Scheduler scheduler = New(SmallModels.Random(context: 4000), options);
        await using IAsyncEnumerator<GeneratedToken> stream = scheduler.For("it", "a").GenerateAsync([1, 2, 3], new GenerationOptions { MaxTokens = 3000 }, Cancel).GetAsyncEnumerator(Cancel);
        (await stream.MoveNextAsync()).ShouldBeTrue();
        long passes = scheduler.Statistics.Passes;
        await CachedAsync(scheduler.For("it", "b"), SmallModels.Tokens(1600, 3));
        (scheduler.Statistics.Passes - passes).ShouldBeGreaterThanOrEqualTo(100);          // 1,600 in pieces of 16, a token of the stream with each
    }

    [Fact]
    public async Task A_reader_who_goes_away_frees_memory_and_a_slow_one_holds_nobody_up()
    {
        await using Scheduler scheduler = New(SmallModels.Random(), new SchedulerOptions { RemembersPrefixes = false });
        ScheduledGenerator generator = scheduler.For("it", "a");
        using var cancel = new CancellationTokenSource();
        IAsyncEnumerator<GeneratedToken> gone = generator.GenerateAsync([1], new GenerationOptions { MaxTokens = 600 }, cancel.Token).GetAsyncEnumerator(Cancel);
        IAsyncEnumerator<GeneratedToken> slow = generator.GenerateAsync([2], new GenerationOptions { MaxTokens = 500 }, Cancel).GetAsyncEnumerator(Cancel);
        (await gone.MoveNextAsync()).ShouldBeTrue();
        (await slow.MoveNextAsync()).ShouldBeTrue();                                       // and reads no more for now
        (await AllAsync(generator.GenerateAsync([3], new GenerationOptions { MaxTokens = 500 }, Cancel))).Length.ShouldBe(500);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            for (int i = 0; i < 600; i++) await gone.MoveNextAsync();
        });
        int rest = 1;
        while (await slow.MoveNextAsync()) rest++;
        rest.ShouldBe(500);
        await gone.DisposeAsync();
        await slow.DisposeAsync();
        await scheduler.DrainAsync(Cancel);
        scheduler.Statistics.KeyValueBytes.ShouldBe(0);
        scheduler.Statistics.Completed.ShouldBeGreaterThanOrEqualTo(2);
    }

    [Fact]
    public async Task A_token_that_is_already_cancelled_asks_for_nothing()
    {
        await using Scheduler scheduler = New(SmallModels.Random());
        var cancelled = new CancellationToken(canceled: true);
        await Should.ThrowAsync<OperationCanceledException>(() => AllAsync(scheduler.For("it", "a").GenerateAsync([1], Short, cancelled)));
        await Should.ThrowAsync<OperationCanceledException>(() => scheduler.For("it", "a").ScoreAsync([1, 2], 0, cancelled));
        (scheduler.Statistics.Waiting, scheduler.Statistics.Running).ShouldBe((0, 0));
    }

    [Fact]
    public async Task The_queue_is_bounded_for_all_and_for_one_owner_and_says_when_to_come_back()
    {
        var source = new GatedModels(SmallModels.Random());
        await using var scheduler = new Scheduler(source, new SchedulerOptions { MostWaiting = 5, MostWaitingOfOwner = 3 });
        Task[] waiting = [.. ((string[])["a", "a", "a", "b", "c"]).Select(o => AllAsync(scheduler.For("m", o).GenerateAsync([1], Short, Cancel)))];
        Should.Throw<BusyException>(() => AllAsync(scheduler.For("m", "d").GenerateAsync([1], Short, Cancel))).RetryAfter.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1));
        source.Open();
        await Task.WhenAll(waiting);
        (await AllAsync(scheduler.For("m", "d").GenerateAsync([1], Short, Cancel))).Length.ShouldBe(8);

        var second = new GatedModels(SmallModels.Random());
        await using var other = new Scheduler(second, new SchedulerOptions { MostWaiting = 5, MostWaitingOfOwner = 1 });
        Task first = AllAsync(other.For("m", "a").GenerateAsync([1], Short, Cancel));
        Should.Throw<BusyException>(() => other.For("m", "a").ScoreAsync([1, 2], 0, Cancel)).Message.ShouldContain("your requests");
        second.Open();
        await first;
    }

    [Fact]
    public async Task An_owner_with_few_requests_does_not_wait_for_one_with_many()
    {
        var source = new GatedModels(SmallModels.Random());
        await using var scheduler = new Scheduler(source, new SchedulerOptions { Threads = 1, MostRunning = 3 });
        int finishedOfMany = 0;
        Task[] many = [.. Enumerable.Range(0, 60).Select(async i =>
        {
            await AllAsync(scheduler.For("m", "many").GenerateAsync(SmallModels.Tokens(30, i), new GenerationOptions { MaxTokens = 40 }, Cancel));
            Interlocked.Increment(ref finishedOfMany);
        })];
        Task few = Task.WhenAll(Enumerable.Range(0, 4)
            .Select(i => AllAsync(scheduler.For("m", "few").GenerateAsync(SmallModels.Tokens(30, 90 + i), new GenerationOptions { MaxTokens = 40 }, Cancel))));
        source.Open();
        await few;
        Volatile.Read(ref finishedOfMany).ShouldBeLessThan(30);                            // its four are served with the first eight or so
        await Task.WhenAll(many);
    }

    [Fact]
    public async Task A_higher_class_goes_first_and_a_lower_one_is_not_forgotten()
    {
        var source = new GatedModels(SmallModels.Random());
        await using var scheduler = new Scheduler(source, new SchedulerOptions { Threads = 1, MostRunning = 2 });
        var order = new List<RequestPriority>();
        async Task Ask(RequestPriority priority, int i)
        {
            await AllAsync(scheduler.For("m", "a" + priority, priority).GenerateAsync(SmallModels.Tokens(20, i), new GenerationOptions { MaxTokens = 30 }, Cancel));
            lock (order) order.Add(priority);
        }
        Task all = Task.WhenAll(Enumerable.Range(0, 40).SelectMany(i => new[] { Ask(RequestPriority.Low, i), Ask(RequestPriority.High, 100 + i) }));
        source.Open();
        await all;
        order[..40].Count(p => p == RequestPriority.High).ShouldBeGreaterThan(30);
        order[..40].ShouldContain(RequestPriority.Low);
    }

    [Fact]
    public async Task A_sequence_that_outgrows_the_memory_alone_ends_with_an_error_and_one_that_starts_too_large_is_refused()
    {
        ModelBundle bundle = SmallModels.Random();
        long bytes = bundle.Model.NewCache().BytesFor(256);
        await using Scheduler scheduler = New(bundle, new SchedulerOptions { KeyValueBytes = bytes });
        ScheduledGenerator generator = scheduler.For("it", "a");
        await Should.ThrowAsync<MemoryBudgetException>(() => AllAsync(generator.GenerateAsync(SmallModels.Tokens(300, 1), Short, Cancel)));
        int told = 0;
        await Should.ThrowAsync<MemoryBudgetException>(async () =>
        {
            await foreach (GeneratedToken _ in generator.GenerateAsync(SmallModels.Tokens(200, 1), new GenerationOptions { MaxTokens = 300 }, Cancel)) told++;
        });
        told.ShouldBeGreaterThan(50);
        (await AllAsync(generator.GenerateAsync(SmallModels.Tokens(200, 1), Short, Cancel))).Length.ShouldBe(8);
    }

    [Fact]
    public async Task What_is_wrong_with_a_request_is_told_to_it_alone()
    {
        await using Scheduler scheduler = New(SmallModels.Random());
        ScheduledGenerator generator = scheduler.For("it", "a");
        await Should.ThrowAsync<ContextException>(() => AllAsync(generator.GenerateAsync([], Short, Cancel)));
        await Should.ThrowAsync<ContextException>(() => generator.EmbedAsync(new int[641], Cancel));
        await Should.ThrowAsync<GenerationOptionsException>(() => AllAsync(generator.GenerateAsync([1], Short with { TopP = 2 }, Cancel)));
        await Should.ThrowAsync<GenerationOptionsException>(() => generator.ScoreAsync([1, SmallModels.Vocabulary], 0, Cancel));
        await Should.ThrowAsync<GenerationOptionsException>(() => AllAsync(generator.GenerateAsync([-1], Short, Cancel)));
        await Should.ThrowAsync<UnknownModelException>(() => scheduler.For("none", "a").EmbedAsync([1], Cancel));
        (await generator.ScoreAsync([1], 0, Cancel)).ShouldBeEmpty();
        (await AllAsync(generator.GenerateAsync([1], Short with { MaxTokens = 0 }, Cancel))).ShouldBeEmpty();
        (scheduler.Statistics.Waiting, scheduler.Statistics.Running).ShouldBe((0, 0));
    }

    [Fact]
    public async Task Draining_lets_requests_end_and_takes_no_more_and_disposing_ends_them()
    {
        Scheduler scheduler = New(SmallModels.Random());
        Task<GeneratedToken[]> running = AllAsync(scheduler.For("it", "a").GenerateAsync([1], new GenerationOptions { MaxTokens = 300 }, Cancel));
        Task drained = scheduler.DrainAsync(Cancel);
        await Should.ThrowAsync<BusyException>(() => AllAsync(scheduler.For("it", "a").GenerateAsync([1], Short, Cancel)));
        await drained;
        (await running).Length.ShouldBe(300);
        await scheduler.DisposeAsync();

        Scheduler ended = New(SmallModels.Random());
        Task<GeneratedToken[]> cut = AllAsync(ended.For("it", "a").GenerateAsync([1], new GenerationOptions { MaxTokens = 600 }, Cancel));
        Task<GeneratedToken[]> score = ended.For("it", "a").ScoreAsync(SmallModels.Tokens(500, 1), 0, Cancel);
        await ended.DisposeAsync();
        foreach (Task<GeneratedToken[]> task in (Task<GeneratedToken[]>[])[cut, score])
        {
            try
            {
                await task;                                                      // it may have been faster
            }
            catch (OperationCanceledException)
            {
                task.IsCanceled.ShouldBeTrue();
            }
        }
    }

    [Fact]
    public async Task The_meter_tells_what_happens()
    {
        var seen = new Dictionary<string, double>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == "Hearth") l.EnableMeasurementEvents(instrument);
        };
        void Add(Instrument instrument, double value)
        {
            lock (seen) seen[instrument.Name] = seen.GetValueOrDefault(instrument.Name) + value;
        }
        listener.SetMeasurementEventCallback<long>((i, value, _, _) => Add(i, value));
        listener.SetMeasurementEventCallback<int>((i, value, _, _) => Add(i, value));
        listener.SetMeasurementEventCallback<double>((i, value, _, _) => Add(i, value));
        listener.Start();
        await using Scheduler scheduler = New(SmallModels.Random());
        await AllAsync(scheduler.For("it", "a").GenerateAsync(SmallModels.Tokens(100, 1), Short, Cancel));
        await AllAsync(scheduler.For("it", "a").GenerateAsync(SmallModels.Tokens(100, 1), Short, Cancel));
        listener.RecordObservableInstruments();
        string[] expected = ["hearth.batch.size", "hearth.cache.tokens", "hearth.memory.key_values", "hearth.memory.models", "hearth.queue.length",
            "hearth.queue.time", "hearth.requests", "hearth.time_to_first_token", "hearth.tokens"];
        foreach (string name in expected) seen.Keys.ShouldContain(name);
        seen["hearth.memory.key_values"].ShouldBeGreaterThan(0);
        seen["hearth.cache.tokens"].ShouldBeGreaterThanOrEqualTo(64);
    }

    internal static async Task<GeneratedToken[]> AllAsync(IAsyncEnumerable<GeneratedToken> tokens)
    {
        var all = new List<GeneratedToken>();
        await foreach (GeneratedToken token in tokens) all.Add(token);
        return [.. all];
    }

    private static Scheduler New(ModelBundle bundle, SchedulerOptions? options = null)
    {
        var scheduler = new Scheduler(options: options ?? new SchedulerOptions { Threads = 2 });
        scheduler.Add("it", bundle);
        return scheduler;
    }

    private static async Task<int> CachedAsync(ScheduledGenerator generator, int[] prompt)
    {
        var report = new RequestReport();
        await AllAsync(generator.GenerateAsync(prompt, Short, report, Cancel));
        return report.CachedTokens;
    }

    private static GeneratedToken[] Alone(ModelBundle bundle, int[] prompt, GenerationOptions options)
    {
        using var pool = new WorkerPool(1);
        return [.. new Generator(bundle.Model, pool).Stream(prompt, options, Cancel)];
    }
}

/// <summary>Models whose loading waits until it is allowed.</summary>
internal sealed class GatedModels(ModelBundle bundle) : IModelSource
{
    private readonly TaskCompletionSource _open = new();
    private int _loads;

    public int Loads => _loads;

    public Exception? Failure { get; set; }

    public long Bytes { get; set; }

    public string? Find(string name) => name.StartsWith('m') ? name : null;

    public long BytesOf(string path) => Bytes;

    public ModelBundle Load(string path)
    {
        Interlocked.Increment(ref _loads);
        _open.Task.Wait();
        return Failure is { } failure ? throw failure : bundle;
    }

    public void Open() => _open.SetResult();
}
