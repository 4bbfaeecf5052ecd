using Hearth.Models.Architectures;
using Hearth.Models.Bundles;

namespace Hearth.Server.Scheduling;

/// <summary>
/// The models in memory: loaded when somebody asks for one, once for all who do; let go when nobody has used them for long, or, least recently
/// used first, when another needs the memory. Safe for use by several threads.
/// </summary>
internal sealed class LoadedModels : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turn = new(1);                               // one model is loaded at a time
    private readonly SchedulerOptions _options;
    private readonly IModelSource _source;
    private readonly Func<string, ModelBundle, ModelLane> _open;
    private readonly Func<ModelLane, Task> _close;
    private readonly TimeProvider _time;
    private readonly ITimer _idle;
    private TaskCompletionSource _released = NewSignal();
    private long _bytes;
    private bool _stopped;

    /// <summary>No models yet.</summary>
    /// <param name="source">Where they are.</param>
    /// <param name="options">Their memory, and how long they stay.</param>
    /// <param name="open">Called with a model that was loaded.</param>
    /// <param name="close">Called with a model that is let go of; done when nothing uses it any more.</param>
    /// <param name="time">The clock.</param>
    public LoadedModels(IModelSource source, SchedulerOptions options, Func<string, ModelBundle, ModelLane> open, Func<ModelLane, Task> close, TimeProvider time)
    {
        (_source, _options, _open, _close, _time) = (source, options, open, close, time);
        TimeSpan period = TimeSpan.FromTicks(Math.Clamp(options.UnloadAfter.Ticks / 4, TimeSpan.TicksPerSecond, TimeSpan.TicksPerMinute));
        _idle = time.CreateTimer(_ => _ = UnloadIdleAsync(), null, period, period);
    }

    /// <summary>Bytes of the models in memory, and of the one that is being loaded.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Names of the models in memory, sorted.</summary>
    public string[] Names
    {
        get
        {
            lock (_gate) return [.. _entries.Values.Where(e => e.Loading.IsCompletedSuccessfully).Select(e => e.Name).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>A model that stays in memory until the end.</summary>
    public void Add(string name, ModelBundle bundle)
    {
        var entry = new Entry(name) { Leases = 1, Bytes = MemoryOf(bundle.Model) };
        lock (_gate)
        {
            if (!_entries.TryAdd(name, entry)) throw new ArgumentException($"There is a model '{name}' already.", nameof(name));
            _bytes += entry.Bytes;
            entry.Loading = Task.FromResult(_open(name, bundle));
        }
    }

    /// <summary>A model, loaded if need be. It stays in memory until the lease is given back.</summary>
    /// <exception cref="UnknownModelException">There is none of this name.</exception>
    /// <exception cref="MemoryBudgetException">It is larger than the memory for models.</exception>
    public async Task<ModelLane> TakeAsync(string name, CancellationToken cancel)
    {
        Entry? entry;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopped, this);
            if (!_entries.TryGetValue(name, out entry))
            {
                string path = _source.Find(name) ?? throw new UnknownModelException(name);
                entry = new Entry(name);
                _entries.Add(name, entry);
                entry.Loading = Task.Run(() => LoadAsync(entry, path), CancellationToken.None);
            }
            entry.Leases++;
        }
        try
        {
            return await entry.Loading.WaitAsync(cancel).ConfigureAwait(false);
        }
        catch
        {
            Return(entry);
            throw;
        }
    }

    /// <summary>Gives a lease back.</summary>
    public void Return(string name)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(name, out Entry? entry)) Return(entry);
        }
    }

    /// <summary>Lets go of models that nobody has used for long.</summary>
    public async Task UnloadIdleAsync()
    {
        while (true)
        {
            Entry? idle;
            lock (_gate) idle = LeastRecent(_time.GetUtcNow() - _options.UnloadAfter);
            if (idle is null) return;
            await UnloadAsync(idle).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _idle.DisposeAsync().ConfigureAwait(false);
        Task[] loading;
        lock (_gate)
        {
            _stopped = true;
            _released.TrySetResult();
            loading = [.. _entries.Values.Select(e => e.Loading)];
        }
        await Task.WhenAll(loading.Select(t => t.ContinueWith(_ => { }, TaskScheduler.Default))).ConfigureAwait(false);
        _turn.Dispose();
    }

    /// <summary>Bytes of a model's weights. Numbers that are not stored in a file's type are packed once more for decoding.</summary>
    internal static long MemoryOf(LanguageModel model)
    {
        long bytes = 0;
        foreach (Parameter p in model.Parameters.All)
        {
            bytes += p.Tensor.Weights?.Bytes ?? ((long)p.Tensor.Length * sizeof(float) * (p.Kind is ParameterKind.Matrix or ParameterKind.Table ? 2 : 1));
        }
        return bytes;
    }

    private async Task<ModelLane> LoadAsync(Entry entry, string path)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await MakeRoomAsync(entry, _source.BytesOf(path)).ConfigureAwait(false);
            ModelBundle bundle = _source.Load(path);
            await MakeRoomAsync(entry, MemoryOf(bundle.Model)).ConfigureAwait(false);
            ModelLane lane = _open(entry.Name, bundle);
            lock (_gate) entry.Used = _time.GetUtcNow();
            return lane;
        }
        catch
        {
            lock (_gate)
            {
                _entries.Remove(entry.Name);                                     // whoever asks next tries again
                _bytes -= entry.Bytes;
            }
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Sets memory aside for a model that is being loaded. It waits for models in use.</summary>
    private async Task MakeRoomAsync(Entry entry, long bytes)
    {
        if (bytes > _options.ModelBytes)
        {
            throw new MemoryBudgetException($"The model '{entry.Name}'", bytes, _options.ModelBytes, "Use a smaller or more quantised one, or give models more memory.");
        }
        while (true)
        {
            Entry? other;
            Task released;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_stopped, this);
                if (entry.Leases == 0) throw new OperationCanceledException("Nobody waits for the model any more.");
                if (_bytes - entry.Bytes + bytes <= _options.ModelBytes)
                {
                    _bytes += bytes - entry.Bytes;
                    entry.Bytes = bytes;
                    return;
                }
                other = LeastRecent(DateTimeOffset.MaxValue);
                released = _released.Task;
            }
            if (other is not null) await UnloadAsync(other).ConfigureAwait(false);
            else await released.ConfigureAwait(false);
        }
    }

    /// <summary>The model that nobody uses and that was used longest ago, before a time; it can not be taken any more. Within the gate.</summary>
    private Entry? LeastRecent(DateTimeOffset before)
    {
        Entry? least = null;
        foreach (Entry entry in _entries.Values)
        {
            if (entry.Leases == 0 && entry.Loading.IsCompletedSuccessfully && entry.Used <= before && (least is null || entry.Used < least.Used)) least = entry;
        }
        if (least is not null) _entries.Remove(least.Name);
        return least;
    }

    private async Task UnloadAsync(Entry entry)
    {
        await _close(await entry.Loading.ConfigureAwait(false)).ConfigureAwait(false);
        entry.Loading = Task.FromException<ModelLane>(new UnknownModelException(entry.Name));    // so that nothing here holds on to its weights
        _ = entry.Loading.Exception;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);   // its memory must be gone before another model's comes
        lock (_gate)
        {
            _bytes -= entry.Bytes;
            Signal();
        }
    }

    private void Return(Entry entry)
    {
        lock (_gate)
        {
            entry.Leases--;
            entry.Used = _time.GetUtcNow();
            if (entry.Leases == 0) Signal();
        }
    }

    private void Signal()
    {
        TaskCompletionSource released = _released;
        _released = NewSignal();
        released.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Entry(string name)
    {
        public string Name { get; } = name;

        public Task<ModelLane> Loading { get; set; } = null!;

        public int Leases { get; set; }

        public long Bytes { get; set; }

        public DateTimeOffset Used { get; set; }
    }
}

/// <summary>Where models are.</summary>
public interface IModelSource
{
    /// <summary>The path of a model; null when there is none of this name.</summary>
    /// <param name="name">Its name.</param>
    string? Find(string name);

    /// <summary>About how much memory a model at a path will take, in bytes.</summary>
    /// <param name="path">What <see cref="Find"/> gave.</param>
    long BytesOf(string path) => Directory.Exists(path)
        ? new DirectoryInfo(path).EnumerateFiles("*.safetensors", SearchOption.AllDirectories).Sum(f => f.Length)
        : File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <summary>Loads a model.</summary>
    /// <param name="path">What <see cref="Find"/> gave.</param>
    /// <exception cref="Hearth.Models.ModelFileException">A file is missing, damaged, or does not fit the others.</exception>
    ModelBundle Load(string path) => ModelBundle.Load(path);
}
