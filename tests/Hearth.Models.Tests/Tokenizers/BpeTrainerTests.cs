using System.Text;
using Hearth.Models.Formats;
using Hearth.Models.Tokenizers;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Tokenizers;

public class BpeTrainerTests
{
    [Fact]
    public void Merges_are_those_of_counting_every_pair_anew()
    {
        var random = new Random(99);
        for (int round = 0; round < 200; round++)
        {
            int letters = random.Next(1, 5);
            string[] words = [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ =>
                new string([.. Enumerable.Range(0, random.Next(1, 14)).Select(_ => (char)('a' + random.Next(letters)))]))];
            string[] alphabet = [.. string.Concat(words).Distinct().Order().Select(c => c.ToString())];
            List<(int, int)> expected = NaiveBpe.Train(
                alphabet.Length, words.Select(w => (w.Select(c => Array.IndexOf(alphabet, c.ToString())).ToArray(), 1L)), most: 60);

            Tokenizer tokenizer = BpeTrainer.Train(words, new BpeTrainingOptions { VocabularySize = 10_000, IncludeAllBytes = false });
            tokenizer.Merges.Select(m => (m.Left, m.Right)).Take(60).ShouldBe(expected, $"round {round}: {string.Join(' ', words)}");
            Enumerable.Range(0, tokenizer.VocabularySize).Select(id => Encoding.UTF8.GetString(tokenizer.Bytes(id))).ShouldBeUnique();
        }
    }

    [Fact]
    public void The_order_of_the_documents_does_not_matter()
    {
        string[] documents = [.. Enumerable.Range(0, 300).Select(i =>
            $"Document {i} says {i * i} of {(i % 7 == 0 ? "bread" : "grain")}.\nIt ends.")];
        var options = new BpeTrainingOptions { VocabularySize = 500, SpecialTokens = ["<|end|>"] };
        byte[] forwards = BpeTrainer.Train(documents, options).ToJson();
        BpeTrainer.Train(documents.Reverse(), options).ToJson().ShouldBe(forwards);
        new Random(1).Shuffle(documents);
        BpeTrainer.Train(documents, options).ToJson().ShouldBe(forwards);
    }

    [Fact]
    public void The_file_of_a_trained_tokenizer_is_the_same_bytes_everywhere()
    {
        string[] documents = [.. Enumerable.Range(0, 100).Select(i => $"Où est le pain n° {i}? Çà et là, 面包 {i % 9}.\r\n")];
        var options = new BpeTrainingOptions { VocabularySize = 300, SpecialTokens = ["<|\"fin\\|>", "<|début|>"] };
        byte[] json = BpeTrainer.Train(documents, options).ToJson();
        Digest.Of(json).ShouldBe("2931f98ac83b8d018e3bda13280c2f171b35a65ae9cad2421d4261e7ec11028b");
    }

    [Fact]
    public void All_bytes_come_first_in_the_order_of_their_characters_and_special_tokens_last()
    {
        var options = new BpeTrainingOptions { VocabularySize = 260, SpecialTokens = ["<|b|>", "<|a|>"] };
        Tokenizer tokenizer = BpeTrainer.Train(["aa aa aa"], options);
        Enumerable.Range(0, 256).Select(id => tokenizer.Bytes(id)[0]).Distinct().Count().ShouldBe(256);
        tokenizer.Bytes(0).ToArray().ShouldBe("!"u8.ToArray());
        tokenizer.Bytes(94).ToArray().ShouldBe([0xA1]);
        tokenizer.Bytes(188).ToArray().ShouldBe([0x00]);
        tokenizer.Bytes(256).ToArray().ShouldBe("aa"u8.ToArray());
        tokenizer.SpecialTokens.ShouldBe([new SpecialToken(258, "<|b|>"), new SpecialToken(259, "<|a|>")]);
    }

    [Fact]
    public void Training_stops_when_no_pair_occurs_twice()
    {
        Tokenizer tokenizer = BpeTrainer.Train(["bread bread grain"], new BpeTrainingOptions { VocabularySize = 5_000 });
        tokenizer.VocabularySize.ShouldBe(256 + 4); // br, bre, brea, bread
        tokenizer.Encode("bread").Length.ShouldBe(1);
        tokenizer.Encode("grain").Length.ShouldBe(5);
        BpeTrainer.Train([], new BpeTrainingOptions { VocabularySize = 5_000 }).VocabularySize.ShouldBe(256);
    }

    [Fact]
    public void No_merge_spells_a_special_token()
    {
        string[] spelled = [.. Spelled()];
        spelled.ShouldContain("ead");
        spelled.ShouldContain("bread");
        Spelled("ead").ShouldNotContain("ead");
        Spelled("ead").ShouldContain("br");

        static IEnumerable<string> Spelled(params string[] special)
        {
            var options = new BpeTrainingOptions { VocabularySize = 300, SpecialTokens = special };
            Tokenizer tokenizer = BpeTrainer.Train(["bread bread bread"], options);
            Tokenizer.Parse(tokenizer.ToJson()).ToJson().ShouldBe(tokenizer.ToJson());
            return tokenizer.Merges.Select(m => Encoding.UTF8.GetString(tokenizer.Bytes(m.Result)));
        }
    }

    [Fact]
    public void A_word_of_a_megabyte_is_learned_from_quickly()
    {
        var random = new Random(4);
        string word = new([.. Enumerable.Range(0, 1 << 20).Select(_ => "acgt"[random.Next(4)])]);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Tokenizer tokenizer = BpeTrainer.Train([word, new string('a', 1 << 20)], new BpeTrainingOptions { VocabularySize = 2_000 });
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
        tokenizer.VocabularySize.ShouldBe(2_000);
        tokenizer.Encode(new string('a', 1 << 16)).Length.ShouldBeLessThan(64);
    }

    [Theory]
    [InlineData(255)]
    [InlineData(257, "<|a|>", "<|b|>")]
    [InlineData(300, "")]
    [InlineData(300, "<|a|>", "<|a|>")]
    [InlineData(300, "a")]
    [InlineData(300, "\uD800")]
    public void Impossible_options_are_refused(int size, params string[] special)
    {
        var options = new BpeTrainingOptions { VocabularySize = size, SpecialTokens = special };
        Should.Throw<ArgumentException>(() => BpeTrainer.Train(["text"], options));
    }
}
