namespace Hearth.Models.Tokenizers;

/// <summary>A pattern whose matches are found by asking, place by place, where a match that begins there ends.</summary>
internal abstract class AnchoredScanner : PatternScanner
{
    /// <summary>The end of the match that begins at <paramref name="start"/>, or <paramref name="start"/> when none does.</summary>
    protected abstract int Match(ReadOnlySpan<char> text, int start);

    public sealed override void FindAll(ReadOnlySpan<char> text, MatchVisitor visit)
    {
        for (int at = 0; at < text.Length;)
        {
            int end = Match(text, at);
            if (end == at)
            {
                CodePoints.KindAt(text, at, out at);
                continue;
            }
            visit(at, end);
            at = end;
        }
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
