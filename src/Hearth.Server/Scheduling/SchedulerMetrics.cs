using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Hearth.Server.Scheduling;

/// <summary>What a scheduler has done, as plain numbers and as a meter named Hearth. Written by the scheduler's thread, read by any.</summary>
internal sealed class SchedulerMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Hearth";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _tokens, _cached, _requests, _preemptions;
    private readonly Histogram<int> _batch;
    private readonly Histogram<double> _firstToken, _wait, _duration, _pass;
    private long _promptTokens, _cachedTokens, _generatedTokens, _scoredTokens, _passes, _preempted, _completed, _cancelled, _failed;
    private int _mostInPass;
    private double _meanSeconds;

    public SchedulerMetrics(Func<SchedulerStatistics> now)
    {
        _tokens = _meter.CreateCounter<long>("hearth.tokens", "{token}", "Tokens that were read of prompts, generated and scored.");
        _cached = _meter.CreateCounter<long>("hearth.cache.tokens", "{token}", "Tokens of prompts that were known from before and not read again.");
        _requests = _meter.CreateCounter<long>("hearth.requests", "{request}", "Requests that ended, by how.");
        _preemptions = _meter.CreateCounter<long>("hearth.preemptions", "{request}", "Sequences that made room for others and were read again.");
        _batch = _meter.CreateHistogram<int>("hearth.batch.size", "{sequence}", "Sequences in a pass.");
        _firstToken = _meter.CreateHistogram<double>("hearth.time_to_first_token", "s", "From asking to the first token.");
        _wait = _meter.CreateHistogram<double>("hearth.queue.time", "s", "From asking to the first pass.");
        _duration = _meter.CreateHistogram<double>("hearth.request.duration", "s", "From asking to the end.");
        _pass = _meter.CreateHistogram<double>("hearth.pass.duration", "s", "A pass.");
        _meter.CreateObservableGauge("hearth.queue.length", () => now().Waiting, "{request}", "Requests that wait to run.");
        _meter.CreateObservableGauge("hearth.running", () => now().Running, "{request}", "Requests that run.");
        _meter.CreateObservableGauge("hearth.memory.key_values", () => now().KeyValueBytes, "By", "Keys and values of running sequences and remembered prefixes.");
        _meter.CreateObservableGauge("hearth.memory.models", () => now().ModelBytes, "By", "Weights of the models in memory.");
    }

    /// <summary>Mean seconds from asking to the end, the last requests counting most.</summary>
    public double MeanSeconds => Volatile.Read(ref _meanSeconds);

    public void Admitted(ModelLane lane, Request request)
    {
        RequestReport report = request.Report;
        report.Waiting = Stopwatch.GetElapsedTime(report.Came);
        _wait.Record(report.Waiting.TotalSeconds, Tag(lane));
        if (report.CachedTokens > 0) Cached(lane, report.CachedTokens);
    }

    public void Cached(ModelLane lane, int tokens)
    {
        Interlocked.Add(ref _cachedTokens, tokens);
        _cached.Add(tokens, Tag(lane));
    }

    public void Passed(ModelLane lane, int sequences, int prompts, double seconds)
    {
        Interlocked.Increment(ref _passes);
        Interlocked.Add(ref _promptTokens, prompts);
        if (sequences > _mostInPass) Volatile.Write(ref _mostInPass, sequences);
        _batch.Record(sequences, Tag(lane));
        _pass.Record(seconds, Tag(lane));
        if (prompts > 0) _tokens.Add(prompts, Tag(lane), new("kind", "prompt"));
    }

    public void Told(ModelLane lane, Request request, int tokens)
    {
        bool isScore = request is not GenerateRequest;
        Interlocked.Add(ref isScore ? ref _scoredTokens : ref _generatedTokens, tokens);
        _tokens.Add(tokens, Tag(lane), new("kind", isScore ? "scored" : "generated"));
        if (request.Told > 0 || isScore) return;
        request.Report.FirstToken = Stopwatch.GetElapsedTime(request.Report.Came);
        _firstToken.Record(request.Report.FirstToken.TotalSeconds, Tag(lane));
    }

    public void Preempted(ModelLane lane)
    {
        Interlocked.Increment(ref _preempted);
        _preemptions.Add(1, Tag(lane));
    }

    public void Ended(ModelLane lane, Request request, Exception? failure)
    {
        Exception? why = failure ?? request.Sequence.Failure;
        bool isCancelled = why is OperationCanceledException;
        Interlocked.Increment(ref why is null ? ref _completed : ref isCancelled ? ref _cancelled : ref _failed);
        double seconds = Stopwatch.GetElapsedTime(request.Report.Came).TotalSeconds;
        Volatile.Write(ref _meanSeconds, _meanSeconds == 0 ? seconds : _meanSeconds + (0.1 * (seconds - _meanSeconds)));
        _duration.Record(seconds, Tag(lane));
        _requests.Add(1, Tag(lane), new("outcome", why is null ? "completed" : isCancelled ? "cancelled" : "failed"));
    }

    /// <summary>The numbers so far, to be filled up with what is now.</summary>
    public SchedulerStatistics Statistics() => new()
    {
        Passes = Interlocked.Read(ref _passes),
        PromptTokens = Interlocked.Read(ref _promptTokens),
        CachedTokens = Interlocked.Read(ref _cachedTokens),
        GeneratedTokens = Interlocked.Read(ref _generatedTokens),
        ScoredTokens = Interlocked.Read(ref _scoredTokens),
        Preemptions = Interlocked.Read(ref _preempted),
        Completed = Interlocked.Read(ref _completed),
        Cancelled = Interlocked.Read(ref _cancelled),
        Failed = Interlocked.Read(ref _failed),
        MostInPass = Volatile.Read(ref _mostInPass),
    };

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Tag(ModelLane lane) => new("model", lane.Name);
}

/// <summary>What a scheduler has done and holds.</summary>
public sealed record SchedulerStatistics
{
    /// <summary>Requests that wait to run.</summary>
    public int Waiting { get; init; }

    /// <summary>Requests that run.</summary>
    public int Running { get; init; }

    /// <summary>Passes.</summary>
    public long Passes { get; init; }

    /// <summary>The most sequences that a pass had.</summary>
    public int MostInPass { get; init; }

    /// <summary>Tokens of prompts and texts that were read, those read again after a preemption too.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Tokens of prompts that were known from before.</summary>
    public long CachedTokens { get; init; }

    /// <summary>Tokens that were generated.</summary>
    public long GeneratedTokens { get; init; }

    /// <summary>Tokens of texts that were scored or embedded.</summary>
    public long ScoredTokens { get; init; }

    /// <summary>Sequences that made room for others.</summary>
    public long Preemptions { get; init; }

    /// <summary>Blocks of remembered prefixes that were given up for others.</summary>
    public long Evictions { get; init; }

    /// <summary>Requests that ended whole.</summary>
    public long Completed { get; init; }

    /// <summary>Requests that were cancelled.</summary>
    public long Cancelled { get; init; }

    /// <summary>Requests that failed.</summary>
    public long Failed { get; init; }

    /// <summary>Bytes of keys and values in use, remembered prefixes included.</summary>
    public long KeyValueBytes { get; init; }

    /// <summary>Bytes of weights in memory.</summary>
    public long ModelBytes { get; init; }

    /// <summary>Names of the models in memory, sorted.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];
}
