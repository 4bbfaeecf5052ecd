using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Hearth.Server.Security;
using Hearth.Server.State;

namespace Hearth.Server.Pages.Chat;

/// <summary>What an answer is asked for with.</summary>
/// <param name="Conversation">The conversation.</param>
/// <param name="Question">The message that it answers.</param>
/// <param name="Model">The model.</param>
/// <param name="Settings">How to answer.</param>
/// <param name="Messages">What was said so far, the question last: roles and texts.</param>
public sealed record Turn(string Conversation, string Question, string Model, ChatSettings Settings, IReadOnlyList<(string Role, string Text)> Messages)
{
    /// <summary>An answer that is asked for again, to see whether it comes out equal; null for a new one, which is kept.</summary>
    public MessageRow? Repeats { get; init; }
}

/// <summary>Whether an answer that was asked for again came out equal.</summary>
/// <param name="Equal">Whether it did.</param>
/// <param name="Text">A sentence about it.</param>
public sealed record Verdict(bool Equal, string Text);

/// <summary>An answer while it comes. Pages look at it as often as they draw; it goes on while somebody has it open.</summary>
/// <param name="caller">Who asked.</param>
/// <param name="turn">What was asked.</param>
/// <param name="patience">How long it goes on while nobody looks.</param>
public sealed class RunningAnswer(Caller caller, Turn turn, TimeSpan patience) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly StringBuilder _text = new(), _reasoning = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _watchers;
    private long _began;

    /// <summary>Who asked.</summary>
    public Caller Caller => caller;

    /// <summary>What was asked.</summary>
    public Turn Turn => turn;

    /// <summary>The id under which it will be kept.</summary>
    public string Id { get; } = ConversationStore.NewId("msg");

    /// <summary>Cancelled when it is to end early.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Completes when it has ended and is kept.</summary>
    public Task Done => _done.Task;

    /// <summary>Whether the model is in memory and reads or writes.</summary>
    public bool Began => _began != 0;

    /// <summary>Changes with everything that comes.</summary>
    public int Version { get; private set; }

    /// <summary>Pieces that came, about one a token.</summary>
    public int Pieces { get; private set; }

    /// <summary>How long the first piece took; null before it came.</summary>
    public double? FirstMilliseconds { get; private set; }

    /// <summary>How long it has taken.</summary>
    public double Milliseconds => _began == 0 ? 0 : Stopwatch.GetElapsedTime(_began).TotalMilliseconds;

    /// <summary>Why it failed; null when it did not.</summary>
    public string? Error { get; private set; }

    /// <summary>For an answer that was asked for again.</summary>
    public Verdict? Verdict { get; set; }

    /// <summary>Characters that came.</summary>
    public int Length => _text.Length + _reasoning.Length;

    /// <summary>What has come so far.</summary>
    public (string Text, string Reasoning) Said
    {
        get
        {
            lock (_gate) return (_text.ToString(), _reasoning.ToString());
        }
    }

    /// <summary>The model is there and begins.</summary>
    public void Begin() => _began = Stopwatch.GetTimestamp();

    /// <summary>Takes a piece as an answer tells it: a choice with a delta.</summary>
    /// <param name="choice">The choice.</param>
    public void Take(JsonObject choice)
    {
        lock (_gate)
        {
            FirstMilliseconds ??= Milliseconds;
            JsonNode? delta = choice["delta"];
            _text.Append(delta?["content"]?.GetValue<string>());
            _reasoning.Append(delta?["reasoning_content"]?.GetValue<string>());
            Pieces++;
            Version++;
        }
    }

    /// <summary>Ends it early.</summary>
    public void Stop()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }

    /// <summary>Ends it for those who look.</summary>
    /// <param name="error">Why it failed; null when it did not.</param>
    public void End(string? error)
    {
        Error = error;
        _done.TrySetResult();
    }

    /// <summary>Somebody looks, until the result is disposed of.</summary>
    public IDisposable Watch()
    {
        Interlocked.Increment(ref _watchers);
        return new Watcher(this);
    }

    /// <summary>Ends it when nobody has looked for a while.</summary>
    public async Task StopWhenAlone()
    {
        await Task.Delay(patience, CancellationToken.None).ConfigureAwait(false);
        if (Volatile.Read(ref _watchers) == 0) Stop();
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    private sealed class Watcher(RunningAnswer answer) : IDisposable
    {
        private RunningAnswer? _answer = answer;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _answer, null) is { } watched && Interlocked.Decrement(ref watched._watchers) == 0) _ = watched.StopWhenAlone();
        }
    }
}
