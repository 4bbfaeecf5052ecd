using System.Runtime.InteropServices;
using System.Text;

namespace Hearth.Models.Generation.Constraints;

/// <summary>
/// Compiles rules to automata over bytes: Thompson's construction (1968), then sets of states (Rabin and Scott 1959), so that alternatives which
/// begin alike go together. Where the sets would be too many, a rule keeps its states as they are.
/// </summary>
internal sealed class GrammarCompiler
{
    private const int MostStates = 60_000;
    private const int DeepestNesting = 200;
    private const long MostWork = 30_000_000;
    private const int MostKept = 1_000_000;
    private const int SmallNode = 6;

    private readonly GrammarRules _rules;
    private readonly List<int> _starts = [];
    private readonly List<GrammarState> _done = [];
    private readonly Dictionary<GrammarNode, Call> _hoisted = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<int> _closed = [];
    private readonly Stack<int> _open = [];
    private readonly Dictionary<int[], int> _ids = new(SetComparer.Instance);
    private readonly List<int[]> _sets = [];
    private readonly List<ByteEdge> _bytes = [];
    private readonly List<CallEdge> _calls = [];
    private readonly List<int> _targets = [];
    private readonly List<Draft> _drafts = [];
    private string _rule = "";
    private int _depth;
    private long _work;
    private int _kept;

    private GrammarCompiler(GrammarRules rules) => _rules = rules;

    /// <summary>A program of the rules; rule 0 is the root.</summary>
    /// <exception cref="ConstraintException">The rules are too large or can not be parsed from the left.</exception>
    public static GrammarProgram Compile(GrammarRules rules)
    {
        var compiler = new GrammarCompiler(rules);
        for (int rule = 0; rule < rules.Count; rule++) compiler.CompileRule(rule);           // repeated parts add rules on the way
        return new GrammarProgram([.. compiler._done], [.. compiler._starts], rules.Name);
    }

    private void CompileRule(int rule)
    {
        _rule = _rules.Name(rule);
        _drafts.Clear();
        int start = New(), end = Build(_rules.Body(rule)!, start);
        _starts.Add(_done.Count);
        int before = _done.Count;
        if (Determine(start, end)) return;
        _done.RemoveRange(before, _done.Count - before);
        KeepAll(end, before);
    }

    /// <summary>Adds states for a node after a state; the state where it ends.</summary>
    private int Build(GrammarNode node, int from)
    {
        if (++_depth > DeepestNesting) throw Bad($"it is nested more than {DeepestNesting} deep");
        int end = node switch
        {
            Literal literal => BuildLiteral(literal, from),
            OneOf one => BuildOneOf(one, from),
            Series series => series.Parts.Aggregate(from, (at, part) => Build(part, at)),
            Choice choice => BuildChoice(choice, from),
            Repeated repeated => BuildRepeated(repeated, from),
            Call call => BuildCall(call, from),
            _ => throw new ArgumentOutOfRangeException(nameof(node)),
        };
        _depth--;
        return end;
    }

    private int BuildCall(Call call, int from)
    {
        int to = New();
        _drafts[from].AddCall(new CallEdge(call.Rule, to));
        return to;
    }

    private int BuildLiteral(Literal literal, int from)
    {
        foreach (byte b in Encoding.UTF8.GetBytes(literal.Content))
        {
            int next = New();
            _drafts[from].AddByte(new ByteEdge(b, b, next));
            from = next;
        }
        return from;
    }

    private int BuildOneOf(OneOf one, int from)
    {
        int to = New();
        var sequences = new List<(byte Low, byte High)[]>();
        foreach ((int low, int high) in one.Ranges) Utf8Ranges.Add(low, high, sequences);
        foreach ((byte Low, byte High)[] sequence in sequences)
        {
            int at = from;
            for (int i = 0; i < sequence.Length; i++)
            {
                int next = i == sequence.Length - 1 ? to : New();
                _drafts[at].AddByte(new ByteEdge(sequence[i].Low, sequence[i].High, next));
                at = next;
            }
        }
        return to;
    }

    private int BuildChoice(Choice choice, int from)
    {
        int to = New();
        foreach (GrammarNode part in choice.Choices)
        {
            int begin = New();
            _drafts[from].AddFree(begin);
            _drafts[Build(part, begin)].AddFree(to);
        }
        return to;
    }

    private int BuildRepeated(Repeated repeated, int from)
    {
        GrammarNode part = repeated.Part;
        if (Math.Max(repeated.Least, repeated.Most ?? 0) > 1 && Size(part) > SmallNode)
        {
            if (!_hoisted.TryGetValue(part, out Call? call)) _hoisted.Add(part, call = _rules.Add(_rule, part));
            part = call;
        }
        int at = from, alone = repeated.Most is null ? Math.Max(0, repeated.Least - 1) : repeated.Least;
        for (int i = 0; i < alone; i++) at = Build(part, at);
        if (repeated.Most is { } most)
        {
            int end = New();
            for (int i = repeated.Least; i < most; i++)
            {
                _drafts[at].AddFree(end);
                at = Build(part, at);
            }
            _drafts[at].AddFree(end);
            return end;
        }
        int loop = New();
        _drafts[at].AddFree(loop);
        int last = Build(part, loop);
        _drafts[last].AddFree(loop);
        if (repeated.Least == 0) return loop;
        int after = New();
        _drafts[last].AddFree(after);
        return after;
    }

    /// <summary>About how many states a node takes, as far as it matters.</summary>
    private static int Size(GrammarNode node) => node switch
    {
        Literal literal => literal.Content.Length,
        OneOf one => one.Ranges.Sum(r => r.High < 0x80 ? 0 : 3),
        Call => 1,
        Series series => Total(series.Parts),
        Choice choice => 1 + Total(choice.Choices),
        _ => SmallNode + 1,
    };

    private static int Total(IReadOnlyList<GrammarNode> nodes)
    {
        int total = nodes.Count;
        for (int i = 0; i < nodes.Count && total <= SmallNode; i++) total += Size(nodes[i]);
        return total;
    }

    /// <summary>States of sets of states; false when they would be too many.</summary>
    private bool Determine(int start, int end)
    {
        int first = _done.Count, most = (4 * _drafts.Count) + 64;
        _ids.Clear();
        _sets.Clear();
        Id([start]);
        for (int i = 0; i < _sets.Count; i++)
        {
            if (_sets.Count > most) return false;
            int[] set = _sets[i];
            _bytes.Clear();
            _calls.Clear();
            foreach (int s in set)
            {
                _bytes.AddRange(_drafts[s].Bytes);
                _calls.AddRange(_drafts[s].Calls);
            }
            Finish(new GrammarState(ByteEdges(first), CallEdges(first), Array.BinarySearch(set, end) >= 0));
        }
        return true;
    }

    /// <summary>The edges of <c>_bytes</c>, cut so that no two take the same byte.</summary>
    private ByteEdge[] ByteEdges(int first)
    {
        if (_bytes.Count == 0) return [];
        if (_bytes.Count == 1) return [_bytes[0] with { Target = first + Id([_bytes[0].Target]) }];
        Span<bool> cut = stackalloc bool[257];
        foreach (ByteEdge e in _bytes) cut[e.Low] = cut[e.High + 1] = true;
        var edges = new List<ByteEdge>();
        for (int low = 0; low < 256;)
        {
            int high = low;
            while (high < 255 && !cut[high + 1]) high++;
            Work(_bytes.Count);
            _targets.Clear();
            foreach (ByteEdge e in _bytes)
            {
                if (e.Low <= low && e.High >= low) _targets.Add(e.Target);
            }
            if (_targets.Count > 0)
            {
                int target = first + Id(CollectionsMarshal.AsSpan(_targets));
                if (edges.Count > 0 && edges[^1].Target == target && edges[^1].High + 1 == low) edges[^1] = edges[^1] with { High = (byte)high };
                else edges.Add(new ByteEdge((byte)low, (byte)high, target));
            }
            low = high + 1;
        }
        return [.. edges];
    }

    /// <summary>The edges of <c>_calls</c>, one for each rule.</summary>
    private CallEdge[] CallEdges(int first) => _calls.Count switch
    {
        0 => [],
        1 => [_calls[0] with { Target = first + Id([_calls[0].Target]) }],
        _ => [.. _calls.GroupBy(e => e.Rule).Select(g => new CallEdge(g.Key, first + Id([.. g.Select(e => e.Target)])))],
    };

    /// <summary>The number of the set of some states and all that free edges lead to.</summary>
    private int Id(ReadOnlySpan<int> states)
    {
        int[] set = Closure(states);
        if (_ids.TryGetValue(set, out int id)) return id;
        _ids.Add(set, _sets.Count);
        _sets.Add(set);
        Keep(set.Length);
        return _sets.Count - 1;
    }

    /// <summary>The states as they are, with what free edges lead to.</summary>
    private void KeepAll(int end, int first)
    {
        for (int s = 0; s < _drafts.Count; s++)
        {
            int[] set = Closure([s]);
            Keep(set.Length + set.Sum(t => _drafts[t].Bytes.Count + _drafts[t].Calls.Count));
            Finish(new GrammarState(
                [.. set.SelectMany(t => _drafts[t].Bytes).Distinct().Select(e => e with { Target = first + e.Target })],
                [.. set.SelectMany(t => _drafts[t].Calls).Distinct().Select(e => e with { Target = first + e.Target })],
                Array.BinarySearch(set, end) >= 0));
        }
    }

    /// <summary>Some states and all that free edges lead to, ascending.</summary>
    private int[] Closure(ReadOnlySpan<int> states)
    {
        if (states.Length == 1 && _drafts[states[0]].Free.Count == 0) return [states[0]];
        _closed.Clear();
        foreach (int s in states)
        {
            if (_closed.Add(s)) _open.Push(s);
        }
        while (_open.TryPop(out int s))
        {
            foreach (int next in _drafts[s].Free)
            {
                if (_closed.Add(next)) _open.Push(next);
            }
        }
        Work(_closed.Count);
        int[] all = [.. _closed];
        Array.Sort(all);
        return all;
    }

    private void Keep(int numbers)
    {
        _kept += numbers;
        if (_kept > MostKept) throw Bad("its states have too many ways to go on");
    }

    private void Work(int amount)
    {
        _work += amount + 1;
        if (_work > MostWork) throw Bad("it takes too long to compile");
    }

    private int New()
    {
        if (_done.Count + _drafts.Count >= MostStates) throw Bad($"it needs more than {MostStates:N0} states");
        _drafts.Add(new Draft());
        return _drafts.Count - 1;
    }

    private void Finish(GrammarState state)
    {
        if (_done.Count >= MostStates) throw Bad($"it needs more than {MostStates:N0} states");
        _done.Add(state);
    }

    private ConstraintException Bad(string problem) => new(_rule, $"{problem}. Use smaller counts and fewer alternatives.");

    private sealed class SetComparer : IEqualityComparer<int[]>
    {
        public static SetComparer Instance { get; } = new();

        public bool Equals(int[]? a, int[]? b) => a.AsSpan().SequenceEqual(b);

        public int GetHashCode(int[] set)
        {
            var hash = default(HashCode);
            hash.AddBytes(MemoryMarshal.AsBytes(set.AsSpan()));
            return hash.ToHashCode();
        }
    }

    private sealed class Draft
    {
        public List<int> Free { get; private set; } = None;

        public List<ByteEdge> Bytes { get; private set; } = NoBytes;

        public List<CallEdge> Calls { get; private set; } = NoCalls;

        private static readonly List<int> None = [];
        private static readonly List<ByteEdge> NoBytes = [];
        private static readonly List<CallEdge> NoCalls = [];

        public void AddFree(int to) => (Free == None ? Free = new(1) : Free).Add(to);

        public void AddByte(ByteEdge edge) => (Bytes == NoBytes ? Bytes = new(1) : Bytes).Add(edge);

        public void AddCall(CallEdge edge) => (Calls == NoCalls ? Calls = new(1) : Calls).Add(edge);
    }
}
