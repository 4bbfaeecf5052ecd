using System.Data.Common;
using Hearth.Server.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Hearth.Server.State;

/// <summary>
/// Brings the database to what this program expects. Only one server at a time does it: PostgreSQL by an advisory lock, SQLite by a lock on a file beside
/// it. Both end with the process that holds them, also when it is killed.
/// </summary>
public static class Migrator
{
    /// <summary>Any number of ours, the same in all versions.</summary>
    private const long AdvisoryLock = 0x48656172_74680001;

    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(2);

    /// <summary>Makes or brings on the tables.</summary>
    /// <param name="choice">The database.</param>
    /// <param name="contexts">Where contexts come from.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="ServerStartException">The database can not be reached, or a newer Hearth has changed it.</exception>
    public static async Task MigrateAsync(DatabaseChoice choice, IDbContextFactory<ServerDatabase> contexts, CancellationToken cancel = default)
    {
        try
        {
            if (choice.IsPostgres) await UnderAdvisoryLock(choice, contexts, cancel).ConfigureAwait(false);
            else await UnderFileLock(choice, contexts, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DbException or IOException or UnauthorizedAccessException or TimeoutException)
        {
            throw new ServerStartException($"{choice}: the database can not be used: {e.Message.TrimEnd('.')}. Check HEARTH_DB and HEARTH_HOME, and that the database runs.", e);
        }
    }

    private static async Task UnderAdvisoryLock(DatabaseChoice choice, IDbContextFactory<ServerDatabase> contexts, CancellationToken cancel)
    {
        await using var connection = new NpgsqlConnection(choice.Place);
        await connection.OpenAsync(cancel).ConfigureAwait(false);
        await using (var command = new NpgsqlCommand($"SELECT pg_advisory_lock({AdvisoryLock})", connection) { CommandTimeout = (int)LongestWait.TotalSeconds })
        {
            await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
        }
        await Apply(choice, contexts, cancel).ConfigureAwait(false);
        await using var unlock = new NpgsqlCommand($"SELECT pg_advisory_unlock({AdvisoryLock})", connection);
        await unlock.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
    }

    private static async Task UnderFileLock(DatabaseChoice choice, IDbContextFactory<ServerDatabase> contexts, CancellationToken cancel)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(choice.Place))!);
        await using FileStream held = await Lock(choice.Place + ".lock", cancel).ConfigureAwait(false);
        if (!File.Exists(choice.Place) && !OperatingSystem.IsWindows())
        {
            // Conversations and keys are for the owner's eyes; the files beside it take the same mode.
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            await new FileStream(choice.Place, options).DisposeAsync().ConfigureAwait(false);
        }
        // Entity Framework marks a migration that runs by a row, which a killed server leaves behind. We hold the lock: nobody is migrating.
        await using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = choice.Place, Pooling = false }.ToString()))
        {
            await connection.OpenAsync(cancel).ConfigureAwait(false);
            await using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA journal_mode=WAL; DROP TABLE IF EXISTS \"__EFMigrationsLock\"";
            await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
        }
        await Apply(choice, contexts, cancel).ConfigureAwait(false);
    }

    private static async Task<FileStream> Lock(string path, CancellationToken cancel)
    {
        for (TimeSpan waited = TimeSpan.Zero; ; waited += TimeSpan.FromMilliseconds(20))
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (waited < LongestWait && File.Exists(path))
            {
                await Task.Delay(20, cancel).ConfigureAwait(false);
            }
        }
    }

    private static async Task Apply(DatabaseChoice choice, IDbContextFactory<ServerDatabase> contexts, CancellationToken cancel)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        string[] known = [.. database.Database.GetMigrations()];
        string[] unknown = [.. (await database.Database.GetAppliedMigrationsAsync(cancel).ConfigureAwait(false)).Except(known)];
        if (unknown.Length > 0) throw new ServerStartException($"{choice}: a newer Hearth has changed this database ({unknown[^1]}). Start that version, or go back to a copy from before.");
        await database.Database.MigrateAsync(cancel).ConfigureAwait(false);
    }
}
