using System.Collections.Concurrent;
using System.Security.Claims;
using Hearth.Server.Security;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace Hearth.Server.Pages.Sessions;

/// <summary>The pages that are open, by their session: when somebody logs out, all of theirs end.</summary>
internal sealed class OpenCircuits
{
    private readonly ConcurrentDictionary<CircuitOfSession, string> _open = [];

    public void Add(CircuitOfSession circuit, string session) => _open[circuit] = session;

    public void Remove(CircuitOfSession circuit) => _open.TryRemove(circuit, out _);

    /// <summary>Ends all pages of a session.</summary>
    public void End(string session)
    {
        foreach ((CircuitOfSession circuit, string of) in _open)
        {
            if (of == session) circuit.End();
        }
    }
}

/// <summary>An open page.</summary>
/// <param name="circuits">All that are open.</param>
/// <param name="states">Who opened it.</param>
internal sealed class CircuitOfSession(OpenCircuits circuits, AuthenticationStateProvider states) : CircuitHandler
{
    public override async Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        AuthenticationState state = await states.GetAuthenticationStateAsync().ConfigureAwait(false);
        if (state.User.FindFirstValue(SessionRoutes.SessionClaim) is { } session) circuits.Add(this, session);
    }

    public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        circuits.Remove(this);
        return Task.CompletedTask;
    }

    /// <summary>Leaves nobody at the page: it shows the way to the login, and does nothing more.</summary>
    public void End() => ((CircuitIdentity)states).SetAuthenticationState(Task.FromResult(new AuthenticationState(new ClaimsPrincipal())));
}
