using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Trace;

namespace Hearth.Server.Operations;

/// <summary>What those who run the server look at.</summary>
internal static class OperationsSetup
{
    private const string ExporterEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static void AddOperations(this IServiceCollection services)
    {
        services.AddSingleton<Metrics>();
        services.AddHostedService(s => s.GetRequiredService<Metrics>());
        // Nothing leaves the machine unless told to.
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ExporterEndpoint))) return;
        services.AddOpenTelemetry().WithTracing(t => t.AddSource(Tracing.SourceName).AddOtlpExporter());
    }
}
