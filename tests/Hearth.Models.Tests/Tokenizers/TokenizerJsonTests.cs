using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Hearth.Models.Tokenizers;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Tokenizers;

public class TokenizerJsonTests
{
    private static readonly byte[] Good = BpeTrainer.Train(
        ["bread and grain, documents and institutions, été\n", "institutions and documents, grain and bread, été\n"],
        new BpeTrainingOptions { VocabularySize = 290, SpecialTokens = ["<|end|>", "<|user|>"] }).ToJson();

    [Theory]
    [InlineData("model.type", "\"WordPiece\"")]
    [InlineData("model.type", "7")]
    [InlineData("model.vocab", "[]")]
    [InlineData("model.vocab", "{}")]
    [InlineData("model.vocab", "{\"a\": 0, \"b\": 0}")]
    [InlineData("model.vocab", "{\"a\": -1}")]
    [InlineData("model.vocab", "{\"a\": 1.5}")]
    [InlineData("model.vocab", "{\"a\": 4000000}")]
    [InlineData("model.vocab", "{\"\": 0}")]
    [InlineData("model.vocab", "{\"世\": 0}")]
    [InlineData("model.merges", "null")]
    [InlineData("model.merges", "[\"a\"]")]
    [InlineData("model.merges", "[\"a b c\"]")]
    [InlineData("model.merges", "[[\"a\"]]")]
    [InlineData("model.merges", "[[\"a\", \"zzz\"]]")]
    [InlineData("model.merges", "[3]")]
    [InlineData("model.dropout", "0.1")]
    [InlineData("model.byte_fallback", "true")]
    [InlineData("model.byte_fallback", "\"no\"")]
    [InlineData("model.end_of_word_suffix", "\"</w>\"")]
    [InlineData("model.continuing_subword_prefix", "\"##\"")]
    [InlineData("normalizer", "{\"type\": \"BertNormalizer\"}")]
    [InlineData("normalizer", "{\"type\": \"Precompiled\", \"precompiled_charsmap\": \"AAAA\"}")]
    [InlineData("pre_tokenizer", "null")]
    [InlineData("pre_tokenizer.type", "\"BertPreTokenizer\"")]
    [InlineData("pre_tokenizer", "{\"type\": \"Metaspace\"}")]
    [InlineData("pre_tokenizer.pretokenizers", "[]")]
    [InlineData("pre_tokenizer.pretokenizers[0].pattern.Regex", "\"(?<=a)b\"")]
    [InlineData("pre_tokenizer.pretokenizers[0].behavior", "\"Removed\"")]
    [InlineData("pre_tokenizer.pretokenizers[1].add_prefix_space", "true")]
    [InlineData("post_processor", "{\"type\": \"TemplateProcessing\"}")]
    [InlineData("decoder", "null")]
    [InlineData("decoder.type", "\"WordPiece\"")]
    [InlineData("added_tokens[0].id", "5")]
    [InlineData("added_tokens[0].id", "289")]
    [InlineData("added_tokens[0].id", "4000000")]
    [InlineData("added_tokens[0].content", "\"\"")]
    [InlineData("added_tokens[0].content", "\"\\ud800\"")]
    [InlineData("added_tokens[0].content", "\"a\"")]
    [InlineData("added_tokens[0].content", "\"<|user|>\"")]
    [InlineData("added_tokens[0].lstrip", "1")]
    [InlineData("added_tokens", "{}")]
    public void What_is_malformed_or_not_supported_is_refused_by_name(string key, string value)
    {
        JsonNode root = JsonNode.Parse(Good)!;
        string[] steps = key.Replace("[", ".[").Split('.');
        JsonNode at = root;
        foreach (string step in steps[..^1]) at = step[0] == '[' ? at[int.Parse(step[1..^1])]! : at[step]!;
        byte[] json;
        if (value.Contains("\\ud800"))
        {
            at[steps[^1]] = "PLACE";
            json = Encoding.UTF8.GetBytes(root.ToJsonString().Replace("\"PLACE\"", value));
        }
        else
        {
            at[steps[^1]] = JsonNode.Parse(value);
            json = Encoding.UTF8.GetBytes(root.ToJsonString());
        }

        ModelFileException error = Should.Throw<ModelFileException>(() => Tokenizer.Parse(json, "folder/tokenizer.json"));
        error.Message.ShouldStartWith("folder/tokenizer.json: ");
        error.Message.ShouldContain(steps[0] == "added_tokens" ? "added_tokens" : key);
    }

    [Fact]
    public void A_message_says_what_was_found_and_what_is_supported()
    {
        byte[] json = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Good).Replace("\"BPE\"", "\"WordPiece\""));
        Should.Throw<ModelFileException>(() => Tokenizer.Parse(json, "t.json")).Message
            .ShouldBe("t.json: key 'model.type' is 'WordPiece'; supported: BPE, Unigram.");
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"model\": 3}")]
    [InlineData("{\"model\": {\"type\": \"BPE\", \"type\": \"BPE\"}}")]
    public void What_is_no_tokenizer_is_refused(string json)
    {
        Should.Throw<ModelFileException>(() => Tokenizer.Parse(Encoding.UTF8.GetBytes(json)));
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_refused_by_name()
    {
        string missing = Path.Combine(AppContext.BaseDirectory, "no-such-tokenizer.json");
        Should.Throw<ModelFileException>(() => Tokenizer.Load(missing)).Path.ShouldBe(missing);
        Should.Throw<ModelFileException>(() => Tokenizer.Load(AppContext.BaseDirectory)).Path.ShouldBe(AppContext.BaseDirectory);
    }

    [Fact]
    public void Altered_and_cut_files_are_read_or_refused_and_nothing_else()
    {
        var random = new Random(2_024);
        var clock = new Stopwatch();
        int refused = 0;
        int rounds = Fuzz.Rounds(4_000);
        for (int i = 0; i < rounds; i++)
        {
            byte[] json = Mutate(random, i);
            clock.Restart();
            try
            {
                Tokenizer tokenizer = Tokenizer.Parse(json);
                tokenizer.Decode(tokenizer.Encode("bread <|end|> and 12 grain\n", parseSpecial: true));
                Tokenizer.Parse(tokenizer.ToJson()).ToJson().ShouldBe(tokenizer.ToJson());
            }
            catch (ModelFileException)
            {
                refused++;
            }
            catch (UnencodableTextException)
            {
                // A vocabulary may lack a byte.
            }
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(2), $"mutation {i}");
        }
        refused.ShouldBeInRange(rounds / 4, rounds - 10);
    }

    [Fact]
    public void A_file_cut_anywhere_is_reported()
    {
        for (int percent = 0; percent < 100; percent++)
            Should.Throw<ModelFileException>(() => Tokenizer.Parse(Good.AsMemory(0, Good.Length * percent / 100)), $"{percent} % kept");
    }

    /// <summary>Files of millions of small or long things.</summary>
    public static TheoryData<string> Bombs => [.. Hostile.Keys];

    private static Dictionary<string, Func<string>> Hostile { get; } = new()
    {
        ["numbers"] = () => $"[{Repeat(4_000_000, _ => "1")}]",
        ["arrays in arrays"] = () => new string('[', 4_000_000),
        ["names"] = () => $"{{{Repeat(400_000, i => $"\"{i}\": 1")}}}",
        ["equal names"] = () => $"{{{Repeat(600_000, _ => "\"a\": 1")}}}",
        ["a long type"] = () => $"{{\"model\": {{\"type\": \"{new string('a', 20_000_000)}\"}}}}",
        ["tokens"] = () => Model("\"vocab\": {" + Repeat(600_000, i => $"\"{i:x}\": {i}") + "}, \"merges\": []"),
        ["tokens with the same id"] = () => Model("\"vocab\": {" + Repeat(300_000, i => $"\"{i:x}\": 0") + "}, \"merges\": []"),
        ["merges of nothing"] = () => Model("\"vocab\": {\"a\": 0}, \"merges\": [" + Repeat(600_000, _ => "\"a a\"") + "]"),
        ["merges that are none"] = () => Model("\"vocab\": {\"a\": 0}, \"merges\": [" + Repeat(600_000, _ => "3") + "]"),
        ["special tokens"] = () => $"{{\"added_tokens\": [{Repeat(100_000, i => $"{{\"id\": {i}}}")}], {Model("\"vocab\": {\"a\": 0}, \"merges\": []")[1..]}",
        ["steps"] = () => $"{{\"normalizer\": {{\"type\": \"Sequence\", \"normalizers\": [{Repeat(500_000, _ => "{}")}]}}, {Model("\"vocab\": {\"a\": 0}, \"merges\": []")[1..]}",
        ["a long pattern"] = () => Model("\"vocab\": {\"a\": 0}, \"merges\": []").Replace("{\"type\": \"ByteLevel\", \"use_regex\": true}", $"{{\"type\": \"Split\", \"pattern\": {{\"Regex\": \"{new string('(', 5_000_000)}\"}}}}"),
        ["unigram tokens"] = () => $"{{\"model\": {{\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": [{Repeat(400_000, i => $"[\"{i:x}\", 1e999]")}]}}, \"pre_tokenizer\": {{\"type\": \"Metaspace\"}}, \"decoder\": {{\"type\": \"Metaspace\"}}}}",
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public void A_file_that_means_harm_is_refused_soon_and_in_little_memory(string name)
    {
        byte[] json = Encoding.UTF8.GetBytes(Hostile[name]());
        Fuzz.Bounded(() => Should.Throw<ModelFileException>(() => Tokenizer.Parse(json)).Message.Length.ShouldBeLessThan(1_000), 64_000_000 + json.Length, name);
    }

    private static string Model(string content) =>
        "{\"pre_tokenizer\": {\"type\": \"ByteLevel\", \"use_regex\": true}, \"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"type\": \"BPE\", " + content + "}}";

    private static string Repeat(int count, Func<int, string> item) => string.Join(',', Enumerable.Range(0, count).Select(item));

    private static byte[] Mutate(Random random, int round)
    {
        if (round % 8 == 0) return Good[..random.Next(Good.Length)];
        List<byte> json = [.. Good];
        string[] planted =
        [
            "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "1e9", "-1", "99999999999999999999", "\\ud800", "\u0000", "é", "true",
            "\"id\": 0",
        ];
        for (int edits = random.Next(1, 4); edits > 0; edits--)
        {
            int at = random.Next(json.Count);
            switch (random.Next(5))
            {
                case 0: json[at] = (byte)random.Next(256); break;
                case 1: json.RemoveRange(at, Math.Min(random.Next(1, 40), json.Count - at)); break;
                case 2: json.InsertRange(at, Encoding.UTF8.GetBytes(planted[random.Next(planted.Length)])); break;
                case 3: json.InsertRange(at, json.GetRange(random.Next(json.Count - 60), random.Next(60))); break;
                default: json[at] = (byte)('0' + random.Next(10)); break;
            }
        }
        return [.. json];
    }
}
