namespace Hearth.Server.Pages.Text;

/// <summary>Letters of mathematics' other alphabets (Unicode 16, block Mathematical Alphanumeric Symbols): MathML Core has no variants but these characters.</summary>
internal static class MathAlphabet
{
    // Letters that were in Unicode before the block, and are missing in it.
    private static readonly Dictionary<(string, char), string> Older = new()
    {
        [("double-struck", 'C')] = "ℂ", [("double-struck", 'H')] = "ℍ", [("double-struck", 'N')] = "ℕ", [("double-struck", 'P')] = "ℙ", [("double-struck", 'Q')] = "ℚ",
        [("double-struck", 'R')] = "ℝ", [("double-struck", 'Z')] = "ℤ", [("script", 'B')] = "ℬ", [("script", 'E')] = "ℰ", [("script", 'F')] = "ℱ", [("script", 'H')] = "ℋ",
        [("script", 'I')] = "ℐ", [("script", 'L')] = "ℒ", [("script", 'M')] = "ℳ", [("script", 'R')] = "ℛ", [("script", 'e')] = "ℯ", [("script", 'g')] = "ℊ", [("script", 'o')] = "ℴ",
        [("fraktur", 'C')] = "ℭ", [("fraktur", 'H')] = "ℌ", [("fraktur", 'I')] = "ℑ", [("fraktur", 'R')] = "ℜ", [("fraktur", 'Z')] = "ℨ", [("italic", 'h')] = "ℎ",
    };

    /// <summary>A letter or digit in an alphabet; itself where the alphabet has none.</summary>
    public static string Of(char c, string variant)
    {
        if (Older.TryGetValue((variant, c), out string? older)) return older;
        (int upper, int lower, int digit) = variant switch
        {
            "bold" => (0x1D400, 0x1D41A, 0x1D7CE),
            "italic" => (0x1D434, 0x1D44E, 0),
            "script" => (0x1D49C, 0x1D4B6, 0),
            "fraktur" => (0x1D504, 0x1D51E, 0),
            "double-struck" => (0x1D538, 0x1D552, 0x1D7D8),
            "sans-serif" => (0x1D5A0, 0x1D5BA, 0x1D7E2),
            "monospace" => (0x1D670, 0x1D68A, 0x1D7F6),
            _ => (0, 0, 0),
        };
        if (char.IsAsciiLetterUpper(c) && upper > 0) return char.ConvertFromUtf32(upper + c - 'A');
        if (char.IsAsciiLetterLower(c) && lower > 0) return char.ConvertFromUtf32(lower + c - 'a');
        return char.IsAsciiDigit(c) && digit > 0 ? char.ConvertFromUtf32(digit + c - '0') : c.ToString();
    }
}
