using System.Data.Common;
using Hearth.Server.Security;
using Hearth.Server.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;

namespace Hearth.Server.Operations;

/// <summary>Whether the server lives, whether it takes work, and how it does.</summary>
internal static class HealthRoutes
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", () => Results.Text("ok")).AllowAnonymous();
        routes.MapGet("/ready", Ready);
        routes.MapGet("/metrics", (Metrics metrics) => Results.Text(metrics.ToPrometheus(), "text/plain; version=0.0.4")).RequireAuthorization(Guard.Admin);
    }

    private static async Task<IResult> Ready(IHostApplicationLifetime lifetime, IDbContextFactory<ServerDatabase> contexts, CancellationToken cancel)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested) return NotReady("stopping");
        try
        {
            await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
            await database.Audit.AsNoTracking().Select(a => a.Sequence).FirstOrDefaultAsync(cancel).ConfigureAwait(false);
            return Results.Text("ready");
        }
        catch (DbException)
        {
            return NotReady("the database does not answer");
        }
    }

    private static IResult NotReady(string why) => Results.Text(why, statusCode: StatusCodes.Status503ServiceUnavailable);
}
