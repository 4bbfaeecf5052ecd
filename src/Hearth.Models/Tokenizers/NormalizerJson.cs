using Hearth.Models.Tokenizers.Normalizers;

namespace Hearth.Models.Tokenizers;

/// <summary>Reads the <c>normalizer</c> of a tokenizer.json.</summary>
internal static class NormalizerJson
{
    private const int MostSteps = 16;
    private const int LongestText = 256; // bounds how much longer a step can make a text

    /// <summary>The normalizer, or null when there is none.</summary>
    public static Normalizer? Read(JsonField node)
    {
        var steps = new List<Normalizer>();
        if (!node.IsMissing) Add(node, steps, MostSteps);
        return Normalizer.Sequence(steps);
    }

    private static void Add(JsonField node, List<Normalizer> steps, int most)
    {
        string type = node["type"].Text();
        if (type == "Sequence")
        {
            foreach (JsonField step in node["normalizers"].Items(MostSteps)) Add(step, steps, most - 1);
            return;
        }
        if (steps.Count >= MostSteps || most == 0) throw node.Bad($"has more than {MostSteps} steps");
        steps.Add(type switch
        {
            "NFC" => UnicodeNormalizer.Nfc,
            "NFD" => new UnicodeNormalizer(composes: false, compatibility: false),
            "NFKC" => new UnicodeNormalizer(composes: true, compatibility: true),
            "NFKD" => new UnicodeNormalizer(composes: false, compatibility: true),
            "Prepend" => new PrefixNormalizer(Short(node["prepend"]), PrefixRule.Always, unlessThere: false),
            "Replace" => Replace(node),
            "Lowercase" => new LowercaseNormalizer(),
            "Strip" => new StripNormalizer(node["strip_left"].Flag(true), node["strip_right"].Flag(true)),
            "StripAccents" => new StripAccentsNormalizer(),
            "Precompiled" => Precompiled(node["precompiled_charsmap"]),
            _ => throw TokenizerJsonReader.Unsupported(node["type"], type),
        });
    }

    /// <summary>A pattern given as a regular expression or as a text.</summary>
    public static PatternScanner Pattern(JsonField node)
    {
        if (!node["String"].IsMissing)
        {
            string literal = node["String"].Text();
            return literal.Length > 0 ? new LiteralScanner(literal) : throw node["String"].Bad("is empty");
        }
        string pattern = node["Regex"].Text();
        try
        {
            return PatternScanner.For(pattern);
        }
        catch (FormatException e)
        {
            throw node["Regex"].Bad($"is '{JsonField.Shorten(pattern)}', which can not be used: {e.Message}");
        }
    }

    private static Normalizer Replace(JsonField node)
    {
        string content = node["content"].Text();
        if (content.Length > LongestText) throw node["content"].Bad($"has {content.Length:N0} characters, at most {LongestText} are read");
        return Pattern(node["pattern"]) is LiteralScanner literal
            ? new ReplaceNormalizer(literal.Pattern, content)
            : new PatternReplaceNormalizer(Pattern(node["pattern"]), content);
    }

    private static string Short(JsonField node)
    {
        string text = node.Text();
        return text.Length <= LongestText ? text : throw node.Bad($"has {text.Length:N0} characters, at most {LongestText} are read");
    }

    private static CharacterMap Precompiled(JsonField node)
    {
        string text = node.Text();
        var blob = new byte[text.Length];
        return Convert.TryFromBase64String(text, blob, out int length) && CharacterMap.Read(blob.AsSpan(0, length)) is { } map
            ? map
            : throw node.Bad("is not a compiled character map in base 64");
    }
}
