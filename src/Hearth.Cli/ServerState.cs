using Hearth.Server.Auditing;
using Hearth.Server.Hosting;
using Hearth.Server.Security;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;

namespace Hearth.Cli;

/// <summary>The server's state, for commands that work on it while the server runs or not.</summary>
internal static class ServerState
{
    /// <summary>HEARTH_DB; null for a file in HEARTH_HOME.</summary>
    public static string? Database => Environment.GetEnvironmentVariable("HEARTH_DB") is { Length: > 0 } text ? text : null;

    /// <summary>Who works on it, for the audit log.</summary>
    public static string Person => $"{Environment.UserName}@{Environment.MachineName}";

    /// <summary>The database, brought on to what this program expects.</summary>
    public static async Task<IDbContextFactory<ServerDatabase>> OpenAsync(CancellationToken cancel)
    {
        var choice = DatabaseChoice.Parse(Database, Places.Home);
        IDbContextFactory<ServerDatabase> contexts = DatabaseSetup.Factory(choice);
        await Migrator.MigrateAsync(choice, contexts, cancel);
        return contexts;
    }

    /// <summary>The keys.</summary>
    public static KeyStore Keys(IDbContextFactory<ServerDatabase> contexts) => new(contexts, TimeProvider.System);

    /// <summary>The audit log, to write to; disposing it waits for what was given to it.</summary>
    public static AuditLog Audit(IDbContextFactory<ServerDatabase> contexts) => new(contexts, TimeProvider.System, new ServerOptions { Home = Places.Home });
}
