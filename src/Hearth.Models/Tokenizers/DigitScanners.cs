namespace Hearth.Models.Tokenizers;

/// <summary>Digits in groups of three counted from the right, so that 1234567 is 1, 234, 567.</summary>
/// <param name="pattern">The pattern.</param>
/// <param name="anyNumber">Takes every number, not only decimal digits.</param>
/// <param name="alone">A run of digits with a letter after it is not grouped.</param>
internal sealed class DigitGroupScanner(string pattern, bool anyNumber = false, bool alone = false) : PatternScanner
{
    /// <summary>The ways in which the published patterns of such groups are written.</summary>
    public static IReadOnlyList<DigitGroupScanner> All { get; } =
    [
        new(@"\d{1,3}(?=(?:\d{3})*\b)", alone: true), new(@"\p{AFMoE_digits}", anyNumber: true), new(@"(?=(\d{3})+(?!\d))"),
    ];

    public override string Pattern => pattern;

    public override bool MatchesEverything => false;

    public override void FindAll(ReadOnlySpan<char> text, MatchVisitor visit)
    {
        var starts = new List<int>();
        for (int at = 0; at < text.Length;)
        {
            starts.Clear();
            while (at < text.Length && IsDigit(text, at, out int next))
            {
                starts.Add(at);
                at = next;
            }
            if (starts.Count == 0)
            {
                CodePoints.KindAt(text, at, out at);
                continue;
            }
            if (alone && CodePoints.IsWord(text, at)) continue;
            int first = starts.Count % 3;
            for (int i = first == 0 ? 0 : first - 3; i < starts.Count; i += 3)
                visit(starts[Math.Max(i, 0)], i + 3 < starts.Count ? starts[i + 3] : at);
        }
    }

    private bool IsDigit(ReadOnlySpan<char> text, int at, out int next)
    {
        if (anyNumber) return CodePoints.KindAt(text, at, out next) == Kind.Number;
        return CodePoints.IsDigit(CodePoints.Read(text, at, out next));
    }
}

/// <summary>White space at the end of a text.</summary>
internal sealed class TrailingSpaceScanner : PatternScanner
{
    public override string Pattern => @"\s+$";

    public override bool MatchesEverything => false;

    public override void FindAll(ReadOnlySpan<char> text, MatchVisitor visit)
    {
        int start = text.Length;
        while (start > 0 && CodePoints.KindAt(text, start - 1, out _).Is(Kind.Space)) start--;
        if (start < text.Length) visit(start, text.Length);
    }
}
