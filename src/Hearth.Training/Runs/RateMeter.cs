namespace Hearth.Training.Runs;

/// <summary>A rate over the last few seconds.</summary>
public sealed class RateMeter
{
    private const double WindowSeconds = 10;
    private readonly Queue<(double At, long Count)> _marks = new();
    private long _total;

    /// <summary>Counts something and gives the rate.</summary>
    /// <param name="count">How much.</param>
    /// <param name="seconds">The time, from any beginning.</param>
    public double Add(long count, double seconds)
    {
        if (_marks.Count == 0) _marks.Enqueue((0, 0));
        _total += count;
        _marks.Enqueue((seconds, _total));
        while (_marks.Count > 2 && seconds - _marks.Peek().At > WindowSeconds) _marks.Dequeue();
        (double at, long before) = _marks.Peek();
        return seconds > at ? (_total - before) / (seconds - at) : 0;
    }
}
