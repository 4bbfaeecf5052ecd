namespace Hearth.Models.Generation.Constraints;

/// <summary>A part of a grammar's rule, over code points.</summary>
internal abstract record GrammarNode
{
    /// <summary>Nothing.</summary>
    public static GrammarNode Empty { get; } = new Series([]);

    /// <summary>A text as it is.</summary>
    public static GrammarNode Text(string text) => new Literal(text);

    public static GrammarNode All(params GrammarNode[] parts) => new Series(parts);

    public static GrammarNode Any(params GrammarNode[] choices) => new Choice(choices);

    public static GrammarNode Set(params (int Low, int High)[] ranges) => new OneOf(ranges);

    public GrammarNode Repeat(int least, int? most) => new Repeated(this, least, most);

    public GrammarNode Maybe() => new Repeated(this, 0, 1);
}

/// <summary>A text as it is.</summary>
internal sealed record Literal(string Content) : GrammarNode;

/// <summary>One code point of some ranges, in any order.</summary>
internal sealed record OneOf(IReadOnlyList<(int Low, int High)> Ranges) : GrammarNode
{
    /// <summary>All code points but those.</summary>
    public OneOf Others()
    {
        var others = new List<(int, int)>();
        int next = 0;
        foreach ((int low, int high) in Ranges.OrderBy(r => r.Low))
        {
            if (low > next) others.Add((next, low - 1));
            next = Math.Max(next, high + 1);
        }
        if (next <= 0x10FFFF) others.Add((next, 0x10FFFF));
        return new OneOf(others);
    }
}

/// <summary>One after another.</summary>
internal sealed record Series(IReadOnlyList<GrammarNode> Parts) : GrammarNode;

/// <summary>One of several.</summary>
internal sealed record Choice(IReadOnlyList<GrammarNode> Choices) : GrammarNode;

/// <summary>Several times.</summary>
internal sealed record Repeated(GrammarNode Part, int Least, int? Most) : GrammarNode;

/// <summary>Whatever a rule says.</summary>
internal sealed record Call(int Rule) : GrammarNode;

/// <summary>The rules of a grammar; a rule can be called before it is defined.</summary>
internal sealed class GrammarRules
{
    public const int MostRules = 10_000;

    private readonly List<(string Name, GrammarNode? Body)> _rules = [];

    public int Count => _rules.Count;

    public string Name(int rule) => _rules[rule].Name;

    public GrammarNode? Body(int rule) => _rules[rule].Body;

    public int Declare(string name)
    {
        if (_rules.Count == MostRules) throw new ConstraintException(name, $"there are more than {MostRules:N0} rules. Use a smaller grammar.");
        _rules.Add((name, null));
        return _rules.Count - 1;
    }

    public void Define(int rule, GrammarNode body) => _rules[rule] = (_rules[rule].Name, body);

    public Call Add(string name, GrammarNode body)
    {
        int rule = Declare(name);
        Define(rule, body);
        return new Call(rule);
    }
}
