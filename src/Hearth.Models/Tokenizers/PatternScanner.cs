using Hearth.Models.Tokenizers.Patterns;

namespace Hearth.Models.Tokenizers;

/// <summary>Receives one match.</summary>
internal delegate void MatchVisitor(int start, int end);

/// <summary>One published pattern: every match is a piece, and what lies between two matches is a piece too.</summary>
internal abstract class PatternScanner : PreTokenizer
{
    /// <summary>The regular expression this scanner is equal to, exactly as tokenizer.json files write it.</summary>
    public abstract string Pattern { get; }

    /// <summary>Whether every text is made of matches, with nothing between them.</summary>
    public virtual bool MatchesEverything => true;

    internal override IReadOnlyList<PatternScanner> Scanners => [this];

    /// <summary>The scanners written for one pattern each.</summary>
    public static IReadOnlyList<PatternScanner> Known { get; } =
    [
        (PatternScanner)Gpt2, (PatternScanner)Gpt4, Gpt4Scanner.Qwen2, Gpt4Scanner.Qwen35, Gpt4Scanner.NoContractions,
        O200kScanner.Gpt4o, O200kScanner.Tekken, new DeepSeekDigitScanner(), new DeepSeekIdeographScanner(), new DeepSeekWordScanner(),
        new TrailingSpaceScanner(), .. DigitGroupScanner.All,
    ];

    /// <summary>The scanner of a pattern: one written for it, or else <see cref="RegexScanner"/>.</summary>
    /// <exception cref="FormatException">The pattern is malformed or not supported; the message says what.</exception>
    public static PatternScanner For(string pattern) => Known.FirstOrDefault(s => s.Pattern == pattern) ?? new RegexScanner(pattern);

    /// <summary>Every match from left to right; none is empty and none overlaps another.</summary>
    public abstract void FindAll(ReadOnlySpan<char> text, MatchVisitor visit);

    public sealed override void Split(ReadOnlySpan<char> text, List<int> ends)
    {
        int pieceStart = 0;
        FindAll(text, (start, end) =>
        {
            if (start > pieceStart) ends.Add(start);
            ends.Add(end);
            pieceStart = end;
        });
        if (text.Length > pieceStart) ends.Add(text.Length);
    }
}
