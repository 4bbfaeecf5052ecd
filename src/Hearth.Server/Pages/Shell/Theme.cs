using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Pages.Shell;

/// <summary>Dark or light, as somebody chose it: a cookie that hearth.js writes, so that pages come in the right colours.</summary>
internal static class Theme
{
    private const string Cookie = "hearth-theme";

    /// <summary><c>dark</c> or <c>light</c>; null for what the system prefers.</summary>
    public static string? Of(HttpContext context) => context.Request.Cookies[Cookie] is "dark" or "light" ? context.Request.Cookies[Cookie] : null;
}
