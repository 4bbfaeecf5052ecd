using System.Diagnostics;
using Hearth.Models.Bundles;
using Hearth.Models.Generation;
using Hearth.Numerics;

namespace Hearth.Server.Scheduling;

/// <summary>
/// Runs the requests of many over a few models: continuous batching (Yu et al. 2022, OSDI, section 3) with prompts read in pieces, keys and values in
/// blocks within a budget, prefixes remembered, owners served fairly. One thread decides and, with a worker pool, computes: one pass of one model at
/// a time. Company, order, cuts, memory and remembered prefixes change no bits: an answer is that of a <see cref="Generator"/> alone.
/// </summary>
public sealed class Scheduler : IAsyncDisposable
{
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(5);

    private readonly SchedulerOptions _options;
    private readonly WorkerPool _pool;
    private readonly CacheMemory _memory;
    private readonly SchedulerMetrics _metrics;
    private readonly LoadedModels _models;
    private readonly Thread _thread;
    private readonly object _gate = new();
    private readonly Dictionary<string, int> _waitingOf = new(StringComparer.Ordinal);
    private List<Action> _commands = [], _taken = [];
    private int _waiting, _present;
    private long _number, _evictions;
    private bool _isStopping, _isStopped;
    private TaskCompletionSource? _drained;

    /// <summary>Starts a scheduler.</summary>
    /// <param name="source">Where models are; null for those of <see cref="Add"/> alone.</param>
    /// <param name="options">What it may use.</param>
    /// <param name="time">The clock by which models become idle; null for the machine's.</param>
    public Scheduler(IModelSource? source = null, SchedulerOptions? options = null, TimeProvider? time = null)
    {
        _options = options ?? new SchedulerOptions();
        _pool = new WorkerPool(_options.Threads);
        _memory = new CacheMemory(_options.KeyValueBytes);
        _metrics = new SchedulerMetrics(() => Statistics);
        _models = new LoadedModels(source ?? new NoModels(), _options, Open, CloseAsync, time ?? TimeProvider.System);
        _thread = new Thread(Loop) { IsBackground = true, Name = "hearth-scheduler" };
        _thread.Start();
    }

    /// <summary>What it has done and holds.</summary>
    public SchedulerStatistics Statistics
    {
        get
        {
            int waiting, present;
            lock (_gate) (waiting, present) = (_waiting, _present);
            return _metrics.Statistics() with
            {
                Waiting = waiting,
                Running = present - waiting,
                Evictions = Interlocked.Read(ref _evictions),
                KeyValueBytes = _memory.Blocks.BytesInUse,
                ModelBytes = _models.Bytes,
                Models = _models.Names,
            };
        }
    }

    /// <summary>A model that is in memory already, and stays there.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="bundle">The model.</param>
    public void Add(string name, ModelBundle bundle) => _models.Add(name, bundle);

    /// <summary>A model, loaded if need be; it stays in memory until the lease is given back.</summary>
    /// <param name="model">Its name.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="UnknownModelException">There is none of this name.</exception>
    /// <exception cref="MemoryBudgetException">It is larger than the memory for models.</exception>
    /// <exception cref="Hearth.Models.ModelFileException">It can not be loaded.</exception>
    public async Task<ModelLease> LoadAsync(string model, CancellationToken cancel = default)
    {
        ModelLane lane = await _models.TakeAsync(model, cancel).ConfigureAwait(false);
        return new ModelLease(lane, () => _models.Return(model));
    }

    /// <summary>Generates, scores and embeds with a model for an owner.</summary>
    /// <param name="model">The model's name; loaded when it is needed.</param>
    /// <param name="owner">Whose share of the machine it takes: a key's name.</param>
    /// <param name="priority">Its class.</param>
    /// <param name="cacheSalt">Shares remembered prefixes only with requests of the same salt; null for the owner's others without one.</param>
    public ScheduledGenerator For(string model, string owner, RequestPriority priority = RequestPriority.Normal, string? cacheSalt = null)
    {
        string root = (_options.SharesPrefixesBetweenOwners ? "" : owner) + "\n" + cacheSalt;
        return new ScheduledGenerator(this, model, new Caller(owner, priority, root));
    }

    /// <summary>Forgets all remembered prefixes.</summary>
    /// <returns>Done when their memory is free.</returns>
    public Task ForgetPrefixesAsync() => OnLoopAsync(() =>
    {
        foreach (ModelLane lane in _memory.Lanes) lane.Prefixes.Clear();
    });

    /// <summary>Lets go of models that nobody has used for as long as the options say.</summary>
    public Task UnloadIdleAsync() => _models.UnloadIdleAsync();

    /// <summary>Takes no more requests, and waits for those there are.</summary>
    /// <param name="cancel">Ends the waiting; what still runs goes on until the scheduler is disposed.</param>
    public async Task DrainAsync(CancellationToken cancel = default)
    {
        Task drained;
        lock (_gate)
        {
            _isStopping = true;
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_present == 0) _drained.TrySetResult();
            drained = _drained.Task;
        }
        await drained.WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Ends all requests and the threads.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isStopped) return;
            _isStopping = _isStopped = true;
            Monitor.Pulse(_gate);
        }
        _thread.Join();
        await _models.DisposeAsync().ConfigureAwait(false);
        _pool.Dispose();
        _metrics.Dispose();
    }

    /// <summary>Takes a request in, on the caller's thread as far as possible.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="tokens">Tokens to read.</param>
    /// <param name="begin">Makes the request.</param>
    /// <param name="cancel">Ends the waiting for the model.</param>
    /// <returns>The request, and how to end it early.</returns>
    internal async Task<(T Request, Action Cancel)> SubmitAsync<T>(Caller caller, string model, int tokens, Func<ModelLane, T> begin, CancellationToken cancel)
        where T : Request
    {
        long came = Stopwatch.GetTimestamp();
        Enter(caller);
        ModelLane? lane = null;
        try
        {
            lane = await _models.TakeAsync(model, cancel).ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
            T request = begin(lane);
            long bytes = request.Sequence.Cache.BytesFor(tokens + 1);
            if (bytes > _memory.Budget) throw ModelLane.TooLarge(bytes, _memory.Budget);
            (request.Number, request.Report.Came) = (Interlocked.Increment(ref _number), came);
            request.Left = wasAdmitted => Leave(caller, model, wasAdmitted);
            request.Admitted = () => Admit(caller);
            if (!Post(() => lane.Enter(request))) throw new OperationCanceledException("The server is shutting down.");
            return (request, () =>
            {
                if (!request.IsOver) Post(() => lane.End(request, new OperationCanceledException(cancel)));
            });
        }
        catch
        {
            Leave(caller, lane is null ? null : model, wasAdmitted: false);
            throw;
        }
    }

    /// <summary>A place in the queue, which is bounded.</summary>
    private void Enter(Caller caller)
    {
        lock (_gate)
        {
            if (_isStopping) throw new BusyException("The server is shutting down.", TimeSpan.FromSeconds(30));
            int ofOwner = _waitingOf.GetValueOrDefault(caller.Owner);
            if (_waiting >= _options.MostWaiting) throw new BusyException($"{_waiting:N0} requests wait already.", RetryAfter());
            if (ofOwner >= _options.MostWaitingOfOwner) throw new BusyException($"{ofOwner:N0} of your requests wait already.", RetryAfter());
            _waitingOf[caller.Owner] = ofOwner + 1;
            _waiting++;
            _present++;
        }
    }

    private void Admit(Caller caller)
    {
        lock (_gate)
        {
            _waiting--;
            if (--System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_waitingOf, caller.Owner, out _) <= 0) _waitingOf.Remove(caller.Owner);
        }
    }

    private void Leave(Caller caller, string? model, bool wasAdmitted)
    {
        if (!wasAdmitted) Admit(caller);
        if (model is not null) _models.Return(model);
        lock (_gate)
        {
            if (--_present == 0) _drained?.TrySetResult();
        }
    }

    /// <summary>How long those that wait will take, as long as requests take on the average.</summary>
    private TimeSpan RetryAfter()
    {
        double seconds = _metrics.MeanSeconds * (_waiting + 1) / _options.MostRunning;
        return TimeSpan.FromSeconds(Math.Ceiling(Math.Clamp(seconds, 1, LongestRetry.TotalSeconds)));
    }

    private ModelLane Open(string name, ModelBundle bundle)
    {
        var lane = new ModelLane(name, bundle, _pool, _memory, _options, _metrics);
        Post(() => _memory.Add(lane));
        return lane;
    }

    private Task CloseAsync(ModelLane lane) => OnLoopAsync(() =>
    {
        lane.Prefixes.Clear();
        _memory.Remove(lane);
    });

    private Task OnLoopAsync(Action action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isPosted = Post(() =>
        {
            action();
            done.SetResult();
        });
        if (!isPosted) done.SetResult();                                         // nothing is left to do it to
        return done.Task;
    }

    /// <summary>Has the scheduler's thread do something between passes.</summary>
    private bool Post(Action command)
    {
        lock (_gate)
        {
            if (_isStopped) return false;
            _commands.Add(command);
            Monitor.Pulse(_gate);
            return true;
        }
    }

    private void Loop()
    {
        bool isIdle = true;
        while (true)
        {
            bool isLast;
            lock (_gate)
            {
                isLast = _isStopped;
                if (_commands.Count == 0 && isIdle && !isLast) Monitor.Wait(_gate, HasWork() ? 5 : Timeout.Infinite);
                (_commands, _taken) = (_taken, _commands);
            }
            foreach (Action command in _taken) command();
            _taken.Clear();
            if (isLast) break;
            isIdle = !RunPass();
        }
        foreach (ModelLane lane in _memory.Lanes)
        {
            lane.EndAll(new OperationCanceledException("The server is shutting down."));
            lane.Prefixes.Clear();
        }
    }

    /// <summary>A pass of the model that has had the least time.</summary>
    private bool RunPass()
    {
        ModelLane? next = null;
        long evictions = 0;
        foreach (ModelLane lane in _memory.Lanes)
        {
            evictions += lane.Prefixes.Evicted;
            if (lane.HasWork && (next is null || lane.Time < next.Time)) next = lane;
        }
        Interlocked.Exchange(ref _evictions, evictions);
        if (next is null) return false;
        foreach (ModelLane lane in _memory.Lanes)
        {
            if (!lane.HasWork) lane.Time = Math.Max(lane.Time, next.Time);       // who was away does not save up
        }
        if (TryPass(next)) return true;
        bool any = false;                                                        // its turn, and it can not: the others may
        foreach (ModelLane lane in _memory.Lanes.ToArray()) any |= lane != next && lane.HasWork && TryPass(lane);
        return any;
    }

    private static bool TryPass(ModelLane lane)
    {
        try
        {
            return lane.Pass();
        }
        catch (Exception e)                                                      // a mistake in here: nobody may wait for ever
        {
            lane.EndAll(e);
            return true;
        }
    }

    private bool HasWork()
    {
        foreach (ModelLane lane in _memory.Lanes)
        {
            if (lane.HasWork) return true;
        }
        return false;
    }

    private sealed class NoModels : IModelSource
    {
        public string? Find(string name) => null;
    }
}

/// <summary>A model that stays in memory until this is given back.</summary>
public sealed class ModelLease : IDisposable
{
    private readonly ModelLane _lane;
    private Action? _return;

    internal ModelLease(ModelLane lane, Action giveBack) => (_lane, _return) = (lane, giveBack);

    /// <summary>The model, its tokenizer and its chat format.</summary>
    public ModelBundle Bundle => _lane.Bundle;

    /// <summary>Gives it back.</summary>
    public void Dispose() => Interlocked.Exchange(ref _return, null)?.Invoke();
}
