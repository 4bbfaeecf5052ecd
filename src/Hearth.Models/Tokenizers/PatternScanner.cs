namespace Hearth.Models.Tokenizers;

/// <summary>One published pattern: every match is a piece, and what lies between two matches is a piece too.</summary>
internal abstract class PatternScanner : PreTokenizer
{
    /// <summary>The regular expression this scanner is equal to, exactly as tokenizer.json files write it.</summary>
    public abstract string Pattern { get; }

    /// <summary>Whether every text is made of matches, with nothing between them.</summary>
    public virtual bool MatchesEverything => true;

    internal override IReadOnlyList<PatternScanner> Scanners => [this];

    /// <summary>The scanners a tokenizer.json may name by their pattern.</summary>
    public static IReadOnlyList<PatternScanner> Known { get; } =
    [
        (PatternScanner)Gpt2, (PatternScanner)Gpt4, Gpt4Scanner.Qwen2, new O200kScanner(),
        new DeepSeekDigitScanner(), new DeepSeekIdeographScanner(), new DeepSeekWordScanner(),
    ];

    /// <summary>The end of the match that begins at <paramref name="start"/>, or <paramref name="start"/> when none does.</summary>
    protected abstract int Match(ReadOnlySpan<char> text, int start);

    public sealed override void Split(ReadOnlySpan<char> text, List<int> ends)
    {
        int pieceStart = 0;
        for (int at = 0; at < text.Length;)
        {
            int end = Match(text, at);
            if (end == at)
            {
                CodePoints.KindAt(text, at, out at);
                continue;
            }
            if (at > pieceStart) ends.Add(at);
            ends.Add(end);
            at = pieceStart = end;
        }
        if (text.Length > pieceStart) ends.Add(text.Length);
    }

    /// <summary>The length of an English contraction's ending ('s 't 're 've 'm 'll 'd) at <paramref name="at"/>, or 0.</summary>
    /// <param name="text">The text.</param>
    /// <param name="at">Where the apostrophe would be.</param>
    /// <param name="anyCase">Takes upper-case letters too, and U+017F, the long s, which folds to s.</param>
    protected static int Contraction(ReadOnlySpan<char> text, int at, bool anyCase)
    {
        if (at + 1 >= text.Length || text[at] != '\'') return 0;
        char first = Fold(text[at + 1], anyCase);
        if (first is 's' or 't' or 'm' or 'd') return 2;
        if (at + 2 >= text.Length) return 0;
        return (first, Fold(text[at + 2], anyCase)) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    /// <summary><c>\s+(?!\S)|\s+</c>: white space, less its last character (one UTF-16 unit) if more text follows.</summary>
    protected static int WhiteSpace(ReadOnlySpan<char> text, int start)
    {
        int end = CodePoints.RunOf(text, start, Kind.Space);
        return end < text.Length && end - start > 1 ? end - 1 : end;
    }

    /// <summary><c>\s*[\r\n]+|\s+(?!\S)|\s+</c>: white space up to its last line end if it has one.</summary>
    protected static int WhiteSpaceByLine(ReadOnlySpan<char> text, int start)
    {
        int end = CodePoints.RunOf(text, start, Kind.Space);
        int lineEnd = text[start..end].LastIndexOfAny('\r', '\n');
        return lineEnd >= 0 ? start + lineEnd + 1 : WhiteSpace(text, start);
    }

    /// <summary><c>\p{N}{1,n}</c>: up to <paramref name="limit"/> numbers.</summary>
    protected static int Numbers(ReadOnlySpan<char> text, int at, int limit)
    {
        for (; limit > 0 && at < text.Length && CodePoints.KindAt(text, at, out int next) == Kind.Number; limit--) at = next;
        return at;
    }

    private static char Fold(char c, bool anyCase) => !anyCase ? c : c == '\u017F' ? 's' : char.ToLowerInvariant(c);
}
