using System.Diagnostics;
using System.Runtime.InteropServices;
using Hearth.Models.Bundles;
using Hearth.Models.Generation;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Server.Scheduling;

/// <summary>A loaded model and its requests: who waits, who runs, what was read before. For the scheduler's thread alone, but for <see cref="NewCache"/> and the stepper's beginnings.</summary>
internal sealed class ModelLane
{
    private const int LeastRows = 16;                                            // smaller pieces of a prompt read the weights too often

    private const double MostPatience = 8;

    private readonly SchedulerOptions _options;
    private readonly CacheMemory _memory;
    private readonly SchedulerMetrics _metrics;
    private readonly FairQueue _queue = new();
    private readonly List<Request> _running = [];                                // who keeps memory longest comes first
    private readonly List<Request> _reading = [], _inPass = [];
    private readonly List<PassPiece> _pieces = [];
    private readonly Comparison<Request> _byTurn;
    private readonly bool _hasWindows;
    private double _secondsPerRow;

    public ModelLane(string name, ModelBundle bundle, WorkerPool pool, CacheMemory memory, SchedulerOptions options, SchedulerMetrics metrics)
    {
        (Name, Bundle, _memory, _options, _metrics) = (name, bundle, memory, options, metrics);
        Stepper = new Stepper(bundle.Model, pool) { Speculation = options.Speculation?.Invoke(bundle.Model) };
        _byTurn = _queue.Compare;
        KeyValueCache cache = NewCache();
        for (int i = 0; i < cache.Layers; i++) _hasWindows |= cache.Window(i) > 0;
    }

    public string Name { get; }

    public ModelBundle Bundle { get; }

    public Stepper Stepper { get; }

    public PrefixTree Prefixes { get; } = new();

    /// <summary>Seconds of passes so far, lifted to those of the others when it comes back to work: models take turns by it.</summary>
    public double Time { get; set; }

    public bool HasWork => _running.Count > 0 || _queue.Count > 0;

    public int Running => _running.Count;

    public int Waiting => _queue.Count;

    /// <summary>The running request that makes room first.</summary>
    public Request? Last => _running.Count > 0 ? _running[^1] : null;

    /// <summary>How many answers are being written.</summary>
    public int Decoding
    {
        get
        {
            int writing = 0;
            foreach (Request request in _running) writing += request.Sequence.IsReading ? 0 : 1;
            return writing;
        }
    }

    /// <summary>An empty cache. For any thread.</summary>
    public KeyValueCache NewCache() => Stepper.NewCache(_options.CacheType, _memory.Blocks);

    public void Enter(Request request) => _queue.Enter(request);

    /// <summary>Ends a request, wherever it is.</summary>
    public void End(Request request, Exception? failure)
    {
        if (request.IsOver) return;
        request.IsOver = true;
        if (request.IsRunning) _running.Remove(request);
        _queue.Leave(request);
        request.Sequence.Close();
        request.Sequence.Cache.Clear();
        _metrics.Ended(this, request, failure);
        request.Left?.Invoke(request.WasAdmitted);
        request.End(failure);
    }

    /// <summary>Ends all requests.</summary>
    public void EndAll(Exception failure)
    {
        while (_running.Count > 0) End(_running[^1], failure);
        while (_queue.Next() is { } request) End(request, failure);
    }

    /// <summary>Bytes that prompts which are being read have yet to take.</summary>
    public long Promised()
    {
        long bytes = 0;
        foreach (Request request in _running)
        {
            if (request.Sequence.IsReading) bytes += Needed(request);
        }
        return bytes;
    }

    /// <summary>Takes a running request's memory. It waits, first among its owner's, and is read again.</summary>
    public void Preempt(Request request)
    {
        _running.Remove(request);
        request.Sequence.Cache.Clear();
        request.Preemptions++;
        request.Report.Preemptions++;
        (request.Kept, request.KeepAt) = (0, 0);
        _queue.Return(request);
        _metrics.Preempted(this);
    }

    /// <summary>Admits who waits, as far as there is room, and runs one pass.</summary>
    /// <returns>Whether there was anything to do.</returns>
    public bool Pass()
    {
        Admit();
        _pieces.Clear();
        _inPass.Clear();
        PlanDecoding();
        int prompts = PlanReading();
        _memory.Planned = 0;
        if (_pieces.Count == 0) return MakeWay();
        long begin = Stopwatch.GetTimestamp();
        try
        {
            int rows = Stepper.Step(CollectionsMarshal.AsSpan(_pieces));
            double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            Time += seconds;
            if (prompts >= LeastRows && 2 * prompts >= rows) _secondsPerRow += (seconds / rows - _secondsPerRow) * (_secondsPerRow == 0 ? 1 : 0.2);
            _metrics.Passed(this, _pieces.Count, prompts, seconds);
        }
        catch (Exception e)                                                      // nobody's cache can be trusted after half a pass
        {
            foreach (Request request in _inPass) End(request, e);
            return true;
        }
        foreach (Request request in _inPass) Finish(request);
        return true;
    }

    private void Admit()
    {
        while (_queue.Next() is { } request)
        {
            if (request.Sequence.Ended)                                          // nothing was asked for
            {
                End(request, null);
                continue;
            }
            bool fits = _running.Count < _options.MostRunning && FindRoom(request);
            if (!fits)
            {
                request.Sequence.Cache.Clear();
                if (MakePlaceFor(request)) continue;
                if (_memory.Running() > 0) return;                               // its turn comes
                RetryAlone(request);
                continue;
            }
            _queue.Take(request);
            int at = _running.Count;
            while (at > 0 && CacheMemory.IsBefore(request, _running[at - 1])) at--;
            _running.Insert(at, request);
            if (request.WasAdmitted) continue;
            request.WasAdmitted = true;
            _queue.Charge(request, request.Sequence.Unread);
            _metrics.Admitted(this, request);
            request.Admitted?.Invoke();
        }
    }

    /// <summary>Finds a request's prefix and room for the rest of its prompt.</summary>
    private bool FindRoom(Request request)
    {
        BeginWithKnown(request);
        return _memory.Make(Needed(request) + _memory.Promised());
    }

    /// <summary>
    /// Makes a running request wait for one that should not have to: one of a higher class, or the first of an owner where another has several.
    /// </summary>
    private bool MakePlaceFor(Request request)
    {
        for (int i = _running.Count - 1; i >= 0; i--)
        {
            Request other = _running[i];
            bool isFirst = request.Account!.Running == 0 && other.Account!.Running > 1 && other.Rank <= request.Rank;
            if (other.Rank >= request.Rank && !isFirst) continue;
            Preempt(other);
            return true;
        }
        return false;
    }

    /// <summary>Sequences that are being written: the newest token of each. Those that keep memory longest come first; when it is short the last make room.</summary>
    private void PlanDecoding()
    {
        for (int i = 0; i < _running.Count; i++)
        {
            Request request = _running[i];
            if (request.Sequence.IsReading) continue;
            int rows = Stepper.DecodeRows;
            long bytes = request.Sequence.Cache.BytesNeeded(rows);
            if (rows > 1 && bytes > _memory.Free) (rows, bytes) = (1, request.Sequence.Cache.BytesNeeded(1));
            while (!request.IsOver && request.IsRunning && !_memory.Make(bytes))
            {
                (ModelLane lane, Request victim) = _memory.Victim()!.Value;
                if (victim == request && _memory.Running() == 1) RetryAlone(request);
                else lane.Preempt(victim);
            }
            if (request.IsRunning) Plan(request, rows, bytes);
            else i--;
        }
    }

    /// <summary>Pieces of prompts, by whose turn it is, as many rows together as a pass may have.</summary>
    /// <returns>Their rows.</returns>
    private int PlanReading()
    {
        _reading.Clear();
        foreach (Request request in _running)
        {
            if (request.Sequence.IsReading) _reading.Add(request);
        }
        if (_reading.Count == 0) return 0;
        _reading.Sort(_byTurn);
        foreach (Request request in _reading) request.Waits = WaitsForAnother(request);
        int most = MostRows(), left = most;
        foreach (Request request in _reading)
        {
            if (left == 0) break;
            if (request.Waits) continue;
            RunningSequence sequence = request.Sequence;
            int length = sequence.Cache.Length, rows = Math.Min(sequence.Unread, left);
            if (request.KeepAt > length) rows = Math.Min(rows, request.KeepAt - length);
            long bytes = sequence.Cache.BytesNeeded(rows);
            while (rows > 0 && !_memory.Make(bytes))                             // as many whole blocks as there is room for
            {
                rows = Math.Min(rows - 1, ((length + rows - 1) / AttentionBlocks.Keys * AttentionBlocks.Keys) - length);
                bytes = rows > 0 ? sequence.Cache.BytesNeeded(rows) : 0;
            }
            if (rows <= 0) continue;
            Plan(request, rows, bytes);
            left -= rows;
        }
        return most - left;
    }

    private void Plan(Request request, int rows, long bytes)
    {
        _pieces.Add(new PassPiece(request.Sequence, rows));
        _inPass.Add(request);
        _memory.Planned += bytes;
    }

    /// <summary>
    /// Rows of prompts: few while answers are being written, by this model or another that has to wait; more when those who wait for a first token are
    /// more than those who get tokens.
    /// </summary>
    private int MostRows()
    {
        if (_options.DecodeDelay == Timeout.InfiniteTimeSpan) return _options.PrefillRows;
        int writing = 0;
        foreach (ModelLane lane in _memory.Lanes) writing += lane.Decoding;
        if (writing == 0) return _options.PrefillRows;
        double delay = _options.DecodeDelay.TotalSeconds * Math.Clamp((double)_reading.Count / writing, 1, MostPatience);
        double rows = _secondsPerRow > 0 ? delay / _secondsPerRow : 4 * LeastRows;
        return (int)Math.Clamp(rows, Math.Min(LeastRows, _options.PrefillRows), _options.PrefillRows);
    }

    /// <summary>
    /// Whether another that came before it is reading what both begin with. The other's prompt is cut where they part, so that layers with a window
    /// can go on from there.
    /// </summary>
    private bool WaitsForAnother(Request request)
    {
        if (!_options.RemembersPrefixes || !request.SharesPrefixes) return false;
        BeginWithKnown(request);
        int length = request.Sequence.Cache.Length;
        ReadOnlySpan<int> tokens = request.Sequence.Tokens[..^1];
        foreach (Request other in _running)
        {
            RunningSequence sequence = other.Sequence;
            if (other.Number >= request.Number || !other.SharesPrefixes || !sequence.IsReading || other.Root != request.Root) continue;
            int common = sequence.Tokens.CommonPrefixLength(tokens) / AttentionBlocks.Keys * AttentionBlocks.Keys;
            if (common <= length || common <= sequence.Cache.Length) continue;
            if (_hasWindows) other.KeepAt = other.KeepAt > sequence.Cache.Length ? Math.Min(other.KeepAt, common) : common;
            return true;
        }
        return false;
    }

    /// <summary>Begins a request's empty cache, or one that holds less, with what is remembered.</summary>
    private void BeginWithKnown(Request request)
    {
        if (!_options.RemembersPrefixes || !request.SharesPrefixes) return;
        KeyValueCache cache = request.Sequence.Cache;
        int before = cache.Length;
        int known = Prefixes.Begin(request.Root, request.Sequence.Tokens, cache, request.Sequence.Tokens.Length - 1, _memory.Tick());
        request.Kept = Math.Max(request.Kept, cache.Length);
        if (known > cache.Length) request.KeepAt = known;                        // known, but its windows are gone: keep them this time
        if (!request.WasAdmitted) request.Report.CachedTokens = cache.Length;
        else if (request.Results == 0 && cache.Length > before)
        {
            request.Report.CachedTokens += cache.Length - before;
            _metrics.Cached(this, cache.Length - before);
        }
    }

    /// <summary>After a pass: hands on what it brought, and remembers what was read.</summary>
    private void Finish(Request request)
    {
        RunningSequence sequence = request.Sequence;
        int results = request.Results, told = request.Told;
        if (results > told)
        {
            _queue.Charge(request, (long)FairQueue.DecodeCost * (results - told));
            _metrics.Told(this, request, results - told);
        }
        request.Tell();
        request.Told = results;
        Remember(request);
        if (sequence.Ended) End(request, null);
    }

    private void Remember(Request request)
    {
        RunningSequence sequence = request.Sequence;
        int length = sequence.Cache.Length;
        if (!_options.RemembersPrefixes || !request.SharesPrefixes) return;
        bool isMark = sequence.Ended || (length > request.Kept && !sequence.IsReading && request.Results <= 1) || length == request.KeepAt;
        if (!isMark && !(sequence.IsReading && length / AttentionBlocks.Keys > request.Kept / AttentionBlocks.Keys)) return;
        Prefixes.Add(request.Root, sequence.Tokens[..^1], sequence.Cache, isMark, _memory.Tick());    // the newest token is not read, whatever the cache holds in its place
        request.Kept = length;
    }

    /// <summary>Nobody could be given memory for a single row: the last of those that run makes way for the others.</summary>
    private bool MakeWay()
    {
        if (_running.Count == 0) return false;
        bool othersRun = _memory.Running() > _running.Count;
        if (othersRun) return false;                                             // they will end, or make room themselves
        if (_running.Count == 1) RetryAlone(_running[0]);
        else Preempt(_running[^1]);
        return true;
    }

    /// <summary>Does not fit though nothing else runs: once more without anything remembered, and then no more, so that the end does not depend on others.</summary>
    private void RetryAlone(Request request)
    {
        if (request.IsAlone)
        {
            End(request, TooLarge(request));
            return;
        }
        request.IsAlone = true;
        foreach (ModelLane lane in _memory.Lanes) lane.Prefixes.Clear();
        if (request.IsRunning) Preempt(request);
    }

    private static long Needed(Request request) =>
        Math.Max(0, request.Sequence.Cache.BytesFor(request.Sequence.Tokens.Length + 1) - request.Sequence.Cache.BytesHeld);

    private MemoryBudgetException TooLarge(Request request) => TooLarge(request.Sequence.Cache.BytesFor(request.Sequence.Tokens.Length + 1), _memory.Budget);

    /// <summary>A sequence that does not fit, alone.</summary>
    public static MemoryBudgetException TooLarge(long bytes, long budget) => new("The cache of the prompt and the answer so far", bytes, budget,
        "Shorten them, or give the server more memory for keys and values, or a smaller type of cache.");
}
