namespace Hearth.Models.Tokenizers;

/// <summary>GPT-2's pattern.</summary>
internal sealed class Gpt2Scanner : AnchoredScanner
{
    public override string Pattern => @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    protected override int Match(ReadOnlySpan<char> text, int start)
    {
        int contraction = Contraction(text, start, anyCase: false);
        if (contraction > 0) return start + contraction;
        int word = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        Kind kind = CodePoints.KindAt(text, word, out int next);
        if (kind.Is(Kind.Letter)) return CodePoints.RunOf(text, next, Kind.Letter);
        if (kind == Kind.Number) return CodePoints.RunOf(text, next, Kind.Number);
        if (!kind.Is(Kind.Space)) return CodePoints.RunWithout(text, next, Kind.Space | Kind.Letter | Kind.Number);
        return WhiteSpace(text, start);
    }
}

/// <summary>GPT-4's pattern (cl100k), and its relatives: Qwen's take numbers one by one.</summary>
internal sealed class Gpt4Scanner : AnchoredScanner
{
    private readonly int _digits;
    private readonly bool _contractions;
    private readonly Kind _word;

    private Gpt4Scanner(int digits, string numbers, bool contractions = true, bool marks = false)
    {
        (_digits, _contractions, _word) = (digits, contractions, marks ? Kind.Letter | Kind.Mark : Kind.Letter);
        string word = marks ? @"[\p{L}\p{M}]" : @"\p{L}", notSign = marks ? @"\s\p{L}\p{M}\p{N}" : @"\s\p{L}\p{N}";
        Pattern = (contractions ? "(?i:'s|'t|'re|'ve|'m|'ll|'d)|" : "") + @"[^\r\n\p{L}\p{N}]?" + word + "+|" + numbers
            + "| ?[^" + notSign + @"]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    }

    public static Gpt4Scanner Cl100k { get; } = new(3, @"\p{N}{1,3}");

    public static Gpt4Scanner Qwen2 { get; } = new(1, @"\p{N}");

    /// <summary>Qwen 3.5: combining marks belong to words.</summary>
    public static Gpt4Scanner Qwen35 { get; } = new(1, @"\p{N}", marks: true);

    /// <summary>Without English contractions.</summary>
    public static Gpt4Scanner NoContractions { get; } = new(1, @"\p{N}", contractions: false);

    public override string Pattern { get; }

    protected override int Match(ReadOnlySpan<char> text, int start)
    {
        int contraction = _contractions ? Contraction(text, start, anyCase: true) : 0;
        if (contraction > 0) return start + contraction;
        Kind kind = CodePoints.KindAt(text, start, out int next);
        if (kind.Is(Kind.Letter)) return CodePoints.RunOf(text, next, _word);
        if (kind == Kind.Number) return Numbers(text, start, _digits);
        if (!kind.Is(Kind.NewLine))
        {
            int wordEnd = CodePoints.RunOf(text, next, _word);
            if (wordEnd > next || kind.Is(_word)) return wordEnd;
        }
        int signs = text[start] == ' ' ? next : start;
        int signsEnd = CodePoints.RunWithout(text, signs, Kind.Space | _word | Kind.Number);
        if (signsEnd > signs) return CodePoints.RunOf(text, signsEnd, Kind.NewLine);
        return WhiteSpaceByLine(text, start);
    }
}

/// <summary>The pattern of GPT-4o and gpt-oss (o200k), and Mistral's (tekken): words also end where case rises, as in "camelCase".</summary>
internal sealed class O200kScanner : AnchoredScanner
{
    private const Kind Head = Kind.UpperLetter | Kind.OtherLetter | Kind.Mark;
    private const Kind Tail = Kind.LowerLetter | Kind.OtherLetter | Kind.Mark;

    private readonly int _digits;
    private readonly bool _contractions;

    private O200kScanner(int digits, string numbers, bool contractions)
    {
        (_digits, _contractions) = (digits, contractions);
        string ending = contractions ? "(?i:'s|'t|'re|'ve|'m|'ll|'d)?" : "";
        Pattern = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+" + ending
            + @"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*" + ending
            + "|" + numbers + @"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    }

    public static O200kScanner Gpt4o { get; } = new(3, @"\p{N}{1,3}", contractions: true);

    public static O200kScanner Tekken { get; } = new(1, @"\p{N}", contractions: false);

    public override string Pattern { get; }

    protected override int Match(ReadOnlySpan<char> text, int start)
    {
        Kind kind = CodePoints.KindAt(text, start, out int next);
        bool mayLead = !kind.Is(Kind.NewLine | Kind.Letter | Kind.Number);
        int word = mayLead ? EndingLow(text, next) : -1;
        if (word < 0) word = EndingLow(text, start);
        if (word < 0 && mayLead) word = AllHigh(text, next);
        if (word < 0) word = AllHigh(text, start);
        if (word >= 0) return _contractions ? word + Contraction(text, word, anyCase: true) : word;

        if (kind == Kind.Number) return Numbers(text, start, _digits);
        int signs = text[start] == ' ' ? next : start;
        int signsEnd = CodePoints.RunWithout(text, signs, Kind.Space | Kind.Letter | Kind.Number);
        if (signsEnd == signs) return WhiteSpaceByLine(text, start);
        while (signsEnd < text.Length && text[signsEnd] is '\r' or '\n' or '/') signsEnd++;
        return signsEnd;
    }

    /// <summary><c>Head*Tail+</c> from <paramref name="at"/>, or -1. With no tail after the heads, the last caseless one is it.</summary>
    private static int EndingLow(ReadOnlySpan<char> text, int at)
    {
        int heads = at, afterLastCaseless = -1;
        while (heads < text.Length && CodePoints.KindAt(text, heads, out int next) is var kind && kind.Is(Head))
        {
            if (kind.Is(Tail)) afterLastCaseless = next;
            heads = next;
        }
        int end = CodePoints.RunOf(text, heads, Tail);
        return end > heads ? end : afterLastCaseless;
    }

    /// <summary><c>Head+Tail*</c> where <see cref="EndingLow"/> has found no tail: a run of heads, or -1.</summary>
    private static int AllHigh(ReadOnlySpan<char> text, int at)
    {
        int end = CodePoints.RunOf(text, at, Head);
        return end > at ? end : -1;
    }
}
