using System.Text;
using System.Text.RegularExpressions;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Hearth.Models.Tests.Tokenizers;
using Hearth.Models.Tokenizers;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation.Constraints;

/// <summary>Texts written token by token under a constraint, with real vocabularies: byte-level ones, and SentencePiece's with bytes and spaces.</summary>
public sealed class ConstrainedTextTests
{
    public static TheoryData<string> Tokenizers => ["gpt2", "qwen3", "gptoss", "deepseek_v3", "sentencepiece-tok512"];

    [Theory]
    [MemberData(nameof(Tokenizers))]
    public void Whatever_is_written_under_a_schema_is_JSON_that_fits_it(string name)
    {
        Writer writer = Writer.For(name);
        var texts = new HashSet<string>();
        var wrong = new List<string>();
        foreach (SchemaCases.Case c in SchemaCases.All)
        {
            var constraint = new TokenConstraint(Grammar.FromJsonSchema(c.Schema), writer.Vocabulary);
            for (int seed = 0; seed < writer.Rounds; seed++)
            {
                string text = writer.Write(constraint, new Random(seed), 60);
                if (!Validator.IsValid(c.Schema, text)) wrong.Add($"seed {seed}, {c.Schema}: {text}");
                texts.Add(text);
            }
        }
        wrong.ShouldBeEmpty();
        texts.Count.ShouldBeGreaterThan(80);
    }

    [Theory]
    [MemberData(nameof(Tokenizers))]
    public void Whatever_is_written_under_a_pattern_matches_it(string name)
    {
        Writer writer = Writer.For(name);
        foreach (string pattern in (string[])
            [@"[a-z]{3,8}(-[0-9]{2})*", @"(yes|no|maybe), (because .{1,40}|so)", @"[\u4e00-\u9fff]{2,5}!", @"[^a-zA-Z0-9\s]{3}", @"[\u{1F600}-\u{1F64F}]{1,3}", @"( {2}|\t)+x?"])
        {
            var constraint = new TokenConstraint(Grammar.FromRegex(pattern), writer.Vocabulary);
            var reference = new Regex($@"\A(?:{pattern.Replace(@"[\u{1F600}-\u{1F64F}]", @"(?:\ud83d[\ude00-\ude4f])").Replace(".", @"(?:[^\n\r\u2028\u2029\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])")
                .Replace(@"[^a-zA-Z0-9\s]", @"(?:[^a-zA-Z0-9\s\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])")})\z");
            for (int seed = 0; seed < writer.Rounds; seed++)
            {
                string text = writer.Write(constraint, new Random(seed), 40);
                reference.IsMatch(text).ShouldBeTrue($"seed {seed}, {pattern}: {text}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Tokenizers))]
    public void What_fits_can_be_written_in_any_cut_into_tokens_and_what_does_not_fit_can_not(string name)
    {
        Writer writer = Writer.For(name);
        var random = new Random(3);
        foreach (SchemaCases.Case c in SchemaCases.All)
        {
            var constraint = new TokenConstraint(Grammar.FromJsonSchema(c.Schema), writer.Vocabulary);
            foreach (string fit in c.Fits)
            {
                Writer.IsAllowed(constraint, writer.Tokenizer.Encode(fit)).ShouldBeTrue($"{c.Schema}: {fit}");
                for (int i = 0; i < writer.Rounds / 3; i++) Writer.IsAllowed(constraint, writer.Cut(fit, random)).ShouldBeTrue($"{c.Schema}: {fit}");
            }
            foreach (string other in c.Others.Where(o => o.Length > 0))
            {
                Writer.IsAllowed(constraint, writer.Tokenizer.Encode(other)).ShouldBeFalse($"{c.Schema}: {other}");
                Writer.IsAllowed(constraint, writer.Cut(other, random)).ShouldBeFalse($"{c.Schema}: {other}");
            }
        }
    }

    [Fact]
    public void The_mask_is_what_trying_every_token_says()
    {
        Writer writer = Writer.For("sentencepiece-tok512");
        foreach (Grammar grammar in (Grammar[])
            [
                Grammar.Json, Grammar.FromRegex(@".{0,9}\u{1F600}|[à-ü ]+"), Grammar.FromRegex("  a.*"),
                Grammar.FromGbnf("root ::= \" \"* (word \" \")* [^a-z]\nword ::= [a-zé]{2,4}"),
            ])
        {
            var constraint = new TokenConstraint(grammar, writer.Vocabulary);
            for (int seed = 0; seed < 6; seed++)
            {
                int[] tokens = writer.Draw(constraint, new Random(seed), 12);
                for (int length = 0; length <= tokens.Length; length++)
                {
                    ConstraintState state = After(constraint, tokens[..length]);
                    TokenMask mask = state.Mask();
                    for (int token = 0; token < writer.Vocabulary.Count; token++)
                    {
                        bool isText = writer.Spelled[token].Length > 0;
                        Writer.Allows(mask, token).ShouldBe(isText && After(constraint, tokens[..length]).Accept(token), $"token {token} after {length} of seed {seed}");
                    }
                }
            }
        }

        static ConstraintState After(TokenConstraint constraint, int[] tokens)
        {
            ConstraintState state = constraint.Begin();
            foreach (int token in tokens) state.Accept(token);
            return state;
        }
    }

    [Fact]
    public void A_character_may_be_spread_over_tokens_that_hold_a_byte_each()
    {
        var bytes = new TokenVocabulary([.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b })]);
        var constraint = new TokenConstraint(Grammar.FromRegex("[é世😀]"), bytes);
        ConstraintState state = constraint.Begin();
        Writer.Allowed(state.Mask()).ShouldBe([0xC3, 0xE4, 0xF0]);
        state.Accept(0xF0);
        Writer.Allowed(state.Mask()).ShouldBe([0x9F]);
        state.Accept(0x9F);
        state.Accept(0x98);
        Writer.Allowed(state.Mask()).ShouldBe([0x80]);
        state.MayEnd.ShouldBeFalse();
        state.Accept(0x80);
        state.MayEnd.ShouldBeTrue();
        state.IsComplete.ShouldBeTrue();
        state.Accept(0x80).ShouldBeFalse();
    }

    [Fact]
    public void The_space_that_decoding_drops_is_free_at_the_beginning_and_nowhere_else()
    {
        Writer writer = Writer.For("sentencepiece-tok512");
        var constraint = new TokenConstraint(Grammar.FromRegex("the cat"), writer.Vocabulary);
        int[] tokens = writer.Tokenizer.Encode("the cat");
        writer.Spelled[tokens[0]][0].ShouldBe((byte)' ');
        Writer.IsAllowed(constraint, tokens).ShouldBeTrue();
        writer.Tokenizer.Decode(tokens).ShouldBe("the cat");
        Writer.IsAllowed(constraint, [.. tokens, .. tokens]).ShouldBeFalse();
    }

    [Fact]
    public void A_text_that_the_vocabulary_can_not_write_is_reported()
    {
        var letters = new TokenVocabulary(["a"u8.ToArray(), "b"u8.ToArray(), null]);
        ConstraintException error = Should.Throw<ConstraintException>(() => new TokenConstraint(Grammar.FromRegex("é"), letters).Begin().Mask());
        error.Message.ShouldContain("no token of the vocabulary");
        TokenMask end = new TokenConstraint(Grammar.FromRegex("a?"), letters).Begin().Mask();
        Writer.Allowed(end).ShouldBe([0]);
        end.MayEnd.ShouldBeTrue();
    }

    [Fact]
    public void Hidden_tokens_are_never_text()
    {
        Writer writer = Writer.For("qwen3");
        int end = writer.Tokenizer.Special("<|im_end|>")!.Value;
        TokenMask mask = new TokenConstraint(Grammar.FromRegex("(.|\\n)*"), writer.Vocabulary).Begin().Mask();
        Writer.Allows(mask, end).ShouldBeFalse();
        Writer.Allows(mask, writer.Tokenizer.Encode("a")[0]).ShouldBeTrue();
    }

    [Fact]
    public void A_mask_is_found_once_for_a_place_of_the_grammar()
    {
        Writer writer = Writer.For("gpt2");
        var constraint = new TokenConstraint(Grammar.FromJsonSchema("""{"type": "array", "items": {"type": "string"}}"""), writer.Vocabulary);
        ConstraintState first = constraint.Begin(), second = constraint.Begin();
        foreach (int token in writer.Tokenizer.Encode("[\"one\", \"tex")) first.Accept(token);
        foreach (int token in writer.Tokenizer.Encode("[\"another\", \"and more\", \"tex")) second.Accept(token);
        second.Mask().Bits.Equals(first.Mask().Bits).ShouldBeTrue("the same memory");
    }

    [Fact]
    public void Several_answers_may_share_a_constraint_in_several_threads()
    {
        Writer writer = Writer.For("gpt2");
        string schema = SchemaCases.All.Single(c => c.Schema.Contains("final_answer")).Schema;
        string[] alone = [.. Enumerable.Range(0, 16).Select(seed => writer.Write(new TokenConstraint(Grammar.FromJsonSchema(schema), writer.Vocabulary), new Random(seed), 30))];
        var shared = new TokenConstraint(Grammar.FromJsonSchema(schema), writer.Vocabulary);
        string[] together = new string[alone.Length];
        Parallel.For(0, alone.Length, seed => together[seed] = writer.Write(shared, new Random(seed), 30));
        together.ShouldBe(alone);
    }
}

/// <summary>Writes texts by drawing any of the allowed tokens, each as likely as another.</summary>
internal sealed class Writer
{
    private static readonly Dictionary<string, Writer> Known = [];

    private readonly ILookup<byte, int> _byFirst;

    private Writer(Tokenizer tokenizer)
    {
        Tokenizer = tokenizer;
        Vocabulary = new TokenVocabulary(tokenizer);
        HashSet<int> hidden = [.. tokenizer.SpecialTokens.Where(t => t.Hidden).Select(t => t.Id)];
        Spelled = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(id => hidden.Contains(id) ? [] : tokenizer.Bytes(id).ToArray())];
        _byFirst = Enumerable.Range(0, Spelled.Length).Where(id => Spelled[id].Length > 0).ToLookup(id => Spelled[id][0]);
    }

    public Tokenizer Tokenizer { get; }

    public TokenVocabulary Vocabulary { get; }

    /// <summary>How often to try; the first masks of a large vocabulary take their time.</summary>
    public int Rounds => Spelled.Length > 100_000 ? 3 : 12;

    /// <summary>By id; empty for what is never text.</summary>
    public byte[][] Spelled { get; }

    public static Writer For(string name)
    {
        lock (Known)
        {
            if (!Known.TryGetValue(name, out Writer? writer)) Known.Add(name, writer = new Writer(ReferenceTokenizers.Load(name)));
            return writer;
        }
    }

    public static bool Allows(TokenMask mask, int token) => token >> 6 < mask.Bits.Length && (mask.Bits.Span[token >> 6] >> token & 1) != 0;

    public static List<int> Allowed(TokenMask mask)
    {
        var allowed = new List<int>();
        for (int word = 0; word < mask.Bits.Length; word++)
        {
            for (ulong rest = mask.Bits.Span[word]; rest != 0; rest &= rest - 1) allowed.Add((word * 64) + System.Numerics.BitOperations.TrailingZeroCount(rest));
        }
        return allowed;
    }

    /// <summary>Whether each token is allowed where it stands, and the text may end after the last.</summary>
    public static bool IsAllowed(TokenConstraint constraint, IEnumerable<int> tokens)
    {
        ConstraintState state = constraint.Begin();
        foreach (int token in tokens)
        {
            bool allowed = !state.IsComplete && Allows(state.Mask(), token);
            state.Accept(token).ShouldBe(allowed);
            if (!allowed) return false;
        }
        return state.MayEnd;
    }

    public string Write(TokenConstraint constraint, Random random, int most) => Tokenizer.Decode(Draw(constraint, random, most));

    /// <summary>Tokens up to where the text may end. After <paramref name="most"/> of them, those that close something are preferred.</summary>
    public int[] Draw(TokenConstraint constraint, Random random, int most)
    {
        ConstraintState state = constraint.Begin();
        var tokens = new List<int>();
        while (!state.IsComplete)
        {
            TokenMask mask = state.Mask();
            mask.MayEnd.ShouldBe(state.MayEnd);
            List<int> allowed = Allowed(mask);
            if (state.MayEnd && (allowed.Count == 0 || tokens.Count >= most || random.Next(4) == 0)) break;
            if (tokens.Count > most + 2_000) throw new InvalidOperationException($"The text does not come to an end: {Tokenizer.Decode([.. tokens[..200]])}");
            // Half of the draws are of short tokens: among all the tokens of a large vocabulary hardly one closes a string.
            if (random.Next(2) == 0) allowed = Preferred(allowed, t => Spelled[t].Length == 1);
            else if (tokens.Count >= most) allowed = Preferred(Preferred(allowed, t => Spelled[t] is [(byte)'}' or (byte)']' or (byte)'"']), t => Spelled[t] is [(byte)'"']);
            int token = allowed[random.Next(allowed.Count)];
            state.Accept(token).ShouldBeTrue();
            tokens.Add(token);
        }
        return [.. tokens];
    }

    private static List<int> Preferred(List<int> allowed, Predicate<int> preferred) => allowed.FindAll(preferred) is { Count: > 0 } some ? some : allowed;

    /// <summary>A text cut into tokens in any way that the vocabulary allows.</summary>
    public List<int> Cut(string text, Random random)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        var tokens = new List<int>();
        for (int at = 0; at < bytes.Length;)
        {
            int[] fitting = [.. _byFirst[bytes[at]].Where(id => bytes.AsSpan(at).StartsWith(Spelled[id]))];
            fitting.ShouldNotBeEmpty();
            int token = fitting[random.Next(fitting.Length)];
            tokens.Add(token);
            at += Spelled[token].Length;
        }
        return tokens;
    }
}
