using System.Text.RegularExpressions;
using Hearth.Models.Generation.Constraints;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation.Constraints;

/// <summary>Schemas, grammars and patterns that are broken or mean harm give a grammar or Hearth's own error, soon and in little memory.</summary>
public sealed class ConstraintFuzzTests
{
    private const long Most = 64_000_000;

    private static readonly Regex Words = new("""\"[^"]*\"|-?[0-9]+|[a-z]+|\[[^\]]*\]|[*+?]|\{[0-9, ]+\}""");

    private static readonly string[] SchemaPieces =
    [
        "\"$ref\": \"#\", ", "\"type\": \"object\", ", "\"allOf\": [{}, ", "\"oneOf\": [true, ", "\"anyOf\": [", "{", "}", "[", "]", ",", ":", "\"", "\\", "\\ud800", "null", "true", "false", "-1", "1e9", "1e400",
        "0.0000000000000000000000000001", "99999999999999999999999999999", "\"minItems\": 1000000000, ", "\"maxLength\": 3000000, ", "\"pattern\": \"(a|b)*\\\\1\", ", "\"const\": [[[]]], ", "\"enum\": [1, 1], ", "\0", "é", "😀",
        "\"format\": \"uri\", ", "\"additionalProperties\": true, ", "\"required\": [\"a\", \"a\"], ", "\"properties\": {\"a\": {\"$ref\": \"#\"}}, ",
    ];

    private static readonly string[] GrammarPieces =
    [
        "::=", "root", "\n", "\"", "[", "]", "(", ")", "{", "}", "{10000}", "{0,10000}", "|", "*", "+", "?", ".", "^", "-", "\\", "\\x", "\\u12", "\\U0010FFFF", "#", "\"\"", "a", "\r", "\t", "\ud800", "😀", "{,", "<[1]>", "!", "_",
    ];

    private static readonly string[] PatternPieces =
    [
        "(", ")", "[", "]", "{", "}", "{1000}", "{0,1024}", "|", "*", "+", "?", ".", "^", "$", "\\", "\\p{L}", "\\P{Lu}", "\\u", "\\x4", "[^", "&&[", "(?:", "(?=", "(?<", "(?i)", "\\b", "\\1", "\ud800", "😀", "\0", "\\u{110000}", "-",
    ];

    [Fact]
    public void Altered_schemas_give_a_grammar_or_an_error_that_names_its_place() =>
        Alter([.. SchemaCases.All.Select(c => c.Schema)], SchemaPieces, Grammar.FromJsonSchema, 3_000);

    [Fact]
    public void Altered_grammars_give_a_grammar_or_an_error_that_names_its_place() =>
        Alter([.. GbnfTests.Grammars.Select(row => (string)((ITheoryDataRow)row).GetData()[0]!)], GrammarPieces, Grammar.FromGbnf, 4_000);

    [Fact]
    public void Altered_patterns_give_a_grammar_or_an_error_that_names_its_place() =>
        Alter([@"^[a-z]{3,8}(-[0-9]{2})*$", @"(yes|no|maybe), (because .{1,40}|so)", @"\p{Lu}\p{Ll}*[\d\s_]+", @"(?<year>\d{4})-(?:0[1-9]|1[0-2])", @"[^\u4e00-\u9fff\x41]{2,5}!?", @"((a|b)*c){2,}"],
            PatternPieces, Grammar.FromRegex, 3_000);

    private static void Alter(string[] texts, string[] pieces, Func<string, Grammar> read, int usual)
    {
        int rounds = Fuzz.Rounds(usual), refused = 0;
        for (int seed = 0; seed < rounds; seed++)
        {
            var random = new Random(seed);
            string text = texts[random.Next(texts.Length)];
            text = random.Next(3) == 0 ? Fuzz.Mutate(text, pieces, random) : Exchange(text, texts[random.Next(texts.Length)], random);
            try
            {
                Fuzz.Bounded(() => refused += Refuses(text, read) ? 1 : 0, Most, text);
            }
            catch (Exception e) when (e is not ShouldAssertException)
            {
                throw new InvalidOperationException($"Seed {seed}: {text}", e);
            }
        }
        refused.ShouldBeInRange(rounds / 5, rounds - (rounds / 20), "the alterations should reach both outcomes");
    }

    /// <summary>Puts some words, numbers and quoted texts of another text in the place of a text's own.</summary>
    private static string Exchange(string text, string other, Random random)
    {
        MatchCollection words = Words.Matches(other);
        int count = Words.Count(text);
        for (int n = random.Next(1, 3); n > 0 && count > 0 && words.Count > 0; n--)
        {
            int place = random.Next(count), at = 0;
            text = Words.Replace(text, word => at++ == place ? words[random.Next(words.Count)].Value : word.Value);
        }
        return text;
    }

    private static bool Refuses(string text, Func<string, Grammar> read)
    {
        try
        {
            Grammar grammar = read(text);
            grammar.Matches("{\"a\": [1, \"aab-22 aaaaaaaaaaaaaa\"]}");
            grammar.Matches("aaaaaaaaaaaaaaaaaaaaaaaa");
            return false;
        }
        catch (ConstraintException e)
        {
            e.Where.ShouldNotBeEmpty();
            e.Message.Length.ShouldBeLessThan(1_000);
            return true;
        }
    }

    public static TheoryData<string> Bombs => [.. SchemaBombs.Keys, .. GrammarBombs.Keys, .. PatternBombs.Keys];

    [Theory]
    [MemberData(nameof(Bombs))]
    public void A_text_that_means_harm_is_refused_soon_and_in_little_memory(string name)
    {
        (string text, Func<string, Grammar> read) = SchemaBombs.TryGetValue(name, out Func<string>? schema) ? (schema(), (Func<string, Grammar>)Grammar.FromJsonSchema)
            : GrammarBombs.TryGetValue(name, out Func<string>? grammar) ? (grammar(), Grammar.FromGbnf) : (PatternBombs[name](), Grammar.FromRegex);
        bool refused = false;
        Fuzz.Bounded(() => refused = Refuses(text, read), Most, name);
        refused.ShouldBeTrue();
    }

    private static Dictionary<string, Func<string>> SchemaBombs { get; } = new()
    {
        ["a schema of a million values"] = () => $"{{\"enum\": [{Join(1_000_000, i => $"\"{i}\"")}]}}",
        ["a schema of many short values"] = () => $"{{\"enum\": [{Join(140_000, i => $"\"{i}\"")}]}}",
        ["a schema of many numbers"] = () => $"{{\"enum\": [{Join(150_000, i => $"{i}")}]}}",
        ["a schema of many equal values"] = () => $"{{\"enum\": [{Join(340_000, _ => "\"\"")}]}}",
        ["two long lists of values"] = () => $"{{\"allOf\": [{{\"enum\": [{Join(50_000, i => $"{i}")}]}}, {{\"enum\": [{Join(50_000, i => $"{i + 50_000}")}]}}]}}",
        ["a billion items"] = () => """{"type": "array", "minItems": 1000000000}""",
        ["a billion items at most"] = () => """{"type": "array", "items": {"enum": ["ab", "cd", "ef"]}, "maxItems": 1000000000}""",
        ["a billion characters"] = () => """{"type": "string", "minLength": 1000000000}""",
        ["many characters in many places"] = () => $"{{\"type\": \"object\", \"properties\": {{{Join(2_000, i => $"\"{i}\": {{\"type\": \"string\", \"maxLength\": 1000}}")}}}}}",
        ["arrays of arrays"] = () => Nest("{\"items\": ", 100_000, "}"),
        ["arrays of arrays, 60 deep and counted"] = () => Nest("{\"minItems\": 1000, \"items\": ", 60, "}"),
        ["alternatives of alternatives"] = () => Nest("{\"type\": \"object\", \"anyOf\": [{\"title\": \"a\"}, ", 60, "]}").Replace("{\"title\": \"a\"}", "{\"properties\": {\"a\": {}}}"),
        ["alternatives that double"] = () => $"{{\"$defs\": {{{Join(60, i => $"\"d{i}\": {{\"minLength\": {i}, \"anyOf\": [{{\"$ref\": \"#/$defs/d{i + 1}\"}}, {{\"maxLength\": {i + 999}, \"$ref\": \"#/$defs/d{i + 1}\"}}]}}")}, \"d60\": {{\"type\": \"string\"}}}}, \"$ref\": \"#/$defs/d0\"}}",
        ["parts that double"] = () => $"{{\"$defs\": {{{Join(60, i => $"\"d{i}\": {{\"allOf\": [{{\"$ref\": \"#/$defs/d{i + 1}\"}}, {{\"$ref\": \"#/$defs/d{i + 1}\", \"minLength\": {i}}}]}}")}, \"d60\": {{\"not\": {{}}}}}}, \"$ref\": \"#/$defs/d0\"}}",
        ["much beside many alternatives"] = () => $"{{\"properties\": {{\"a\": {{\"enum\": [{Join(20_000, i => $"{i}")}]}}}}, \"anyOf\": [{Join(4_000, i => $"{{\"required\": [\"r{i}\"]}}")}]}}",
        ["many alternatives, one of which it is"] = () => $"{{\"oneOf\": [{Join(4_000, i => $"{{\"const\": {i}}}")}]}}",
        ["parts that hold themselves"] = () => """{"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}, {"minLength": 1}]}}, "$ref": "#/$defs/a"}""",
        ["many properties"] = () => $"{{\"properties\": {{{Join(60_000, i => $"\"{i}\": true")}}}}}",
        ["many required properties"] = () => $"{{\"required\": [{Join(100_000, i => $"\"{i}\"")}]}}",
        ["a long name"] = () => $"{{\"properties\": {{\"{new string('a', 500_000)}\": true}}, \"additionalProperties\": true}}",
        ["many names beside others"] = () => $"{{\"properties\": {{{Join(2_000, i => $"\"{i * 7_919}\": {{\"type\": \"null\"}}")}}}, \"additionalProperties\": {{\"type\": \"null\"}}}}",
        ["many ranges"] = () => $"{{\"anyOf\": [{Join(4_900, i => $"{{\"type\": \"number\", \"minimum\": 0.{i}1234567891, \"maximum\": 98765432109876.{i}}}")}]}}",
        ["a long list of places"] = () => $"{{\"prefixItems\": [{Join(100_000, _ => "true")}]}}",
        ["a pattern of many categories in a schema"] = () => $"{{\"type\": \"string\", \"pattern\": \"{string.Concat(Enumerable.Repeat("[\\\\p{L}x]", 800))}\"}}",
    };

    private static Dictionary<string, Func<string>> GrammarBombs { get; } = new()
    {
        ["a large grammar"] = () => "root ::= \"" + new string('a', 2_000_000) + "\"",
        ["a long text in a grammar"] = () => "root ::= \"" + new string('a', 1_000_000) + "\"",
        ["many rules"] = () => string.Concat(Enumerable.Range(0, 60_000).Select(i => $"r{i} ::= r{i + 1}\n")),
        ["rules that may be empty, the last first"] = () => "root ::= r0\n" + string.Concat(Enumerable.Range(0, 9_990).Select(i => $"r{i} ::= r{i + 1} r{i + 1}\n")) + "r9990 ::= \"\" | r0",
        ["groups of groups"] = () => "root ::= " + new string('(', 100_000),
        ["repetitions of repetitions"] = () => "root ::= \"a\"" + new string('*', 100_000),
        ["counts of counts"] = () => "root ::= " + Nest("(", 20, "\"b\" \"c\"{7000} | \"d\"){10000}").Replace("true", "\"a\""),
        ["many alternatives"] = () => "root ::= \"a\"" + string.Concat(Enumerable.Repeat(" | \"a\" root", 100_000)),
        ["many sets"] = () => "root ::= " + string.Concat(Enumerable.Repeat("[^a-z] ", 100_000)),
        ["sets of many ranges"] = () => "root ::= [" + string.Concat(Enumerable.Range(0x4E00, 20_000).Select(c => char.ConvertFromUtf32(0x10000 + (2 * c)))) + "]{10}",
        ["a text that can be read in ever more ways"] = () => "root ::= s\ns ::= \"a\" s \"b\" | \"a\" t \"c\" | \"a\"\nt ::= \"a\" s \"d\" | \"a\" t \"e\" | \"a\"",
        ["optional parts, counted twice"] = () => "root ::= ((\"a\" \"bcdefghijk\"?)? (\"c\" \"defghijkl\")?){10000}",
        ["left recursion through many rules"] = () => string.Concat(Enumerable.Range(0, 9_000).Select(i => $"{(i == 0 ? "root" : $"r{i}")} ::= {(i == 8_999 ? "root" : $"r{i + 1}")} \"a\" | \"b\"\n")),
    };

    private static Dictionary<string, Func<string>> PatternBombs { get; } = new()
    {
        ["a long pattern"] = () => new string('a', 100_000),
        ["nested counts"] = () => "((((([^a]b{1000}){1000}c){1000}d{1000}){1000}e{1000}){1000}[^x]{1000}f){1000}[^y]{1000}(?:[^a]{1000}g|h[^b]{1000}){900}(z[^c]{999}|y[^d]{1000}q){7}[^q]{1000}z{1000}k{1000}q{1000}([^x]{1000}|[^y]{900}){2}a{1000}b{1000}[^z]{1000}([^z]{1000})([^z]{1000})([^z]{1000})([^z]{1000})([^z]{1000})([^z]{1000})([^z]{1000})([^z]{1000})([^z]{1000})",
        ["many categories"] = () => string.Concat(Enumerable.Repeat(@"\p{L}", 1_600)),
        ["groups of groups in a pattern"] = () => new string('(', 8_000),
        ["sets of sets"] = () => new string('[', 8_000),
    };

    private static string Join(int count, Func<int, string> item) => string.Join(", ", Enumerable.Range(0, count).Select(item));

    private static string Nest(string open, int depth, string close) => string.Concat(Enumerable.Repeat(open, depth)) + "true" + string.Concat(Enumerable.Repeat(close, depth));
}
