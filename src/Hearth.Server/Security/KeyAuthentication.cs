using System.Security.Claims;
using System.Text.Encodings.Web;
using Hearth.Server.Hosting;
using Hearth.Server.Pages.Shell;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Hearth.Server.Security;

/// <summary>
/// Recognises who asks: by <c>Authorization: Bearer KEY</c>, by <c>x-api-key: KEY</c>, by a session's cookie; or, on loopback while no key was ever made,
/// as <see cref="Caller.Local"/>. A key that is shown and wrong is an error, whatever else the request has.
/// </summary>
internal sealed class KeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory log, UrlEncoder encoder, KeyStore keys, ServerOptions server)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, log, encoder)
{
    /// <summary>The scheme of requests that show a key, and the one that asks the others.</summary>
    public const string Key = "key";

    /// <summary>The scheme of sessions.</summary>
    public const string Session = "session";

    // A proxy in front tells of itself by these: what it passes on did not come from this machine.
    private static readonly string[] ProxyHeaders = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"];

    /// <summary>The key that a request shows; null when it shows none, empty when it shows something that is none.</summary>
    public static string? Shown(IHeaderDictionary headers)
    {
        if (headers.TryGetValue("x-api-key", out StringValues key)) return key.ToString();
        if (!headers.TryGetValue("Authorization", out StringValues authorization)) return null;
        string text = authorization.ToString();
        return text.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? text["Bearer ".Length..].Trim() : "";
    }

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // What is open to all does not wait for the database, nor end with it.
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null) return AuthenticateResult.NoResult();
        CancellationToken cancel = Context.RequestAborted;
        if (Shown(Request.Headers) is { } shown)
        {
            // On a server without keys clients still send something: their libraries insist on it.
            if (await keys.FindAsync(shown, cancel).ConfigureAwait(false) is { } key) return Recognised(Caller.Of(key), Key);
            return await MayBeLocal(cancel).ConfigureAwait(false) ? Recognised(Caller.Local, Key) : AuthenticateResult.Fail("wrong key");
        }
        AuthenticateResult session = await Context.AuthenticateAsync(Session).ConfigureAwait(false);
        if (session.Succeeded) return Recognised(Caller.Of(session.Principal), Session, session.Properties);
        return await MayBeLocal(cancel).ConfigureAwait(false) ? Recognised(Caller.Local, Key) : AuthenticateResult.NoResult();
    }

    /// <summary>Programs are told that a key is missing, people are shown where to give one.</summary>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (PlainPage.IsWanted(Request)) Response.Redirect($"{SessionRoutes.Login}?to={UrlEncoder.Encode(Request.Path + Request.QueryString)}");
        else
        {
            Response.StatusCode = StatusCodes.Status401Unauthorized;
            Response.Headers.WWWAuthenticate = "Bearer";
        }
        return Task.CompletedTask;
    }

    private async Task<bool> MayBeLocal(CancellationToken cancel) =>
        server is { IsLoopback: true, RequireKeys: false } && !ProxyHeaders.Any(Request.Headers.ContainsKey) && !await keys.AnyAsync(cancel).ConfigureAwait(false);

    private static AuthenticateResult Recognised(Caller caller, string scheme, AuthenticationProperties? session = null)
    {
        ClaimsPrincipal user = caller.ToPrincipal(scheme);
        user.AddSession(session);
        return AuthenticateResult.Success(new AuthenticationTicket(user, Key));
    }
}
