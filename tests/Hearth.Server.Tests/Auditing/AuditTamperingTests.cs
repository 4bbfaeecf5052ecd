using Hearth.Models.Formats;
using Hearth.Server.Auditing;
using Hearth.Server.Hosting;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Auditing;

/// <summary>Whatever is changed in the database behind the log's back is found, and the first bad entry is named.</summary>
public sealed class AuditTamperingTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, long> Changes => new()
    {
        { "UPDATE audit SET line = replace(line, '\"seed\":42', '\"seed\":43') WHERE sequence = 3", 3 },
        { "UPDATE audit SET prompt = 'another question' WHERE sequence = 3", 3 },
        { "UPDATE audit SET answer = 'another answer' WHERE sequence = 3", 3 },
        { "UPDATE audit SET prompt = NULL WHERE sequence = 3", 3 },
        { "UPDATE audit SET prompt = NULL, answer = NULL, salt = NULL WHERE sequence = 3", 3 },
        { "UPDATE audit SET line = NULL WHERE sequence = 3", 3 },
        { "UPDATE audit SET line = NULL WHERE sequence = 1", 1 },
        { "UPDATE audit SET key_id = 'k2' WHERE sequence = 3", 3 },
        { "UPDATE audit SET time = '2020-01-01 00:00:00' WHERE sequence = 3", 3 },
        { "DELETE FROM audit WHERE sequence = 3", 4 },
        { "DELETE FROM audit WHERE sequence = 1", 2 },
        { "UPDATE audit SET line = (SELECT b.line FROM audit b WHERE b.sequence = 2), hash = (SELECT b.hash FROM audit b WHERE b.sequence = 2) WHERE sequence = 3", 3 },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_change_is_found_at_its_entry(string change, long bad)
    {
        using TestDatabase database = await Chain();
        (await AuditVerification.RunAsync(database.Contexts, null, cancel: Cancel)).Holds.ShouldBeTrue();
        await Execute(database, change);
        AuditVerification found = await AuditVerification.RunAsync(database.Contexts, null, cancel: Cancel);
        found.BadEntry.ShouldBe(bad, found.Problem);
    }

    [Fact]
    public async Task A_line_rewritten_with_its_own_hash_is_found_at_the_next()
    {
        using TestDatabase database = await Chain();
        await using (ServerDatabase state = await database.Contexts.CreateDbContextAsync(Cancel))
        {
            AuditRow row = await state.Audit.SingleAsync(a => a.Sequence == 3, Cancel);
            row.Line = row.Line!.Replace("\"seed\":42", "\"seed\":43", StringComparison.Ordinal);
            row.Hash = Digest.Of(row.Line);
            await state.SaveChangesAsync(Cancel);
        }
        (await AuditVerification.RunAsync(database.Contexts, null, cancel: Cancel)).BadEntry.ShouldBe(4);
    }

    [Fact]
    public async Task An_end_that_was_cut_off_is_found_by_a_hash_that_was_noted()
    {
        using TestDatabase database = await Chain();
        string head = (await AuditVerification.RunAsync(database.Contexts, null, cancel: Cancel)).Head;
        await Execute(database, "DELETE FROM audit WHERE sequence = 5");
        (await AuditVerification.RunAsync(database.Contexts, null, cancel: Cancel)).Holds.ShouldBeTrue();
        AuditVerification found = await AuditVerification.RunAsync(database.Contexts, head, cancel: Cancel);
        found.Holds.ShouldBeFalse();
        found.Problem!.ShouldContain(head);
    }

    private async Task<TestDatabase> Chain()
    {
        TestDatabase database = await TestDatabase.MigratedAsync(false, postgres);
        await using var log = new AuditLog(database.Contexts, TimeProvider.System, new ServerOptions { Home = "/" });
        for (int i = 0; i < 5; i++) await log.AppendAsync(AuditLogTests.Entry($"question {i}"));
        return database;
    }

    private static async Task Execute(TestDatabase database, string change)
    {
        await using ServerDatabase state = await database.Contexts.CreateDbContextAsync(Cancel);
        (await state.Database.ExecuteSqlRawAsync(change, Cancel)).ShouldBe(1);
    }
}
