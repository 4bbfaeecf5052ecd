using System.Globalization;
using System.Security.Claims;
using Hearth.Server.Security;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.Extensions.Logging;

namespace Hearth.Server.Pages.Sessions;

/// <summary>
/// Who looks at a page that stays open: who opened it, for as long as that holds. A page asks again every few seconds, and before each thing it does by
/// <see cref="PageCaller"/>, so that a key that was revoked, or a session that ended, does nothing more.
/// </summary>
/// <param name="log">Where failures go.</param>
/// <param name="keys">The keys.</param>
/// <param name="time">What time it is.</param>
internal sealed class CircuitIdentity(ILoggerFactory log, KeyStore keys, TimeProvider time) : RevalidatingServerAuthenticationStateProvider(log)
{
    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(20);

    /// <summary>The caller as the keys say it now; null when they may do nothing any more.</summary>
    public async Task<Caller?> CurrentAsync(ClaimsPrincipal user, CancellationToken cancel)
    {
        if (user.Identity?.IsAuthenticated != true) return null;
        if (user.FindFirstValue(SessionRoutes.UntilClaim) is { } until && time.GetUtcNow() >= DateTimeOffset.Parse(until, CultureInfo.InvariantCulture)) return null;
        string id = Caller.Of(user).Id;
        if (id == Caller.LocalId) return await keys.AnyAsync(cancel).ConfigureAwait(false) ? null : Caller.Local;
        return await keys.FindByIdAsync(id, cancel).ConfigureAwait(false) is { } key ? Caller.Of(key) : null;
    }

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        await CurrentAsync(authenticationState.User, cancellationToken).ConfigureAwait(false) is not null;
}
