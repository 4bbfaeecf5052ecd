namespace Hearth.Models.Tokenizers;

/// <summary>
/// Cuts a text into pieces (words, numbers, signs, white space); no token ever spans two pieces. The patterns are published as regular
/// expressions; here they are scanners over code points that take time in proportion to the text whatever it holds. Unicode categories
/// come from .NET's own tables, so a code point assigned after those tables were made may be cut differently by another program.
/// </summary>
public abstract class PreTokenizer
{
    /// <summary>GPT-2's pattern: words with the space before them, numbers of any length.</summary>
    public static PreTokenizer Gpt2 { get; } = new Gpt2Scanner();

    /// <summary>GPT-4's pattern (cl100k): contractions in any case, numbers of up to three digits, line ends kept with signs.</summary>
    public static PreTokenizer Gpt4 { get; } = Gpt4Scanner.Cl100k;

    /// <summary>A text as one piece.</summary>
    internal static PreTokenizer Whole { get; } = new WholeScanner();

    /// <summary>Each line with its line feed; for corpora whose reference implementation reads line by line.</summary>
    internal static PreTokenizer Lines { get; } = new LineScanner();

    /// <summary>Cuts a text. The pieces cover it whole, none is empty, and none ends inside a surrogate pair.</summary>
    /// <param name="text">The text; a lone surrogate counts as U+FFFD.</param>
    /// <param name="ends">Receives the end of each piece, in characters from the start of <paramref name="text"/>, ascending.</param>
    public abstract void Split(ReadOnlySpan<char> text, List<int> ends);

    /// <summary>The scanners applied one inside another's pieces, as a tokenizer.json lists them.</summary>
    internal abstract IReadOnlyList<PatternScanner> Scanners { get; }
}

/// <summary>Several pre-tokenizers, each applied to every piece the one before it made.</summary>
internal sealed class PreTokenizerSequence(params IReadOnlyList<PreTokenizer> steps) : PreTokenizer
{
    internal override IReadOnlyList<PatternScanner> Scanners { get; } = [.. steps.SelectMany(s => s.Scanners)];

    public override void Split(ReadOnlySpan<char> text, List<int> ends)
    {
        var pieces = new List<int>();
        if (text.Length > 0) pieces.Add(text.Length);
        foreach (PreTokenizer step in steps)
        {
            var finer = new List<int>(pieces.Count);
            int start = 0;
            foreach (int end in pieces)
            {
                int first = finer.Count;
                step.Split(text[start..end], finer);
                for (int i = first; i < finer.Count; i++) finer[i] += start;
                start = end;
            }
            pieces = finer;
        }
        ends.AddRange(pieces);
    }
}

/// <summary>Each line with its line feed. It is never written to a file: only training uses it.</summary>
internal sealed class LineScanner : PreTokenizer
{
    internal override IReadOnlyList<PatternScanner> Scanners => [];

    public override void Split(ReadOnlySpan<char> text, List<int> ends)
    {
        for (int start = 0; start < text.Length; start = ends[^1])
        {
            int feed = text[start..].IndexOf('\n');
            ends.Add(feed < 0 ? text.Length : start + feed + 1);
        }
    }
}

/// <summary>A text as one piece: for models whose tokens span words.</summary>
internal sealed class WholeScanner : PreTokenizer
{
    internal override IReadOnlyList<PatternScanner> Scanners => [];

    public override void Split(ReadOnlySpan<char> text, List<int> ends)
    {
        if (text.Length > 0) ends.Add(text.Length);
    }
}
