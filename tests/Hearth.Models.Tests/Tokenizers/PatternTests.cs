using System.Text;
using System.Text.RegularExpressions;
using Hearth.Models.Tokenizers;
using Hearth.Models.Tokenizers.Normalizers;
using Hearth.Models.Tokenizers.Patterns;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Tokenizers;

public class PatternTests
{
    private const string Alphabet = "aB'sSlLtd 1²\n\r\t.-/_(\u0301É中あ한\u00A0ʼǅ";

    public static TheoryData<string> Written => [.. PatternScanner.Known.Where(s => !s.Pattern.Contains("AFMoE") && !s.Pattern.StartsWith("(?=")).Select(s => s.Pattern)];

    public static TheoryData<string> General =>
    [
        .. GgufPreTokenizers.Names.SelectMany(n => GgufPreTokenizers.Find(n)!.Patterns).Distinct()
            .Where(p => !p.Contains("AFMoE") && !p.Contains("&&") && !p.Contains("++") && !p.StartsWith("(?=") && !p.Contains('𐐀')),
    ];

    [Theory]
    [MemberData(nameof(Written))]
    public void A_scanner_cuts_as_its_pattern_says(string pattern) => Compare(PatternScanner.For(pattern), pattern);

    [Theory]
    [MemberData(nameof(General))]
    public void The_general_machine_cuts_as_the_pattern_says(string pattern) => Compare(new RegexScanner(pattern), pattern);

    [Fact]
    public void Every_pre_tokenizer_of_gguf_takes_a_hostile_text_in_proportion()
    {
        foreach (string name in GgufPreTokenizers.Names)
        {
            foreach (string unit in (string[])["a", " ", "\n", "\u0301", "1", "中", "aA ", "'s", " \u0301"])
            {
                string text = string.Concat(Enumerable.Repeat(unit, 20_000 / unit.Length));
                var clock = System.Diagnostics.Stopwatch.StartNew();
                GgufPreTokenizers.Find(name)!.Cuts.Split(text + "x", []);
                clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(1), $"{name} on '{unit}'");
            }
        }
    }

    [Theory]
    [InlineData("e\u0301", "é")]
    [InlineData("\u212B\u1E9B\u0323", "Å\u1E9B\u0323")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("\u1112\u1161\u11AB", "한")]
    [InlineData("\u0958", "\u0915\u093C")]
    public void Text_is_composed_as_the_standard_says(string text, string expected) =>
        UnicodeNormalizer.Nfc.Apply(text, atStart: true).ShouldBe(expected);

    private static void Compare(PatternScanner scanner, string pattern)
    {
        var regex = new Regex(pattern, RegexOptions.CultureInvariant);
        var random = new Random(7);
        for (int i = 0; i < 400; i++)
        {
            var text = new StringBuilder();
            for (int n = random.Next(1, 30); n > 0; n--) text.Append(Alphabet[random.Next(Alphabet.Length)]);
            string subject = text.ToString();
            var found = new List<(int, int)>();
            scanner.FindAll(subject, (start, end) => found.Add((start, end)));
            found.ShouldBe(regex.Matches(subject).Select(m => (m.Index, m.Index + m.Length)), $"{pattern} on {subject}");
        }
    }
}
