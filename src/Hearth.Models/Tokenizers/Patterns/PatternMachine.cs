namespace Hearth.Models.Tokenizers.Patterns;

/// <summary>
/// Runs a program over a text: one pass over the code points with a list of places in the program, the preferred first, so that no text
/// makes it go back. Looking ahead runs another machine from the place reached.
/// </summary>
internal sealed class PatternMachine
{
    private readonly PatternProgram _program;
    private readonly PatternMachine[] _ahead;
    private Threads _now, _next;
    private readonly Stack<int> _pending = new();

    public PatternMachine(PatternProgram program)
    {
        _program = program;
        _ahead = [.. program.Aheads.Select(a => new PatternMachine(a))];
        (_now, _next) = (new Threads(program.Length), new Threads(program.Length));
    }

    /// <summary>The end of the match that begins at a place, or -1.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">Where the match begins.</param>
    /// <param name="effort">Steps left; each one taken is subtracted.</param>
    public int MatchAt(ReadOnlySpan<char> text, int start, ref long effort)
    {
        _now.Clear();
        Reach(0, start, text, start, ref effort);
        (int _, int end) = Run(text, start, searches: false, ref effort);
        return end;
    }

    /// <summary>The first match that begins at a place or later.</summary>
    public bool Find(ReadOnlySpan<char> text, int from, out int start, out int end, ref long effort)
    {
        _now.Clear();
        Reach(0, from, text, from, ref effort);
        (start, end) = Run(text, from, searches: true, ref effort);
        return end >= 0;
    }

    private (int Start, int End) Run(ReadOnlySpan<char> text, int at, bool searches, ref long effort)
    {
        (int Start, int End) found = (-1, -1);
        while (true)
        {
            int following = at, code = at < text.Length ? CodePoints.Read(text, at, out following) : -1;
            _next.Clear();
            (_now, _next) = (_next, _now); // Reach adds to _now, so the list that is read is the other one
            Threads reading = _next;
            effort -= reading.Count + 1;
            for (int i = 0; i < reading.Count; i++)
            {
                (Step step, int first, int _) = _program[reading.Place(i)];
                if (step == Step.Done)
                {
                    found = (reading.Start(i), at);
                    searches = false;
                    break; // what stands after this is less preferred
                }
                if (code >= 0 && _program.Class(first).Contains(code)) Reach(reading.Place(i) + 1, reading.Start(i), text, following, ref effort);
            }
            if (code < 0 || effort < 0) return found;
            if (searches) Reach(0, following, text, following, ref effort);
            if (_now.Count == 0 && !searches) return found;
            at = following;
        }
    }

    /// <summary>Adds a place of the program and all that it leads to without taking text, the preferred first.</summary>
    private void Reach(int place, int start, ReadOnlySpan<char> text, int at, ref long effort)
    {
        _pending.Push(place);
        while (_pending.TryPop(out place))
        {
            if (!_now.Mark(place)) continue;
            effort--;
            (Step step, int first, int second) = _program[place];
            switch (step)
            {
                case Step.Fork:
                    _pending.Push(second);
                    _pending.Push(first);
                    break;
                case Step.Jump:
                    _pending.Push(first);
                    break;
                case Step.Stand:
                    if (Stands((Place)first, text, at)) _pending.Push(place + 1);
                    break;
                case Step.Look or Step.LookNot:
                    bool matches = _ahead[first].MatchAt(text, at, ref effort) >= 0;
                    if (matches == (step == Step.Look)) _pending.Push(place + 1);
                    break;
                default:
                    _now.Add(place, start);
                    break;
            }
        }
    }

    private static bool Stands(Place place, ReadOnlySpan<char> text, int at) => place switch
    {
        Place.Start => at == 0,
        Place.End => at == text.Length,
        _ => (CodePoints.IsWord(text, at - 1) != CodePoints.IsWord(text, at)) == (place == Place.WordBoundary),
    };

    /// <summary>Places of a program in order of preference, each once, with where its match began.</summary>
    private sealed class Threads(int length)
    {
        private readonly int[] _places = new int[length], _starts = new int[length], _marked = new int[length];
        private int _round;

        public int Count { get; private set; }

        public int Place(int i) => _places[i];

        public int Start(int i) => _starts[i];

        public void Clear()
        {
            Count = 0;
            _round++;
        }

        /// <summary>False when the place has been seen in this round.</summary>
        public bool Mark(int place)
        {
            if (_marked[place] == _round) return false;
            _marked[place] = _round;
            return true;
        }

        public void Add(int place, int start)
        {
            _places[Count] = place;
            _starts[Count++] = start;
        }
    }
}
