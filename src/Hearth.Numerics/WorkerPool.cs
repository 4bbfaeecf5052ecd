using System.Runtime.ExceptionServices;

namespace Hearth.Numerics;

/// <summary>
/// A fixed set of threads that run one piece of work together. Work is cut by a static rule into as many contiguous ranges
/// as there are threads; every output element belongs to exactly one range, so the cut never shows in the result. Who runs a
/// range does not show either: each thread takes the next one, so that a thread the machine keeps waiting delays nobody.
/// </summary>
public sealed class WorkerPool : IDisposable
{
    private const int SpinsBeforeSleep = 2_000;
    private const long WorthDividing = 1 << 15;

    /// <summary>The pool whose work this thread is running.</summary>
    [ThreadStatic]
    private static WorkerPool? _inside;

    private readonly Thread[] _helpers;
    private readonly object _gate = new();
    private readonly Dictionary<Type, Job> _jobs = [];                           // one for each type of state, used again
    private Job? _job;
    private volatile int _posted;
    private volatile bool _stopping;

    /// <summary>Starts the pool.</summary>
    /// <param name="threads">Threads that take part, the calling one among them; at least 1.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _helpers = new Thread[threads - 1];
        for (int i = 0; i < _helpers.Length; i++)
        {
            _helpers[i] = new Thread(Loop) { IsBackground = true, Name = $"hearth-worker-{i + 1}" };
            _helpers[i].Start();
        }
    }

    /// <summary>A pool of the calling thread alone, for work inside a piece of other work.</summary>
    public static WorkerPool Alone { get; } = new(1);

    /// <summary>Threads that take part, the calling one among them.</summary>
    public int Threads { get; }

    /// <summary>Runs <paramref name="work"/> once for each number on whatever thread is free, and waits for all.</summary>
    /// <param name="work">Called with 0 to <see cref="Threads"/> - 1.</param>
    /// <exception cref="ObjectDisposedException">The threads have ended.</exception>
    /// <exception cref="InvalidOperationException">Called inside work of this pool, whose threads would wait for each other for ever.</exception>
    public void Run(Action<int> work) => For(Threads, 1, long.MaxValue, work, static (work, worker, _) => work(worker));

    /// <summary>Cuts 0 to <paramref name="count"/> into one contiguous range a thread, however little work it is.</summary>
    /// <param name="count">Pieces.</param>
    /// <param name="grain">Pieces that stay together.</param>
    /// <param name="work">Called with a range [from, to).</param>
    public void For(int count, int grain, Action<int, int> work) => For(count, grain, long.MaxValue, work);

    /// <summary>Cuts 0 to <paramref name="count"/> into one contiguous range a thread, each a multiple of <paramref name="grain"/>.</summary>
    /// <param name="count">Pieces.</param>
    /// <param name="grain">Pieces that stay together.</param>
    /// <param name="size">Numbers that the whole work touches, about; a little work is not worth waking other threads for.</param>
    /// <param name="work">Called with a range [from, to).</param>
    public void For(int count, int grain, long size, Action<int, int> work) =>
        For(count, grain, size, work, static (work, from, to) => work(from, to));

    /// <summary>The same for work that is told what it works on, so that a static function can do it and nothing is allocated.</summary>
    /// <typeparam name="T">What the work is told.</typeparam>
    /// <param name="count">Pieces.</param>
    /// <param name="grain">Pieces that stay together.</param>
    /// <param name="size">Numbers that the whole work touches, about; a little work is not worth waking other threads for.</param>
    /// <param name="state">What the work is told.</param>
    /// <param name="work">Called with the state and a range [from, to).</param>
    public void For<T>(int count, int grain, long size, T state, Action<T, int, int> work)
    {
        int grains = (count + grain - 1) / grain;
        if (grains <= 1 || Threads == 1 || size < WorthDividing)
        {
            if (count > 0) work(state, 0, count);
            return;
        }
        RequireOutside();
        lock (_helpers)                                                          // one piece of work at a time
        {
            Job<T> job = JobOf<T>();
            for (int i = 0; i <= Threads; i++) job.Bounds[i] = (int)Math.Min((long)grains * i / Threads * grain, count);
            job.Set(state, work);
            Share(job);
        }
    }

    /// <summary>Cuts pieces of unequal cost into one contiguous range a thread, so that the ranges cost about the same.</summary>
    /// <param name="costs">Numbers that each piece touches, about.</param>
    /// <param name="work">Called with a range [from, to).</param>
    public void For(long[] costs, Action<int, int> work) => For(costs, work, static (work, from, to) => work(from, to));

    /// <summary>The same for work that is told what it works on.</summary>
    /// <typeparam name="T">What the work is told.</typeparam>
    /// <param name="costs">Numbers that each piece touches, about.</param>
    /// <param name="state">What the work is told.</param>
    /// <param name="work">Called with the state and a range [from, to).</param>
    public void For<T>(ReadOnlySpan<long> costs, T state, Action<T, int, int> work)
    {
        long total = 0;
        foreach (long cost in costs) total += cost;
        if (Threads == 1 || total < WorthDividing)
        {
            if (costs.Length > 0) work(state, 0, costs.Length);
            return;
        }
        RequireOutside();
        lock (_helpers)
        {
            Job<T> job = JobOf<T>();
            int at = 0;
            long before = 0;
            for (int i = 0; i < Threads; i++)
            {
                while (at < costs.Length && before < total * i / Threads) before += costs[at++];
                job.Bounds[i] = at;
            }
            job.Bounds[Threads] = costs.Length;
            job.Set(state, work);
            Share(job);
        }
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        _stopping = true;
        lock (_gate) Monitor.PulseAll(_gate);
        foreach (Thread helper in _helpers) helper.Join();
    }

    private void RequireOutside()
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        if (_inside == this) throw new InvalidOperationException("A worker pool was used inside its own work.");
    }

    private Job<T> JobOf<T>()
    {
        if (_jobs.TryGetValue(typeof(T), out Job? known)) return (Job<T>)known;
        var job = new Job<T>(Threads);
        _jobs.Add(typeof(T), job);
        return job;
    }

    private void Share(Job job)
    {
        job.Begin();
        lock (_gate)
        {
            _job = job;
            _posted++;
            Monitor.PulseAll(_gate);
        }
        Help(job);
        var spin = default(SpinWait);
        while (!job.Done) spin.SpinOnce(sleep1Threshold: -1);
        job.Clear();
        job.Failure?.Throw();
    }

    private void Loop()
    {
        int seen = 0;
        while (true)
        {
            for (int spins = 0; _posted == seen && !_stopping && spins < SpinsBeforeSleep; spins++) Thread.SpinWait(8);
            Job? job;
            lock (_gate)
            {
                while (_posted == seen && !_stopping) Monitor.Wait(_gate);
                (seen, job) = (_posted, _job);
            }
            if (_stopping) return;
            Help(job!);
        }
    }

    private void Help(Job job)
    {
        WorkerPool? outer = _inside;
        _inside = this;
        while (job.Take() is { } number)
        {
            try
            {
                job.Do(number);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref job.Failure, ExceptionDispatchInfo.Capture(e), null);
            }
            job.Finish();
        }
        _inside = outer;
    }

    /// <summary>
    /// One piece of work, cut. It is used again for the next of its kind: a helper that comes late finds nothing left to take, or takes a part of the
    /// next, which is as good.
    /// </summary>
    private abstract class Job(int parts)
    {
        public ExceptionDispatchInfo? Failure;
        private int _untaken;
        private int _unfinished;

        /// <summary>Where each part begins, and the end of the last.</summary>
        public int[] Bounds { get; } = new int[parts + 1];

        public bool Done => Volatile.Read(ref _unfinished) == 0;

        /// <summary>Offers the parts; what they need to know is set before.</summary>
        public void Begin()
        {
            Failure = null;
            Volatile.Write(ref _unfinished, parts);
            Volatile.Write(ref _untaken, parts);
        }

        /// <summary>A part that nobody has taken; null when there is none.</summary>
        public int? Take() => Volatile.Read(ref _untaken) > 0 && Interlocked.Decrement(ref _untaken) is >= 0 and var number ? number : null;

        public void Finish() => Interlocked.Decrement(ref _unfinished);

        public abstract void Do(int part);

        /// <summary>Lets go of what the work was told.</summary>
        public abstract void Clear();
    }

    private sealed class Job<T>(int parts) : Job(parts)
    {
        private T? _state;
        private Action<T, int, int>? _work;

        public void Set(T state, Action<T, int, int> work) => (_state, _work) = (state, work);

        public override void Do(int part)
        {
            if (Bounds[part] < Bounds[part + 1]) _work!(_state!, Bounds[part], Bounds[part + 1]);
        }

        public override void Clear() => (_state, _work) = (default, null);
    }
}
