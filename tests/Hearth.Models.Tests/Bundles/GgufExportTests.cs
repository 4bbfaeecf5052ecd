using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Formats.Safetensors;
using Hearth.Models.Tests.Architectures;
using Hearth.Models.Tests.Chat;
using Hearth.Models.Tests.Formats;
using Hearth.Models.Tokenizers;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Bundles;

public sealed class GgufExportTests : IDisposable
{
    private static readonly Tokenizer Tokenizer = TestTokenizer.Chat;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Models => [.. TinyModels.All.Keys.Where(k => !k.Contains("squared", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Models))]
    public void A_model_exported_and_unpacked_again_has_the_same_weights_to_the_byte(string name)
    {
        ModelBundle bundle = Bundle(TinyModels.All[name]);
        GgufExport.Write(bundle, _folder["m.gguf"], GgufMixture.Find("f32")!, WorkerPool.Alone);
        using GgufModel model = GgufModel.Open(_folder["m.gguf"]);
        GgufUnpack.Write(model, _folder["unpacked"], WorkerPool.Alone).ShouldBe(new Unpacked(Renamed: true, HasTokenizer: true));
        Digest.OfFile(Path.Combine(_folder["unpacked"], SafetensorsModel.SingleName))
            .ShouldBe(Digest.OfFile(Path.Combine(bundle.Folder, SafetensorsModel.SingleName)));
        ConfigJson.Read(Path.Combine(_folder["unpacked"], ModelBundle.ConfigName)).ShouldBe(bundle.Model.Config);
    }

    [Fact]
    public void Llama_rows_of_queries_and_keys_stand_in_pairs_and_qwen3_rows_as_they_were()
    {
        foreach ((string name, bool paired) in ((string, bool)[])[("llama, grouped heads, untied", true),
            ("llama, grouped heads, qk norm, tied", false)])
        {
            ModelBundle bundle = Bundle(TinyModels.All[name]);
            GgufExport.Write(bundle, _folder["m.gguf"], GgufMixture.Find("f32")!, WorkerPool.Alone);
            using GgufModel model = GgufModel.Open(_folder["m.gguf"]);
            Tensor key = bundle.Model.Parameters.All.Single(p => p.Tensor.Name == "model.layers.1.self_attn.k_proj.weight").Tensor;
            var row = new float[24];
            // A head has six rows; the second head's fifth row in pairs is its third in halves.
            model.Require("blk.1.attn_k.weight", 12, 24).ReadRow(6 + 4, row);
            row.ShouldBe(key.Data.Slice((6 + (paired ? 2 : 4)) * 24, 24).ToArray());
            model.Require("blk.1.attn_v.weight", 12, 24).ReadRow(7, row);
            row.ShouldBe(bundle.Model.Parameters.All.Single(p => p.Tensor.Name == "model.layers.1.self_attn.v_proj.weight")
                .Tensor.Data.Slice(7 * 24, 24).ToArray());
        }
    }

    [Fact]
    public void The_file_says_what_other_engines_need()
    {
        ModelBundle bundle = Bundle(TinyModels.All["llama, grouped heads, untied"]);
        GgufExport.Write(bundle, _folder["m.gguf"], GgufMixture.Find("q8_0")!, WorkerPool.Alone);
        using GgufModel model = GgufModel.Open(_folder["m.gguf"]);
        GgufMetadata m = model.Metadata;
        m.Text("general.architecture").ShouldBe("llama");
        m.Whole("general.file_type", 0, 99).ShouldBe(7);
        m.Whole("general.quantization_version", 0, 9).ShouldBe(2);
        m.Whole("llama.block_count", 0, 99).ShouldBe(2);
        m.Whole("llama.embedding_length", 0, 99).ShouldBe(24);
        m.Whole("llama.feed_forward_length", 0, 99).ShouldBe(40);
        m.Whole("llama.attention.head_count", 0, 99).ShouldBe(4);
        m.Whole("llama.attention.head_count_kv", 0, 99).ShouldBe(2);
        m.Whole("llama.rope.dimension_count", 0, 99).ShouldBe(6);
        m.Whole("llama.context_length", 0, 999).ShouldBe(160);
        m.Number("llama.rope.freq_base", 0, 1e9).ShouldBe(10000);
        m.Number("llama.attention.layer_norm_rms_epsilon", 0, 1).ShouldBe(1e-5f);
        m.Text("tokenizer.ggml.model").ShouldBe("gpt2");
        m.Text("tokenizer.ggml.pre").ShouldBe(Tokenizer.PreTokenizer == PreTokenizer.Gpt4 ? "dbrx" : "gpt-2");
        string[] tokens = m.Texts("tokenizer.ggml.tokens");
        int[] types = m.Integers("tokenizer.ggml.token_type");
        tokens.Length.ShouldBe(bundle.Model.Config.VocabularySize);
        types.Length.ShouldBe(tokens.Length);
        foreach (SpecialToken special in Tokenizer.SpecialTokens)
        {
            tokens[special.Id].ShouldBe(special.Content);
            types[special.Id].ShouldBe(3);
        }
        tokens.Distinct(StringComparer.Ordinal).Count().ShouldBe(tokens.Length);
        m.Texts("tokenizer.ggml.merges").Length.ShouldBe(Tokenizer.Merges.Count);
        m.Whole("tokenizer.ggml.eos_token_id", 0, 9999).ShouldBe(Tokenizer.Special(ChatFormat.End)!.Value);
        m.Whole("tokenizer.ggml.bos_token_id", 0, 9999).ShouldBe(Tokenizer.Special(ChatFormat.EndOfText)!.Value);
        m.Flag("tokenizer.ggml.add_bos_token").ShouldBeFalse();
        m.Text("tokenizer.chat_template").ShouldBe(ChatFormat.Template);
        // Rows of 24 numbers hold no block of 32.
        model.Require("blk.0.attn_q.weight").Type.ShouldBe(TensorType.F16);
        model.Require("blk.0.attn_norm.weight").Type.ShouldBe(TensorType.F32);
    }

    [Fact]
    public void Q4_K_M_gives_the_types_that_the_reference_gives()
    {
        using GgufModel reference = GgufModel.Open(SharedData.At("conformance/gguf/llama-q4_k_m.gguf"));
        GgufMixture mixture = GgufMixture.Find("Q4_K_M")!;
        foreach (string name in reference.Names)
        {
            StoredTensor tensor = reference.Require(name);
            mixture.For(name, tensor.Shape.Length == 2 ? tensor.Columns : 0, layers: 1, tied: true).ShouldBe(tensor.Type, name);
        }
    }

    [Fact]
    public void A_quantised_export_is_the_same_with_any_number_of_threads()
    {
        LlamaConfig config =
            (LlamaConfig)TinyModels.All["llama, grouped heads, untied"] with { HiddenSize = 256, IntermediateSize = 320, HeadDim = 64 };
        ModelBundle bundle = Bundle(config);
        using var pool = new WorkerPool(3);
        foreach (string type in (string[])["q4_k_m", "q8_0", "mxfp4"])
        {
            GgufExport.Write(bundle, _folder["one.gguf"], GgufMixture.Find(type)!, WorkerPool.Alone);
            GgufExport.Write(bundle, _folder["three.gguf"], GgufMixture.Find(type)!, pool);
            Digest.OfFile(_folder["one.gguf"]).ShouldBe(Digest.OfFile(_folder["three.gguf"]));
        }
        GgufExport.Write(bundle, _folder["one.gguf"], GgufMixture.Find("q4_k_m")!, pool);
        using GgufModel model = GgufModel.Open(_folder["one.gguf"]);
        model.Require("output.weight").Type.ShouldBe(TensorType.Q6_K);
        model.Require("blk.0.attn_q.weight").Type.ShouldBe(TensorType.Q4_K);
        model.Require("blk.0.ffn_down.weight").Type.ShouldBe(TensorType.Q5_0, "rows of 320 numbers hold no block of 256");
    }

    [Fact]
    public void What_has_no_form_in_GGUF_is_refused()
    {
        ModelBundle relu = Bundle(TinyModels.All["gpt2, squared relu, untied"]);
        Refused(() => GgufExport.Write(relu, _folder["m.gguf"], GgufMixture.Find("f32")!, WorkerPool.Alone), "activation relu2");
        ModelBundle broken = Bundle(((LlamaConfig)TinyModels.All["llama, tied"]) with { HiddenSize = 32 });
        broken.Model.Parameters.All[3].Tensor.Data[5] = float.NaN;
        Refused(() => GgufExport.Write(broken, _folder["m.gguf"], GgufMixture.Find("q4_0")!, WorkerPool.Alone),
            "a number that is not finite");
        File.Exists(_folder["m.gguf"]).ShouldBeFalse();
    }

    [Fact]
    public void A_file_of_another_architecture_is_unpacked_under_its_own_names()
    {
        using GgufModel model = GgufModel.Open(SharedData.At("conformance/gguf/gpt-oss-mxfp4.gguf"));
        GgufUnpack.Write(model, _folder["unpacked"], WorkerPool.Alone).Renamed.ShouldBeFalse();
        using SafetensorsModel unpacked = SafetensorsModel.Open(_folder["unpacked"]);
        unpacked.Names.ShouldBe(model.Names);
        foreach (string name in model.Names)
        {
            StoredTensor stored = model.Require(name), single = unpacked.Require(name, stored.Shape);
            float[] one = new float[stored.Columns], other = new float[stored.Columns];
            for (long row = 0; row < stored.Rows; row++)
            {
                stored.ReadRow(row, one);
                single.ReadRow(row, other);
                one.AsSpan().SequenceEqual(other).ShouldBeTrue(name);
            }
        }
    }

    private static void Refused(Action write, string message) => Should.Throw<ModelFileException>(write).Message.ShouldContain(message);

    private ModelBundle Bundle(ModelConfig config)
    {
        LanguageModel model = TinyModels.Create(config with { VocabularySize = Tokenizer.VocabularySize + 2 });
        string folder = _folder["bundle"];
        ModelBundle.Save(folder, model, Tokenizer);
        return ModelBundle.Load(folder);
    }
}
