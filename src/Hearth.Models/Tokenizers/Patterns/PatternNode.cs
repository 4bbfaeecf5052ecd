namespace Hearth.Models.Tokenizers.Patterns;

/// <summary>A part of a pattern.</summary>
internal abstract record PatternNode
{
    /// <summary>Whether it can match nothing.</summary>
    public abstract bool MayBeEmpty { get; }
}

/// <summary>One code point of a set.</summary>
internal sealed record OneOf(CharacterClass Class) : PatternNode
{
    public override bool MayBeEmpty => false;
}

/// <summary>One after another.</summary>
internal sealed record InOrder(IReadOnlyList<PatternNode> Parts) : PatternNode
{
    public override bool MayBeEmpty => Parts.All(p => p.MayBeEmpty);
}

/// <summary>The first that leads to a match.</summary>
internal sealed record FirstOf(IReadOnlyList<PatternNode> Choices) : PatternNode
{
    public override bool MayBeEmpty => Choices.Any(c => c.MayBeEmpty);
}

/// <summary>Several times, as often as possible or as rarely as possible.</summary>
/// <param name="Part">What is repeated.</param>
/// <param name="Least">At least this often.</param>
/// <param name="Most">At most this often; null for any number.</param>
/// <param name="Lazy">As rarely as possible.</param>
/// <param name="Possessive">Never gives back what it took.</param>
internal sealed record Repeated(PatternNode Part, int Least, int? Most, bool Lazy, bool Possessive) : PatternNode
{
    public override bool MayBeEmpty => Least == 0 || Part.MayBeEmpty;
}

/// <summary>What follows matches, or does not; nothing is taken.</summary>
internal sealed record Ahead(PatternNode Part, bool Negative) : PatternNode
{
    public override bool MayBeEmpty => true;
}

/// <summary>A place that takes no text.</summary>
internal sealed record At(Place Place) : PatternNode
{
    public override bool MayBeEmpty => true;
}

/// <summary>Places in a text.</summary>
internal enum Place
{
    Start,
    End,
    WordBoundary,
    NotWordBoundary,
}
