using System.Runtime.CompilerServices;
using Hearth.Models;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Remote;
using Hearth.Server.Hosting;
using Hearth.Server.Scheduling;
using Microsoft.Extensions.Hosting;

namespace Hearth.Server.Models;

/// <summary>The models of some folders, run by one scheduler, and those that other servers have. Of the same name, the one of this machine counts.</summary>
internal sealed class ScheduledModelHost : IModelHost, IHostedService, IAsyncDisposable
{
    private readonly ServedFolders _folders;
    private readonly ConditionalWeakTable<ModelBundle, Lazy<string>> _digests = [];
    private readonly RemoteModels _remotes;

    public ScheduledModelHost(ServerOptions options, TimeProvider time)
    {
        _folders = new ServedFolders(options.Models, options.Runs);
        _remotes = new RemoteModels(options.Home);
        var scheduling = new SchedulerOptions { Threads = options.Threads };
        Scheduler = new Scheduler(_folders, scheduling with { KeyValueBytes = options.CacheBytes ?? scheduling.KeyValueBytes, ModelBytes = options.ModelBytes ?? scheduling.ModelBytes }, time);
    }

    /// <summary>Runs the requests.</summary>
    public Scheduler Scheduler { get; }

    public IReadOnlyList<ServedModel> List()
    {
        IReadOnlyList<ServedModel> local = _folders.List();
        IEnumerable<ServedModel> remote = _remotes.List().Select(m => new ServedModel(m.Name, _remotes.Changed));
        return [.. local.Concat(remote).DistinctBy(m => m.Name, StringComparer.Ordinal).OrderBy(m => m.Name, StringComparer.Ordinal)];
    }

    public string? TemplateOf(string name)
    {
        try
        {
            return _folders.Find(name) is { } found ? ModelBundle.FindTemplate(ModelFolder.Resolve(found))?.Text : null;
        }
        catch (ModelFileException)
        {
            return null;
        }
    }

    public async Task<LoadedModel> GetAsync(string name, string owner, CancellationToken cancel)
    {
        if (Remote(name) is { } remote) return new LoadedModel(remote);
        ModelLease lease = await Scheduler.LoadAsync(name, cancel).ConfigureAwait(false);
        try
        {
            string digest = _digests.GetValue(lease.Bundle, b => new Lazy<string>(() => ModelDigest.Of(_folders.Find(name) ?? b.Folder))).Value;
            ScheduledGenerator tokens = Scheduler.For(name, owner);
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
            await Scheduler.DrainAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What still runs is ended with the scheduler.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Scheduler.DisposeAsync().ConfigureAwait(false);
        _remotes.Dispose();
    }

    /// <summary>The model of another server that a name means. A damaged list of them is no matter to models of this machine.</summary>
    private RemoteModel? Remote(string name)
    {
        try
        {
            return _remotes.Open(name) is { } remote && _folders.Find(name) is null ? remote : null;
        }
        catch (ModelFileException) when (_folders.Find(name) is not null)
        {
            return null;
        }
    }
}
