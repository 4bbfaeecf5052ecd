using System.Text.Json.Nodes;
using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Formats;
using Hearth.Models.Tests.Architectures;
using Hearth.Models.Tests.Chat;
using Hearth.Models.Tests.Formats;
using Hearth.Models.Tokenizers;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Bundles;

public sealed class ModelBundleTests
{
    /// <summary>More than any honest bundle of these sizes needs, and far less than what the absurd ones claim.</summary>
    private const long MostAllocated = 64 << 20;

    private static readonly Tokenizer Tokenizer = TestTokenizer.Chat;

    public static TheoryData<string> Models => TinyModels.Names;

    [Theory]
    [MemberData(nameof(Models))]
    public void A_model_saved_and_loaded_has_the_same_logits_to_the_byte(string name)
    {
        using var folder = new TemporaryFolder();
        LanguageModel model = Saved(folder.Root, name);

        ModelBundle bundle = ModelBundle.Load(folder.Root);

        using var pool = new WorkerPool(1);
        var batch = new SequenceBatch(Tokenizer.Encode("What is the capital?"));
        float[] expected = model.Logits(new Tape(pool, false), batch).Data.ToArray();
        bundle.Model.Logits(new Tape(pool, false), batch).Data.ToArray().Select(BitConverter.SingleToUInt32Bits)
            .ShouldBe(expected.Select(BitConverter.SingleToUInt32Bits));
        bundle.Model.Config.ShouldBe(model.Config);
        bundle.Tokenizer.ToJson().ShouldBe(Tokenizer.ToJson());
        bundle.Folder.ShouldBe(folder.Root);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void The_digest_of_the_weights_is_the_digest_of_their_file(string name)
    {
        using var folder = new TemporaryFolder();
        LanguageModel model = Saved(folder.Root, name);
        string digest = ModelBundle.WeightsDigest(model);
        Digest.OfFile(folder["model.safetensors"]).ShouldBe(digest);

        Span<float> last = model.Parameters.All[^1].Tensor.Data;
        last[0] = MathF.BitIncrement(last[0]);
        ModelBundle.WeightsDigest(model).ShouldNotBe(digest);
    }

    [Fact]
    public void A_bundle_says_what_other_engines_need_to_chat_with_it()
    {
        using var folder = new TemporaryFolder();
        Saved(folder.Root, "llama, tied");
        JsonNode settings = JsonNode.Parse(File.ReadAllText(folder["tokenizer_config.json"]))!,
            generation = JsonNode.Parse(File.ReadAllText(folder["generation_config.json"]))!;
        var chat = new ChatFormat(Tokenizer);

        settings["chat_template"]!.GetValue<string>().ShouldBe(ChatFormat.Template);
        settings["eos_token"]!.GetValue<string>().ShouldBe(ChatFormat.End);
        settings["model_max_length"]!.GetValue<int>().ShouldBe(TinyModels.Context);
        generation["eos_token_id"]!.AsArray().Select(n => n!.GetValue<int>()).ShouldBe([chat.EndToken, chat.EndOfTextToken]);
        Directory.GetFiles(folder.Root).Select(Path.GetFileName).Order(StringComparer.Ordinal)
            .ShouldBe(["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]);
    }

    [Fact]
    public void Saving_twice_gives_the_same_files_to_the_byte()
    {
        using TemporaryFolder one = new(), two = new();
        Saved(one.Root, "gpt2, gelu, tied");
        Saved(two.Root, "gpt2, gelu, tied");
        foreach (string path in Directory.GetFiles(one.Root))
            Digest.OfFile(two[Path.GetFileName(path)]).ShouldBe(Digest.OfFile(path), path);
    }

    [Fact]
    public void A_run_is_loaded_by_its_own_folder()
    {
        using var run = new TemporaryFolder();
        Saved(run["model"], "llama, tied");
        ModelBundle.Load(run.Root).Folder.ShouldBe(run["model"]);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("tokenizer.json")]
    public void A_file_that_is_missing_empty_cut_short_or_a_folder_is_named(string file)
    {
        using var folder = new TemporaryFolder();
        Saved(folder.Root, "llama, untied");
        byte[] whole = File.ReadAllBytes(folder[file]);

        File.WriteAllBytes(folder[file], whole[..(whole.Length / 2)]);
        Refused(folder.Root).Path.ShouldBe(folder[file]);
        File.WriteAllBytes(folder[file], []);
        Refused(folder.Root).Path.ShouldBe(folder[file]);
        File.Delete(folder[file]);
        Refused(folder.Root).Path.ShouldBe(folder[file]);
        Directory.CreateDirectory(folder[file]);
        Refused(folder.Root).Path.ShouldBe(folder[file]);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_named()
    {
        using var folder = new TemporaryFolder();
        ModelFileException e = Refused(folder["nowhere"]);
        e.Path.ShouldBe(folder["nowhere"]);
        e.Message.ShouldContain("no such folder");
    }

    [Fact]
    public void A_tokenizer_of_another_vocabulary_is_refused_with_both_sizes()
    {
        using var folder = new TemporaryFolder();
        Saved(folder.Root, "llama, untied");
        BpeTrainer.Train([File.ReadAllText(folder["tokenizer.json"])],
            new BpeTrainingOptions { VocabularySize = 400, SpecialTokens = ChatFormat.SpecialTokens }).Save(folder["tokenizer.json"]);
        ModelFileException e = Refused(folder.Root);
        e.Path.ShouldBe(folder["tokenizer.json"]);
        e.Message.ShouldContain("400");
        e.Message.ShouldContain($"{Tokenizer.VocabularySize}");
    }

    /// <summary>Each size alone, larger or smaller than the weights: refused by name, without making room for what it claims.</summary>
    [Theory]
    [InlineData("llama, untied", "hidden_size", 1 << 20)]
    [InlineData("llama, untied", "hidden_size", 25)]
    [InlineData("llama, untied", "hidden_size", 12)]
    [InlineData("llama, untied", "intermediate_size", 1 << 22)]
    [InlineData("llama, untied", "intermediate_size", 39)]
    [InlineData("llama, untied", "num_hidden_layers", 4096)]
    [InlineData("llama, untied", "num_hidden_layers", 3)]
    [InlineData("llama, untied", "num_hidden_layers", 1)]
    [InlineData("llama, untied", "num_attention_heads", 1 << 20)]
    [InlineData("llama, untied", "num_attention_heads", 8)]
    [InlineData("llama, untied", "num_key_value_heads", 2)]
    [InlineData("llama, untied", "head_dim", 65536)]
    [InlineData("llama, untied", "head_dim", 4)]
    [InlineData("llama, untied", "vocab_size", 1 << 22)]
    [InlineData("llama, untied", "vocab_size", 1)]
    [InlineData("gpt2, gelu, tied", "n_embd", 1 << 20)]
    [InlineData("gpt2, gelu, tied", "n_inner", 1 << 22)]
    [InlineData("gpt2, gelu, tied", "n_layer", 4096)]
    [InlineData("gpt2, gelu, tied", "n_positions", 1 << 24)]
    [InlineData("gpt2, gelu, tied", "n_positions", 161)]
    [InlineData("gpt2, gelu, tied", "vocab_size", 1 << 22)]
    public void A_size_that_does_not_fit_the_weights_is_refused_without_making_room_for_it(string name, string key, int value)
    {
        using var folder = new TemporaryFolder();
        Saved(folder.Root, name);
        Set(folder["config.json"], (key, value));
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelFileException e = Refused(folder.Root);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(MostAllocated);
        e.Path.ShouldStartWith(folder.Root);
        Path.GetFileName(e.Path).ShouldBeOneOf("config.json", "model.safetensors", "tokenizer.json");
    }

    [Fact]
    public void Absurd_sizes_that_multiply_beyond_64_bits_are_refused()
    {
        using var folder = new TemporaryFolder();
        Saved(folder.Root, "llama, untied");
        Set(folder["config.json"], ("hidden_size", 1 << 20), ("head_dim", 65536), ("num_attention_heads", 1 << 20),
            ("num_key_value_heads", 1 << 20),
            ("num_hidden_layers", 4096), ("intermediate_size", 1 << 22), ("vocab_size", 1 << 22));
        Refused(folder.Root).Message.ShouldContain("weights");
    }

    [Fact]
    public void A_context_of_16_million_tokens_costs_nothing_until_it_is_used()
    {
        using var folder = new TemporaryFolder();
        LanguageModel model = Saved(folder.Root, "llama, untied");
        Set(folder["config.json"], ("max_position_embeddings", 1 << 24));
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelBundle bundle = ModelBundle.Load(folder.Root);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(MostAllocated);

        using var pool = new WorkerPool(1);
        var batch = new SequenceBatch(TinyModels.Tokens(70, 3));
        bundle.Model.Logits(new Tape(pool, false), batch).Data.ToArray()
            .ShouldBe(model.Logits(new Tape(pool, false), batch).Data.ToArray());
    }

    [Fact]
    public void Any_change_to_the_configuration_gives_a_model_or_a_model_file_error_and_bounded_memory()
    {
        using var folder = new TemporaryFolder();
        string[] values = ["0", "1", "-1", "2", "7", "64", "1048576", "16777216", "2147483647", "1e9", "0.5", "1e-300", "null", "\"x\"",
            "[]", "{}", "true", "false", "\"gpt2\"", "\"qwen3\"", "\"relu2\""];
        foreach (string name in (string[])["llama, grouped heads, qk norm, tied", "gpt2, squared relu, untied"])
        {
            Saved(folder.Root, name);
            string good = File.ReadAllText(folder["config.json"]);
            foreach (string key in JsonNode.Parse(good)!.AsObject().Select(p => p.Key))
            {
                foreach (string value in values)
                {
                    JsonObject json = JsonNode.Parse(good)!.AsObject();
                    json[key] = JsonNode.Parse(value);
                    File.WriteAllText(folder["config.json"], json.ToJsonString());
                    long before = GC.GetAllocatedBytesForCurrentThread();
                    try
                    {
                        ModelBundle.Load(folder.Root).Model.ShouldNotBeNull();
                    }
                    catch (ModelFileException e)
                    {
                        e.Path.ShouldStartWith(folder.Root);
                    }
                    (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(MostAllocated, $"{key} = {value}");
                }
            }
        }
    }

    [Fact]
    public void Weights_of_another_kind_of_model_are_refused()
    {
        using var folder = new TemporaryFolder();
        Saved(folder.Root, "llama, untied");
        Set(folder["config.json"], ("model_type", JsonValue.Create("qwen3")));
        Refused(folder.Root).Message.ShouldContain("q_norm");
    }

    private static LanguageModel Saved(string folder, string name)
    {
        LanguageModel model = TinyModels.Create(TinyModels.All[name] with { VocabularySize = Tokenizer.VocabularySize });
        ModelBundle.Save(folder, model, Tokenizer);
        return model;
    }

    private static ModelFileException Refused(string folder) => Should.Throw<ModelFileException>(() => ModelBundle.Load(folder));

    private static void Set(string path, params (string Key, JsonNode Value)[] changes)
    {
        JsonObject json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        foreach ((string key, JsonNode value) in changes)
        {
            json.ContainsKey(key).ShouldBeTrue(key);
            json[key] = value;
        }
        File.WriteAllText(path, json.ToJsonString());
    }
}
