using System.Runtime.CompilerServices;
using Hearth.Models;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Chat.Templates;
using Hearth.Server.Hosting;
using Hearth.Server.Scheduling;
using Microsoft.Extensions.Hosting;

namespace Hearth.Server.Models;

/// <summary>The models of a folder, run by one scheduler.</summary>
internal sealed class ScheduledModelHost : IModelHost, IHostedService, IAsyncDisposable
{
    private readonly ServedFolders _folders;
    private readonly ConditionalWeakTable<ModelBundle, Lazy<string>> _digests = [];
    private readonly Scheduler _scheduler;

    public ScheduledModelHost(ServerOptions options, TimeProvider time)
    {
        _folders = new ServedFolders(options.Models, options.Runs);
        _scheduler = new Scheduler(_folders, new SchedulerOptions { Threads = options.Threads }, time);
    }

    public IReadOnlyList<ServedModel> List() => _folders.List();

    public string? TemplateOf(string name)
    {
        try
        {
            if (_folders.Find(name) is not { } found) return null;
            string path = ModelFolder.Resolve(found);
            if (File.Exists(path)) return GgufBundle.Template(path).Text;
            return TemplateFile.Find(path) is { } file ? TemplateFile.Read(file).Text : null;
        }
        catch (ModelFileException)
        {
            return null;
        }
    }

    public async Task<LoadedModel> GetAsync(string name, string owner, CancellationToken cancel)
    {
        ModelLease lease = await _scheduler.LoadAsync(name, cancel).ConfigureAwait(false);
        try
        {
            string digest = _digests.GetValue(lease.Bundle, b => new Lazy<string>(() => ModelDigest.Of(_folders.Find(name) ?? b.Folder))).Value;
            ScheduledGenerator tokens = _scheduler.For(name, owner);
            return new LoadedModel(name, digest, lease.Bundle, new ChatEngine(lease.Bundle, tokens), tokens, lease);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Lets running answers end, for as long as the host allows.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _scheduler.DrainAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What still runs is ended with the scheduler.
        }
    }

    public ValueTask DisposeAsync() => _scheduler.DisposeAsync();
}
