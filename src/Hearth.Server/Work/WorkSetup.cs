using Hearth.Server.Models;
using Hearth.Server.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace Hearth.Server.Work;

/// <summary>What admins have done in the pages, and what it works on.</summary>
internal static class WorkSetup
{
    public static void AddWork(this IServiceCollection services)
    {
        services.AddSingleton<JobRunner>();
        services.AddHostedService(s => s.GetRequiredService<JobRunner>());
        services.AddSingleton<ModelMarks>();
        services.AddSingleton<ModelCatalog>();
        services.AddSingleton<ModelImport>();
        services.AddSingleton<ModelJobs>();
        services.AddSingleton<RunCatalog>();
        services.AddSingleton<RunJobs>();
        services.AddSingleton<AuditJobs>();
    }
}
