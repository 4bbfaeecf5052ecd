using Hearth.Server.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Hearth.Server.Operations;

/// <summary>What is logged, and how. Lines go to the standard error stream, so that the standard output stays for programs.</summary>
internal static class ServerLogs
{
    public static void AddServerLogs(this ILoggingBuilder log, ServerOptions options)
    {
        log.ClearProviders();
        if (options.JsonLogs) log.AddJsonConsole(o => (o.TimestampFormat, o.UseUtcTimestamp) = ("yyyy-MM-ddTHH:mm:ss.fffZ", true));
        else log.AddSimpleConsole(o => (o.SingleLine, o.TimestampFormat, o.UseUtcTimestamp) = (true, "HH:mm:ss ", true));
        log.Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        // The framework's own lines about requests hold addresses with their queries, those of the database its commands.
        log.SetMinimumLevel(LogLevel.Information);
        log.AddFilter("Microsoft", LogLevel.Warning);
        log.AddFilter("System", LogLevel.Warning);
        log.AddFilter("Hearth.Server.Security.KeyAuthentication", LogLevel.Warning);
        log.AddFilter("ModelContextProtocol", LogLevel.None);                      // its lines may quote what was asked
        log.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        log.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error);
        log.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Critical);
        log.AddFilter("Microsoft.Extensions.Hosting", LogLevel.Critical);          // why it did not start is told once, by who started it
    }
}
