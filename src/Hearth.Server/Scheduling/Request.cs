using System.Threading.Channels;
using Hearth.Models.Generation;

namespace Hearth.Server.Scheduling;

/// <summary>Who asks, and how urgently.</summary>
/// <param name="Owner">Whose share of the machine it takes: a key's name.</param>
/// <param name="Priority">Its class.</param>
/// <param name="Root">Whose remembered prefixes it shares.</param>
internal readonly record struct Caller(string Owner, RequestPriority Priority, string Root);

/// <summary>A sequence that somebody waits for. Its state is the scheduler thread's alone.</summary>
internal abstract class Request(Caller caller, RunningSequence sequence, RequestReport report)
{
    public string Owner { get; } = caller.Owner;

    public RequestPriority Priority { get; } = caller.Priority;

    public string Root { get; } = caller.Root;

    public RunningSequence Sequence { get; } = sequence;

    public RequestReport Report { get; } = report;

    /// <summary>Whether it may begin with what was read for another. What must see every row of a text may not.</summary>
    public bool SharesPrefixes => CanShare && !IsAlone;

    /// <summary>Whether it runs without what is remembered, because it would not fit.</summary>
    public bool IsAlone { get; set; }

    /// <summary>Tokens that were chosen or scored.</summary>
    public abstract int Results { get; }

    /// <summary>In the order in which they came.</summary>
    public long Number { get; set; }

    public Account? Account { get; set; }

    public int Preemptions { get; set; }

    /// <summary>Its class, and one more for each time that it had to make room: whoever had to, will not have to for ever.</summary>
    public int Rank => (int)Priority + Preemptions;

    /// <summary>Whether it was admitted, and its prompt counted, before.</summary>
    public bool WasAdmitted { get; set; }

    /// <summary>Where to cut the prompt, because others go on from there; 0 for nowhere.</summary>
    public int KeepAt { get; set; }

    /// <summary>Whether it leaves this pass to another that reads what both begin with.</summary>
    public bool Waits { get; set; }

    /// <summary>Tokens of the cache that the tree has been told of.</summary>
    public int Kept { get; set; }

    /// <summary>Results that were handed on.</summary>
    public int Told { get; set; }

    /// <summary>Told when it leaves the queue for the first time.</summary>
    public Action? Admitted { get; set; }

    /// <summary>Told when it is over, and whether it was admitted before.</summary>
    public Action<bool>? Left { get; set; }

    public bool IsRunning { get; set; }

    public bool IsOver { get; set; }

    protected abstract bool CanShare { get; }

    /// <summary>Hands on what the last pass brought.</summary>
    public abstract void Tell();

    /// <summary>Hands on the end.</summary>
    /// <param name="failure">Why it ended early; null when it is whole.</param>
    public abstract void End(Exception? failure);
}

/// <summary>An answer, token by token. What nobody reads yet waits here; it is never more than the answer.</summary>
internal sealed class GenerateRequest(Caller caller, GeneratedSequence sequence, RequestReport report) : Request(caller, sequence, report)
{
    private readonly Channel<GeneratedToken> _tokens = Channel.CreateUnbounded<GeneratedToken>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true, AllowSynchronousContinuations = false });

    public ChannelReader<GeneratedToken> Tokens => _tokens.Reader;

    protected override bool CanShare => true;

    public override int Results => sequence.Generated.Count;

    public override void Tell()
    {
        while (Told < sequence.Generated.Count) _tokens.Writer.TryWrite(sequence.Generated[Told++]);
    }

    public override void End(Exception? failure) => _tokens.Writer.TryComplete(failure ?? sequence.Failure);
}

/// <summary>A text's scores or embedding, all at once.</summary>
internal sealed class WholeRequest<T>(Caller caller, RunningSequence sequence, Func<T> result, RequestReport report) : Request(caller, sequence, report)
{
    private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Result => _result.Task;

    protected override bool CanShare => false;

    public override int Results => Sequence.Ended ? Sequence.Tokens.Length : 0;

    public override void Tell()
    {
    }

    public override void End(Exception? failure)
    {
        if (failure is OperationCanceledException) _result.TrySetCanceled();
        else if (failure is not null) _result.TrySetException(failure);
        else _result.TrySetResult(result());
    }
}

/// <summary>What became of a request, for its caller to show. Written before the first token comes, but for <see cref="Preemptions"/>.</summary>
public sealed class RequestReport
{
    /// <summary>Tokens of the prompt that were known from before and not read again.</summary>
    public int CachedTokens { get; internal set; }

    /// <summary>From asking to the first pass.</summary>
    public TimeSpan Waiting { get; internal set; }

    /// <summary>From asking to the first token.</summary>
    public TimeSpan FirstToken { get; internal set; }

    /// <summary>How often it made room for others and was read again.</summary>
    public int Preemptions { get; internal set; }

    /// <summary>When it came, in ticks of the stopwatch.</summary>
    internal long Came { get; set; }
}
