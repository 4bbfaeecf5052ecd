using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Hearth.Models.Generation.Constraints;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation.Constraints;

public sealed class RegexTests
{
    [Theory]
    [InlineData("", new[] { "" }, new[] { "a" })]
    [InlineData("abc", new[] { "abc" }, new[] { "", "ab", "abcd", "xabc" })]
    [InlineData("^abc$", new[] { "abc" }, new[] { "abcd" })]
    [InlineData("^(a|bc)$", new[] { "a", "bc" }, new[] { "abc" })]
    [InlineData("(^a$|^b$)", new[] { "a", "b" }, new[] { "ab", "c" })]
    [InlineData(@"\d{3}-\d{4}", new[] { "555-1234" }, new[] { "555-123", "٣٣٣-1234" })]
    [InlineData(@"\w+\s\W", new[] { "ab_9 !" }, new[] { "é !", "ab x" })]
    [InlineData(@"[^\d\s]{2,}?", new[] { "ab", "é世😀" }, new[] { "a", "a1", "a b" })]
    [InlineData(@"\D\S", new[] { "ab" }, new[] { "1b", "a " })]
    [InlineData(@"a*?b+?c??", new[] { "b", "aabbc" }, new[] { "a", "bcc" })]
    [InlineData(@"(?:ab){2,3}", new[] { "abab", "ababab" }, new[] { "ab", "abababab" })]
    [InlineData(@"(?<year>\d{4})", new[] { "2026" }, new[] { "202" })]
    [InlineData(@"\p{Lu}\p{Ll}*", new[] { "Ägypten", "Ωμέγα" }, new[] { "ägypten", "A1" })]
    [InlineData(@"[\p{L}--]+", new[] { "é-" }, new[] { "1" })]
    [InlineData(@"\u00e9\x41\t\n\.", new[] { "éA\t\n." }, new[] { "éA\t\nx" })]
    [InlineData(@"[\]\-\\^]+", new[] { "]-\\^" }, new[] { "a" })]
    [InlineData("a.c", new[] { "abc", "a世c", "a😀c" }, new[] { "a\nc", "ac" })]
    [InlineData("(?i:straße)", new[] { "STRAßE", "straße" }, new[] { "strasse" })]
    [InlineData("a{2}b{0}c{1,}", new[] { "aac", "aaccc" }, new[] { "aabc", "ac" })]
    [InlineData("x{,2}", new[] { "", "xx" }, new[] { "xxx" })]
    [InlineData(@"(a|b)*a(a|b){12}", new[] { "abbbbbbbbbbbb", "bababababababa" }, new[] { "bbbbbbbbbbbbb" })]
    public void A_pattern_takes_what_it_matches_as_a_whole(string pattern, string[] fits, string[] others)
    {
        Grammar grammar = Grammar.FromRegex(pattern);
        foreach (string fit in fits) grammar.Matches(fit).ShouldBeTrue(fit);
        foreach (string other in others) grammar.Matches(other).ShouldBeFalse(other);
    }

    [Theory]
    [InlineData("a(?=b)", "looking ahead")]
    [InlineData("a(?!b)", "looking ahead")]
    [InlineData("(?<=a)b", "(?<=")]
    [InlineData("(?<!a)b", "(?<!")]
    [InlineData(@"(a)\1", @"\1")]
    [InlineData(@"\k<x>", @"\k")]
    [InlineData(@"a\b", "boundary")]
    [InlineData("a^b", "anchor")]
    [InlineData("(a$)b", "anchor")]
    [InlineData("(?>a)", "(?>")]
    [InlineData("a++", "possessive")]
    [InlineData("(", "without its )")]
    [InlineData(")", "without its (")]
    [InlineData("[a", "without its ]")]
    [InlineData("[z-a]", "swapped")]
    [InlineData("*a", "nothing before it")]
    [InlineData("a{5,2}", "count")]
    [InlineData("a{100000}", "count")]
    [InlineData(@"\p{Nope}", "Nope")]
    [InlineData("a\\", "at the end")]
    [InlineData("[a\\", "at the end")]
    [InlineData("[a-\\", "at the end")]
    public void What_is_malformed_or_not_supported_is_refused_by_name(string pattern, string problem)
    {
        ConstraintException error = Should.Throw<ConstraintException>(() => Grammar.FromRegex(pattern));
        error.Message.ShouldStartWith("the regular expression: ");
        error.Message.ShouldContain(problem);
    }

    [Fact]
    public void A_pattern_agrees_with_the_platform_s_on_any_text()
    {
        // No empty group among the atoms: .NET 10 says that (?:(?:(?:\w|a){1,3}|(?:))){2} does not match the empty text.
        Gen<string> atoms = Gen.Elements("a", "b", "c", "[ab]", "[^a]", ".", "é", "[b-é]", "\\d", "\\w", "(?:a?)");
        Gen<string> Pattern(int size) => size == 0 ? atoms : Gen.OneOf(
            atoms,
            Gen.Two(Pattern(size / 2)).Select(p => p.Item1 + p.Item2),
            Gen.Two(Pattern(size / 2)).Select(p => $"(?:{p.Item1}|{p.Item2})"),
            Gen.Zip(Pattern(size / 2), Gen.Elements("*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "{0,2}?")).Select(p => $"(?:{p.Item1}){p.Item2}"));
        Gen<string> texts = Gen.Elements('a', 'b', 'c', 'é', '1', '_', '\n').ListOf(6).SelectMany(t => Gen.Choose(0, 6), (t, n) => new string([.. t.Take(n)]));
        Prop.ForAll(Gen.Sized(n => Pattern(Math.Min(n, 12))).ToArbitrary(), texts.ListOf(8).ToArbitrary(), (pattern, samples) =>
        {
            Grammar grammar = Grammar.FromRegex(pattern);
            string ascii = pattern.Replace(@"\d", "[0-9]").Replace(@"\w", "[0-9A-Za-z_]").Replace(".", @"[^\n\r]");
            var reference = new Regex($@"\A(?:{ascii})\z", RegexOptions.NonBacktracking);
            foreach (string text in samples) grammar.Matches(text).ShouldBe(reference.IsMatch(text), $"{pattern} on '{text}'");
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(400));
    }
}
