using Hearth.Server.Api;
using Hearth.Server.Operations;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Hearth.Server.Hosting;

/// <summary>Puts the server together: one place where everything it has is listed.</summary>
public static class HearthServer
{
    /// <summary>A server that has not started.</summary>
    /// <param name="options">Where it listens and what it serves.</param>
    /// <param name="configure">Changes what it is made of, for tests.</param>
    /// <exception cref="ServerStartException">The options can not be had.</exception>
    public static WebApplication Build(ServerOptions options, Action<IServiceCollection>? configure = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "hearth" });
        builder.WebHost.ConfigureListening(options);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(TimeProvider.System);
        configure?.Invoke(builder.Services);

        WebApplication app = builder.Build();
        app.UseApiErrors();
        app.MapEverything();
        return app;
    }

    /// <summary>All endpoints, a group for each folder.</summary>
    private static void MapEverything(this WebApplication app)
    {
        app.MapHealth();
    }
}
