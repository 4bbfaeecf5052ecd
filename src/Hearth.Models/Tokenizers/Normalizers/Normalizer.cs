using System.Text;

namespace Hearth.Models.Tokenizers.Normalizers;

/// <summary>Rewrites text before it is cut and encoded.</summary>
internal abstract class Normalizer
{
    /// <summary>The rewritten text.</summary>
    /// <param name="text">A stretch of text between special tokens, not empty.</param>
    /// <param name="atStart">Whether the stretch begins the whole text.</param>
    public abstract string Apply(string text, bool atStart);

    /// <summary>Several, one after another; null when there is none.</summary>
    public static Normalizer? Sequence(IReadOnlyList<Normalizer> steps) => steps.Count switch
    {
        0 => null,
        1 => steps[0],
        _ => new NormalizerSequence(steps),
    };
}

/// <summary>Normalizers applied one after another.</summary>
internal sealed class NormalizerSequence(IReadOnlyList<Normalizer> steps) : Normalizer
{
    public override string Apply(string text, bool atStart)
    {
        foreach (Normalizer step in steps) text = step.Apply(text, atStart);
        return text;
    }
}

/// <summary>When something is put before a text that does not begin with it.</summary>
internal enum PrefixRule
{
    Never,
    /// <summary>Only where the whole text begins.</summary>
    First,
    /// <summary>Also after every special token.</summary>
    Always,
}

/// <summary>Puts a prefix before a text.</summary>
/// <param name="prefix">What to put.</param>
/// <param name="rule">When.</param>
/// <param name="unlessThere">Not when the text begins with it already.</param>
internal sealed class PrefixNormalizer(string prefix, PrefixRule rule, bool unlessThere) : Normalizer
{
    public override string Apply(string text, bool atStart)
    {
        bool wanted = text.Length > 0 && (rule == PrefixRule.Always || (rule == PrefixRule.First && atStart));
        return wanted && !(unlessThere && text.StartsWith(prefix, StringComparison.Ordinal)) ? prefix + text : text;
    }
}

/// <summary>Puts a text in another's place.</summary>
internal sealed class ReplaceNormalizer(string from, string to) : Normalizer
{
    public override string Apply(string text, bool atStart) => text.Replace(from, to, StringComparison.Ordinal);
}

/// <summary>Puts a text in the place of every match of a pattern.</summary>
internal sealed class PatternReplaceNormalizer(PatternScanner pattern, string to) : Normalizer
{
    public override string Apply(string text, bool atStart)
    {
        var result = new StringBuilder(text.Length);
        int at = 0;
        pattern.FindAll(text, (start, end) =>
        {
            result.Append(text.AsSpan(at, start - at)).Append(to);
            at = end;
        });
        return at == 0 ? text : result.Append(text.AsSpan(at)).ToString();
    }
}

/// <summary>Lower case, letter by letter.</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    public override string Apply(string text, bool atStart) => text.ToLowerInvariant();
}

/// <summary>Removes white space at the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override string Apply(string text, bool atStart)
    {
        int start = left ? CodePoints.RunOf(text, 0, Kind.Space) : 0, end = text.Length;
        while (right && end > start && CodePoints.KindAt(text, end - 1, out _).Is(Kind.Space)) end--;
        return text[start..end];
    }
}

/// <summary>Removes combining marks.</summary>
internal sealed class StripAccentsNormalizer : Normalizer
{
    public override string Apply(string text, bool atStart)
    {
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length;)
        {
            int start = i;
            if (!CodePoints.KindAt(text, i, out i).Is(Kind.Mark)) result.Append(text.AsSpan(start, i - start));
        }
        return result.ToString();
    }
}

/// <summary>Every word of a text, with a mark before it: what splitting at white space and then marking words comes to.</summary>
internal sealed class MarkWordsNormalizer(string mark) : Normalizer
{
    public override string Apply(string text, bool atStart)
    {
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length;)
        {
            int start = CodePoints.RunOf(text, i, Kind.Space);
            i = CodePoints.RunWithout(text, start, Kind.Space);
            if (i == start) continue;
            if (!text.AsSpan(start).StartsWith(mark, StringComparison.Ordinal)) result.Append(mark);
            result.Append(text.AsSpan(start, i - start));
        }
        return result.ToString();
    }
}
