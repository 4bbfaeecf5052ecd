using Hearth.Server.Api;
using Hearth.Server.Security;
using Microsoft.AspNetCore.Components.Authorization;

namespace Hearth.Server.Pages.Sessions;

/// <summary>Who looks at the page. Pages ask before everything they do.</summary>
/// <param name="states">Who opened the page.</param>
public sealed class PageCaller(AuthenticationStateProvider states)
{
    /// <summary>The caller, with the rights and limits they have now.</summary>
    /// <param name="cancel">Ends the work early.</param>
    /// <exception cref="ApiException">The key was revoked or the session has ended: status 401.</exception>
    public async Task<Caller> GetAsync(CancellationToken cancel = default)
    {
        AuthenticationState state = await states.GetAuthenticationStateAsync().ConfigureAwait(false);
        return await ((CircuitIdentity)states).CurrentAsync(state.User, cancel).ConfigureAwait(false)
            ?? throw new ApiException(401, "Your session has ended. Load the page again and log in.", null, "session_ended");
    }

    /// <summary>The caller, who has to be an admin.</summary>
    /// <param name="cancel">Ends the work early.</param>
    /// <exception cref="ApiException">The session has ended, or it is not an admin's.</exception>
    public async Task<Caller> RequireAdminAsync(CancellationToken cancel = default)
    {
        Caller caller = await GetAsync(cancel).ConfigureAwait(false);
        return caller.IsAdmin ? caller : throw new ApiException(403, "This is for admins. Ask one of them.", null, "forbidden");
    }
}
