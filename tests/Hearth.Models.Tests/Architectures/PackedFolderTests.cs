using System.Text.Json.Nodes;
using Hearth.Models.Architectures;
using Hearth.Models.Architectures.Files;
using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Formats.Safetensors;
using Hearth.Models.Tests.Formats;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Architectures;

/// <summary>Folders of the hub whose weights are packed: gpt-oss's blocks of 4-bit floats, and 8-bit floats with scales.</summary>
public sealed class PackedFolderTests : IDisposable
{
    private const int Numbers = 32, Bytes = 16;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gpt-oss-mxfp4", "mxfp4")]
    [InlineData("gpt-oss", "")]
    public void A_gpt_oss_folder_gives_the_bits_of_the_GGUF_file(string name, string method)
    {
        using GgufModel file = GgufModel.Open(Path.Combine(SharedData.At("conformance/gguf"), name + ".gguf"));
        ModelConfig sizes = GgufConfig.Read(file, 4096);
        LanguageModel original = sizes.Create(new GgufParameters(file, sizes, WorkerPool.Alone));
        var c = (GptOssConfig)sizes;
        var config = new JsonObject
        {
            ["model_type"] = "gpt_oss", ["vocab_size"] = c.VocabularySize, ["hidden_size"] = c.HiddenSize, ["intermediate_size"] = c.IntermediateSize,
            ["num_hidden_layers"] = c.NumHiddenLayers, ["num_attention_heads"] = c.NumAttentionHeads, ["num_key_value_heads"] = c.NumKeyValueHeads,
            ["head_dim"] = c.HeadDim, ["max_position_embeddings"] = 4096, ["rms_norm_eps"] = 1e-5, ["rope_theta"] = c.Rope.Theta, ["sliding_window"] = c.SlidingWindow,
            ["num_local_experts"] = c.Experts.Routing.Experts, ["experts_per_token"] = c.Experts.Routing.Chosen, ["attention_bias"] = true, ["swiglu_limit"] = 7.0,
        };
        if (c.Rope.Scaling is Hearth.Models.Architectures.Parts.YarnScaling yarn)
        {
            config["rope_scaling"] = new JsonObject
            {
                ["rope_type"] = "yarn", ["factor"] = yarn.Factor, ["original_max_position_embeddings"] = (int)yarn.Original, ["beta_fast"] = 32.0, ["beta_slow"] = 1.0, ["truncate"] = true,
            };
        }
        if (method.Length > 0) config["quantization_config"] = new JsonObject { ["quant_method"] = method };
        File.WriteAllText(_folder["config.json"], config.ToJsonString());
        SafetensorsWriter.Write(_folder["model.safetensors"], [.. Plain(original), .. Enumerable.Range(0, c.NumHiddenLayers).SelectMany(layer => Experts(file, layer))]);

        ModelConfig read = ConfigJson.Read(_folder["config.json"]);
        read.ShouldBe(sizes);
        using SafetensorsModel weights = SafetensorsModel.Open(_folder.Root);
        LanguageModel model = read.Create(new HubParameters(weights, read, WorkerPool.Alone));
        int[] tokens = [.. Enumerable.Range(1, 40)];
        Logits(model, tokens).AsSpan().SequenceEqual(Logits(original, tokens)).ShouldBeTrue();
        ModelSummary summary = ModelSummary.Read(_folder.Root);
        summary.Parameters.ShouldBe(ModelSummary.Read(file.Path).Parameters);
        if (method.Length > 0) summary.Types.Select(t => t.Type).ShouldContain("MXFP4");
    }

    [Fact]
    public void Experts_whose_tensors_do_not_fit_are_refused_by_name()
    {
        File.WriteAllText(_folder["config.json"], """
            {"model_type":"gpt_oss","vocab_size":8,"hidden_size":32,"intermediate_size":32,"num_hidden_layers":1,"num_attention_heads":1,"num_key_value_heads":1,
             "head_dim":32,"max_position_embeddings":64,"num_local_experts":2,"num_experts_per_tok":1}
            """);
        ModelConfig config = ConfigJson.Read(_folder["config.json"]);
        LanguageModel plain = config.Create();
        SafetensorsTensor[] rest = [.. Plain(plain)];
        const string Experts = "model.layers.0.mlp.experts.";
        foreach ((string type, int[] shape, string expected) in ((string, int[], string)[])[("U8", [2, 64, 1, 15], "gate_up_proj_blocks"), ("I16", [2, 64, 1, 16], "a type of one byte"), ("U8", [2, 32, 1, 16], "gate_up_proj_blocks")])
        {
            var wrong = SafetensorsType.Find(type)!;
            int bytes = shape.Aggregate(wrong.Bits / 8, (product, d) => product * d);
            SafetensorsWriter.Write(_folder["model.safetensors"], [.. rest, new SafetensorsTensor(Experts + "gate_up_proj_blocks", wrong, shape, new byte[bytes])]);
            using SafetensorsModel weights = SafetensorsModel.Open(_folder.Root);
            Should.Throw<ModelFileException>(() => config.Create(new HubParameters(weights, config, WorkerPool.Alone))).Message.ShouldContain(expected);
        }
    }

    [Theory]
    [InlineData("_scale_inv", 128, 128)]
    [InlineData("_scale", 1, 0)]
    [InlineData("_scale", 0, 0)]
    public void Eight_bit_floats_become_the_numbers_that_codes_and_scales_stand_for(string suffix, int high, int wide)
    {
        const int Rows = 200, Columns = 150;
        int down = high == 0 ? 1 : (Rows + high - 1) / high, across = wide == 0 ? 1 : (Columns + wide - 1) / wide;
        byte[] codes = [.. Enumerable.Range(0, Rows * Columns).Select(i => (byte)(i % 256 is 0x7F or 0xFF ? 0 : i % 256))];
        float[] scales = [.. Enumerable.Range(0, down * across).Select(i => 0.5f + (i * 0.125f))];
        SafetensorsWriter.Write(_folder["model.safetensors"],
        [
            new SafetensorsTensor("w", SafetensorsType.F8E4M3, [Rows, Columns], codes), new SafetensorsTensor("w" + suffix, [down, across], scales),
        ]);
        using SafetensorsModel weights = SafetensorsModel.Open(_folder.Root);
        StoredTensor read = Float8Weights.Read(weights, "w", [Rows, Columns]);
        read.Type.ShouldBe(TensorType.BF16);
        var row = new float[Columns];
        for (int r = 0; r < Rows; r++)
        {
            read.ReadRow(r, row);
            for (int k = 0; k < Columns; k++)
            {
                float scale = scales[((high == 0 ? 0 : r / high) * across) + (wide == 0 ? 0 : k / wide)];
                double exact = E4M3(codes[(r * Columns) + k]) * scale;
                Math.Abs(row[k] - exact).ShouldBeLessThanOrEqualTo(Math.Abs(exact) / 256);   // BF16 has 8 bits
            }
        }
    }

    [Fact]
    public void Eight_bit_floats_without_scales_that_fit_are_refused()
    {
        foreach ((SafetensorsTensor? scales, byte code, string expected) in ((SafetensorsTensor?, byte, string)[])
            [(null, 0, "there are no scales"), (new SafetensorsTensor("w_scale_inv", [3, 1], new float[3]), 0, "has scales of shape"), (new SafetensorsTensor("w_scale_inv", [1, 1], new float[1]), 0x7F, "not a number")])
        {
            SafetensorsWriter.Write(_folder["model.safetensors"], [new SafetensorsTensor("w", SafetensorsType.F8E4M3, [4, 64], Enumerable.Repeat(code, 256).ToArray()), .. scales is null ? (SafetensorsTensor[])[] : [scales]]);
            using SafetensorsModel weights = SafetensorsModel.Open(_folder.Root);
            Should.Throw<ModelFileException>(() => Float8Weights.Read(weights, "w", [4, 64])).Message.ShouldContain(expected);
        }
    }

    [Fact]
    public void A_folder_of_eight_bit_floats_runs_and_others_are_refused_with_what_to_do()
    {
        var config = (LlamaConfig)TinyModels.All["llama, untied"] with { HiddenSize = 128, IntermediateSize = 128, HeadDim = 32 };
        LanguageModel original = TinyModels.Create(config);
        JsonObject json = ConfigJson.Write(config, 0);
        json["quantization_config"] = new JsonObject { ["quant_method"] = "fp8", ["weight_block_size"] = new JsonArray(128, 128) };
        File.WriteAllText(_folder["config.json"], json.ToJsonString());
        var tensors = new List<SafetensorsTensor>();
        foreach (Tensor t in original.Parameters.All.Select(p => p.Tensor))
        {
            if (t.Shape.Length < 2 || !t.Name.Contains("proj", StringComparison.Ordinal))
            {
                tensors.Add(new SafetensorsTensor(t.Name, t.Shape, t.Data.ToArray()));
                continue;
            }
            byte[] codes = [.. Enumerable.Range(0, t.Length).Select(i => (byte)(((i * 37) % 112) | ((i & 1) << 7)))];
            float[] scales = [.. Enumerable.Range(0, (t.Rows + 127) / 128 * ((t.Columns + 127) / 128)).Select(_ => 1 / 4096f)];
            tensors.Add(new SafetensorsTensor(t.Name, SafetensorsType.F8E4M3, t.Shape, codes));
            tensors.Add(new SafetensorsTensor(t.Name + "_scale_inv", [(t.Rows + 127) / 128, (t.Columns + 127) / 128], scales));
            for (int i = 0; i < t.Length; i++) t.Data[i] = (float)(E4M3(codes[i]) / 4096);
            t.Changed();
        }
        SafetensorsWriter.Write(_folder["model.safetensors"], tensors);
        ModelConfig read = ConfigJson.Read(_folder["config.json"]);
        using SafetensorsModel weights = SafetensorsModel.Open(_folder.Root);
        int[] tokens = TinyModels.Tokens(20, 3);
        float difference = Logits(read.Create(new HubParameters(weights, read, WorkerPool.Alone)), tokens).Zip(Logits(original, tokens)).Max(p => Math.Abs(p.First - p.Second));
        difference.ShouldBeLessThan(1e-4f, "E4M3 times a power of two is exact in BF16");

        json["quantization_config"]!["quant_method"] = "gptq";
        File.WriteAllText(_folder["config.json"], json.ToJsonString());
        Should.Throw<ModelFileException>(() => ConfigJson.Read(_folder["config.json"])).Message.ShouldContain("GGUF");
    }

    /// <summary>OCP 8-bit Floating Point 1.0, table 2, by its own words: sign, exponent with bias 7, three bits of mantissa.</summary>
    private static double E4M3(byte code)
    {
        int exponent = (code >> 3) & 15, mantissa = code & 7;
        double magnitude = exponent == 0 ? mantissa / 8.0 / 64 : (1 + (mantissa / 8.0)) * (exponent >= 7 ? 1 << (exponent - 7) : 1.0 / (1 << (7 - exponent)));
        return code >= 128 ? -magnitude : magnitude;
    }

    private static float[] Logits(LanguageModel model, int[] tokens) => model.Logits(new Tape(WorkerPool.Alone, recording: false), new SequenceBatch(tokens)).Data.ToArray();

    private static IEnumerable<SafetensorsTensor> Plain(LanguageModel model) => model.Parameters.All.Select(p => p.Tensor).Where(t => !t.Name.Contains(".experts.", StringComparison.Ordinal))
        .Select(t =>
        {
            var values = new float[t.Length];
            if (t.Weights is { } stored) for (int row = 0; row < t.Rows; row++) stored.ReadRow(row, values.AsSpan(row * t.Columns, t.Columns));
            else t.Data.CopyTo(values);
            return new SafetensorsTensor(t.Name.Replace(".mlp.gate.", ".mlp.router.", StringComparison.Ordinal), t.Shape, values);
        });

    /// <summary>A layer's experts in the hub's form: rows of gate and up in turn; blocks and scales apart, two neighbours to a byte; or plain and turned.</summary>
    private static IEnumerable<SafetensorsTensor> Experts(GgufModel file, int layer)
    {
        string name = $"model.layers.{layer}.mlp.experts.";
        StoredTensor gate = file.Require($"blk.{layer}.ffn_gate_exps.weight"), up = file.Require($"blk.{layer}.ffn_up_exps.weight"), down = file.Require($"blk.{layer}.ffn_down_exps.weight");
        StoredTensor gateBias = file.Require($"blk.{layer}.ffn_gate_exps.bias"), upBias = file.Require($"blk.{layer}.ffn_up_exps.bias"), downBias = file.Require($"blk.{layer}.ffn_down_exps.bias");
        var biases = new List<float>();
        float[] one = new float[gateBias.Columns], other = new float[gateBias.Columns], last = new float[downBias.Count];
        for (int e = 0; e < gateBias.Rows; e++)
        {
            gateBias.ReadRow(e, one);
            upBias.ReadRow(e, other);
            for (int i = 0; i < one.Length; i++) biases.AddRange([one[i], other[i]]);
        }
        downBias.Read(last);
        yield return new SafetensorsTensor(name + "gate_up_proj_bias", [(int)gateBias.Rows, 2 * gateBias.Columns], biases.ToArray());
        yield return new SafetensorsTensor(name + "down_proj_bias", [(int)downBias.Rows, downBias.Columns], last);
        (long Experts, long Rows, int Columns) both = (gate.Shape[0], 2 * gate.Shape[1], gate.Columns);
        Func<long, (StoredTensor, long)> turns = row => (row % 2 == 0 ? gate : up, row / 2);
        foreach (SafetensorsTensor t in Packed(name + "gate_up_proj", both, turns)) yield return t;
        foreach (SafetensorsTensor t in Packed(name + "down_proj", (down.Shape[0], down.Shape[1], down.Columns), row => (down, row))) yield return t;
    }

    private static IEnumerable<SafetensorsTensor> Packed(string name, (long Experts, long Rows, int Columns) shape, Func<long, (StoredTensor Tensor, long Row)> place)
    {
        (int experts, int rows, int columns) = ((int)shape.Experts, (int)shape.Rows, shape.Columns);
        if (place(0).Tensor.Type == TensorType.F32)
        {
            var turned = new float[experts * rows * columns];
            var numbers = new float[columns];
            for (int r = 0; r < experts * rows; r++)
            {
                (StoredTensor tensor, long row) = place(r);
                tensor.ReadRow(row, numbers);
                for (int k = 0; k < columns; k++) turned[(((r / rows * columns) + k) * rows) + (r % rows)] = numbers[k];
            }
            yield return new SafetensorsTensor(name, [experts, columns, rows], turned);
            yield break;
        }
        var blocks = new List<byte>();
        var scales = new List<byte>();
        for (int r = 0; r < experts * rows; r++)
        {
            (StoredTensor tensor, long row) = place(r);
            byte[] own = tensor.Row(row).ToArray();
            for (int b = 0; b < columns / Numbers; b++)
            {
                byte[] block = own[(b * (Bytes + 1))..((b + 1) * (Bytes + 1))];
                scales.Add(block[0]);
                int[] codes = [.. block[1..].Select(x => x & 15), .. block[1..].Select(x => x >> 4)];
                for (int i = 0; i < Numbers; i += 2) blocks.Add((byte)(codes[i] | (codes[i + 1] << 4)));
            }
        }
        yield return new SafetensorsTensor(name + "_blocks", SafetensorsType.U8, [experts, rows, columns / Numbers, Bytes], blocks.ToArray());
        yield return new SafetensorsTensor(name + "_scales", SafetensorsType.U8, [experts, rows, columns / Numbers], scales.ToArray());
    }
}
