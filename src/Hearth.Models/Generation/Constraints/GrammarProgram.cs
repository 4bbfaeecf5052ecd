namespace Hearth.Models.Generation.Constraints;

/// <summary>A byte that leads from one state to another.</summary>
internal readonly record struct ByteEdge(byte Low, byte High, int Target);

/// <summary>A rule that leads from one state to another.</summary>
internal readonly record struct CallEdge(int Rule, int Target);

/// <summary>A state of a rule's automaton.</summary>
/// <param name="Bytes">What bytes lead to.</param>
/// <param name="Calls">What rules lead to.</param>
/// <param name="Final">Whether the rule may end here.</param>
internal sealed record GrammarState(ByteEdge[] Bytes, CallEdge[] Calls, bool Final)
{
    /// <summary>Whether the rule must end here: a call that leads here needs no return.</summary>
    public bool OnlyEnds => Final && Bytes.Length == 0 && Calls.Length == 0;
}

/// <summary>
/// A context-free grammar as one automaton for each rule, whose edges are bytes or other rules (recursive transition networks, Woods 1970). Nothing in
/// it leads nowhere, and no rule calls itself before it has taken a byte.
/// </summary>
internal sealed class GrammarProgram
{
    private readonly GrammarState[] _states;
    private readonly int[] _starts;
    private readonly byte[] _classes = new byte[256];

    public GrammarProgram(GrammarState[] states, int[] starts, Func<int, string> name)
    {
        (_states, _starts) = (states, starts);
        Prune(name);
        RefuseLeftRecursion(name);
        Classes = ClassifyBytes();
    }

    /// <summary>The root rule is rule 0.</summary>
    public int Start(int rule) => _starts[rule];

    public GrammarState State(int state) => _states[state];

    /// <summary>Bytes of one class lead to the same from every state.</summary>
    public int Class(byte b) => _classes[b];

    /// <summary>How many classes of bytes there are.</summary>
    public int Classes { get; }

    /// <summary>Takes away what can never come to an end.</summary>
    private void Prune(Func<int, string> name)
    {
        var before = new List<int>[_states.Length];                              // states with an edge to a state, and with a call of a rule by its start
        for (int s = 0; s < _states.Length; s++) before[s] = [];
        for (int s = 0; s < _states.Length; s++)
        {
            foreach (ByteEdge edge in _states[s].Bytes) before[edge.Target].Add(s);
            foreach (CallEdge edge in _states[s].Calls)
            {
                before[edge.Target].Add(s);
                before[_starts[edge.Rule]].Add(s);
            }
        }
        var alive = new bool[_states.Length];
        var todo = new Stack<int>();
        for (int s = 0; s < _states.Length; s++)
        {
            if (_states[s].Final) Revive(s);
        }
        while (todo.TryPop(out int found))
        {
            foreach (int s in before[found])
            {
                if (!alive[s] && (_states[s].Bytes.Any(e => alive[e.Target]) || _states[s].Calls.Any(e => alive[e.Target] && alive[_starts[e.Rule]]))) Revive(s);
            }
        }
        if (!alive[_starts[0]]) throw new ConstraintException(name(0), "no finite text fits it. Give its recursion a way to end.");
        for (int s = 0; s < _states.Length; s++)
        {
            _states[s] = _states[s] with
            {
                Bytes = [.. _states[s].Bytes.Where(e => alive[e.Target])],
                Calls = [.. _states[s].Calls.Where(e => alive[e.Target] && alive[_starts[e.Rule]])],
            };
        }

        void Revive(int s)
        {
            alive[s] = true;
            todo.Push(s);
        }
    }

    private void RefuseLeftRecursion(Func<int, string> name)
    {
        bool[] nullable = Nullable(name);
        var first = new List<int>[_starts.Length];                               // rules that a rule may call before it took a byte
        for (int rule = 0; rule < _starts.Length; rule++)
        {
            first[rule] = [];
            Reach(rule, nullable, first[rule]);
        }
        int[] seen = new int[_starts.Length];                                    // 1: on the path, 2: done
        var path = new Stack<(int Rule, int Next)>();
        for (int root = 0; root < _starts.Length; root++)
        {
            if (seen[root] != 0) continue;
            path.Push((root, 0));
            seen[root] = 1;
            while (path.TryPop(out (int Rule, int Next) at))
            {
                if (at.Next == first[at.Rule].Count)
                {
                    seen[at.Rule] = 2;
                    continue;
                }
                path.Push((at.Rule, at.Next + 1));
                int next = first[at.Rule][at.Next];
                if (seen[next] == 1) throw new ConstraintException(name(next), "it calls itself before any character (left recursion). Write the repetition with * or +, or put the recursion last.");
                if (seen[next] == 2) continue;
                seen[next] = 1;
                path.Push((next, 0));
            }
        }
    }

    /// <summary>Which rules may be empty.</summary>
    private bool[] Nullable(Func<int, string> name)
    {
        var nullable = new bool[_starts.Length];
        long budget = 20_000_000;
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int rule = 0; rule < _starts.Length; rule++)
            {
                if (nullable[rule] || !Reach(rule, nullable, null)) continue;
                nullable[rule] = changed = true;
            }
            budget -= _states.Length;
            if (budget < 0) throw new ConstraintException(name(0), "it has too many rules that may be empty. Use a smaller grammar.");
        }
        return nullable;
    }

    /// <summary>Whether a rule can end without a byte; adds the rules it may call until then.</summary>
    private bool Reach(int rule, bool[] nullable, List<int>? calls)
    {
        var todo = new Stack<int>([_starts[rule]]);
        var seen = new HashSet<int>(todo);
        bool ends = false;
        while (todo.TryPop(out int s))
        {
            ends |= _states[s].Final;
            foreach (CallEdge call in _states[s].Calls)
            {
                if (calls?.Contains(call.Rule) == false) calls.Add(call.Rule);
                if (nullable[call.Rule] && seen.Add(call.Target)) todo.Push(call.Target);
            }
        }
        return ends;
    }

    private int ClassifyBytes()
    {
        var cut = new bool[257];
        foreach (GrammarState state in _states)
        {
            foreach (ByteEdge edge in state.Bytes) cut[edge.Low] = cut[edge.High + 1] = true;
        }
        int classes = 0;
        for (int b = 0; b < 256; b++)
        {
            if (b > 0 && cut[b]) classes++;
            _classes[b] = (byte)classes;
        }
        return classes + 1;
    }
}
