using Hearth.Server.Api;
using Hearth.Server.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hearth.Server.Hosting;

/// <summary>Puts the server together: one place where everything it has is listed.</summary>
public static class HearthServer
{
    /// <summary>A server that has not started.</summary>
    /// <param name="options">Where it listens and what it serves.</param>
    /// <param name="configure">Changes what it is made of, for tests.</param>
    public static WebApplication Build(ServerOptions options, Action<IServiceCollection>? configure = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "hearth" });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MostBodyBytes;
            kestrel.Listen(System.Net.IPAddress.Parse(options.Address), options.Port);
        });
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IModelHost, LocalModelHost>();
        builder.Services.AddSingleton<IAnswerLog, NoAnswerLog>();
        configure?.Invoke(builder.Services);

        WebApplication app = builder.Build();
        app.UseApiErrors();
        app.MapGet("/health", () => Results.Text("ok"));
        app.MapApi();
        return app;
    }
}
