using Hearth.Server.Security;
using Hearth.Server.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Server;

namespace Hearth.Server.Mcp;

/// <summary>
/// Hearth as a server of the Model Context Protocol: over HTTP, behind the same checks of key, host and origin as everything else, and over the standard streams
/// of a program that another one started.
/// </summary>
public static class McpSetup
{
    /// <summary>Where it is over HTTP.</summary>
    public const string Route = "/mcp";

    private const long MostLine = 32 << 20;

    internal static void AddMcp(this IServiceCollection services)
    {
        services.AddSingleton<DocumentSearch>();
        services.AddTransient<McpTools>();
        services.AddSingleton<IConfigureOptions<McpServerOptions>>(s => new ConfigureOptions<McpServerOptions>(o => s.GetRequiredService<McpTools>().AddTo(o)));
        services.AddMcpServer().WithHttpTransport();                             // each request stands for itself: any of several servers can answer it
    }

    internal static void MapMcpServer(this IEndpointRouteBuilder routes) => routes.MapMcp(Route);

    /// <summary>Serves over two streams until the input ends.</summary>
    /// <param name="services">A server's, which need not have been started.</param>
    /// <param name="input">What the other program writes.</param>
    /// <param name="output">What it reads.</param>
    /// <param name="cancel">Ends it early.</param>
    public static async Task ServeAsync(IServiceProvider services, Stream input, Stream output, CancellationToken cancel)
    {
        var options = new McpServerOptions();
        services.GetRequiredService<McpTools>().AddTo(options, Caller.Local);
        ILoggerFactory log = services.GetRequiredService<ILoggerFactory>();
        await using var transport = new StreamServerTransport(new BoundedStream(input, MostLine), output, "hearth", log);
        await using var server = McpServer.Create(transport, options, log, services);
        await server.RunAsync(cancel).ConfigureAwait(false);
    }
}
