using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hearth.Models.Tokenizers;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Tokenizers;

public class UnigramTests
{
    [Fact]
    public void The_segmentation_is_the_one_whose_scores_add_up_to_the_most()
    {
        // h+ello: -6, he+llo: -5.5, hell+o: -4.5, hello: -7, and one letter at a time: -15.
        Tokenizer tokenizer = Make(("<unk>", 0), ("h", -3), ("e", -3), ("l", -3), ("o", -3), ("ello", -3), ("he", -2.5), ("llo", -3), ("hell", -1.5), ("hello", -7));
        Pieces(tokenizer, "hello").ShouldBe(["hell", "o"]);
        Pieces(tokenizer, "hellohe").ShouldBe(["hell", "o", "he"]);
        Pieces(tokenizer, "hexllo").ShouldBe(["he", "<unk>", "llo"]);
    }

    [Fact]
    public void No_other_segmentation_of_any_text_has_a_higher_score()
    {
        var random = new Random(5);
        for (int round = 0; round < 60; round++)
        {
            var pieces = new Dictionary<string, double> { ["<unk>"] = 0 };
            foreach (char c in "abc") pieces.TryAdd(c.ToString(), -Math.Round((3 * random.NextDouble()) + 1, 3));
            for (int i = 0; i < 14; i++) pieces.TryAdd(string.Concat(Enumerable.Range(0, random.Next(2, 5)).Select(_ => "abcé"[random.Next(4)])), -Math.Round((5 * random.NextDouble()) + 1, 3));
            Tokenizer tokenizer = Make([.. pieces.Select(p => (p.Key, p.Value))]);
            double unknown = pieces.Values.Min() - 10;
            for (int i = 0; i < 20; i++)
            {
                string text = string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => "aabbccé"[random.Next(7)]));
                double best = Best(text);
                double found = 0;
                string rest = text;
                foreach (string piece in Pieces(tokenizer, text))
                {
                    if (piece != "<unk>")
                    {
                        rest.ShouldStartWith(piece);
                        (found, rest) = (found + pieces[piece], rest[piece.Length..]);
                        continue;
                    }
                    // One unknown token stands for all unknown characters in a row; é is the only one there can be.
                    do (found, rest) = (found + unknown, rest[1..]);
                    while (rest.StartsWith('é') && !pieces.Keys.Any(p => p != "<unk>" && rest.StartsWith(p, StringComparison.Ordinal)));
                }
                rest.ShouldBeEmpty();
                found.ShouldBe(best, 1e-9, text);
            }

            double Best(string text) => text.Length == 0 ? 0 : Enumerable.Range(1, text.Length)
                .Select(n => pieces.TryGetValue(text[..n], out double score) && text[..n] != "<unk>" ? score + Best(text[n..]) : n == 1 && !pieces.ContainsKey(text[..1]) ? unknown + Best(text[1..]) : double.NegativeInfinity).Max();
        }
    }

    [Fact]
    public void What_the_vocabulary_does_not_have_is_written_as_bytes_and_spaces_as_marks()
    {
        Tokenizer tokenizer = Make(bytes: true, pieces: [("<unk>", 0), .. Enumerable.Range(0, 256).Select(b => ($"<0x{b:X2}>", 0.0)), ("▁", -2), ("▁a", -1), ("a", -2), ("b", -2), ("▁ab", -3.5)]);
        Pieces(tokenizer, "a ab é").ShouldBe(["▁a", "▁a", "b", "▁", "<0xC3>", "<0xA9>"]);
        tokenizer.Decode(tokenizer.Encode("a ab é\n世😀")).ShouldBe("a ab é\n世😀");
    }

    [Theory]
    [InlineData("NFKC", "ﬁ½①\u212b", "fi1\u204421\u00c5")]
    [InlineData("NFKC", "e\u0301\u0323a\u030a", "\u1eb9\u0301\u00e5")]
    [InlineData("NFKC", "\u1e9b\u0323", "\u1e69")]
    [InlineData("NFKC", "\u1112\u1161\u11ab", "\ud55c")]
    [InlineData("NFKC", "\uff76\uff9e\uff21", "\u30ac\u0041")]
    [InlineData("NFKC", "\u0f73\u0f71", "\u0f71\u0f71\u0f72")]
    [InlineData("NFKD", "\u1e9b\u0323", "s\u0323\u0307")]
    [InlineData("NFC", "\u1e9b\u0323", "\u1e9b\u0323")]
    [InlineData("NFD", "\u1e9b\u0323", "\u017f\u0323\u0307")]
    public void Normal_forms_are_those_of_Unicode(string form, string text, string normal)
    {
        Tokenizer tokenizer = Normalizing(form);
        tokenizer.Decode(tokenizer.Encode(text)).ShouldBe(normal);
    }

    /// <summary>Each character with an acute accent and a point below, normalised and ended by a new line. The digests are of what Python 3.11's unicodedata (14.0) makes.</summary>
    [Theory]
    [InlineData("NFC", "b0ff56b8183d8a9b7bf4996f49645831c9c6f763b27f338e2be655d84fb902c6")]
    [InlineData("NFD", "4c7ddc63f6c7437f9a05ed52a8f852a76277d0e77b9f628ee8cc1cccaee67f85")]
    [InlineData("NFKC", "9fa309a87a5be1769ab7174834df98e2badb5e952ed8ef0fc52a9d94a526d03d")]
    [InlineData("NFKD", "e0d60c9e053ba359cd81c63ae379b0c210e456b3a5f5d6fcd0c11f837550fbcf")]
    public void Normal_forms_of_all_characters_are_those_of_another_implementation(string form, string digest)
    {
        Tokenizer tokenizer = Normalizing(form);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int c = 1; c < 0xFFF0; c++)
        {
            if (c is >= 0xA7F0 and < 0xAC00 or >= 0xD800 and < 0xE000) continue;      // some of these are newer, and the others are no characters
            string text = $"{(char)c}\u0301\u0323";
            hash.AppendData(Encoding.UTF8.GetBytes(tokenizer.Decode(tokenizer.Encode(text)) + "\n"));
        }
        Convert.ToHexStringLower(hash.GetHashAndReset()).ShouldBe(digest);
    }

    private static Tokenizer Normalizing(string form) => Make(bytes: true, normalizer: $"{{\"type\": \"{form}\"}}",
        pieces: [("<unk>", 0), .. Enumerable.Range(0, 256).Select(b => ($"<0x{b:X2}>", 0.0)), ("a", -1)]);

    [Fact]
    public void Tokens_of_too_many_characters_are_refused_before_they_take_memory()
    {
        byte[] json = Json([.. Enumerable.Range(0, 12_000).Select(i => ($"{i:x}{new string('q', 200)}{i:x}", -1.0))], bytes: false, normalizer: "null");
        ModelFileException? error = null;
        Fuzz.Bounded(() => error = Should.Throw<ModelFileException>(() => Tokenizer.Parse(json)), 64_000_000 + json.Length, "long tokens");
        error!.Message.ShouldContain("key 'model.vocab' has more than 2,097,152 characters");
    }

    private static IEnumerable<string> Pieces(Tokenizer tokenizer, string text)
    {
        JsonElement vocab = JsonDocument.Parse(tokenizer.ToJson()).RootElement.GetProperty("model").GetProperty("vocab");
        return tokenizer.Encode(text).Select(id => vocab[id][0].GetString()!);
    }

    private static Tokenizer Make(params (string Piece, double Score)[] pieces) => Make(pieces, bytes: false);

    private static Tokenizer Make((string Piece, double Score)[] pieces, bool bytes, string? normalizer = null) => Tokenizer.Parse(Json(pieces, bytes, normalizer ?? "null"));

    private static byte[] Json((string Piece, double Score)[] pieces, bool bytes, string normalizer)
    {
        // With marks for spaces where the vocabulary has them.
        bool marks = pieces.Any(p => p.Piece == "▁");
        string cuts = marks ? "{\"type\": \"Metaspace\", \"replacement\": \"▁\", \"prepend_scheme\": \"always\", \"split\": false}" : "null";
        string decoder = "{\"type\": \"Sequence\", \"decoders\": [" + (marks ? "{\"type\": \"Replace\", \"pattern\": {\"String\": \"▁\"}, \"content\": \" \"}, " : "")
            + "{\"type\": \"ByteFallback\"}, {\"type\": \"Fuse\"}" + (marks ? ", {\"type\": \"Strip\", \"content\": \" \", \"start\": 1, \"stop\": 0}" : "") + "]}";
        string vocab = string.Join(", ", pieces.Select(p => $"[{JsonSerializer.Serialize(p.Piece)}, {p.Score.ToString(System.Globalization.CultureInfo.InvariantCulture)}]"));
        return Encoding.UTF8.GetBytes($"{{\"added_tokens\": [], \"normalizer\": {normalizer}, \"pre_tokenizer\": {cuts}, \"post_processor\": null, \"decoder\": {decoder}, "
            + $"\"model\": {{\"type\": \"Unigram\", \"unk_id\": 0, \"byte_fallback\": {(bytes ? "true" : "false")}, \"vocab\": [{vocab}]}}}}");
    }
}
