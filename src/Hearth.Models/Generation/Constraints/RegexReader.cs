using Hearth.Models.Tokenizers.Patterns;

namespace Hearth.Models.Generation.Constraints;

/// <summary>Regular expressions as parts of a grammar: those without looking ahead or back, and with anchors only at their ends.</summary>
internal sealed class RegexReader
{
    private const int MostRanges = 40_000;

    private static readonly GrammarNode Anything = GrammarNode.Set((0, 0x10FFFF)).Repeat(0, null);

    private int _ranges;

    private RegexReader()
    {
    }

    /// <summary>Reads a pattern.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="where">What errors call it.</param>
    /// <param name="whole">It is the whole text; else it stands somewhere in it, unless anchors say otherwise.</param>
    /// <exception cref="ConstraintException">It is malformed or not supported.</exception>
    public static GrammarNode Read(string pattern, string where, bool whole)
    {
        if (pattern.Length == 0) return whole ? GrammarNode.Empty : Anything;
        try
        {
            return new RegexReader().Alternatives(PatternParser.Parse(pattern, ecma: true), whole);
        }
        catch (FormatException e)
        {
            throw new ConstraintException(where, $"{e.Message}. Write it in another way.", e);
        }
    }

    /// <summary>A whole pattern, or a group that is all of an alternative.</summary>
    private GrammarNode Alternatives(PatternNode node, bool whole) => node switch
    {
        FirstOf first => new Choice([.. first.Choices.Select(c => Alternatives(c, whole))]),
        InOrder { Parts: [InOrder or FirstOf] } group => Alternatives(group.Parts[0], whole),
        _ => Ends(node, whole),
    };

    /// <summary>One alternative, with its anchors.</summary>
    private Series Ends(PatternNode node, bool whole)
    {
        List<PatternNode> parts = node is InOrder series ? [.. series.Parts] : [node];
        bool starts = parts is [At { Place: Place.Start }, ..], ends = parts is [.., At { Place: Place.End }];
        if (starts) parts.RemoveAt(0);
        if (ends && parts.Count > 0) parts.RemoveAt(parts.Count - 1);
        IEnumerable<GrammarNode> read = parts.Select(Node);
        if (!whole && !starts) read = read.Prepend(Anything);
        if (!whole && !ends) read = read.Append(Anything);
        return new Series([.. read]);
    }

    private GrammarNode Node(PatternNode node) => node switch
    {
        Tokenizers.Patterns.OneOf one => Set(one.Class),
        InOrder series => new Series([.. series.Parts.Select(Node)]),
        FirstOf choice => new Choice([.. choice.Choices.Select(Node)]),
        Tokenizers.Patterns.Repeated { Possessive: true } => throw new FormatException("a possessive repetition is not supported"),
        Tokenizers.Patterns.Repeated repeated => new Repeated(Node(repeated.Part), repeated.Least, repeated.Most),
        At => throw new FormatException("an anchor or word boundary inside the pattern is not supported"),
        Ahead => throw new FormatException("looking ahead is not supported"),
        _ => throw new ArgumentOutOfRangeException(nameof(node)),
    };

    private OneOf Set(CharacterClass set)
    {
        List<(int, int)> ranges = set.Ranges();
        _ranges += ranges.Count;
        return _ranges <= MostRanges ? new OneOf(ranges) : throw new FormatException("the pattern has too many large sets of characters");
    }
}
