using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;

namespace Hearth.Server.Tests;

/// <summary>A new and empty database of either kind.</summary>
public sealed class TestDatabase : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("hearth-state-").FullName;

    private TestDatabase(string? text)
    {
        Text = text;
        Choice = DatabaseChoice.Parse(text, _home);
        Contexts = DatabaseSetup.Factory(Choice);
    }

    /// <summary>As HEARTH_DB names it.</summary>
    public string? Text { get; }

    public DatabaseChoice Choice { get; }

    public IDbContextFactory<ServerDatabase> Contexts { get; }

    /// <summary>Opens another way to the same database, as another server would.</summary>
    public IDbContextFactory<ServerDatabase> Another() => DatabaseSetup.Factory(Choice);

    /// <summary>A database without tables.</summary>
    /// <param name="isPostgres">Which kind.</param>
    /// <param name="postgres">Where databases of PostgreSQL come from.</param>
    public static async Task<TestDatabase> EmptyAsync(bool isPostgres, PostgresServer postgres) => new(isPostgres ? await postgres.NewDatabaseAsync() : null);

    /// <summary>A database with its tables.</summary>
    /// <param name="isPostgres">Which kind.</param>
    /// <param name="postgres">Where databases of PostgreSQL come from.</param>
    public static async Task<TestDatabase> MigratedAsync(bool isPostgres, PostgresServer postgres)
    {
        TestDatabase database = await EmptyAsync(isPostgres, postgres);
        await Migrator.MigrateAsync(database.Choice, database.Contexts);
        return database;
    }

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_home, recursive: true);
    }
}

/// <summary>A clock that a test sets.</summary>
internal sealed class TestClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Now.UtcTicks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;
}
