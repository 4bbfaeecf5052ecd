using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Api;

/// <summary>Who asks.</summary>
internal static class Caller
{
    /// <summary>The name of the key that a request came with.</summary>
    public static string Owner(this HttpContext context) => context.User.Identity?.Name ?? "local";
}
