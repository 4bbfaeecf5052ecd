using System.Globalization;

namespace Hearth.Models.Tokenizers;

/// <summary>What a pre-tokenizer asks of a code point. Categories are those of .NET's own Unicode tables, not the system's.</summary>
[Flags]
internal enum Kind : byte
{
    None = 0,
    /// <summary>Lu and Lt.</summary>
    UpperLetter = 1,
    /// <summary>Ll.</summary>
    LowerLetter = 2,
    /// <summary>Lm and Lo: letters without case.</summary>
    OtherLetter = 4,
    Mark = 8,
    Number = 16,
    /// <summary>White_Space: Zs, Zl, Zp, U+0009 to U+000D and U+0085.</summary>
    Space = 32,
    /// <summary>CR or LF; these are spaces too.</summary>
    NewLine = 64,
    /// <summary>Any P or S category.</summary>
    Sign = 128,
    Letter = UpperLetter | LowerLetter | OtherLetter,
}

/// <summary>Reads UTF-16 text code point by code point. A lone surrogate counts as U+FFFD, which is what it becomes in UTF-8.</summary>
internal static class CodePoints
{
    private static readonly Kind[] Basic = BuildBasic();

    /// <summary>The kind of the code point at <paramref name="at"/>, and where the following one begins.</summary>
    public static Kind KindAt(ReadOnlySpan<char> text, int at, out int next)
    {
        char c = text[at];
        next = at + 1;
        if (!char.IsSurrogate(c)) return Basic[c];
        if (!char.IsHighSurrogate(c) || next == text.Length || !char.IsLowSurrogate(text[next])) return Basic['\uFFFD'];
        return KindOf(char.ConvertToUtf32(c, text[next++]));
    }

    /// <summary>The code point at <paramref name="at"/>, and where the following one begins.</summary>
    public static int Read(ReadOnlySpan<char> text, int at, out int next)
    {
        char c = text[at];
        next = at + 1;
        if (!char.IsSurrogate(c)) return c;
        if (!char.IsHighSurrogate(c) || next == text.Length || !char.IsLowSurrogate(text[next])) return '\uFFFD';
        return char.ConvertToUtf32(c, text[next++]);
    }

    /// <summary>Whether a code point is a decimal digit of some script.</summary>
    public static bool IsDigit(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) == UnicodeCategory.DecimalDigitNumber;

    /// <summary>Whether the code point at <paramref name="at"/> is a letter, mark, digit or low line; false outside the text.</summary>
    public static bool IsWord(ReadOnlySpan<char> text, int at)
    {
        if (at < 0 || at >= text.Length) return false;
        if (char.IsLowSurrogate(text[at]) && at > 0 && char.IsHighSurrogate(text[at - 1])) at--;
        return KindAt(text, at, out _).Is(Kind.Letter | Kind.Mark) || text[at] == '_' || IsDigit(Read(text, at, out _));
    }

    /// <summary>Whether a kind is any of some others.</summary>
    public static bool Is(this Kind kind, Kind any) => (kind & any) != Kind.None;

    /// <summary>The end of the run, from <paramref name="at"/>, of code points with any of <paramref name="kinds"/>.</summary>
    public static int RunOf(ReadOnlySpan<char> text, int at, Kind kinds)
    {
        while (at < text.Length && KindAt(text, at, out int next).Is(kinds)) at = next;
        return at;
    }

    /// <summary>The end of the run, from <paramref name="at"/>, of code points with none of <paramref name="kinds"/>.</summary>
    public static int RunWithout(ReadOnlySpan<char> text, int at, Kind kinds)
    {
        while (at < text.Length && !KindAt(text, at, out int next).Is(kinds)) at = next;
        return at;
    }

    private static Kind[] BuildBasic()
    {
        var kinds = new Kind[char.MaxValue + 1];
        for (int c = 0; c < kinds.Length; c++) kinds[c] = KindOf(c);
        return kinds;
    }

    private static Kind KindOf(int codePoint)
    {
        if (codePoint is '\r' or '\n') return Kind.Space | Kind.NewLine;
        if (codePoint is (>= '\t' and <= '\r') or 0x85) return Kind.Space;
        return CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => Kind.UpperLetter,
            UnicodeCategory.LowercaseLetter => Kind.LowerLetter,
            UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.OtherLetter,
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => Kind.Mark,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => Kind.Space,
            UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
                or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation
                or UnicodeCategory.OtherPunctuation or UnicodeCategory.MathSymbol or UnicodeCategory.CurrencySymbol
                or UnicodeCategory.ModifierSymbol or UnicodeCategory.OtherSymbol => Kind.Sign,
            _ => Kind.None,
        };
    }
}
