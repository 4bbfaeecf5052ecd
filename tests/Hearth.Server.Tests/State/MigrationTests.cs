using System.Data.Common;
using Hearth.Server.Hosting;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.State;

public sealed class MigrationTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Migrations_make_the_very_tables_that_the_model_has(bool isPostgres)
    {
        using TestDatabase migrated = await TestDatabase.MigratedAsync(isPostgres, postgres);
        using TestDatabase created = await TestDatabase.EmptyAsync(isPostgres, postgres);
        await using (ServerDatabase database = await created.Contexts.CreateDbContextAsync(Cancel)) await database.Database.EnsureCreatedAsync(Cancel);
        IReadOnlyList<string> expected = await Schema(created, isPostgres);
        expected.Count.ShouldBeGreaterThan(60);
        (await Schema(migrated, isPostgres)).ShouldBe(expected);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Servers_that_start_at_once_migrate_once(bool isPostgres)
    {
        using TestDatabase database = await TestDatabase.EmptyAsync(isPostgres, postgres);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Migrator.MigrateAsync(database.Choice, database.Another(), Cancel))));
        await using ServerDatabase state = await database.Contexts.CreateDbContextAsync(Cancel);
        (await state.Database.GetAppliedMigrationsAsync(Cancel)).ShouldBe(state.Database.GetMigrations());
    }

    [Fact]
    public async Task A_server_killed_while_it_migrated_keeps_no_other_from_it()
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(false, postgres);
        await using (ServerDatabase state = await database.Contexts.CreateDbContextAsync(Cancel))
        {
            await state.Database.ExecuteSqlRawAsync("""
                CREATE TABLE IF NOT EXISTS "__EFMigrationsLock" ("Id" INTEGER PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT OR REPLACE INTO "__EFMigrationsLock" VALUES (1, '2026-01-01')
                """, Cancel);
        }
        await Migrator.MigrateAsync(database.Choice, database.Another(), Cancel).WaitAsync(TimeSpan.FromSeconds(20), Cancel);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_database_of_a_newer_program_is_left_alone(bool isPostgres)
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(isPostgres, postgres);
        await using (ServerDatabase state = await database.Contexts.CreateDbContextAsync(Cancel))
        {
            await state.Database.ExecuteSqlRawAsync("""INSERT INTO "__EFMigrationsHistory" VALUES ('9999_of_tomorrow', '99.0.0')""", Cancel);
        }
        ServerStartException refusal = await Should.ThrowAsync<ServerStartException>(() => Migrator.MigrateAsync(database.Choice, database.Another(), Cancel));
        refusal.Message.ShouldContain("9999_of_tomorrow");
    }

    [Fact]
    public async Task The_file_is_its_owners_alone_and_writes_are_on_the_disk()
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(false, postgres);
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(database.Choice.Place).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using ServerDatabase state = await database.Contexts.CreateDbContextAsync(Cancel);
        (await Read(state, "PRAGMA journal_mode")).ShouldBe(["wal"]);
        (await Read(state, "PRAGMA synchronous")).ShouldBe(["2"]);               // FULL
        (await Read(state, "PRAGMA foreign_keys")).ShouldBe(["1"]);
    }

    private static async Task<IReadOnlyList<string>> Schema(TestDatabase database, bool isPostgres)
    {
        await using ServerDatabase state = await database.Contexts.CreateDbContextAsync(Cancel);
        if (isPostgres)
        {
            return
            [
                .. await Read(state, "SELECT table_name, column_name, data_type, is_nullable, character_maximum_length FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%' ORDER BY 1, 2"),
                .. await Read(state, "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_%' ORDER BY 1"),
            ];
        }
        return
        [
            .. await Read(state, "SELECT m.name, c.name, c.type, c.\"notnull\", c.pk FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY 1, 2"),
            .. await Read(state, "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"),
        ];
    }

    private static async Task<IReadOnlyList<string>> Read(ServerDatabase state, string query)
    {
        await state.Database.OpenConnectionAsync(Cancel);
        await using DbCommand command = state.Database.GetDbConnection().CreateCommand();
        command.CommandText = query;
        await using DbDataReader reader = await command.ExecuteReaderAsync(Cancel);
        var lines = new List<string>();
        while (await reader.ReadAsync(Cancel)) lines.Add(string.Join(' ', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i))));
        return lines;
    }
}
