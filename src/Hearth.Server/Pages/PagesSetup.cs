using Hearth.Server.Api;
using Hearth.Server.Pages.Assets;
using Hearth.Server.Pages.Chat;
using Hearth.Server.Pages.Sessions;
using Hearth.Server.Pages.Shared;
using Hearth.Server.Pages.Shell;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Hearth.Server.Pages;

/// <summary>
/// The pages that people see. A page is a component with <c>@page</c> in a folder of its own. Pages come rendered, and then live on a circuit. All ask for a
/// key or a session; those of admins say <c>@attribute [Authorize(Policy = Guard.Admin)]</c>. What a page does, it does as <see cref="PageCaller.GetAsync"/> says
/// at that moment. Style sheets in Assets/css are served as one, in the order of their names, and so are scripts in Assets/js.
/// </summary>
internal static class PagesSetup
{
    /// <summary>The most bytes that a browser sends at once: a long message, typed or pasted.</summary>
    private const int MostMessageBytes = 2 << 20;

    public static void AddPages(this IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents(o =>
        {
            o.DisconnectedCircuitMaxRetained = 100;
            o.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(2);
        }).AddHubOptions(o => o.MaximumReceiveMessageSize = MostMessageBytes);
        services.AddCascadingAuthenticationState();
        services.Replace(ServiceDescriptor.Scoped<AuthenticationStateProvider, CircuitIdentity>());
        services.AddScoped<PageCaller>();
        services.AddSingleton<PageErrors>();
        services.AddSingleton<ChatTurns>();
        services.AddHostedService(s => s.GetRequiredService<ChatTurns>());
        services.AddScoped<WatchedAnswers>();
        services.AddSingleton<OpenCircuits>();
        services.AddScoped<CircuitHandler, CircuitOfSession>();
    }

    /// <summary>A server that stops takes no open page back: the page goes on asking, and finds the next one.</summary>
    public static void UsePages(this WebApplication app) => app.Use((context, next) =>
    {
        bool refused = app.Lifetime.ApplicationStopping.IsCancellationRequested && context.Request.Path.StartsWithSegments("/_blazor", StringComparison.Ordinal);
        return refused ? throw new ApiException(503, "The server is stopping. Try again in a while.", null, "stopping") { RetryAfter = 1 } : next(context);
    });

    public static void MapPages(this WebApplication app)
    {
        app.MapAssets();
        app.MapConversationExports();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(o =>
        {
            o.DisableWebSocketCompression = true;                                // what people write and what is secret never stand compressed together
            o.ContentSecurityFrameAncestorsPolicy = null;                        // SecurityHeaders says it
        });
    }
}
