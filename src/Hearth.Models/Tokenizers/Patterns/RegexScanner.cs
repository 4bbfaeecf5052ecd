using System.Collections.Concurrent;

namespace Hearth.Models.Tokenizers.Patterns;

/// <summary>Any pattern that <see cref="PatternParser"/> reads. Slower than a scanner written for one pattern, and as safe.</summary>
internal sealed class RegexScanner : PatternScanner
{
    private const long StepsPerCharacter = 1_000; // published patterns take a few dozen

    private readonly PatternProgram _program;
    private readonly ConcurrentBag<PatternMachine> _idle = []; // a machine serves one caller at a time

    /// <exception cref="FormatException">The pattern is malformed or not supported; the message says what.</exception>
    public RegexScanner(string pattern)
    {
        Pattern = pattern;
        PatternNode node = PatternParser.Parse(pattern);
        if (node.MayBeEmpty) throw new FormatException("the pattern matches nothing at all, which is not supported");
        _program = new PatternProgram(node);
    }

    public override string Pattern { get; }

    /// <summary>Tried on one character of each category, alone and before others.</summary>
    public override bool MatchesEverything => Samples.All(first => Samples.All(then => MatchesAtStart(first + then)) && MatchesAtStart(first));

    public override void FindAll(ReadOnlySpan<char> text, MatchVisitor visit)
    {
        if (!_idle.TryTake(out PatternMachine? machine)) machine = new PatternMachine(_program);
        long effort = StepsPerCharacter * (text.Length + 100L);
        for (int at = 0; at < text.Length;)
        {
            int end = machine.MatchAt(text, at, ref effort), start = at;
            if (end <= at && !machine.Find(text, Following(text, at), out start, out end, ref effort)) break;
            visit(start, end);
            at = end;
        }
        if (effort < 0) throw new SlowPatternException(Pattern);
        _idle.Add(machine);
    }

    private bool MatchesAtStart(string text)
    {
        int first = -1;
        FindAll(text, (start, _) => first = first < 0 ? start : first);
        return first == 0;
    }

    /// <summary>One character of each general category that text can hold, and the line ends.</summary>
    private static readonly string[] Samples =
    [
        "A", "a", "\u01C5", "\u02B0", "\u4E2D", "\u0301", "\u0903", "\u20DD", "1", "\u2160", "\u00B2", " ", "\u2028", "\u2029", "\n", "\r", "\t",
        "\u0001", "\u200D", "\uE000", "_", "-", "(", ")", "\u00AB", "\u00BB", "!", "'", "+", "$", "^", "\u00A9", "\uFFFF", "\U0001F600",
    ];

    private static int Following(ReadOnlySpan<char> text, int at)
    {
        CodePoints.KindAt(text, at, out int next);
        return next;
    }
}
