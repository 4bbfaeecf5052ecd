using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Hearth.Models.Tokenizers;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Tokenizers;

public class TokenizerTests
{
    private const string Prose = "The hearth is where the bread is baked; the bread that is baked there is theirs. Où est le pain? 面包在哪里？";

    private static readonly Tokenizer Small = Train(320, "<|end|>", "<|end|>ing", "<|user|>");

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("there and back\r\n\r\n  again 12345 👩‍👩‍👧‍👦 e\u0301 \u0000 \uFFFD <|end|>")]
    public void Text_comes_back_from_its_tokens(string text)
    {
        Small.Decode(Small.Encode(text)).ShouldBe(text);
    }

    [Fact]
    public void Random_text_comes_back_whole_and_token_by_token()
    {
        var random = new Random(11);
        for (int i = 0; i < 500; i++)
        {
            string text = RandomText(random, random.Next(80));
            int[] tokens = Small.Encode(text);
            Small.Decode(tokens).ShouldBe(text);
            var stream = new StreamingDecoder(Small);
            string streamed = "";
            foreach (int token in tokens)
            {
                string pushed = stream.Push(token);
                if (pushed.Length > 0) char.IsHighSurrogate(pushed[^1]).ShouldBeFalse();
                streamed += pushed;
                text.ShouldStartWith(streamed, Case.Sensitive);
            }
            (streamed + stream.Flush()).ShouldBe(text);
        }
    }

    [Fact]
    public void Any_tokens_decode_to_the_same_text_at_once_and_one_by_one()
    {
        var random = new Random(12);
        for (int i = 0; i < 500; i++)
        {
            int[] tokens = [.. Enumerable.Range(0, random.Next(20)).Select(_ => random.Next(Small.VocabularySize))];
            bool showSpecial = i % 2 == 0;
            var stream = new StreamingDecoder(Small, showSpecial);
            (string.Concat(tokens.Select(stream.Push)) + stream.Flush()).ShouldBe(Small.Decode(tokens, showSpecial));
        }
    }

    [Fact]
    public void Half_a_character_waits_for_its_other_half_and_is_replaced_at_the_end()
    {
        int[] bytes = [.. "👋"u8.ToArray().Select(b => ByteToken(Small, b))];
        var stream = new StreamingDecoder(Small);
        stream.Push(bytes[0]).ShouldBe("");
        stream.Push(bytes[1]).ShouldBe("");
        stream.Push(bytes[2]).ShouldBe("");
        stream.Push(bytes[3]).ShouldBe("👋");
        stream.Push(bytes[0]).ShouldBe("");
        stream.Flush().ShouldBe("\uFFFD");
        stream.Push(ByteToken(Small, (byte)'a')).ShouldBe("a");
        Small.Decode(bytes.AsSpan(0, 3)).ShouldBe("\uFFFD");
    }

    [Fact]
    public void Special_tokens_in_a_text_are_ids_only_when_asked_for()
    {
        int end = Small.Special("<|end|>")!.Value, ending = Small.Special("<|end|>ing")!.Value;
        Small.Special("<|stop|>").ShouldBeNull();
        Small.Encode("<|end|><|end|>ing", parseSpecial: true).ShouldBe([end, ending]);        // the longest wins
        Small.Encode("a<|end|>in", parseSpecial: true).ShouldBe([.. Small.Encode("a"), end, .. Small.Encode("in")]);
        Small.Encode("<|end|", parseSpecial: true).ShouldBe(Small.Encode("<|end|"));
        Small.Encode("<|end|>").ShouldNotContain(end);
        Small.Decode(Small.Encode("<|end|>")).ShouldBe("<|end|>");
        Small.Decode([end, ending]).ShouldBe("");
        Small.Decode([end, ending], showSpecial: true).ShouldBe("<|end|><|end|>ing");
    }

    [Fact]
    public void A_token_has_the_bytes_of_its_parts()
    {
        foreach (Merge merge in Small.Merges)
            Small.Bytes(merge.Result).ToArray().ShouldBe([.. Small.Bytes(merge.Left), .. Small.Bytes(merge.Right)]);
        Small.Bytes(Small.Special("<|end|>")!.Value).ToArray().ShouldBe("<|end|>"u8.ToArray());
        Should.Throw<ArgumentOutOfRangeException>(() => _ = Small.Bytes(Small.VocabularySize).Length);
        Should.Throw<ArgumentOutOfRangeException>(() => Small.Decode([-1]));
    }

    [Fact]
    public void Short_and_long_pieces_merge_as_the_definition_says()
    {
        // One letter and two, so that ties and overlaps abound; lengths on both sides of where the method changes.
        string corpus = string.Concat(Enumerable.Repeat("aaaa abab baaab aabaa bbbba ababab ", 50));
        Tokenizer tokenizer = BpeTrainer.Train([corpus], new BpeTrainingOptions { VocabularySize = 300 });
        Dictionary<(string, string), int> ranks = tokenizer.Merges
            .Select((m, rank) => (Pair: (Text(tokenizer, m.Left), Text(tokenizer, m.Right)), rank)).ToDictionary(m => m.Pair, m => m.rank);
        var random = new Random(5);
        for (int length = 1; length < 140; length++)
        {
            string word = new([.. Enumerable.Range(0, length).Select(_ => random.Next(3) == 0 ? 'b' : 'a')]);
            List<string> expected = NaiveBpe.Merge(
                word.Select(c => c.ToString()), (l, r) => ranks.TryGetValue((l, r), out int rank) ? rank : null);
            tokenizer.Encode(word).Select(id => Text(tokenizer, id)).ShouldBe(expected, word);
            tokenizer.Encode(word).ShouldBe(tokenizer.Encode(word), "from the cache");
        }
    }

    [Fact]
    public void A_piece_that_is_a_token_needs_no_merges_where_the_file_says_so()
    {
        byte[] json = """
            {"added_tokens": [{"id": 259, "content": "bc", "special": true}],
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "decoder": {"type": "ByteLevel"},
             "model": {"type": "BPE", "ignore_merges": true, "merges": ["a b"],
               "vocab": {"a": 0, "b": 1, "c": 2, "abc": 3, "ab": 4, "bc": 259}}}
            """u8.ToArray();
        Tokenizer tokenizer = Tokenizer.Parse(json);
        tokenizer.Encode("abc").ShouldBe([3]);
        tokenizer.Encode("abca").ShouldBe([4, 2, 0]);
        tokenizer.Encode("bc").ShouldBe([1, 2], "a special token never comes from ordinary text");
        string merging = Encoding.UTF8.GetString(json).Replace("true, \"merges\"", "false, \"merges\"");
        Tokenizer.Parse(Encoding.UTF8.GetBytes(merging)).Encode("abc").ShouldBe([4, 2]);
    }

    [Fact]
    public void A_byte_without_a_token_is_named()
    {
        Tokenizer tokenizer = BpeTrainer.Train(["abc"], new BpeTrainingOptions { VocabularySize = 3, IncludeAllBytes = false });
        tokenizer.Encode("cab").Length.ShouldBe(3);
        Should.Throw<UnencodableTextException>(() => tokenizer.Encode("cabé")).Message.ShouldContain("0xC3");
    }

    [Fact]
    public void More_pieces_than_the_cache_holds_are_encoded_the_same()
    {
        Tokenizer fresh = Train(320), full = Train(320);
        for (int i = 0; i < 70_000; i++) full.Encode($"x{(char)(0x4E00 + (i % 20_000))}{(char)(0x4E00 + (i / 20_000))}");
        full.Encode(Prose).ShouldBe(fresh.Encode(Prose));
    }

    [Theory]
    [InlineData("one letter")]
    [InlineData("spaces")]
    [InlineData("line ends")]
    [InlineData("random bytes")]
    [InlineData("random letters")]
    [InlineData("beginnings of special tokens")]
    public void A_hostile_megabyte_takes_time_in_proportion(string kind)
    {
        const int Length = 1 << 20;
        var random = new Random(3);
        string text = kind switch
        {
            "one letter" => new string('a', Length),
            "spaces" => new string(' ', Length),
            "line ends" => string.Concat(Enumerable.Repeat("\r\n \n", Length / 4)),
            "random bytes" => Encoding.UTF8.GetString([.. Enumerable.Range(0, Length).Select(_ => (byte)random.Next(256))]),
            "random letters" => new string([.. Enumerable.Range(0, Length).Select(_ => (char)random.Next('a', 'z' + 1))]),
            _ => string.Concat(Enumerable.Repeat("<|end|<|use", Length / 11)),
        };
        var options = new BpeTrainingOptions { VocabularySize = 1_000, SpecialTokens = ["<|end|>", "<|user|>"] };
        Tokenizer tokenizer = BpeTrainer.Train([text[..4_096], Prose], options);
        var clock = Stopwatch.StartNew();
        int[] tokens = tokenizer.Encode(text, parseSpecial: true);
        // Well under a second on an idle machine; anything quadratic takes minutes.
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(6));
        tokenizer.Decode(tokens).ShouldBe(text);
    }

    [Fact]
    public void Threads_share_a_tokenizer()
    {
        string[] texts = [.. Enumerable.Range(0, 200).Select(i => RandomText(new Random(i), 200))];
        int[][] expected = [.. texts.Select(t => Train(320).Encode(t))];
        Tokenizer shared = Train(320);
        Parallel.For(0, 4, _ =>
        {
            for (int i = 0; i < texts.Length; i++) shared.Encode(texts[i]).ShouldBe(expected[i]);
        });
    }

    [Fact]
    public void A_saved_tokenizer_loads_as_itself()
    {
        string path = Path.Combine(Path.GetTempPath(), $"hearth-{Environment.ProcessId}-tokenizer.json");
        try
        {
            Small.Save(path);
            File.ReadAllBytes(path).ShouldBe(Small.ToJson());
            Tokenizer loaded = Tokenizer.Load(path);
            loaded.ToJson().ShouldBe(Small.ToJson());
            loaded.SpecialTokens.ShouldBe(Small.SpecialTokens);
            loaded.Merges.ShouldBe(Small.Merges);
            loaded.PreTokenizer.ShouldBe(PreTokenizer.Gpt4);
            loaded.Encode(Prose + "<|end|>", parseSpecial: true).ShouldBe(Small.Encode(Prose + "<|end|>", parseSpecial: true));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void The_file_lists_every_token_and_merge_in_the_form_other_readers_expect()
    {
        using JsonDocument json = JsonDocument.Parse(Small.ToJson());
        JsonElement root = json.RootElement, model = root.GetProperty("model");
        model.GetProperty("type").GetString().ShouldBe("BPE");
        model.GetProperty("vocab").EnumerateObject().Select(t => t.Value.GetInt32()).ShouldBe(Enumerable.Range(0, 317));
        model.GetProperty("merges").GetArrayLength().ShouldBe(Small.Merges.Count);
        root.GetProperty("added_tokens").EnumerateArray()
            .Select(t => (t.GetProperty("id").GetInt32(), t.GetProperty("special").GetBoolean()))
            .ShouldBe([(317, true), (318, true), (319, true)]);
        JsonElement steps = root.GetProperty("pre_tokenizer").GetProperty("pretokenizers");
        steps[0].GetProperty("type").GetString().ShouldBe("Split");
        steps[1].GetProperty("use_regex").GetBoolean().ShouldBeFalse();
        root.GetProperty("decoder").GetProperty("type").GetString().ShouldBe("ByteLevel");

        using JsonDocument gpt2 = JsonDocument.Parse(
            BpeTrainer.Train([Prose], new BpeTrainingOptions { VocabularySize = 260, PreTokenizer = PreTokenizer.Gpt2 }).ToJson());
        gpt2.RootElement.GetProperty("pre_tokenizer").GetProperty("type").GetString().ShouldBe("ByteLevel");
        gpt2.RootElement.GetProperty("pre_tokenizer").GetProperty("use_regex").GetBoolean().ShouldBeTrue();
    }

    private static Tokenizer Train(int size, params string[] special) =>
        BpeTrainer.Train(
            [
                Prose, Prose,
                "institutions answer for whatever documents say, institutions answer for documents, whatever they say of institutions",
            ],
            new BpeTrainingOptions { VocabularySize = size, SpecialTokens = special });

    private static string RandomText(Random random, int runes)
    {
        var text = new StringBuilder();
        for (int i = 0; i < runes; i++)
        {
            int codePoint = random.Next(4) switch { 0 => random.Next(0x110000), 1 => random.Next(0x800), _ => random.Next(32, 127) };
            if (Rune.TryCreate(codePoint, out Rune rune)) text.Append(rune.ToString());
        }
        return text.ToString();
    }

    private static int ByteToken(Tokenizer tokenizer, byte value) =>
        Enumerable.Range(0, tokenizer.VocabularySize).First(id => tokenizer.Bytes(id).SequenceEqual([value]));

    private static string Text(Tokenizer tokenizer, int id) => Encoding.UTF8.GetString(tokenizer.Bytes(id));
}
