namespace Hearth.Models.Generation;

/// <summary>Where an answer is: in its reasoning, or past it.</summary>
internal sealed class ReasoningState(ReasoningMarks marks)
{
    private readonly List<int> _last = [];       // of the reasoning, as many as its end has
    private bool _began = marks.Began;
    private bool _first = true;
    private int _count, _closed;

    /// <summary>Whether the next token belongs to the reasoning, its end included.</summary>
    public bool Inside => _began;

    /// <summary>The token that must come next; null for any.</summary>
    public int? Forced => Inside && _count - _closed >= marks.MostTokens && marks.Closing.Count > 0 ? marks.Closing[_closed] : null;

    /// <summary>Takes a token; whether it belongs to the reasoning.</summary>
    public bool Takes(int token)
    {
        bool first = _first;
        _first = false;
        if (!_began)
        {
            if (!first || token != marks.Begin) return false;
            _began = true;
            return true;
        }
        if (Forced is not null) _closed++;
        _count++;
        _last.Add(token);
        if (_last.Count > marks.End.Count) _last.RemoveAt(0);
        if (_last.SequenceEqual(marks.End)) _began = false;
        return true;
    }
}
