using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hearth.Models.Tokenizers;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Tokenizers;

public class PreTokenizerTests
{
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const string Gpt4Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Qwen2Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string O200kPattern =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        + @"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        + @"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string DeepSeekPattern =
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*"
        + "|\\s*[\r\n]+|\\s+(?!\\S)|\\s+";

    // Every class of code point the patterns tell apart, with the ones they tell apart by name several times.
    private const string Alphabet =
        "  '''stmdrevlSTMDREVL\r\n\n\t\u00A0\u0085\u2028\u3000"
        + "abzABZéÉßǅʰªя日本कि\u0301\u0903\u20DD0१²Ⅷ9!/._-«»€+^￼\u200D\uFEFF\u0000\u0007\uE000\u0378";

    public static TheoryData<string> Patterns => [Gpt2Pattern, Gpt4Pattern, Qwen2Pattern, O200kPattern, DeepSeekPattern];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void A_scanner_cuts_as_its_regular_expression_does(string pattern)
    {
        PreTokenizer scanner = ByPattern(pattern);
        var regex = new Regex(pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10));
        var random = new Random(20_240_501);
        for (int i = 0; i < 20_000; i++)
        {
            int length = random.Next(40);
            bool anyCharacter = i % 4 == 0;
            var text = new StringBuilder();
            while (text.Length < length)
            {
                char c = anyCharacter ? (char)random.Next(0x10000) : Alphabet[random.Next(Alphabet.Length)];
                // .NET's expressions know neither astral code points nor the long s as a form of s.
                if (!char.IsSurrogate(c) && c != '\u017F') text.Append(c, random.Next(8) == 0 ? random.Next(1, 6) : 1);
            }
            string s = text.ToString();
            Cut(scanner, s).ShouldBe(Isolate(regex, s), $"text {i}: {Escape(s)}");
        }
    }

    [Theory]
    [MemberData(nameof(Patterns))]
    public void Astral_code_points_and_lone_surrogates_have_their_own_kind(string pattern)
    {
        PreTokenizer scanner = ByPattern(pattern);
        Cut(scanner, "x𐐀𝒜y!").ShouldBe(pattern == O200kPattern ? ["x", "𐐀𝒜y", "!"] : ["x𐐀𝒜y", "!"]);    // letters, capital in the middle
        IEnumerable<int> replaced = Cut(scanner, "a\uFFFDb!\uFFFD\uFFFD c").Select(p => p.Length);
        Cut(scanner, "a\uD800b!\uDC00\uD800 c").Select(p => p.Length).ShouldBe(replaced);
    }

    [Fact]
    public void The_long_s_ends_a_contraction_where_case_does_not_count()
    {
        Cut(PreTokenizer.Gpt4, "it'ſa").ShouldBe(["it", "'ſ", "a"]);
        Cut(PreTokenizer.Gpt2, "it'ſa").ShouldBe(["it", "'", "ſa"]);
    }

    [Fact]
    public void Numbers_of_other_planes_count_one_by_one()
    {
        Cut(PreTokenizer.Gpt4, "𝟏𝟐𝟑𝟒").ShouldBe(["𝟏𝟐𝟑", "𝟒"]);
    }

    [Fact]
    public void Pieces_cover_the_text_and_none_is_empty()
    {
        var random = new Random(7);
        PreTokenizer[] scanners = [.. Patterns.Select(p => ByPattern(p.Data))];
        for (int i = 0; i < 2_000; i++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(30)).Select(_ =>
                (char)(random.Next(3) == 0 ? random.Next(0xD7F0, 0xE010) : random.Next(128)))]);
            foreach (PreTokenizer scanner in scanners)
            {
                List<string> pieces = Cut(scanner, text);
                string.Concat(pieces).ShouldBe(text);
                pieces.ShouldAllBe(p => p.Length > 0);
                for (int p = 1; p < pieces.Count; p++)
                    (char.IsHighSurrogate(pieces[p - 1][^1]) && char.IsLowSurrogate(pieces[p][0])).ShouldBeFalse(Escape(text));
            }
        }
    }

    private static PreTokenizer ByPattern(string pattern) => pattern switch
    {
        Gpt2Pattern => PreTokenizer.Gpt2,
        Gpt4Pattern => PreTokenizer.Gpt4,
        _ => FromFile(pattern),
    };

    /// <summary>The pre-tokenizer a tokenizer.json gets for naming a pattern.</summary>
    private static PreTokenizer FromFile(string pattern)
    {
        JsonNode json = JsonNode.Parse(BpeTrainer.Train([], new BpeTrainingOptions { VocabularySize = 256 }).ToJson())!;
        json["pre_tokenizer"]!["pretokenizers"]![0]!["pattern"]!["Regex"] = pattern;
        return Tokenizer.Parse(Encoding.UTF8.GetBytes(json.ToJsonString())).PreTokenizer;
    }

    private static List<string> Cut(PreTokenizer scanner, string text)
    {
        var ends = new List<int>();
        scanner.Split(text, ends);
        return [.. ends.Select((end, i) => text[(i == 0 ? 0 : ends[i - 1])..end])];
    }

    /// <summary>Matches, and what stands between them, as pieces.</summary>
    private static List<string> Isolate(Regex regex, string text)
    {
        var pieces = new List<string>();
        int at = 0;
        foreach (Match match in regex.Matches(text))
        {
            if (match.Index > at) pieces.Add(text[at..match.Index]);
            pieces.Add(match.Value);
            at = match.Index + match.Length;
        }
        if (at < text.Length) pieces.Add(text[at..]);
        return pieces;
    }

    private static string Escape(string text) =>
        string.Concat(text.Select(c => c is >= ' ' and < '\u007F' ? c.ToString() : $"\\u{(int)c:X4}"));
}
