namespace Hearth.Models.Tokenizers;

/// <summary>What becomes of a match when a text is cut at it.</summary>
internal enum MatchPlace
{
    /// <summary>A match is a piece of its own.</summary>
    Alone,
    /// <summary>A match ends the piece before it.</summary>
    WithPrevious,
    /// <summary>A match begins the piece after it.</summary>
    WithNext,
    /// <summary>Matches that touch are one piece.</summary>
    Together,
}

/// <summary>Cuts at a pattern's matches.</summary>
/// <param name="scanner">Finds the matches.</param>
/// <param name="place">What becomes of a match.</param>
/// <param name="invert">Treats what lies between the matches as the matches.</param>
internal sealed class SplitStep(PatternScanner scanner, MatchPlace place, bool invert) : PreTokenizer
{
    internal override IReadOnlyList<PatternScanner> Scanners => [scanner];

    public override void Split(ReadOnlySpan<char> text, List<int> ends)
    {
        var parts = new List<(int End, bool IsMatch)>();
        scanner.FindAll(text, (start, end) =>
        {
            if (start > (parts.Count == 0 ? 0 : parts[^1].End)) parts.Add((start, invert));
            parts.Add((end, !invert));
        });
        if (text.Length > (parts.Count == 0 ? 0 : parts[^1].End)) parts.Add((text.Length, invert));
        for (int i = 0; i < parts.Count; i++)
            if (i + 1 == parts.Count || !Joins(parts[i].IsMatch, parts[i + 1].IsMatch)) ends.Add(parts[i].End);
    }

    private bool Joins(bool isMatch, bool nextIsMatch) => place switch
    {
        MatchPlace.WithPrevious => nextIsMatch && !isMatch,
        MatchPlace.WithNext => isMatch && !nextIsMatch,
        MatchPlace.Together => isMatch == nextIsMatch,
        _ => false,
    };
}

/// <summary>A text that stands for itself.</summary>
/// <param name="literal">The text.</param>
internal sealed class LiteralScanner(string literal) : PatternScanner
{
    public override string Pattern => literal;

    public override bool MatchesEverything => false;

    public override void FindAll(ReadOnlySpan<char> text, MatchVisitor visit)
    {
        for (int at = 0; at < text.Length; at += literal.Length)
        {
            int found = text[at..].IndexOf(literal);
            if (found < 0) break;
            at += found;
            visit(at, at + literal.Length);
        }
    }
}
