using Hearth.Server.Api;
using Hearth.Server.Auditing;
using Hearth.Server.Mcp;
using Hearth.Server.Models;
using Hearth.Server.Operations;
using Hearth.Server.Pages;
using Hearth.Server.Security;
using Hearth.Server.State;
using Hearth.Server.Tools;
using Hearth.Server.Work;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

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
        builder.Logging.AddServerLogs(options);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<ScheduledModelHost>();
        builder.Services.AddSingleton<IModelHost>(s => s.GetRequiredService<ScheduledModelHost>());
        builder.Services.AddHostedService(s => s.GetRequiredService<ScheduledModelHost>());
        builder.Services.AddSingleton<IAnswerLog, AuditedAnswers>();
        builder.Services.AddSingleton(_ => new ToolService(options.Home));
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = options.Drain);
        builder.Services.AddState(options);
        builder.Services.AddGuard(options);
        builder.Services.AddOperations();
        builder.Services.AddMcp();
        builder.Services.AddWork();
        builder.Services.AddPages();
        configure?.Invoke(builder.Services);

        WebApplication app = builder.Build();
        app.UseOuterGuard(options);
        app.UseMiddleware<RequestLog>();
        app.UseApiErrors();
        app.UseInnerGuard(options);
        app.UsePages();
        app.MapEverything();
        if (options.Certificate is { } certificate && Listening.Warning(certificate, app.Services.GetRequiredService<TimeProvider>().GetUtcNow()) is { } warning)
        {
            app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Hearth.Server").LogWarning("{Warning}", warning);
        }
        return app;
    }

    /// <summary>All endpoints, a group for each folder.</summary>
    private static void MapEverything(this WebApplication app)
    {
        app.MapHealth();
        app.MapApi();
        app.MapMcpServer();
        app.MapSessions();
        app.MapAuditExport();
        app.MapPages();
    }

    private static void AddState(this IServiceCollection services, ServerOptions options)
    {
        var choice = DatabaseChoice.Parse(options.Database, options.Home);
        services.AddSingleton(choice);
        services.AddSingleton(DatabaseSetup.Factory(choice));
        services.AddSingleton<ConversationStore>();
        services.AddSingleton<ResponseStore>();
        services.AddHostedService<ServerStart>();
        services.AddSingleton<AuditLog>();
        services.AddHostedService(s => s.GetRequiredService<AuditLog>());
        services.AddSingleton<AuditKeeping>();
        services.AddHostedService<AuditRetention>();
        services.AddSingleton<AuditReplay>();
    }
}
