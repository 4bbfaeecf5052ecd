using Hearth.Models.Generation.Constraints;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation.Constraints;

public sealed class GbnfTests
{
    /// <summary>A grammar, texts that fit and texts that do not.</summary>
    public static TheoryData<string, string[], string[]> Grammars => new()
    {
        { "root ::= \"yes\" | \"no\"", ["yes", "no"], ["", "ye", "yesno", "Yes"] },
        { "root ::= [a-c]+ \".\"", ["a.", "abcabc."], [".", "abd.", "abc"] },
        { "root ::= [^a-c\\n]*", ["", "xyz", "é世😀"], ["xay", "x\ny"] },
        { "root ::= [-a] [a-] [\\]\\\\^]", ["--]", "aa\\", "a-^"], ["b-]", "a-"] },
        { "root ::= . .", ["ab", "\n\n", "😀世"], ["a", "abc"] },
        { "root ::= \"\\x41\\u00e9\\U0001F600\\t\\n\\r\\\"\\\\\"", ["Aé😀\t\n\r\"\\"], ["A"] },
        { "root ::= [α-ω]{2}", ["αω", "λλ"], ["α", "αωα", "aa"] },
        { "root ::= [\\U00010000-\\U0010FFFF]", ["😀"], ["a", "世"] },
        { "root ::= \"a\"{2}", ["aa"], ["a", "aaa"] },
        { "root ::= \"a\"{2,}", ["aa", "aaaaaa"], ["a"] },
        { "root ::= \"a\"{1,3}", ["a", "aa", "aaa"], ["", "aaaa"] },
        { "root ::= \"a\"{0,2} \"b\"{ 1 , 2 }", ["b", "aabb", "abb"], ["aaab", "a"] },
        { "root ::= (\"a\" | \"bc\")* \"d\"?", ["", "abcad", "d"], ["b", "dd"] },
        { "root ::= (\n  \"a\" # one\n  | \"b\"\n)+ \"!\"", ["a!", "abba!"], ["!", "ab"] },
        { "# a comment\nroot ::= item (\", \" item)*\n\nitem ::= # nothing here\n  [0-9]+ |\n  \"none\"\n", ["1", "12, none, 3"], ["", "1,2", "1, "] },
        { "root ::= \"(\" root \")\" | \"\"", ["", "()", "((()))"], ["(", "())", ")("] },
        { "root ::= a b\na ::= \"x\"?\nb ::= a a \"y\"", ["y", "xy", "xxy", "xxxy"], ["x", "xxxxy"] },
        { "root ::= a\r\na ::= \"1\" a | \"0\"\r\n", ["0", "10", "1110"], ["1", "01"] },
        { "root ::= \"\" | \"\" \"a\"", ["", "a"], ["aa"] },
        { "root ::= (\"a\"*)* (\"b\"+)+ (\"c\"?)+", ["b", "aabbcc"], ["a", "c"] },
        { "root ::= ((a | b) c){2,3}\na ::= \"x\" \"yz\"*\nb ::= \"uvw\"\nc ::= \"-\" \"-\"?", ["x-x--", "xyzyz-uvw--x-"], ["x-", "xy-x-", "x-x-x-x-"] },
        { "root ::= s{,2}\ns ::= \"ab\" \"cdefgh\"", ["", "abcdefgh", "abcdefghabcdefgh"], ["ab", "abcdefghabcdefghabcdefgh"] },
    };

    [Theory]
    [MemberData(nameof(Grammars))]
    public void A_grammar_takes_what_fits_and_nothing_else(string text, string[] fits, string[] others)
    {
        Grammar grammar = Grammar.FromGbnf(text);
        foreach (string fit in fits) grammar.Matches(fit).ShouldBeTrue(fit);
        foreach (string other in others) grammar.Matches(other).ShouldBeFalse(other);
    }

    [Fact]
    public void Llama_cpp_s_grammar_of_chess_moves_and_one_of_JSON_are_read()
    {
        Grammar json = Grammar.FromGbnf("""
            root   ::= object
            value  ::= object | array | string | number | ("true" | "false" | "null") ws

            object ::=
              "{" ws (
                        string ":" ws value
                ("," ws string ":" ws value)*
              )? "}" ws

            array  ::=
              "[" ws (
                        value
                ("," ws value)*
              )? "]" ws

            string ::=
              "\"" (
                [^"\\\x7F\x00-\x1F] |
                "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) # escapes
              )* "\"" ws

            number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws

            # Optional space: by convention, applied in this grammar after literal chars when allowed
            ws ::= | " " | "\n" [ \t]{0,20}
            """);
        json.Matches("{\"a\": [1, -2.5e+3, {\"b\": null}], \"ü\\n\":\"\\u00e9\"}").ShouldBeTrue();
        json.Matches("{\"a\": [1, }").ShouldBeFalse();
        json.Matches("[1]").ShouldBeFalse();

        Grammar chess = Grammar.FromGbnf("""
            root ::= "1. " move " " move "\n" ([1-9] [0-9]? ". " move " " move "\n")+
            move ::= (pawn | nonpawn | castle) [+#]?
            nonpawn ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]
            pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBKQR])?
            castle ::= "O-O" "-O"?
            """);
        chess.Matches("1. e4 e5\n2. Nf3 Nc6\n3. O-O exd8=Q+\n").ShouldBeTrue();
        chess.Matches("1. e4 e5\n2. Nf9 Nc6\n").ShouldBeFalse();
    }

    [Theory]
    [InlineData("", "root", "no rule of that name")]
    [InlineData("a ::= \"x\"", "root", "no rule of that name")]
    [InlineData("root ::= a", "line 1, column 10", "'a' is not defined")]
    [InlineData("root ::= \"a\"\nroot ::= \"b\"", "line 2, column 1", "defined twice")]
    [InlineData("root = \"a\"", "line 1, column 6", "'::=' is missing")]
    [InlineData("root ::= \"a", "line 1, column 12", "closing quotation mark")]
    [InlineData("root ::= [a", "line 1, column 12", "a [ without its ]")]
    [InlineData("root ::= [z-a]", "line 1, column 14", "ends are swapped")]
    [InlineData("root ::= (\"a\"", "line 1, column 14", "a ( without its )")]
    [InlineData("root ::= \"a\")", "line 1, column 13", "')' is not expected")]
    [InlineData("root ::= \"\\q\"", "line 1, column 13", "escape '\\q'")]
    [InlineData("root ::= \"\\xg0\"", "line 1, column 13", "2 hexadecimal digits")]
    [InlineData("root ::= \"\\ud800\"", "line 1, column 13", "4 hexadecimal digits")]
    [InlineData("root ::= \"\\UFFFFFFFF\"", "line 1, column 13", "8 hexadecimal digits")]
    [InlineData("root ::= \"a\"{3,2}", "line 1, column 18", "swapped")]
    [InlineData("root ::= \"a\"{x}", "line 1, column 14", "a count of 0 to 10,000")]
    [InlineData("root ::= \"a\"{1000000000}", "line 1", "a count of 0 to 10,000")]
    [InlineData("root ::= \"a\"{2", "line 1, column 15", "a { without its }")]
    [InlineData("root ::= \"a\"\n  | \"b\"", "line 2, column 3", "'|' is not expected")]
    [InlineData("root ::= <[1234]> \"a\"", "line 1, column 10", "a token in angle brackets")]
    [InlineData("root ::= !<think>", "line 1, column 10", "a token in angle brackets")]
    [InlineData("root ::= root \"a\" | \"b\"", "root", "left recursion")]
    [InlineData("root ::= \"x\" a\na ::= b? a \"c\" | \"d\"\nb ::= \"e\"", "a", "left recursion")]
    [InlineData("root ::= a\na ::= b \"x\" | \"y\"\nb ::= a \"z\"", "a", "left recursion")]
    [InlineData("root ::= \"a\" root", "root", "no finite text")]
    [InlineData("root ::= *", "line 1, column 10", "'*' is not expected")]
    public void A_mistake_is_named_with_its_place(string text, string place, string problem)
    {
        ConstraintException error = Should.Throw<ConstraintException>(() => Grammar.FromGbnf(text));
        error.Where.ShouldStartWith(place);
        error.Message.ShouldContain(problem);
    }
}
