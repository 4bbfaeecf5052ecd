using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hearth.Models.Tokenizers;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Tokenizers;

/// <summary>Patterns of published tokenizers, compared with .NET's own regular expressions, and normalisation.</summary>
public class PatternTests
{
    private const string Alphabet = "aB'sSlLtd 1²\n\r\t.-/_(\u0301É中あ한\u00A0ʼǅ";
    private const string Contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

    private static readonly byte[] Bytes = BpeTrainer.Train(["a"], new BpeTrainingOptions { VocabularySize = 256 }).ToJson();

    public static TheoryData<string> Patterns =>
    [
        Contraction + @"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        @"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+"
            + @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        Contraction + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+",
        Contraction + @"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+",
        @" ?[^(\s|.,!?…。，、।۔،)]+", @"\d{1,3}(?=(?:\d{3})*\b)", @"[\p{P}\$\+<=>\^~\|]+", @"\s?\p{P}+", @"[^\n]+|[\n]+", @"([\t\n]|    |  )",
        @"\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}", @"a+?B|[^a]s{2,}|\Bl\b|^a|t(?=d)",
    ];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void Text_is_cut_as_the_pattern_says(string pattern)
    {
        PreTokenizer cuts = Read(pattern).PreTokenizer;
        var regex = new Regex(pattern, RegexOptions.CultureInvariant);
        var random = new Random(7);
        for (int i = 0; i < 400; i++)
        {
            var text = new StringBuilder();
            for (int n = random.Next(1, 30); n > 0; n--) text.Append(Alphabet[random.Next(Alphabet.Length)]);
            string subject = text.ToString();
            var ends = new List<int>();
            cuts.Split(subject, ends);
            IEnumerable<int> expected = regex.Matches(subject).SelectMany(m => new[] { m.Index, m.Index + m.Length }).Append(subject.Length);
            ends.ShouldBe(expected.Where(e => e > 0).Distinct(), $"{pattern} on {subject}");
        }
    }

    [Theory]
    [MemberData(nameof(Patterns))]
    public void A_hostile_text_is_cut_in_time_in_proportion(string pattern)
    {
        PreTokenizer cuts = Read(pattern).PreTokenizer;
        foreach (string unit in (string[])["a", " ", "\n", "\u0301", "1", "中", "aA ", "'s", " \u0301"])
        {
            string text = string.Concat(Enumerable.Repeat(unit, 100_000 / unit.Length)) + "x";
            var clock = Stopwatch.StartNew();
            cuts.Split(text, []);
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(3), $"{pattern} on '{unit}'");
        }
    }

    [Theory]
    [InlineData("e\u0301", "é")]
    [InlineData("\u212B\u1E9B\u0323", "Å\u1E9B\u0323")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("\u1112\u1161\u11AB", "한")]
    [InlineData("\u0958", "\u0915\u093C")]
    public void Text_is_composed_as_the_standard_says(string text, string expected)
    {
        Tokenizer tokenizer = Read(@"\s+|\S+", "NFC");
        tokenizer.Decode(tokenizer.Encode(text)).ShouldBe(expected);
    }

    private static Tokenizer Read(string pattern, string? form = null)
    {
        JsonNode json = JsonNode.Parse(Bytes)!;
        json["pre_tokenizer"]!["pretokenizers"]![0]!["pattern"]!["Regex"] = pattern;
        if (form is not null) json["normalizer"] = new JsonObject { ["type"] = form };
        return Tokenizer.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()));
    }
}
