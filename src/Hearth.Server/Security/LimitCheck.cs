using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Security;

/// <summary>Holds requests that show a key to the key's limits. Pages count what they ask of models themselves.</summary>
internal sealed class LimitCheck(RequestDelegate next, UsageMeter usage)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.User.Identity is { IsAuthenticated: true, AuthenticationType: KeyAuthentication.Key })
        {
            await usage.AdmitAsync(context.Caller(), context.RequestAborted).ConfigureAwait(false);
        }
        await next(context).ConfigureAwait(false);
    }
}
