namespace Hearth.Models.Tokenizers.Patterns;

/// <summary>What one step of a pattern's program does.</summary>
internal enum Step : byte
{
    /// <summary>Takes one code point of a set.</summary>
    Take,
    /// <summary>Goes on at two places, the first preferred.</summary>
    Fork,
    /// <summary>Goes on at another place.</summary>
    Jump,
    /// <summary>Stands at a place.</summary>
    Stand,
    /// <summary>Another program matches from here.</summary>
    Look,
    /// <summary>Another program does not.</summary>
    LookNot,
    /// <summary>The pattern has matched.</summary>
    Done,
}

/// <summary>A pattern as the program of a machine that follows all alternatives at once (Thompson 1968; Pike's form keeps their order).</summary>
internal sealed class PatternProgram
{
    private const int LongestProgram = 16_384;

    private readonly List<(Step Step, int First, int Second)> _steps = [];
    private readonly List<CharacterClass> _classes = [];
    private readonly List<PatternProgram> _ahead = [];

    /// <summary>Translates a pattern.</summary>
    /// <exception cref="FormatException">The pattern is too long once its repetitions are written out.</exception>
    public PatternProgram(PatternNode node)
    {
        Add(node);
        Append(Step.Done);
    }

    public int Length => _steps.Count;

    public (Step Step, int First, int Second) this[int at] => _steps[at];

    public CharacterClass Class(int index) => _classes[index];

    public PatternProgram AheadAt(int index) => _ahead[index];

    /// <summary>The programs that look ahead, in the order of their steps.</summary>
    public IReadOnlyList<PatternProgram> Aheads => _ahead;

    private int Append(Step step, int first = 0, int second = 0)
    {
        if (_steps.Count == LongestProgram) throw new FormatException("the pattern repeats too much");
        _steps.Add((step, first, second));
        return _steps.Count - 1;
    }

    private void Add(PatternNode node)
    {
        switch (node)
        {
            case OneOf one:
                _classes.Add(one.Class);
                Append(Step.Take, _classes.Count - 1);
                break;
            case InOrder sequence:
                foreach (PatternNode part in sequence.Parts) Add(part);
                break;
            case FirstOf choice:
                Choose(choice.Choices);
                break;
            case Repeated repeated:
                Repeat(repeated);
                break;
            case Ahead ahead:
                _ahead.Add(new PatternProgram(ahead.Part));
                Append(ahead.Negative ? Step.LookNot : Step.Look, _ahead.Count - 1);
                break;
            case At at:
                Append(Step.Stand, (int)at.Place);
                break;
        }
    }

    private void Choose(IReadOnlyList<PatternNode> choices)
    {
        var jumps = new List<int>();
        for (int i = 0; i < choices.Count - 1; i++)
        {
            int fork = Append(Step.Fork);
            Add(choices[i]);
            jumps.Add(Append(Step.Jump));
            _steps[fork] = (Step.Fork, fork + 1, _steps.Count);
        }
        Add(choices[^1]);
        foreach (int jump in jumps) _steps[jump] = (Step.Jump, _steps.Count, 0);
    }

    private void Repeat(Repeated repeated)
    {
        for (int i = 0; i < repeated.Least; i++) Add(repeated.Part);
        if (repeated.Most is not { } most)
        {
            int loop = Append(Step.Fork);
            Add(repeated.Part);
            Append(Step.Jump, loop);
            SetFork(loop, loop + 1, _steps.Count, repeated.Lazy);
            return;
        }
        var forks = new List<int>();
        for (int i = repeated.Least; i < most; i++)
        {
            forks.Add(Append(Step.Fork));
            Add(repeated.Part);
        }
        foreach (int fork in forks) SetFork(fork, fork + 1, _steps.Count, repeated.Lazy);
    }

    private void SetFork(int fork, int into, int past, bool lazy) => _steps[fork] = lazy ? (Step.Fork, past, into) : (Step.Fork, into, past);
}
