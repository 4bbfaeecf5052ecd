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
        bool[] alive = Ending(afterBytes: true);
        if (!alive[_starts[0]]) throw new ConstraintException(name(0), "no finite text fits it. Give its recursion a way to end.");
        if (!alive.Contains(false)) return;
        for (int s = 0; s < _states.Length; s++)
        {
            _states[s] = _states[s] with
            {
                Bytes = [.. _states[s].Bytes.Where(e => alive[e.Target])],
                Calls = [.. _states[s].Calls.Where(e => alive[e.Target] && alive[_starts[e.Rule]])],
            };
        }
    }

    /// <summary>Which states lead to the end of their rule: at all, or without a byte. Each edge is looked at once or twice.</summary>
    private bool[] Ending(bool afterBytes)
    {
        int[] newest = new int[_states.Length];                                  // links to states with an edge to a state, or with a call of the rule it begins
        Array.Fill(newest, -1);
        var links = new List<(int From, int Before)>();
        for (int s = 0; s < _states.Length; s++)
        {
            if (afterBytes) foreach (ByteEdge edge in _states[s].Bytes) Link(s, edge.Target);
            foreach (CallEdge edge in _states[s].Calls)
            {
                Link(s, edge.Target);
                Link(s, _starts[edge.Rule]);
            }
        }
        var ends = new bool[_states.Length];
        var todo = new Stack<int>();
        for (int s = 0; s < _states.Length; s++)
        {
            if (_states[s].Final) Add(s);
        }
        while (todo.TryPop(out int found))
        {
            for (int link = newest[found]; link >= 0; link = links[link].Before)
            {
                int s = links[link].From;
                if (ends[s]) continue;
                bool leads = false;
                foreach (CallEdge e in _states[s].Calls) leads |= ends[e.Target] && ends[_starts[e.Rule]];
                if (afterBytes && !leads) foreach (ByteEdge e in _states[s].Bytes) leads |= ends[e.Target];
                if (leads) Add(s);
            }
        }
        return ends;

        void Link(int from, int to)
        {
            links.Add((from, newest[to]));
            newest[to] = links.Count - 1;
        }

        void Add(int s)
        {
            ends[s] = true;
            todo.Push(s);
        }
    }

    private void RefuseLeftRecursion(Func<int, string> name)
    {
        bool[] ends = Ending(afterBytes: false);
        int[][] first = [.. Enumerable.Range(0, _starts.Length).Select(rule => CalledFirst(rule, ends))];
        int[] seen = new int[_starts.Length];                                    // 1: on the path, 2: done
        var path = new Stack<(int Rule, int Next)>();
        for (int root = 0; root < _starts.Length; root++)
        {
            if (seen[root] != 0) continue;
            path.Push((root, 0));
            seen[root] = 1;
            while (path.TryPop(out (int Rule, int Next) at))
            {
                if (at.Next == first[at.Rule].Length)
                {
                    seen[at.Rule] = 2;
                    continue;
                }
                path.Push((at.Rule, at.Next + 1));
                int next = first[at.Rule][at.Next];
                if (seen[next] == 1)
                {
                    throw new ConstraintException(name(next),
                        "it calls itself before any character (left recursion). Write the repetition with * or +, or put the recursion last.");
                }
                if (seen[next] == 2) continue;
                seen[next] = 1;
                path.Push((next, 0));
            }
        }
    }

    /// <summary>The rules that a rule may call before it took a byte.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="ends">Which states lead to the end of their rule without a byte.</param>
    private int[] CalledFirst(int rule, bool[] ends)
    {
        if (_states[_starts[rule]].Calls.Length == 0) return [];
        var todo = new Stack<int>([_starts[rule]]);
        var seen = new HashSet<int>(todo);
        var calls = new HashSet<int>();
        while (todo.TryPop(out int s))
        {
            foreach (CallEdge call in _states[s].Calls)
            {
                calls.Add(call.Rule);
                if (ends[_starts[call.Rule]] && seen.Add(call.Target)) todo.Push(call.Target);
            }
        }
        return [.. calls.Order()];
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
