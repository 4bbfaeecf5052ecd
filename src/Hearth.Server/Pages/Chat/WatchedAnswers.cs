namespace Hearth.Server.Pages.Chat;

/// <summary>The answers that somebody's open page waits for: they go on while it is open, whatever conversation it shows.</summary>
internal sealed class WatchedAnswers : IDisposable
{
    private readonly Dictionary<RunningAnswer, IDisposable> _watched = [];

    public void Add(RunningAnswer answer)
    {
        foreach (RunningAnswer ended in _watched.Keys.Where(a => a.Done.IsCompleted).ToList()) _watched.Remove(ended);
        if (!_watched.ContainsKey(answer)) _watched[answer] = answer.Watch();
    }

    public void Dispose()
    {
        foreach (IDisposable watch in _watched.Values) watch.Dispose();
        _watched.Clear();
    }
}
