using Hearth.Numerics;
using Hearth.Server.Hosting;
using Hearth.Server.Security;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hearth.Server.Work;

/// <summary>
/// Long work that admins ask for in the pages. It goes on when the page is closed; what takes the processors is done one at a time; when the server
/// stops, work is asked to stop in good order. What came of it is kept. Safe for use by several threads.
/// </summary>
public sealed class JobRunner : IHostedService, IDisposable
{
    private const int MostOpen = 32;

    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private readonly SemaphoreSlim _heavy = new(1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly JobArchive _archive;
    private readonly TimeProvider _time;
    private readonly ILogger<JobRunner> _log;

    /// <summary>No jobs but those that ended before.</summary>
    /// <param name="options">Where the server keeps things.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Told of errors that nobody foresaw.</param>
    public JobRunner(ServerOptions options, TimeProvider time, ILogger<JobRunner> log)
    {
        (_time, _log) = (time, log);
        _archive = new JobArchive(Path.Combine(options.Home, "jobs"));
        _entries.AddRange(_archive.Read().Select(j => new Entry(j)));
    }

    /// <summary>The jobs, newest first.</summary>
    /// <param name="kinds">Of these kinds only; all when none is given.</param>
    public IReadOnlyList<Job> List(params ReadOnlySpan<string> kinds)
    {
        var found = new List<Job>();
        lock (_gate)
        {
            for (int i = _entries.Count - 1; i >= 0; i--)
            {
                if (kinds.Length == 0 || kinds.Contains(_entries[i].Last.Order.Kind)) found.Add(_entries[i].Snapshot());
            }
        }
        return found;
    }

    /// <summary>A job; null when there is none of the id.</summary>
    /// <param name="id">Its id.</param>
    public Job? Find(string id)
    {
        lock (_gate) return _entries.Find(e => e.Last.Id == id)?.Snapshot();
    }

    /// <summary>Begins a job, or lets it wait for its turn.</summary>
    /// <param name="by">Who asks; whoever calls has seen that they may.</param>
    /// <param name="order">What it is.</param>
    /// <param name="work">Does it, on a thread of its own.</param>
    /// <exception cref="JobException">The same is being done already, or too much waits.</exception>
    public Job Start(Caller by, JobOrder order, Func<JobReport, CancellationToken, JobResult> work)
    {
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested) throw new JobException("The server is stopping and begins nothing more.");
            Entry[] open = [.. _entries.Where(e => !e.Last.IsEnded)];
            if (open.Any(e => e.Last.Order.Kind == order.Kind && e.Last.Order.Subject == order.Subject)) throw new JobException($"'{order.Title}' is under way already. Wait for it, or stop it first.");
            if (open.Length >= MostOpen) throw new JobException($"{open.Length:N0} jobs are under way or wait. Wait for some to end, or stop some.");
            string text = order.IsHeavy && open.Any(e => e.Last.Order.IsHeavy) ? "Waits for other work to end" : "Begins";
            DateTime now = _time.GetUtcNow().UtcDateTime;
            var entry = new Entry(new Job(Guid.CreateVersion7(_time.GetUtcNow()).ToString("N"), order, by.Name, JobState.Waiting, now, null, null, text, [], null))
            {
                Report = new JobReport(text),
                Stop = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token),
            };
            _entries.Add(entry);
            Task turn = order.IsHeavy ? _heavy.WaitAsync(entry.Stop.Token) : Task.CompletedTask;        // asked for here: turns come in this order
            entry.Working = Task.Run(() => RunAsync(entry, turn, work));
            return entry.Snapshot();
        }
    }

    /// <summary>Asks a job to stop; one that has ended is left as it is.</summary>
    /// <param name="id">Its id.</param>
    public void Cancel(string id)
    {
        CancellationTokenSource? stop;
        lock (_gate) stop = _entries.Find(e => e.Last.Id == id)?.Stop;
        try
        {
            stop?.Cancel();                                                      // outside the lock: what listens runs here
        }
        catch (ObjectDisposedException)
        {
            // It has just ended.
        }
    }

    /// <summary>Waits until a job has ended.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public async Task<Job> WaitAsync(string id, CancellationToken cancel)
    {
        Entry entry;
        lock (_gate) entry = _entries.Find(e => e.Last.Id == id) ?? throw new JobException("There is no such job any more.");
        await entry.Working.WaitAsync(cancel).ConfigureAwait(false);
        return entry.Last;
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Asks all work to stop and waits for it.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        Task[] working;
        lock (_gate) working = [.. _entries.Select(e => e.Working)];
        try
        {
            await Task.WhenAll(working).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What did not stop in time ends with the process; files are written whole or not at all.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _heavy.Dispose();
        _stopping.Dispose();
    }

    private async Task RunAsync(Entry entry, Task turn, Func<JobReport, CancellationToken, JobResult> work)
    {
        JobReport report = entry.Report!;
        CancellationToken cancel = entry.Stop!.Token;
        bool holdsTurn = false;
        (JobState State, string Text, JobResult? Result) end;
        try
        {
            await turn.ConfigureAwait(false);
            holdsTurn = entry.Last.Order.IsHeavy;
            lock (_gate) entry.Last = entry.Last with { State = JobState.Running };
            report.Begin(entry.Last.Order.Title);
            JobResult result = await Task.Factory.StartNew(() => work(report, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            end = (JobState.Done, result.Sentence, result);
        }
        catch (OperationCanceledException)
        {
            end = (JobState.Cancelled, _stopping.IsCancellationRequested ? "Stopped with the server. Begin it again to go on." : "Stopped.", null);
        }
        catch (Exception e)
        {
            end = (JobState.Failed, Sentence(e, entry.Last.Order), null);
        }
        finally
        {
            if (holdsTurn) _heavy.Release();
        }
        End(entry, end.State, end.Text, end.Result);
    }

    private void End(Entry entry, JobState state, string text, JobResult? result)
    {
        Job ended;
        lock (_gate)
        {
            ended = entry.Last = entry.Last with
            {
                State = state, Ended = _time.GetUtcNow().UtcDateTime, Text = text, Result = result, Notes = entry.Report!.Now.Notes, Fraction = state == JobState.Done ? 1 : null,
            };
            entry.Stop!.Dispose();
            (entry.Stop, entry.Report) = (null, null);
            int most = JobArchive.MostKept;
            for (int i = 0; i < _entries.Count && _entries.Count > most;)
            {
                if (_entries[i].Last.IsEnded) _entries.RemoveAt(i);
                else i++;
            }
        }
        try
        {
            _archive.Write(ended);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.LogWarning("What came of a job could not be kept: {Problem}", e.Message);
        }
    }

    private string Sentence(Exception e, JobOrder order)
    {
        if (e is HearthException or IOException or UnauthorizedAccessException) return e.Message;
        _log.LogError(e, "An error nobody foresaw in the job {Kind} of {Subject}", order.Kind, order.Subject);
        return "The server failed at this. Its log says more.";
    }

    /// <summary>A job and what runs it.</summary>
    private sealed class Entry(Job job)
    {
        public Job Last { get; set; } = job;

        public JobReport? Report { get; set; }

        public CancellationTokenSource? Stop { get; set; }

        public Task Working { get; set; } = Task.CompletedTask;

        public Job Snapshot()
        {
            if (Report is not { } report) return Last;
            (double? fraction, string text, IReadOnlyList<string> notes) = report.Now;
            return Last with { Fraction = fraction, Text = text, Notes = notes };
        }
    }
}
