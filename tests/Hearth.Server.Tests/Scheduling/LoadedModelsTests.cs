using Hearth.Models;
using Hearth.Models.Bundles;
using Hearth.Models.Generation;
using Hearth.Server.Scheduling;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Scheduling;

public sealed class LoadedModelsTests
{
    private static readonly GenerationOptions Short = new() { MaxTokens = 6 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Those_who_ask_for_a_model_at_once_load_it_once()
    {
        var source = new GatedModels(SmallModels.Random());
        await using var scheduler = new Scheduler(source);
        Task<GeneratedToken[]>[] all = [.. Enumerable.Range(0, 20).Select(i => AskAsync(scheduler, "m", i))];
        source.Open();
        GeneratedToken[][] answers = await Task.WhenAll(all);
        source.Loads.ShouldBe(1);
        for (int i = 0; i < answers.Length; i++) answers[i].ShouldBe(answers[i % 4]);
        scheduler.Statistics.Models.ShouldBe(["m"]);
    }

    [Fact]
    public async Task A_failure_is_told_to_all_who_wait_and_the_next_tries_again()
    {
        var source = new GatedModels(SmallModels.Random()) { Failure = new ModelFileException("m.gguf", "is cut short.") };
        await using var scheduler = new Scheduler(source);
        Task<GeneratedToken[]>[] all = [.. Enumerable.Range(0, 5).Select(i => AskAsync(scheduler, "m", i))];
        source.Open();
        foreach (Task<GeneratedToken[]> one in all) (await Should.ThrowAsync<ModelFileException>(() => one)).Message.ShouldContain("cut short");
        (scheduler.Statistics.Waiting, scheduler.Statistics.ModelBytes).ShouldBe((0, 0L));
        source.Failure = null;
        (await AskAsync(scheduler, "m", 0)).Length.ShouldBe(6);
        source.Loads.ShouldBe(2);
    }

    [Fact]
    public async Task The_least_recently_used_model_makes_room_and_one_in_use_does_not()
    {
        ModelBundle bundle = SmallModels.Random();
        long bytes = LoadedModels.MemoryOf(bundle.Model);
        var source = new GatedModels(bundle) { Bytes = bytes };
        source.Open();
        await using var scheduler = new Scheduler(source, new SchedulerOptions { ModelBytes = 2 * bytes });
        await AskAsync(scheduler, "m1", 0);
        await AskAsync(scheduler, "m2", 0);
        await AskAsync(scheduler, "m1", 1);
        await AskAsync(scheduler, "m3", 0);
        scheduler.Statistics.Models.ShouldBe(["m1", "m3"]);
        scheduler.Statistics.ModelBytes.ShouldBe(2 * bytes);

        ModelLease first = await scheduler.LoadAsync("m1", Cancel), third = await scheduler.LoadAsync("m3", Cancel);
        Task<GeneratedToken[]> waits = AskAsync(scheduler, "m4", 0);
        using (var given = new CancellationTokenSource(50)) await Should.ThrowAsync<OperationCanceledException>(() => scheduler.LoadAsync("m5", given.Token));
        waits.IsCompleted.ShouldBeFalse();
        third.Dispose();
        third.Dispose();
        (await waits).Length.ShouldBe(6);
        scheduler.Statistics.Models.ShouldBe(["m1", "m4"]);
        first.Bundle.ShouldBe(bundle);
        first.Dispose();
    }

    [Fact]
    public async Task A_model_larger_than_the_memory_for_models_is_refused()
    {
        ModelBundle bundle = SmallModels.Random();
        var source = new GatedModels(bundle) { Bytes = 1 };                      // the estimate was too small
        source.Open();
        await using var scheduler = new Scheduler(source, new SchedulerOptions { ModelBytes = LoadedModels.MemoryOf(bundle.Model) - 1 });
        (await Should.ThrowAsync<MemoryBudgetException>(() => AskAsync(scheduler, "m", 0))).Message.ShouldContain("'m'");
        scheduler.Statistics.ModelBytes.ShouldBe(0);
    }

    [Fact]
    public async Task A_model_that_nobody_uses_is_let_go_of_and_loaded_again_when_it_is_needed()
    {
        var time = new Clock();
        var source = new GatedModels(SmallModels.Random());
        source.Open();
        await using var scheduler = new Scheduler(source, new SchedulerOptions { UnloadAfter = TimeSpan.FromMinutes(5) }, time);
        GeneratedToken[] before = await AskAsync(scheduler, "m", 3);
        time.Now += TimeSpan.FromMinutes(4);
        await scheduler.UnloadIdleAsync();
        scheduler.Statistics.Models.ShouldBe(["m"]);
        time.Now += TimeSpan.FromMinutes(2);
        await scheduler.UnloadIdleAsync();
        (scheduler.Statistics.Models.Count, scheduler.Statistics.ModelBytes, scheduler.Statistics.KeyValueBytes).ShouldBe((0, 0L, 0L));
        (await AskAsync(scheduler, "m", 3)).ShouldBe(before);
        source.Loads.ShouldBe(2);
    }

    [Fact]
    public async Task Loading_and_letting_go_in_a_race_answers_everybody()
    {
        ModelBundle bundle = SmallModels.Random();
        long bytes = LoadedModels.MemoryOf(bundle.Model);
        var source = new GatedModels(bundle) { Bytes = bytes };
        source.Open();
        await using var scheduler = new Scheduler(source, new SchedulerOptions { ModelBytes = 2 * bytes, UnloadAfter = TimeSpan.Zero });
        GeneratedToken[][] expected = [.. await Task.WhenAll(Enumerable.Range(0, 4).Select(i => AskAsync(scheduler, "m", i)))];
        Task unloads = Task.Run(async () =>
        {
            for (int i = 0; i < 20; i++) await scheduler.UnloadIdleAsync();
        }, Cancel);
        await Task.WhenAll(Enumerable.Range(0, 80).Select(i => Task.Run(async () =>
        {
            (await AskAsync(scheduler, "m" + (i % 5), i % 4)).ShouldBe(expected[i % 4]);
        }, Cancel)));
        await unloads;
        await scheduler.UnloadIdleAsync();
        (scheduler.Statistics.Models.Count, scheduler.Statistics.ModelBytes, scheduler.Statistics.KeyValueBytes).ShouldBe((0, 0L, 0L));
    }

    private static Task<GeneratedToken[]> AskAsync(Scheduler scheduler, string model, int seed) =>
        SchedulerTests.AllAsync(scheduler.For(model, "owner").GenerateAsync([1, 2, 3], Short with { Temperature = seed % 4 == 0 ? 0 : 1, Seed = seed % 4 }, Cancel));

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
