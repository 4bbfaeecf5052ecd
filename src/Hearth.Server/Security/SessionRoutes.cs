using System.Net;
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

    public static void MapSessions(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Login, (HttpContext context, IAntiforgery forms, string? to) => Form(context, forms, to, wrong: false)).AllowAnonymous();
        routes.MapPost(Login, Begin).AllowAnonymous();
        routes.MapPost(Logout, End);
    }

    private static async Task<IResult> Begin(HttpContext context, IAntiforgery forms, KeyStore keys, [FromForm] string? key, [FromForm] string? to)
    {
        if (await keys.FindAsync(key?.Trim(), context.RequestAborted).ConfigureAwait(false) is not { } found) return Form(context, forms, to, wrong: true);
        await context.SignInAsync(KeyAuthentication.Session, Caller.Of(found).ToPrincipal(KeyAuthentication.Session), new AuthenticationProperties { IsPersistent = true })
            .ConfigureAwait(false);
        return Results.LocalRedirect(Inside(to));
    }

    private static async Task<IResult> End(HttpContext context, IAntiforgery forms)
    {
        await forms.ValidateRequestAsync(context).ConfigureAwait(false);
        await context.SignOutAsync(KeyAuthentication.Session).ConfigureAwait(false);
        return Results.LocalRedirect(Login);
    }

    /// <summary>A place on this server; the first page when it is elsewhere.</summary>
    private static string Inside(string? to) => to is ['/', ..] && !to.StartsWith("//", StringComparison.Ordinal) && !to.Contains('\\', StringComparison.Ordinal) && !to.Any(char.IsControl) ? to : "/";

    private static IResult Form(HttpContext context, IAntiforgery forms, string? to, bool wrong)
    {
        AntiforgeryTokenSet tokens = forms.GetAndStoreTokens(context);
        string page = $"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Hearth: log in</title></head>
            <body><main><h1>Hearth</h1>
            <form method="post" action="{Login}">
            <input type="hidden" name="{WebUtility.HtmlEncode(tokens.FormFieldName)}" value="{WebUtility.HtmlEncode(tokens.RequestToken)}">
            <input type="hidden" name="to" value="{WebUtility.HtmlEncode(Inside(to))}">
            {(wrong ? "<p role=\"alert\">This is not a key, or it holds no longer. Ask an admin for one.</p>" : "")}
            <p><label for="key">Key</label> <input id="key" name="key" type="password" autocomplete="current-password" required autofocus></p>
            <p><button type="submit">Log in</button></p>
            </form></main></body></html>
            """;
        return Results.Content(page, "text/html; charset=utf-8", statusCode: wrong ? StatusCodes.Status401Unauthorized : StatusCodes.Status200OK);
    }
}
