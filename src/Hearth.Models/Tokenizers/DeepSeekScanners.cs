namespace Hearth.Models.Tokenizers;

/// <summary>First step of DeepSeek-V3's sequence: numbers of up to three digits.</summary>
internal sealed class DeepSeekDigitScanner : AnchoredScanner
{
    public override string Pattern => @"\p{N}{1,3}";

    public override bool MatchesEverything => false;

    protected override int Match(ReadOnlySpan<char> text, int start) => Numbers(text, start, 3);
}

/// <summary>Second step of DeepSeek-V3's sequence: runs of Chinese characters and kana.</summary>
internal sealed class DeepSeekIdeographScanner : AnchoredScanner
{
    public override string Pattern => "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+";

    public override bool MatchesEverything => false;

    protected override int Match(ReadOnlySpan<char> text, int start)
    {
        int end = start;
        while (end < text.Length && text[end] is (>= '\u4E00' and <= '\u9FA5') or (>= '\u3040' and <= '\u30FF')) end++;
        return end;
    }
}

/// <summary>Third step of DeepSeek-V3's sequence: words with one character before them, signs, white space.</summary>
internal sealed class DeepSeekWordScanner : AnchoredScanner
{
    private const Kind Word = Kind.Letter | Kind.Mark;

    public override string Pattern =>
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*"
        + "|\\s*[\r\n]+|\\s+(?!\\S)|\\s+";

    public override bool MatchesEverything => false;

    protected override int Match(ReadOnlySpan<char> text, int start)
    {
        Kind kind = CodePoints.KindAt(text, start, out int next);
        if (kind == Kind.Sign && char.IsAscii(text[start]))
        {
            int latin = next;
            while (latin < text.Length && char.IsAsciiLetter(text[latin])) latin++;
            if (latin > next) return latin;
        }
        if (kind.Is(Word)) return CodePoints.RunOf(text, next, Word);
        if (!kind.Is(Kind.NewLine | Kind.Sign))
        {
            int word = CodePoints.RunOf(text, next, Word);
            if (word > next) return word;
        }
        int signs = text[start] == ' ' ? next : start;
        int signsEnd = CodePoints.RunOf(text, signs, Kind.Sign);
        if (signsEnd > signs) return CodePoints.RunOf(text, signsEnd, Kind.NewLine);
        return kind.Is(Kind.Space) ? WhiteSpaceByLine(text, start) : start;
    }
}
