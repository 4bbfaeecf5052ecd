using System.Text.Json.Nodes;
using Hearth.Server.Auditing;
using Hearth.Server.Hosting;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Auditing;

public sealed class AuditLogTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Several_servers_write_one_chain_that_holds(bool isPostgres)
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(isPostgres, postgres);
        AuditLog[] servers = [.. Enumerable.Range(0, 3).Select(_ => Log(database.Another()))];
        AuditReceipt[] receipts = await Task.WhenAll(Enumerable.Range(0, 90).Select(i => Task.Run(() => servers[i % 3].AppendAsync(Entry($"question {i}")))));
        receipts.Select(r => r.Sequence).Order().ShouldBe(Enumerable.Range(1, 90).Select(i => (long)i));
        AuditVerification found = await AuditVerification.RunAsync(database.Contexts, receipts[7].Hash, cancel: Cancel);
        found.Problem.ShouldBeNull();
        found.Entries.ShouldBe(90);
        found.Head.ShouldBe(receipts.MaxBy(r => r.Sequence)!.Hash);
        foreach (AuditLog server in servers) await server.DisposeAsync();
    }

    [Fact]
    public async Task Entries_that_wait_together_are_written_together()
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(false, postgres);
        await using AuditLog log = Log(database.Contexts);
        AuditReceipt[] receipts = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => log.AppendAsync(Entry($"{i}"))));
        await using ServerDatabase state = await database.Contexts.CreateDbContextAsync(Cancel);
        int times = await state.Audit.Select(a => a.Time).Distinct().CountAsync(Cancel);      // one for each commit
        times.ShouldBeLessThan(receipts.Length / 4);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_entry_says_who_asked_what_and_its_texts_are_kept(bool isPostgres)
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(isPostgres, postgres);
        await using AuditLog log = Log(database.Contexts);
        AuditReceipt receipt = await log.AppendAsync(Entry("Wie heißt der Fluß?\0\ud83d"));
        AuditRecord record = (await log.FindAsync(receipt.Sequence, Cancel))!;
        AnswerLine line = record.Line.ShouldBeOfType<AnswerLine>();
        (line.Key, line.Name, line.Model, line.ModelDigest, line.Seed).ShouldBe(("k1", "library", "tiny", new string('a', 64), 42));
        line.Options!["temperature"]!.GetValue<double>().ShouldBe(0.5);
        record.Prompt.ShouldBe("Wie heißt der Fluß?\ufffd\ufffd");
        line.Prompt.ShouldBe(AuditTextDigest.Of(record.Salt!, record.Prompt!));
        (await Verify(database)).Holds.ShouldBeTrue();
    }

    [Fact]
    public async Task With_digests_alone_no_text_is_kept_and_one_can_still_be_shown_to_be_it()
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(false, postgres);
        await using AuditLog log = Log(database.Contexts, AuditTexts.Digests);
        await log.AppendAsync(Entry("a secret question"));
        AuditRecord record = (await log.FindAsync(1, Cancel))!;
        (record.Prompt, record.Answer).ShouldBe((null, null));
        ((AnswerLine)record.Line!).Prompt.ShouldBe(AuditTextDigest.Of(record.Salt!, "a secret question"));
        (await Verify(database)).Holds.ShouldBeTrue();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(database.Choice.Place)!)) (await File.ReadAllTextAsync(file, Cancel)).ShouldNotContain("a secret question");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Redacted_texts_are_gone_and_the_chain_holds(bool isPostgres)
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(isPostgres, postgres);
        await using AuditLog log = Log(database.Contexts);
        for (int i = 0; i < 3; i++) await log.AppendAsync(Entry($"question {i}"));
        var keeping = new AuditKeeping(database.Contexts, TimeProvider.System);
        await keeping.RedactAsync(2, "names a patient", "me", Cancel);
        AuditRecord record = (await log.FindAsync(2, Cancel))!;
        (record.Salt, record.Prompt, record.Answer).ShouldBe((null, null, null));
        AuditVerification found = await Verify(database);
        (found.Holds, found.Redacted, found.Entries).ShouldBe((true, 1, 4));
        (await Should.ThrowAsync<AuditException>(() => keeping.RedactAsync(2, "again", "me", Cancel))).Message.ShouldContain("taken out already");
        await Should.ThrowAsync<AuditException>(() => keeping.RedactAsync(99, "none", "me", Cancel));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Old_entries_are_cut_down_to_their_hashes_and_the_chain_holds(bool isPostgres)
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(isPostgres, postgres);
        var clock = new TestClock(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var log = new AuditLog(database.Contexts, clock, new ServerOptions { Home = "/" });
        AuditReceipt first = await log.AppendAsync(Entry("old"));
        await log.AppendAsync(Entry("old too"));
        clock.Now += TimeSpan.FromDays(40);
        await log.AppendAsync(Entry("new"));
        var keeping = new AuditKeeping(database.Contexts, clock);
        (await keeping.PruneAsync(TimeSpan.FromDays(30), Cancel)).ShouldBe(2);
        (await keeping.PruneAsync(TimeSpan.FromDays(30), Cancel)).ShouldBe(0);
        AuditVerification found = await AuditVerification.RunAsync(database.Contexts, first.Hash, cancel: Cancel);
        (found.Holds, found.Pruned, found.Entries).ShouldBe((true, 2, 4));
        (await log.FindAsync(1, Cancel))!.Line.ShouldBeNull();
        clock.Now += TimeSpan.FromDays(400);
        (await keeping.PruneAsync(TimeSpan.FromDays(30), Cancel)).ShouldBe(2);
        (await Verify(database)).Holds.ShouldBeTrue();
    }

    [Fact]
    public async Task A_log_that_can_not_be_written_acknowledges_nothing()
    {
        using TestDatabase database = await TestDatabase.EmptyAsync(false, postgres);
        await using AuditLog log = Log(database.Contexts);
        (await Should.ThrowAsync<AuditException>(() => log.AppendAsync(Entry("lost")))).Message.ShouldContain("does not count as given");
    }

    private static AuditLog Log(IDbContextFactory<ServerDatabase> contexts, AuditTexts texts = AuditTexts.Stored) =>
        new(contexts, TimeProvider.System, new ServerOptions { Home = "/", AuditTexts = texts });

    private static Task<AuditVerification> Verify(TestDatabase database) => AuditVerification.RunAsync(database.Contexts, null, cancel: Cancel);

    internal static AuditEntry Entry(string prompt) => new()
    {
        Key = "k1",
        Name = "library",
        Endpoint = "/v1/chat/completions",
        Model = "tiny",
        ModelDigest = new string('a', 64),
        Seed = 42,
        Options = new JsonObject { ["temperature"] = 0.5 },
        Prompt = prompt,
        Answer = "An answer.",
        PromptTokens = 3,
        AnswerTokens = 4,
    };
}
