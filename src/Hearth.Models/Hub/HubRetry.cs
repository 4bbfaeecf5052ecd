namespace Hearth.Models.Hub;

/// <summary>Something failed that may well succeed when it is tried again.</summary>
/// <param name="message">What happened.</param>
/// <param name="pause">How long the other side asks us to wait; null when it does not say.</param>
/// <param name="inner">The cause.</param>
internal sealed class PassingFailureException(string message, TimeSpan? pause = null, Exception? inner = null) : Exception(message, inner)
{
    public TimeSpan? Pause => pause;
}

/// <summary>Tries again after passing failures, with pauses that grow, until too many came in a row.</summary>
/// <param name="settings">How often, and how long the pauses are.</param>
internal sealed class HubRetry(HubSettings settings)
{
    private int _failures;

    /// <summary>Something was achieved since the last failure.</summary>
    public void Progressed() => _failures = 0;

    /// <summary>Runs something until it succeeds.</summary>
    /// <exception cref="HubException">It failed too often in a row.</exception>
    public async Task<T> Run<T>(Func<Task<T>> attempt, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                return await attempt().ConfigureAwait(false);
            }
            catch (PassingFailureException e)
            {
                if (++_failures >= settings.Attempts)
                    throw new HubException($"{e.Message} Tried {settings.Attempts} times in a row. What has come is kept: the same command goes on from there.", e);
                TimeSpan pause = e.Pause ?? settings.FirstPause * (1 << Math.Min(_failures - 1, 16));
                await Task.Delay(pause < settings.LongestPause ? pause : settings.LongestPause, stop).ConfigureAwait(false);
            }
        }
    }
}
