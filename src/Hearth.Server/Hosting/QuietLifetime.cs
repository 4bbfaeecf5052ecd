using Microsoft.Extensions.Hosting;

namespace Hearth.Server.Hosting;

/// <summary>Leaves signals to the command line, which says what Ctrl-C and SIGTERM do in all commands.</summary>
internal sealed class QuietLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
