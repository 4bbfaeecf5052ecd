using System.Text;

namespace Hearth.Models.Tokenizers.Normalizers;

/// <summary>What a SentencePiece model says of white space.</summary>
/// <param name="Rules">Replacements of characters; null for none.</param>
/// <param name="AddDummyPrefix">A text is given a space at its beginning (or end).</param>
/// <param name="RemoveExtraWhitespaces">Spaces at the ends go, and several in a row become one.</param>
/// <param name="EscapeWhitespaces">Spaces are written ▁.</param>
/// <param name="AsSuffix">The mark of a word stands after it.</param>
internal sealed record SentencePieceRules(CharacterMap? Rules, bool AddDummyPrefix, bool RemoveExtraWhitespaces, bool EscapeWhitespaces,
    bool AsSuffix = false);

/// <summary>SentencePiece's preparation of a text: replacements, then white space.</summary>
internal sealed class SentencePieceNormalizer(SentencePieceRules rules) : Normalizer
{
    /// <summary>The character that stands for a space.</summary>
    public const char Mark = '\u2581';

    public override string Apply(string text, bool atStart)
    {
        if (rules.Rules is not null) text = rules.Rules.Apply(text, atStart);
        if (rules.RemoveExtraWhitespaces) text = SingleSpaces(text);
        if (text.Length == 0) return text;
        if (rules.AddDummyPrefix) text = rules.AsSuffix ? text + ' ' : ' ' + text;
        return rules.EscapeWhitespaces ? text.Replace(' ', Mark) : text;
    }

    private static string SingleSpaces(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (char c in text)
            if (c != ' ' || (result.Length > 0 && result[^1] != ' ')) result.Append(c);
        if (result.Length > 0 && result[^1] == ' ') result.Length--;
        return result.ToString();
    }
}
