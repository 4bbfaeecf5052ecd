using System.Runtime.CompilerServices;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Formats;
using Hearth.Server.Hosting;
using Hearth.Server.Scheduling;
using Microsoft.Extensions.Hosting;

namespace Hearth.Server.Models;

/// <summary>The models of a folder, run by one scheduler.</summary>
internal sealed class ScheduledModelHost : IModelHost, IHostedService, IAsyncDisposable
{
    private readonly ServedFolders _folders;
    private readonly ConditionalWeakTable<ModelBundle, Lazy<string>> _digests = [];

    public ScheduledModelHost(ServerOptions options, TimeProvider time)
    {
        _folders = new ServedFolders(options.Models, Path.Combine(options.Home, "runs"));
        var scheduling = new SchedulerOptions { Threads = options.Threads };
        Scheduler = new Scheduler(_folders, scheduling with { KeyValueBytes = options.CacheBytes ?? scheduling.KeyValueBytes, ModelBytes = options.ModelBytes ?? scheduling.ModelBytes }, time);
    }

    /// <summary>Runs the requests.</summary>
    public Scheduler Scheduler { get; }

    public IReadOnlyList<ServedModel> List() => _folders.List();

    public async Task<LoadedModel> GetAsync(string name, string owner, CancellationToken cancel)
    {
        ModelLease lease = await Scheduler.LoadAsync(name, cancel).ConfigureAwait(false);
        try
        {
            string digest = _digests.GetValue(lease.Bundle, b => new Lazy<string>(() => DigestOf(_folders.Find(name) ?? b.Folder))).Value;
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

    public ValueTask DisposeAsync() => Scheduler.DisposeAsync();

    /// <summary>The digest of a model's file, or of the list of a folder's files that answers depend on.</summary>
    private static string DigestOf(string path)
    {
        if (File.Exists(path)) return Digest.OfFile(path);
        return Digest.Of(string.Join('\n', Directory.GetFiles(ModelFolder.Resolve(path)).Order(StringComparer.Ordinal)
            .Where(f => f.EndsWith(".safetensors", StringComparison.Ordinal) || f.EndsWith(".json", StringComparison.Ordinal) || f.EndsWith(".jinja", StringComparison.Ordinal))
            .Select(f => $"{Path.GetFileName(f)} {Digest.OfFile(f)}")));
    }
}
