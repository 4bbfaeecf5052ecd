using System.Data.Common;
using Hearth.Server.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hearth.Server.Auditing;

/// <summary>Cuts down old entries at the start and every hour, when the options say so.</summary>
internal sealed class AuditRetention(AuditKeeping keeping, ServerOptions options, TimeProvider time, ILogger<AuditRetention> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.AuditRetention is not { } age) return;
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), time);
        do
        {
            try
            {
                int cut = await keeping.PruneAsync(age, stoppingToken).ConfigureAwait(false);
                if (cut > 0) log.LogInformation("{Count} old entries of the audit log are cut down to their hashes", cut);
            }
            catch (DbException e)
            {
                log.LogWarning("Old entries of the audit log could not be cut down: {Problem}", e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }
}
