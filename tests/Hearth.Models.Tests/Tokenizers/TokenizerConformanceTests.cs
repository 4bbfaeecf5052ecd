using System.Text;
using System.Text.Json;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Tokenizers;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Tokenizers;

public class TokenizerConformanceTests
{
    [Theory]
    [InlineData("gpt2", 168)]
    [InlineData("qwen3", 168)]
    [InlineData("deepseek_v3", 168)]
    [InlineData("gptoss", 168)]
    [InlineData("sentencepiece-tok512", 163)]
    public void Tokens_and_text_are_those_of_the_reference_implementation(string name, int expectedCases)
    {
        using JsonDocument reference = JsonDocument.Parse(File.ReadAllBytes(SharedData.At($"conformance/tokenizers/{name}.json")));
        Tokenizer tokenizer = ReferenceTokenizers.Load(name);
        bool parseSpecial = name != "sentencepiece-tok512"; // SentencePiece never takes text for a control token
        int cases = 0;
        foreach (JsonElement entry in reference.RootElement.GetProperty("cases").EnumerateArray())
        {
            string text = entry.TryGetProperty("utf16", out JsonElement units)
                ? new string([.. units.EnumerateArray().Select(u => (char)u.GetInt32())])
                : entry.GetProperty("text").GetString()!;
            int[] expected = Ids(entry.GetProperty("ids"));

            tokenizer.Encode(text, parseSpecial).ShouldBe(expected, text);
            if (entry.TryGetProperty("ids_ordinary", out JsonElement ordinary)) tokenizer.Encode(text).ShouldBe(Ids(ordinary), text);
            string decoded = entry.TryGetProperty("decoded", out JsonElement other)
                ? other.GetString()!
                : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            tokenizer.Decode(expected, showSpecial: true).ShouldBe(decoded);
            Streamed(tokenizer, expected).ShouldBe(decoded);
            cases++;
        }
        cases.ShouldBe(expectedCases);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("qwen3")]
    [InlineData("deepseek_v3")]
    [InlineData("gptoss")]
    [InlineData("sentencepiece-tok512")]
    public void A_real_tokenizer_written_and_read_again_is_the_same(string name)
    {
        Tokenizer original = ReferenceTokenizers.Load(name);
        byte[] json = original.ToJson();
        Tokenizer again = Tokenizer.Parse(json);
        again.ToJson().AsSpan().SequenceEqual(json).ShouldBeTrue();
        again.VocabularySize.ShouldBe(original.VocabularySize);
        again.SpecialTokens.ShouldBe(original.SpecialTokens);
        foreach (string text in HardTexts())
        {
            again.Encode(text, parseSpecial: true).ShouldBe(original.Encode(text, parseSpecial: true), text);
            again.Decode(original.Encode(text)).ShouldBe(original.Decode(original.Encode(text)), text);
        }
    }

    [Theory]
    [InlineData("gpt-2", "gpt-2")]
    [InlineData("llama-spm", "llama-spm")]
    [InlineData("qwen2", "qwen3")]
    [InlineData("deepseek-r1-qwen", "qwen3")]
    public void Tokens_are_those_that_transformers_gives(string cases, string vocabulary)
    {
        string[] lines = File.ReadAllText(SharedData.At($"data/models/gguf-vocab/ggml-vocab-{cases}.gguf.out")).Split('\n');
        Tokenizer tokenizer = vocabulary == "qwen3"
            ? ReferenceTokenizers.Load(vocabulary)
            : FromGguf(SharedData.At($"data/models/gguf-vocab/ggml-vocab-{vocabulary}.gguf"));
        string[] texts = HardTexts();
        for (int i = 0; i < texts.Length; i++)
        {
            int[] expected = [.. lines[i].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
            tokenizer.Encode(texts[i]).ShouldBe(expected, texts[i]);
        }
    }

    [Theory]
    [InlineData("deepseek2-lite-legacy")]
    [InlineData("deepseek2-lite")]
    [InlineData("deepseek2-v3")]
    [InlineData("gemma3")]
    [InlineData("gpt-oss")]
    [InlineData("llama-moe")]
    [InlineData("llama")]
    [InlineData("llama3-rope")]
    [InlineData("minimax-m2")]
    [InlineData("olmo2")]
    [InlineData("olmo3")]
    [InlineData("phi3-longrope")]
    [InlineData("phi3")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("qwen3moe")]
    public void A_gguf_models_tokens_are_those_of_the_reference_engine(string name)
    {
        using JsonDocument reference = JsonDocument.Parse(File.ReadAllBytes(SharedData.At($"conformance/gguf/{name}.json")));
        Tokenizer tokenizer = FromGguf(SharedData.At($"conformance/gguf/{name}.gguf"));
        Tokenizer again = Tokenizer.Parse(tokenizer.ToJson());
        again.ToJson().AsSpan().SequenceEqual(tokenizer.ToJson()).ShouldBeTrue();
        int cases = 0;
        foreach (JsonElement entry in reference.RootElement.GetProperty("tokenizer").GetProperty("cases").EnumerateArray())
        {
            string text = entry.GetProperty("text").GetString()!;
            bool special = entry.GetProperty("special").GetBoolean();
            int[] expected = Ids(entry.GetProperty("tokens"));
            string decoded = Encoding.UTF8.GetString(Convert.FromHexString(entry.GetProperty("detokenized_hex").GetString()!));
            foreach (Tokenizer one in (Tokenizer[])[tokenizer, again])
            {
                int[] found = special ? one.EncodeWhole(text, parseSpecial: true) : one.Encode(text);
                found.ShouldBe(expected, $"{name}: {text}");
                one.Decode(expected, showSpecial: true).ShouldBe(decoded);
                Streamed(one, expected).ShouldBe(decoded);
            }
            cases++;
        }
        cases.ShouldBe(44);
    }

    private static string[] HardTexts() =>
        File.ReadAllText(SharedData.At("data/models/gguf-vocab/ggml-vocab-gpt-2.gguf.inp")).Split("\n__ggml_vocab_test__\n");

    private static Tokenizer FromGguf(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return Tokenizer.FromGguf(file.Metadata);
    }

    private static string Streamed(Tokenizer tokenizer, int[] tokens)
    {
        var stream = new StreamingDecoder(tokenizer, showSpecial: true);
        return string.Concat(tokens.Select(stream.Push)) + stream.Flush();
    }

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(i => i.GetInt32())];
}
