using System.Diagnostics;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Hearth.Server.Operations;

/// <summary>A line and a measurement for each request: the route, never what was asked. A route's pattern stands for its path, which may hold ids.</summary>
internal sealed class RequestLog(RequestDelegate next, Metrics metrics, ILogger<RequestLog> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        long began = Stopwatch.GetTimestamp();
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            string route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "none";
            // A page's connection lasts as long as the page is open, and is no measure of anything.
            if (context.Response.StatusCode != StatusCodes.Status101SwitchingProtocols) metrics.Requests.Record(seconds, new("method", MethodOf(context.Request)), new("route", route), new("status", context.Response.StatusCode));
            (string method, int status, double milliseconds) = (MethodOf(context.Request), context.Response.StatusCode, seconds * 1000);
            string key = context.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? "nobody";
            log.LogInformation("{Method} {Route} {Status} in {Milliseconds:0} ms for {Key}", method, route, status, milliseconds, key);
        }
    }

    /// <summary>Clients can make methods up; those are one.</summary>
    private static string MethodOf(HttpRequest request) => request.Method is "GET" or "POST" or "HEAD" or "DELETE" or "PUT" or "PATCH" or "OPTIONS" ? request.Method : "other";
}
