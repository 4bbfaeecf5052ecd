using Hearth.Models.Architectures;
using Hearth.Models.Architectures.Files;
using Hearth.Models.Bundles;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Hub;
using Hearth.Models.Tests.Architectures;
using Hearth.Models.Tests.Chat;
using Hearth.Models.Tests.Formats;
using Hearth.Models.Tokenizers;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Bundles;

/// <summary>What is told of models before they are loaded.</summary>
public sealed class ModelSummaryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("llama-q4_k_m")]
    [InlineData("qwen3moe-q8_0")]
    [InlineData("gpt-oss-mxfp4")]
    [InlineData("deepseek2-v3")]
    [InlineData("gemma3")]
    [InlineData("llama-bf16")]
    public void Memory_told_of_a_file_is_what_the_loaded_model_takes(string name)
    {
        string path = Path.Combine(SharedData.At("conformance/gguf"), name + ".gguf");
        ModelSummary summary = ModelSummary.Read(path);
        ModelConfig config = summary.Config(4096);
        using GgufModel file = GgufModel.Open(path);
        LanguageModel model = config.Create(new GgufParameters(file, config, WorkerPool.Alone));
        long held = model.Parameters.All.Sum(p => p.Tensor.Weights?.Bytes ?? (long)p.Tensor.Length * sizeof(float));
        ((double)summary.HeldBytes(config)).ShouldBe(held, tolerance: held / 100.0);
        foreach (TensorType type in (TensorType[])[TensorType.F32, TensorType.F16])
        {
            KeyValueCache cache = model.NewCache(type);
            var tape = new Tape(WorkerPool.Alone, recording: false);
            foreach (int[] piece in Enumerable.Range(0, 300).Select(i => i % 50).Chunk(30))
            {
                tape.Reset();
                model.Forward(tape, new SequenceBatch(piece, cache));
            }
            KeyValueCache.BytesFor(Enumerable.Range(0, config.NumHiddenLayers).Select(config.Window), config.Cached, type, 300).ShouldBe(cache.BytesHeld);
        }
    }

    [Fact]
    public void Models_in_a_folder_are_found_in_every_form_and_what_is_not_whole_says_so()
    {
        string file = Path.Combine(SharedData.At("conformance/gguf"), "llama.gguf");
        File.Copy(file, _folder["one.gguf"]);
        Directory.CreateDirectory(_folder["pulled/sub"]);
        File.Copy(file, _folder["pulled/m-Q4.gguf"]);
        var origin = new ModelOrigin("https://hub.example/", "maker/pulled", "main", new string('0', 40), "mit", [new OriginFile("m-Q4.gguf", 1, new string('0', 64))]);
        origin.Write(_folder["pulled"]);
        ModelBundle.Save(_folder["made"], TinyModels.Create(TinyModels.All["llama, tied"] with { VocabularySize = TestTokenizer.Chat.VocabularySize }), TestTokenizer.Chat);
        Directory.CreateDirectory(_folder["half"]);
        (origin with { Repository = "maker/half", Files = [] }).Write(_folder["half"]);
        Directory.CreateDirectory(_folder["empty"]);
        File.WriteAllText(_folder["broken.gguf"], "GGUF");

        ModelFolder.In(_folder.Root).Select(m => m.Name).ShouldBe(["broken.gguf", "empty", "half", "made", "one.gguf", "pulled"]);
        ModelSummary pulled = ModelSummary.Read(_folder["pulled"]);
        (pulled.Architecture, pulled.Licence, pulled.Origin!.Repository, pulled.IsGguf).ShouldBe(("llama", "mit", "maker/pulled", true));
        ModelSummary made = ModelSummary.Read(_folder["made"]);
        (made.Architecture, made.Type, made.Licence, made.Template(), made.Tokenizer().Kind).ShouldBe(("llama", "F32", null, "Hearth's own, without tools", "byte-level BPE"));
        Should.Throw<ModelFileException>(() => ModelSummary.Read(_folder["half"])).Message.ShouldContain("hearth model pull maker/half`");
        Should.Throw<ModelFileException>(() => ModelSummary.Read(_folder["empty"])).Message.ShouldContain("holds no model");
        Should.Throw<ModelFileException>(() => ModelSummary.Read(_folder["broken.gguf"]));
        File.Copy(file, _folder["pulled/sub/m-Q8.gguf"]);
        ModelFolder.In(_folder.Root).Select(m => m.Name).ShouldContain("pulled/sub/m-Q8.gguf");
        Should.Throw<ModelFileException>(() => ModelSummary.Read(_folder["pulled"])).Message.ShouldContain("2 models");
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen3")]
    [InlineData("phi3")]
    [InlineData("gemma3")]
    public void An_unpacked_file_has_its_tokenizer_and_template(string name)
    {
        using GgufModel model = GgufModel.Open(Path.Combine(SharedData.At("conformance/gguf"), name + ".gguf"));
        GgufUnpack.Write(model, _folder["unpacked"], WorkerPool.Alone).HasTokenizer.ShouldBeTrue();
        Tokenizer own = Tokenizer.FromGguf(model.Metadata), written = Tokenizer.Load(Path.Combine(_folder["unpacked"], ModelBundle.TokenizerName));
        foreach (string text in (string[])["Hello, world!  Two spaces\n\n", "naïve 😀 12345", "<|im_start|>user"])
        {
            written.EncodeWhole(text, parseSpecial: true).ShouldBe(own.EncodeWhole(text, parseSpecial: true));
            written.Encode(text).ShouldBe(own.Encode(text));
        }
        (ModelBundle.FindTemplate(_folder["unpacked"])?.Text).ShouldBe(GgufBundle.FindTemplate(model.Path)?.Text);
    }
}
