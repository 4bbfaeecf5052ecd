using System.Security.Cryptography;
using System.Text.Json;
using System.Runtime.InteropServices;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Gguf;
using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Formats.Gguf;

/// <summary>Files that llama.cpp wrote, and the numbers it reads from them.</summary>
public sealed class GgufConformanceTests
{
    private static string[] Descriptions =>
        [.. Directory.GetFiles(SharedData.At("conformance/gguf"), "*.json").Order(StringComparer.Ordinal)];

    [Fact]
    public void Every_tensor_has_the_type_that_the_reference_says()
    {
        foreach (string path in Descriptions)
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            using GgufModel model = GgufModel.Open(Path.ChangeExtension(path, ".gguf"));
            foreach (JsonProperty expected in json.RootElement.GetProperty("tensor_types").EnumerateObject())
            {
                model.Require(expected.Name).Type.ToString().ShouldBe(expected.Value.GetString(), $"{path} {expected.Name}");
            }
            model.Metadata.Text("general.architecture").ShouldBe(json.RootElement.GetProperty("arch").GetString());
            model.Metadata.Length("tokenizer.ggml.tokens").ShouldBe(json.RootElement.GetProperty("n_vocab").GetInt32());
            model.Metadata.Texts("tokenizer.ggml.tokens").Length.ShouldBe(json.RootElement.GetProperty("n_vocab").GetInt32());
        }
    }

    [Fact]
    public void Dequantised_numbers_are_those_of_the_reference_to_the_bit()
    {
        int tensors = 0;
        var types = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string path in Descriptions)
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            if (!json.RootElement.TryGetProperty("dequantised", out JsonElement dequantised)) continue;
            if (dequantised.ValueKind != JsonValueKind.Object) continue;
            using GgufModel model = GgufModel.Open(Path.ChangeExtension(path, ".gguf"));
            foreach (JsonProperty expected in dequantised.EnumerateObject())
            {
                string what = $"{Path.GetFileName(path)} {expected.Name}";
                StoredTensor tensor = model.Require(expected.Name);
                var numbers = new float[tensor.Count];
                tensor.Read(numbers);
                numbers[..32].ShouldBe(expected.Value.GetProperty("first_32").EnumerateArray().Select(e => (float)e.GetDouble()), what);
                numbers.Sum(x => (double)x).ShouldBe(expected.Value.GetProperty("sum_f64").GetDouble(), 1e-6, what);
                Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(numbers)))
                    .ShouldBe(expected.Value.GetProperty("sha256_f32").GetString(), what);
                tensors++;
                types.Add(tensor.Type.ToString());
            }
        }
        tensors.ShouldBeGreaterThan(100);
        types.Count.ShouldBeGreaterThan(15);
    }

    /// <summary>
    /// The root of the mean squared error of Hearth's own quantisation, as a share of the reference's on the same weights.
    /// </summary>
    [Theory]
    [InlineData(TensorType.Q4_0, "q4_0", 1)]
    [InlineData(TensorType.Q4_1, "q4_1", 1)]
    [InlineData(TensorType.Q5_0, "q5_0", 1)]
    [InlineData(TensorType.Q5_1, "q5_1", 1)]
    [InlineData(TensorType.Q8_0, "q8_0", 1.01)]
    [InlineData(TensorType.Q2_K, "q2_k", 1)]
    [InlineData(TensorType.Q3_K, "q3_k", 1)]
    [InlineData(TensorType.Q4_K, "q4_k", 1)]
    [InlineData(TensorType.Q5_K, "q5_k", 1)]
    [InlineData(TensorType.Q6_K, "q6_k", 1)]
    [InlineData(TensorType.IQ4_NL, "iq4_nl", 1)]
    [InlineData(TensorType.IQ4_XS, "iq4_xs", 1)]
    [InlineData(TensorType.MXFP4, "mxfp4", 1)]
    [InlineData(TensorType.TQ2_0, "tq2_0", 1)]
    public void Quantising_loses_no_more_than_the_reference_does(TensorType type, string file, double most)
    {
        using GgufModel exact = GgufModel.Open(SharedData.At("conformance/gguf/llama-f32.gguf"));
        using GgufModel reference = GgufModel.Open(SharedData.At($"conformance/gguf/llama-{file}.gguf"));
        double ours = 0, theirs = 0;
        foreach (string name in exact.Names)
        {
            StoredTensor tensor = exact.Require(name), quantised = reference.Require(name);
            if (quantised.Type != type) continue;
            float[] numbers = Read(tensor), their = Read(quantised),
                our = Read(StoredTensor.FromSingles(name, type, tensor.Shape, numbers));
            for (int i = 0; i < numbers.Length; i++)
            {
                ours += Math.Pow(our[i] - numbers[i], 2);
                theirs += Math.Pow(their[i] - numbers[i], 2);
            }
        }
        theirs.ShouldBeGreaterThan(0);
        double share = Math.Sqrt(ours / theirs);
        TestContext.Current.TestOutputHelper?.WriteLine($"{type}: {share:F4} of the reference's error");
        share.ShouldBeLessThanOrEqualTo(most);
    }

    [Theory]
    [InlineData("f16", TensorType.F16)]
    [InlineData("bf16", TensorType.BF16)]
    public void Rounding_to_sixteen_bits_gives_the_reference_s_bytes(string file, TensorType type)
    {
        using GgufModel exact = GgufModel.Open(SharedData.At("conformance/gguf/llama-f32.gguf"));
        using GgufModel reference = GgufModel.Open(SharedData.At($"conformance/gguf/llama-{file}.gguf"));
        foreach (string name in exact.Names.Where(n => reference.Require(n).Type == type))
        {
            StoredTensor rounded = reference.Require(name);
            float[] numbers = Read(exact.Require(name));
            for (int row = 0; row < rounded.Rows; row++)
            {
                var bytes = new byte[rounded.RowBytes];
                QuantizedRows.Quantize(type, numbers.AsSpan(row * rounded.Columns, rounded.Columns), bytes);
                bytes.ShouldBe(rounded.Row(row).ToArray());
            }
        }
    }

    private static float[] Read(StoredTensor tensor)
    {
        var numbers = new float[tensor.Count];
        tensor.Read(numbers);
        return numbers;
    }
}
