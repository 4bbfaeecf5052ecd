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
    private volatile Job? _job;
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
    public void Run(Action<int> work)
    {
        if (Threads == 1)
        {
            work(0);
            return;
        }
        ObjectDisposedException.ThrowIf(_stopping, this);
        if (_inside == this) throw new InvalidOperationException("A worker pool was used inside its own work.");
        lock (_helpers)                                                          // one piece of work at a time
        {
            var job = new Job(work, Threads);
            lock (_gate)
            {
                _job = job;
                Monitor.PulseAll(_gate);
            }
            Help(job);
            var spin = default(SpinWait);
            while (!job.Done) spin.SpinOnce(sleep1Threshold: -1);
            job.Work = null;                                                     // a helper may hold on to the job until the next
            job.Failure?.Throw();
        }
    }

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
    public void For(int count, int grain, long size, Action<int, int> work)
    {
        int grains = (count + grain - 1) / grain;
        if (grains <= 1 || Threads == 1 || size < WorthDividing)
        {
            if (count > 0) work(0, count);
            return;
        }
        Run(worker =>
        {
            int from = (int)((long)grains * worker / Threads) * grain;
            int to = Math.Min((int)((long)grains * (worker + 1) / Threads) * grain, count);
            if (from < to) work(from, to);
        });
    }

    /// <summary>Cuts pieces of unequal cost into one contiguous range a thread, so that the ranges cost about the same.</summary>
    /// <param name="costs">Numbers that each piece touches, about.</param>
    /// <param name="work">Called with a range [from, to).</param>
    public void For(long[] costs, Action<int, int> work)
    {
        long total = 0;
        var before = new long[costs.Length + 1];
        for (int i = 0; i < costs.Length; i++) before[i + 1] = total += costs[i];
        if (Threads == 1 || total < WorthDividing)
        {
            if (costs.Length > 0) work(0, costs.Length);
            return;
        }
        Run(worker =>
        {
            int from = FirstAtLeast(before, total * worker / Threads);
            int to = worker == Threads - 1 ? costs.Length : FirstAtLeast(before, total * (worker + 1) / Threads);
            if (from < to) work(from, to);
        });
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        _stopping = true;
        lock (_gate) Monitor.PulseAll(_gate);
        foreach (Thread helper in _helpers) helper.Join();
    }

    private static int FirstAtLeast(long[] before, long target)
    {
        int i = 0;
        while (i < before.Length - 1 && before[i] < target) i++;
        return i;
    }

    private void Loop()
    {
        Job? seen = null;
        while (true)
        {
            for (int spins = 0; _job == seen && !_stopping && spins < SpinsBeforeSleep; spins++) Thread.SpinWait(8);
            lock (_gate)
            {
                while (_job == seen && !_stopping) Monitor.Wait(_gate);
                seen = _job;
            }
            if (_stopping) return;
            Help(seen!);
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
                job.Work!(number);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref job.Failure, ExceptionDispatchInfo.Capture(e), null);
            }
            job.Finish();
        }
        _inside = outer;
    }

    private sealed class Job(Action<int> work, int numbers)
    {
        public Action<int>? Work = work;
        public ExceptionDispatchInfo? Failure;
        private int _untaken = numbers;
        private int _unfinished = numbers;

        public bool Done => Volatile.Read(ref _unfinished) == 0;

        /// <summary>A number that nobody has taken; null when there is none.</summary>
        public int? Take() => Interlocked.Decrement(ref _untaken) is >= 0 and var number ? number : null;

        public void Finish() => Interlocked.Decrement(ref _unfinished);
    }
}
