using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hearth.Server.Pages.Assets;

/// <summary><c>GET /assets/NAME.HASH.EXT</c>: what pages load. The same for all, so open to all.</summary>
internal static class AssetRoutes
{
    public static void MapAssets(this IEndpointRouteBuilder routes) => routes.MapMethods(AssetFiles.Folder + "{name}", [HttpMethods.Get, HttpMethods.Head], Get).AllowAnonymous();

    private static async Task Get(HttpContext context, string name)
    {
        HttpResponse response = context.Response;
        if (AssetFiles.Find(name) is not { } asset)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        (byte[] bytes, string? encoding) = asset.For(context.Request.Headers.AcceptEncoding.ToString());
        string tag = $"\"{asset.Hash}{(encoding is null ? "" : "-" + encoding)}\"";
        response.Headers.ETag = tag;
        response.Headers.Vary = "Accept-Encoding";
        response.Headers.CacheControl = "public, max-age=31536000, immutable";
        if (context.Request.Headers.IfNoneMatch.ToString().Split(',').Any(t => t.Trim() is "*" || t.Trim() == tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        response.ContentType = asset.ContentType;
        response.ContentLength = bytes.Length;
        if (encoding is not null) response.Headers.ContentEncoding = encoding;
        if (HttpMethods.IsGet(context.Request.Method)) await response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
    }
}
