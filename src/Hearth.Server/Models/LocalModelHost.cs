using System.Collections.Concurrent;
using Hearth.Models.Chat;
using Hearth.Models.Formats;
using Hearth.Server.Hosting;

namespace Hearth.Server.Models;

/// <summary>Loads each model when it is first asked for, and answers one request after the other.</summary>
internal sealed class LocalModelHost(ServerOptions options) : IModelHost, IDisposable
{
    private readonly ModelFolder _folder = new(options.Models, Path.Combine(options.Home, "runs"));
    private readonly ConcurrentDictionary<string, Lazy<Task<(LocalModel Model, string Digest)>>> _loaded = new(StringComparer.Ordinal);

    public IReadOnlyList<ServedModel> List() => _folder.List();

    public async Task<LoadedModel?> GetAsync(string name, string owner, CancellationToken cancel)
    {
        if (_folder.Find(name) is not { } path) return null;
        Lazy<Task<(LocalModel Model, string Digest)>> loading = _loaded.GetOrAdd(name, _ => new(() => Task.Run(() => (LocalModel.Load(path, options.Threads), DigestOf(path)))));
        try
        {
            (LocalModel model, string digest) = await loading.Value.WaitAsync(cancel).ConfigureAwait(false);
            return new LoadedModel(name, digest, model.Bundle, model.Engine, model.Tokens);
        }
        catch when (loading.Value.IsFaulted)
        {
            _loaded.TryRemove(new(name, loading));                               // the next request tries again
            throw;
        }
    }

    public void Dispose()
    {
        foreach (Lazy<Task<(LocalModel Model, string Digest)>> model in _loaded.Values)
        {
            if (model is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }) model.Value.Result.Model.Dispose();
        }
    }

    /// <summary>The digest of the weights' file, or of the list of a folder's weights.</summary>
    private static string DigestOf(string path)
    {
        if (File.Exists(path)) return Digest.OfFile(path);
        string folder = Directory.Exists(Path.Combine(path, "model")) ? Path.Combine(path, "model") : path;
        return Digest.Of(string.Join('\n', Directory.GetFiles(folder).Order(StringComparer.Ordinal)
            .Where(f => f.EndsWith(".safetensors", StringComparison.Ordinal) || f.EndsWith(".json", StringComparison.Ordinal) || f.EndsWith(".jinja", StringComparison.Ordinal))
            .Select(f => $"{Path.GetFileName(f)} {Digest.OfFile(f)}")));
    }
}
