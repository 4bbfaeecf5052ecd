using System.Text;
using System.Text.Json.Nodes;
using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Tests.Formats;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Bundles;

public sealed class ConfigJsonTests
{
    private static readonly LlamaConfig Llama = new()
    {
        VocabularySize = 1001,
        HiddenSize = 48,
        IntermediateSize = 130,
        NumHiddenLayers = 3,
        NumAttentionHeads = 6,
        NumKeyValueHeads = 2,
        HeadDim = 10,
        MaxPositionEmbeddings = 777,
        NormEpsilon = 1.2345678e-6f,
        RopeTheta = 123456.789,
        TieWordEmbeddings = false,
        QkNorm = false,
    };

    private static readonly Gpt2Config Gpt2 = new()
    {
        VocabularySize = 1001,
        HiddenSize = 48,
        IntermediateSize = 130,
        NumHiddenLayers = 3,
        NumAttentionHeads = 6,
        MaxPositionEmbeddings = 777,
        NormEpsilon = 1.2345678e-6f,
        TieWordEmbeddings = true,
    };

    /// <summary>Each differs from one of the two above in one field, so a field that is not kept shows.</summary>
    private static readonly ModelConfig[] Variants =
    [
        Llama, Llama with { VocabularySize = 2 }, Llama with { HiddenSize = 60 }, Llama with { IntermediateSize = 1 },
        Llama with { NumHiddenLayers = 1 }, Llama with { NumAttentionHeads = 4 }, Llama with { NumKeyValueHeads = 3 },
        Llama with { HeadDim = 8 }, Llama with { MaxPositionEmbeddings = 1 }, Llama with { NormEpsilon = 0.1f },
        Llama with { RopeTheta = 10000 }, Llama with { TieWordEmbeddings = true }, Llama with { QkNorm = true },
        Gpt2, Gpt2 with { VocabularySize = 2 }, Gpt2 with { HiddenSize = 60 }, Gpt2 with { IntermediateSize = 1 },
        Gpt2 with { NumHiddenLayers = 1 },
        Gpt2 with { NumAttentionHeads = 4 }, Gpt2 with { MaxPositionEmbeddings = 1 }, Gpt2 with { NormEpsilon = 0.1f },
        Gpt2 with { TieWordEmbeddings = false }, Gpt2 with { Activation = Gpt2Activation.SquaredRelu },
    ];

    [Fact]
    public void Every_field_comes_back_as_it_was_written()
    {
        using var folder = new TemporaryFolder();
        Variants.Distinct().Count().ShouldBe(Variants.Length);
        foreach (ModelConfig config in Variants)
        {
            File.WriteAllText(folder["config.json"], ConfigJson.Write(config, endToken: 4).ToJsonString());
            ConfigJson.Read(folder["config.json"]).ShouldBe(config);
        }
    }

    [Fact]
    public void What_other_engines_look_for_is_there()
    {
        JsonObject json = ConfigJson.Write(Llama with { QkNorm = true }, endToken: 4);
        json["model_type"]!.GetValue<string>().ShouldBe("qwen3");
        json["architectures"]![0]!.GetValue<string>().ShouldBe("Qwen3ForCausalLM");
        json["eos_token_id"]!.GetValue<int>().ShouldBe(4);
        ConfigJson.Write(Llama, 4)["architectures"]![0]!.GetValue<string>().ShouldBe("LlamaForCausalLM");
        ConfigJson.Write(Gpt2, 4)["architectures"]![0]!.GetValue<string>().ShouldBe("GPT2LMHeadModel");
    }

    [Fact]
    public void What_is_left_out_has_the_default_of_its_family()
    {
        var llama = (LlamaConfig)Read("""
            {"model_type":"llama","vocab_size":9,"hidden_size":24,"intermediate_size":8,"num_hidden_layers":1,"num_attention_heads":4,
            "max_position_embeddings":5,"rope_scaling":null}
            """);
        (llama.NumKeyValueHeads, llama.HeadDim, llama.RopeTheta, llama.NormEpsilon, llama.TieWordEmbeddings, llama.QkNorm)
            .ShouldBe((4, 6, 10000.0, 1e-6f, false, false));
        var gpt2 = (Gpt2Config)Read("""{"model_type":"gpt2","vocab_size":9,"n_embd":24,"n_layer":1,"n_head":4,"n_positions":5}""");
        (gpt2.IntermediateSize, gpt2.NormEpsilon, gpt2.TieWordEmbeddings, gpt2.Activation).ShouldBe((96, 1e-5f, true, Gpt2Activation.Gelu));
    }

    /// <summary>A key, a value in its place, and words the message must have besides the file's name and the key.</summary>
    [Theory]
    [InlineData("model_type", "\"mamba\"", "mamba")]
    [InlineData("model_type", "7", "text")]
    [InlineData("vocab_size", "0", "whole number")]
    [InlineData("vocab_size", "2.5", "2.5")]
    [InlineData("vocab_size", "\"9\"", "whole number")]
    [InlineData("hidden_size", "99999999999", "99999999999")]
    [InlineData("hidden_size", "-1", "-1")]
    [InlineData("num_hidden_layers", "5000", "4,096")]
    [InlineData("max_position_embeddings", "16777217", "16,777,216")]
    [InlineData("num_key_value_heads", "4", "divisor")]
    [InlineData("head_dim", "5", "even")]
    [InlineData("rms_norm_eps", "0", "positive")]
    [InlineData("rms_norm_eps", "1e300", "positive")]
    [InlineData("rope_theta", "1e999", "positive")]
    [InlineData("rope_theta", "\"x\"", "positive")]
    [InlineData("tie_word_embeddings", "1", "true or false")]
    [InlineData("rope_scaling", "[2]", "an object")]
    [InlineData("attention_bias", "true", "false")]
    [InlineData("hidden_act", "\"gelu\"", "silu")]
    [InlineData("intermediate_size", "[1]", "whole number")]
    public void A_value_that_is_wrong_is_named_with_what_was_found_and_expected(string key, string value, string says)
    {
        JsonObject json = ConfigJson.Write(Llama, 4);
        json.Remove(key);
        string text = json.ToJsonString();
        ModelFileException e = Should.Throw<ModelFileException>(() => Read($"{text[..^1]},\"{key}\":{value}}}"));
        e.Message.ShouldContain("config.json");
        e.Message.ShouldContain($"'{key}'");
        e.Message.ShouldContain(says);
    }

    [Theory]
    [InlineData("vocab_size")]
    [InlineData("hidden_size")]
    [InlineData("intermediate_size")]
    [InlineData("num_hidden_layers")]
    [InlineData("num_attention_heads")]
    [InlineData("max_position_embeddings")]
    [InlineData("model_type")]
    public void A_missing_size_is_named(string key)
    {
        JsonObject json = ConfigJson.Write(Llama, 4);
        json.Remove(key);
        Should.Throw<ModelFileException>(() => Read(json.ToJsonString())).Message.ShouldContain($"'{key}' is nothing");
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{")]
    [InlineData("{\"model_type\":\"gpt2\",\"n_head\":5,\"n_embd\":24}")]
    [InlineData("{\"model_type\":\"gpt2\",\"n_head\":4,\"n_embd\":24,\"activation_function\":\"tanh\"}")]
    public void What_is_no_configuration_is_an_error_naming_the_file(string json) =>
        Should.Throw<ModelFileException>(() => Read(json)).Message.ShouldContain("config.json");

    [Fact]
    public void A_missing_or_huge_file_is_an_error_naming_it()
    {
        using var folder = new TemporaryFolder();
        Should.Throw<ModelFileException>(() => ConfigJson.Read(folder["config.json"])).Path.ShouldBe(folder["config.json"]);
        using (FileStream huge = File.Create(folder["config.json"])) huge.SetLength(1L << 33);
        Should.Throw<ModelFileException>(() => ConfigJson.Read(folder["config.json"])).Message.ShouldContain("8,589,934,592");
    }

    /// <summary>Bytes changed, cut out, put in: a configuration or the one exception comes of it, whatever they are.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Any_bytes_at_all_are_a_configuration_or_a_model_file_error(bool llama)
    {
        using var folder = new TemporaryFolder();
        byte[] good = Encoding.UTF8.GetBytes(ConfigJson.Write(llama ? Llama with { QkNorm = true } : Gpt2, 4).ToJsonString());
        var random = new Philox(31, "mutations");
        int readable = 0, refused = 0;
        long at = 0;
        int Draw(int below) => (int)(random.Uniform(at++) * below);
        for (int round = 0; round < 1500; round++)
        {
            var bytes = new List<byte>(good);
            for (int changes = 1 + Draw(3); changes > 0 && bytes.Count > 0; changes--)
            {
                int where = Draw(bytes.Count);
                switch (Draw(4))
                {
                    case 0: bytes[where] = (byte)Draw(256); break;
                    case 1: bytes[where] = (byte)"0123456789-.eE\"\\{}[],:ntf"[Draw(25)]; break;
                    case 2: bytes.RemoveRange(where, Math.Min(1 + Draw(8), bytes.Count - where)); break;
                    default: bytes.InsertRange(where, bytes.GetRange(Draw(bytes.Count), 1)); break;
                }
            }
            File.WriteAllBytes(folder["config.json"], [.. bytes]);
            try
            {
                ConfigJson.Read(folder["config.json"]).ShouldNotBeNull();
                readable++;
            }
            catch (ModelFileException e)
            {
                e.Path.ShouldBe(folder["config.json"]);
                refused++;
            }
        }
        readable.ShouldBeGreaterThan(50);
        refused.ShouldBeGreaterThan(500);
    }

    private static ModelConfig Read(string json)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["config.json"], json);
        return ConfigJson.Read(folder["config.json"]);
    }
}
