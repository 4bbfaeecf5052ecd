using Hearth.Server.Api;

namespace Hearth.Server.Security;

/// <summary>
/// Lets admins alone do what is for admins. Pages stay open for long, so the key is looked up again each time: one that was revoked meanwhile, or that
/// is no admin's, does nothing more, whatever the page still shows.
/// </summary>
/// <param name="keys">The keys.</param>
public sealed class AdminGate(KeyStore keys)
{
    /// <summary>Refuses whoever is no admin now.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <exception cref="ApiException">They are none: status 403.</exception>
    public async Task RequireAsync(Caller caller, CancellationToken cancel = default)
    {
        bool may = caller.Id == Caller.LocalId
            ? caller.IsAdmin && !await keys.AnyAsync(cancel).ConfigureAwait(false)
            : await keys.FindByIdAsync(caller.Id, cancel).ConfigureAwait(false) is { IsAdmin: true };
        if (!may) throw new ApiException(403, "This is for admins. Log in with an admin's key.", null, "forbidden");
    }
}
