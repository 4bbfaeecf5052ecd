using System.Globalization;
using System.Net;
using System.Security.Claims;
using Hearth.Server.Pages.Sessions;
using Hearth.Server.Pages.Shell;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Hearth.Server.Security;

/// <summary>People show their key once and get a session: a cookie that scripts do not see and other sites do not send.</summary>
internal static class SessionRoutes
{
    public const string Login = "/login", Logout = "/logout";

    /// <summary>Which session a page was opened in, and when that ends.</summary>
    public const string SessionClaim = "hearth:session", UntilClaim = "hearth:until";

    public static void MapSessions(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Login, (HttpContext context, IAntiforgery forms, string? to) => Form(context, forms, to, wrong: false)).AllowAnonymous();
        routes.MapPost(Login, Begin).AllowAnonymous();
        routes.MapPost(Logout, End);
    }

    private static async Task<IResult> Begin(HttpContext context, IAntiforgery forms, KeyStore keys, [FromForm] string? key, [FromForm] string? to)
    {
        if (await keys.FindAsync(key?.Trim(), context.RequestAborted).ConfigureAwait(false) is not { } found) return Form(context, forms, to, wrong: true);
        var properties = new AuthenticationProperties { IsPersistent = true };
        properties.SetString(SessionClaim, Guid.NewGuid().ToString("N"));
        await context.SignInAsync(KeyAuthentication.Session, Caller.Of(found).ToPrincipal(KeyAuthentication.Session), properties).ConfigureAwait(false);
        return Results.LocalRedirect(Inside(to));
    }

    private static async Task<IResult> End(HttpContext context, IAntiforgery forms, OpenCircuits circuits)
    {
        await forms.ValidateRequestAsync(context).ConfigureAwait(false);
        if (context.User.FindFirstValue(SessionClaim) is { } session) circuits.End(session);
        await context.SignOutAsync(KeyAuthentication.Session).ConfigureAwait(false);
        return Results.LocalRedirect(Login);
    }

    /// <summary>Adds to a recognised caller which session it is, for pages that stay open.</summary>
    public static void AddSession(this ClaimsPrincipal user, AuthenticationProperties? properties)
    {
        if (user.Identity is not ClaimsIdentity identity || properties?.GetString(SessionClaim) is not { } session) return;
        identity.AddClaim(new Claim(SessionClaim, session));
        if (properties.ExpiresUtc is { } until) identity.AddClaim(new Claim(UntilClaim, until.ToString("O", CultureInfo.InvariantCulture)));
    }

    /// <summary>A place on this server; the first page when it is elsewhere.</summary>
    private static string Inside(string? to) => to is ['/', ..] && !to.StartsWith("//", StringComparison.Ordinal) && !to.Contains('\\', StringComparison.Ordinal) && !to.Any(char.IsControl) ? to : "/";

    private static IResult Form(HttpContext context, IAntiforgery forms, string? to, bool wrong)
    {
        AntiforgeryTokenSet tokens = forms.GetAndStoreTokens(context);
        string page = PlainPage.Html(context, "Log in", $"""
            <h1>Log in</h1>
            <form method="post" action="{Login}">
            <input type="hidden" name="{WebUtility.HtmlEncode(tokens.FormFieldName)}" value="{WebUtility.HtmlEncode(tokens.RequestToken)}">
            <input type="hidden" name="to" value="{WebUtility.HtmlEncode(Inside(to))}">
            {(wrong ? "<div class=\"error\" role=\"alert\"><p>This is not a key, or it holds no longer. Ask an admin for one.</p></div>" : "")}
            <div class="field"><label for="key">Key</label><input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
            <p class="hint">An admin makes one with <code>hearth key add NAME</code>.</p></div>
            <button class="primary" type="submit">Log in</button>
            </form>
            """);
        return Results.Content(page, "text/html; charset=utf-8", statusCode: wrong ? StatusCodes.Status401Unauthorized : StatusCodes.Status200OK);
    }
}
