using Hearth.Server.Security;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;

namespace Hearth.Server.Hosting;

/// <summary>What comes before the first connection: the database is brought on, and a server that others can reach has keys.</summary>
internal sealed class ServerStart(ServerOptions options, DatabaseChoice choice, IDbContextFactory<ServerDatabase> contexts, KeyStore keys) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await Migrator.MigrateAsync(choice, contexts, cancellationToken).ConfigureAwait(false);
        if ((options.IsLoopback && !options.RequireKeys) || await keys.AnyAsync(cancellationToken).ConfigureAwait(false)) return;
        string why = options.IsLoopback ? "Keys are asked for" : $"{options.Address} can be reached from other machines";
        throw new ServerStartException($"{why}, and there is no key yet. Make one with `hearth key add NAME --role admin`, then start again.");
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
