using Hearth.Server.Hosting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Hearth.Server.Security;

/// <summary>
/// What stands between a request and a route. A route asks for a key unless it says otherwise (<c>AllowAnonymous</c>); admins' routes say
/// <c>RequireAuthorization(Guard.Admin)</c>.
/// </summary>
public static class Guard
{
    /// <summary>The policy of routes for admins.</summary>
    public const string Admin = "admin";

    private static readonly TimeSpan SessionLength = TimeSpan.FromDays(7);

    internal static void AddGuard(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton<KeyStore>();
        services.AddSingleton<UsageMeter>();
        services.AddSingleton<KeyKeeping>();
        services.AddDataProtection().SetApplicationName("hearth");
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(s =>
            new ConfigureOptions<KeyManagementOptions>(o => o.XmlRepository = ActivatorUtilities.CreateInstance<ProtectionKeys>(s)));
        services.AddAntiforgery(o =>
        {
            o.Cookie.Name = "hearth-form";
            o.Cookie.SameSite = SameSiteMode.Strict;
            o.SuppressXFrameOptionsHeader = true;                                // frame-ancestors says it
        });
        services.AddAuthentication(KeyAuthentication.Key)
            .AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(KeyAuthentication.Key, null)
            .AddCookie(KeyAuthentication.Session, o =>
            {
                o.Cookie.Name = "hearth-session";
                o.Cookie.HttpOnly = true;
                o.Cookie.SameSite = SameSiteMode.Strict;
                o.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
                o.ExpireTimeSpan = SessionLength;
                o.SlidingExpiration = true;
                o.LoginPath = SessionRoutes.Login;
                o.Events.OnValidatePrincipal = StillHolds;
            });
        services.AddAuthorization(o =>
        {
            AuthorizationPolicy anyKey = new AuthorizationPolicyBuilder(KeyAuthentication.Key).RequireAuthenticatedUser().Build();
            o.DefaultPolicy = o.FallbackPolicy = anyKey;
            o.AddPolicy(Admin, p => p.AddAuthenticationSchemes(KeyAuthentication.Key).RequireRole(AccessKey.Admin));
        });
        services.AddCors(o => o.AddDefaultPolicy(p => Allow(p, options.CorsOrigins)));
        services.Configure<ForwardedHeadersOptions>(o =>
        {
            o.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            o.KnownIPNetworks.Clear();
            o.KnownProxies.Clear();
            foreach (string proxy in options.Proxies) o.KnownProxies.Add(Listening.Address(proxy));
        });
    }

    /// <summary>What is looked at before routes are: the headers of answers, the host that was asked for.</summary>
    internal static void UseOuterGuard(this WebApplication app, ServerOptions options)
    {
        if (options.Proxies.Count > 0) app.UseForwardedHeaders();
        app.UseMiddleware<SecurityHeaders>();
    }

    /// <summary>What is looked at once the route is known: where the request comes from, whose it is, what it may use.</summary>
    internal static void UseInnerGuard(this WebApplication app, ServerOptions options)
    {
        app.UseMiddleware<HostCheck>();
        app.UseRouting();
        if (options.CorsOrigins.Count > 0) app.UseCors();
        app.UseMiddleware<OriginCheck>();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.UseMiddleware<LimitCheck>();
    }

    private static void Allow(CorsPolicyBuilder policy, IReadOnlyList<string> origins) => policy.WithOrigins([.. origins])
        .WithMethods("GET", "POST", "DELETE").WithHeaders("authorization", "content-type", "x-api-key", "anthropic-version", "anthropic-beta")
        .SetPreflightMaxAge(TimeSpan.FromHours(1));

    /// <summary>A session ends with its key.</summary>
    private static async Task StillHolds(CookieValidatePrincipalContext context)
    {
        KeyStore keys = context.HttpContext.RequestServices.GetRequiredService<KeyStore>();
        string id = Caller.Of(context.Principal!).Id;
        if (await keys.FindByIdAsync(id, context.HttpContext.RequestAborted).ConfigureAwait(false) is { } key)
        {
            context.ReplacePrincipal(Caller.Of(key).ToPrincipal(KeyAuthentication.Session));
        }
        else context.RejectPrincipal();
    }
}
