using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Server.Api;
using Hearth.Server.Api.Wire;
using Hearth.Server.Security;
using Hearth.Server.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Hearth.Server.Auditing;

/// <summary>
/// The audit log as JSON lines, oldest first, for those who check it elsewhere: an entry's line as it is hashed (SHA-256 of its UTF-8 bytes), its hash, and
/// what is kept beside.
/// </summary>
public static class AuditExport
{
    /// <summary>The route that gives it.</summary>
    public const string Route = "/audit-log/export";

    private const int Page = 500;

    /// <summary>Writes entries.</summary>
    /// <param name="contexts">The database.</param>
    /// <param name="filter">Which ones.</param>
    /// <param name="into">Where.</param>
    /// <param name="cancel">Ends the work early.</param>
    public static async Task WriteAsync(IDbContextFactory<ServerDatabase> contexts, AuditFilter filter, Stream into, CancellationToken cancel)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        long after = 0;
        while (true)
        {
            long from = after;
            List<AuditRow> rows = await filter.Of(database.Audit.AsNoTracking()).Where(a => a.Sequence > from).OrderBy(a => a.Sequence).Take(Page).ToListAsync(cancel).ConfigureAwait(false);
            foreach (AuditRow row in rows)
            {
                var line = new JsonObject
                {
                    ["sequence"] = row.Sequence, ["hash"] = row.Hash, ["line"] = row.Line, ["salt"] = row.Salt, ["prompt"] = row.Prompt, ["answer"] = row.Answer,
                };
                await into.WriteAsync(JsonSerializer.SerializeToUtf8Bytes<JsonNode>(line, Json.Plain), cancel).ConfigureAwait(false);
                await into.WriteAsync("\n"u8.ToArray(), cancel).ConfigureAwait(false);
            }
            if (rows.Count < Page) return;
            after = rows[^1].Sequence;
        }
    }

    internal static void MapAuditExport(this IEndpointRouteBuilder routes) =>
        routes.MapGet(Route, Get).RequireAuthorization(Guard.Admin).WithSummary("The audit log as JSON lines.");

    private static async Task Get(HttpContext context, IDbContextFactory<ServerDatabase> contexts, string? key, string? model, string? day)
    {
        DateOnly? on = null;
        if (!string.IsNullOrEmpty(day))
        {
            on = DateOnly.TryParseExact(day, "yyyy-MM-dd", out DateOnly parsed) ? parsed : throw new ApiException(400, $"The day '{day}' is none, expected one such as 2026-01-31.", "day");
        }
        context.Response.ContentType = "application/x-ndjson; charset=utf-8";
        context.Response.Headers.ContentDisposition = "attachment; filename=\"audit-log.jsonl\"";
        context.Response.Headers.CacheControl = "no-store";
        await WriteAsync(contexts, new AuditFilter(Blank(key), Blank(model), on), context.Response.Body, context.RequestAborted).ConfigureAwait(false);
    }

    private static string? Blank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
