using Hearth.Server.Api;
using Hearth.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Security;

/// <summary>
/// Pages of other sites change nothing here: a request that does more than read, or opens a web socket, comes from a page of this server, from an
/// origin that was allowed, or from no page at all.
/// </summary>
internal sealed class OriginCheck(RequestDelegate next, ServerOptions options)
{
    public Task InvokeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        bool reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method);
        bool opensSocket = request.Headers.Upgrade.Count > 0 || request.Headers.ContainsKey(":protocol");
        if ((reads && !opensSocket) || IsAllowed(request)) return next(context);
        throw new ApiException(403, "A page of another site may not do this. Start the server with --cors-origin to allow one.", null, "wrong_origin");
    }

    private bool IsAllowed(HttpRequest request)
    {
        if (request.Headers.Origin.Count == 0) return request.Headers["Sec-Fetch-Site"].ToString() is not ("cross-site" or "same-site");
        string origin = request.Headers.Origin.ToString();
        return string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase) || options.CorsOrigins.Contains(origin, StringComparer.Ordinal);
    }
}
