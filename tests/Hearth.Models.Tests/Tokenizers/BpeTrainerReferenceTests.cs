using System.Text.Json;
using Hearth.Models.Formats;
using Hearth.Models.Tokenizers;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Tokenizers;

public class BpeTrainerReferenceTests
{
    [Theory]
    [InlineData("us-constitution-pg5")]
    [InlineData("aesop-s-fables")]
    public void The_first_thousand_merges_are_those_of_the_reference_trainer(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(SharedData.At($"conformance/bpe-training/{name}.json")));
        JsonElement reference = document.RootElement;
        string corpus = SharedData.At(reference.GetProperty("corpus").GetString()!);
        Digest.OfFile(corpus).ShouldBe(reference.GetProperty("corpus_sha256").GetString());
        int alphabet = reference.GetProperty("alphabet").GetArrayLength();

        Tokenizer tokenizer = BpeTrainer.Train([File.ReadAllText(corpus)], new BpeTrainingOptions
        {
            VocabularySize = alphabet + 1_100,
            PreTokenizer = PreTokenizer.Gpt2,
            IncludeAllBytes = false,
            SplitLines = true,
        });

        using JsonDocument written = JsonDocument.Parse(tokenizer.ToJson());
        JsonElement model = written.RootElement.GetProperty("model");
        model.GetProperty("vocab").EnumerateObject().Take(alphabet).Select(t => t.Name)
            .ShouldBe(reference.GetProperty("alphabet").EnumerateArray().Select(c => c.GetString()));
        string[] expected = [.. reference.GetProperty("merges").EnumerateArray().Select(m => $"{m[0].GetString()} {m[1].GetString()}")];
        expected.Length.ShouldBe(1_000);
        model.GetProperty("merges").EnumerateArray().Take(1_000).Select(m => m.GetString()).ShouldBe(expected);
    }
}
