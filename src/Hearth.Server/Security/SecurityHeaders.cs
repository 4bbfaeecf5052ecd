using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Security;

/// <summary>Headers of every answer: nothing from elsewhere is loaded, no page of ours is framed, no address of ours is told to others.</summary>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    private const string ContentPolicy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    public Task InvokeAsync(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";                               // no-referrer would make the origin of our own forms null
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        return next(context);
    }
}
