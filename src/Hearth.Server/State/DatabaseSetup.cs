using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Hearth.Server.State;

/// <summary>How the database is reached.</summary>
public static class DatabaseSetup
{
    /// <summary>A place to get contexts from, each for one piece of work.</summary>
    /// <param name="choice">Which database.</param>
    public static IDbContextFactory<ServerDatabase> Factory(DatabaseChoice choice)
    {
        var builder = new DbContextOptionsBuilder<ServerDatabase>();
        if (choice.IsPostgres) builder.UseNpgsql(choice.Place);
        else
        {
            string connection = new SqliteConnectionStringBuilder { DataSource = choice.Place, DefaultTimeout = 30, ForeignKeys = true }.ToString();
            builder.UseSqlite(connection).AddInterceptors(Durable.Instance);
        }
        // The migrations are written by hand, without a picture of the model beside them; a test compares the two.
        builder.ConfigureWarnings(w => w.Ignore(RelationalEventId.PendingModelChangesWarning));
        return new Contexts(builder.Options);
    }

    private sealed class Contexts(DbContextOptions<ServerDatabase> options) : IDbContextFactory<ServerDatabase>
    {
        public ServerDatabase CreateDbContext() => new(options);
    }

    /// <summary>What is committed is on the disk, and whoever waits for a lock waits.</summary>
    private sealed class Durable : DbConnectionInterceptor
    {
        public static readonly Durable Instance = new();

        private const string Settings = "PRAGMA synchronous=FULL; PRAGMA busy_timeout=30000;";

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            using DbCommand command = connection.CreateCommand();
            command.CommandText = Settings;
            command.ExecuteNonQuery();
        }

        public override async Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            DbCommand command = connection.CreateCommand();
            await using (command.ConfigureAwait(false))
            {
                command.CommandText = Settings;
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
