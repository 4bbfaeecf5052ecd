using System.Runtime.InteropServices;

namespace Hearth.Models.Generation.Constraints;

/// <summary>A return: where to go on in the calling rule, and what called that.</summary>
internal sealed record Frame(int Id, int State, Frame? Caller);

/// <summary>Everything that a text read so far may be: states of rules, each with its stack of returns.</summary>
/// <param name="positions">States that wait for a byte.</param>
/// <param name="accepts">Whether the text may end here.</param>
/// <param name="classes">How many classes of bytes there are.</param>
internal sealed class Reading((int State, Frame? Stack)[] positions, bool accepts, int classes)
{
    public (int State, Frame? Stack)[] Positions { get; } = positions;

    public bool Accepts { get; } = accepts;

    /// <summary>No text fits any more.</summary>
    public bool IsDead => Positions.Length == 0 && !Accepts;

    /// <summary>What a byte of each class leads to, as far as it is known.</summary>
    public Reading?[] Next { get; } = new Reading?[classes];

    /// <summary>The tokens that may follow, once they are known.</summary>
    public ulong[]? Tokens { get; set; }
}

/// <summary>
/// Reads bytes by a grammar, all possible ways at once. Readings are remembered, so that a byte after a reading met before costs one look-up.
/// What is remembered is bounded. Not for several threads at once.
/// </summary>
internal sealed class GrammarParser
{
    private const int MostKept = 3_000_000;                                      // of positions and of links to the next reading
    private const int MostPositions = 2_000;

    private readonly GrammarProgram _program;
    private readonly string _name;
    private readonly Dictionary<(int State, int Caller), Frame> _frames = [];
    private readonly Dictionary<string, Reading> _readings = new(StringComparer.Ordinal);
    private readonly HashSet<(int State, int Stack)> _seen = [];
    private readonly Stack<(int State, Frame? Stack)> _todo = new();
    private Reading? _start;
    private int _nextFrame = 1;
    private int _kept;

    public GrammarParser(GrammarProgram program, string name) => (_program, _name) = (program, name);

    /// <summary>Steps that readings not met before have taken.</summary>
    public long Work { get; private set; }

    /// <summary>How many readings are remembered.</summary>
    public int Remembered => _readings.Count;

    /// <summary>The reading of no text.</summary>
    public Reading Start => _start ??= Close([(_program.Start(0), null)]);

    /// <summary>The reading after one more byte.</summary>
    /// <exception cref="ConstraintException">The text can be read in too many ways.</exception>
    public Reading Advance(Reading reading, byte b)
    {
        int c = _program.Class(b);
        return reading.Next[c] ??= After(reading, b);
    }

    /// <summary>Forgets all readings. Those in use stay valid.</summary>
    public void Forget()
    {
        _readings.Clear();
        _frames.Clear();
        _start = null;
        _kept = 0;
    }

    private Reading After(Reading reading, byte b)
    {
        var targets = new List<(int, Frame?)>();
        foreach ((int state, Frame? stack) in reading.Positions)
        {
            foreach (ByteEdge edge in _program.State(state).Bytes)
            {
                if (edge.Low <= b && b <= edge.High) targets.Add((edge.Target, stack));
            }
        }
        return Close(targets);
    }

    /// <summary>Follows calls and returns until every position waits for a byte.</summary>
    private Reading Close(List<(int State, Frame? Stack)> states)
    {
        bool accepts = false;
        var positions = new List<(int State, Frame? Stack)>();
        _seen.Clear();
        foreach ((int State, Frame? Stack) s in states) Push(s.State, s.Stack);
        while (_todo.TryPop(out (int State, Frame? Stack) at))
        {
            Work++;
            if (_seen.Count > 4 * MostPositions)
            {
                _todo.Clear();
                throw new ConstraintException(_name, $"the text can be read in more than {MostPositions:N0} ways. Make the grammar less ambiguous.");
            }
            GrammarState state = _program.State(at.State);
            if (state.Bytes.Length > 0) positions.Add(at);
            if (state.Final)
            {
                if (at.Stack is null) accepts = true;
                else Push(at.Stack.State, at.Stack.Caller);
            }
            foreach (CallEdge call in state.Calls)
                Push(_program.Start(call.Rule), _program.State(call.Target).OnlyEnds ? at.Stack : Frame(call.Target, at.Stack));
        }
        if (positions.Count > MostPositions)
            throw new ConstraintException(_name, $"the text can be read in more than {MostPositions:N0} ways. Make the grammar less ambiguous.");
        return Remember(positions, accepts);

        void Push(int state, Frame? stack)
        {
            if (_seen.Add((state, stack?.Id ?? 0))) _todo.Push((state, stack));
        }
    }

    private Reading Remember(List<(int State, Frame? Stack)> positions, bool accepts)
    {
        positions.Sort((a, b) => a.State != b.State ? a.State.CompareTo(b.State) : (a.Stack?.Id ?? 0).CompareTo(b.Stack?.Id ?? 0));
        int[] numbers = new int[(2 * positions.Count) + 1];
        numbers[0] = accepts ? 1 : 0;
        for (int i = 0; i < positions.Count; i++) (numbers[(2 * i) + 1], numbers[(2 * i) + 2]) = (positions[i].State, positions[i].Stack?.Id ?? 0);
        string key = new(MemoryMarshal.Cast<int, char>(numbers));
        if (_readings.TryGetValue(key, out Reading? known)) return known;
        _kept += (3 * positions.Count) + _program.Classes + 16;
        if (_kept > MostKept) Forget();
        var reading = new Reading([.. positions], accepts, _program.Classes);
        _readings.Add(key, reading);
        return reading;
    }

    private Frame Frame(int state, Frame? caller)
    {
        ref Frame? frame = ref CollectionsMarshal.GetValueRefOrAddDefault(_frames, (state, caller?.Id ?? 0), out _);
        return frame ??= new Frame(_nextFrame++, state, caller);
    }
}
