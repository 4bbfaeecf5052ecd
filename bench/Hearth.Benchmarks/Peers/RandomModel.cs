using Hearth.Benchmarks.Harness;
using Hearth.Models.Formats.Gguf;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;

namespace Hearth.Benchmarks.Peers;

/// <summary>
/// Writes a GGUF file of a well-known model's sizes with random weights: sizes and types decide speed, values do not. Some thousand rows of real
/// quantised noise are repeated, so that a gigabyte is written in seconds.
/// </summary>
internal static class RandomModel
{
    private const int NoiseRows = 64;
    private const float Deviation = 0.02f;

    /// <summary>A model's sizes, as its makers publish them.</summary>
    private sealed record Sizes(string Architecture, int Layers, int Hidden, int Inner, int Heads, int KeyValueHeads, int HeadSize, int Vocabulary, bool QkNorm, float Theta);

    public static void Run(Arguments arguments)
    {
        string shape = arguments.Text("shape", "qwen3-0.6b"), type = arguments.Text("type", "q8_0"), path = arguments.Text("out", $"{shape}-{type}.gguf");
        arguments.RequireAllUsed();
        Sizes s = shape switch
        {
            "qwen3-0.6b" => new("qwen3", 28, 1024, 3072, 16, 8, 128, 151_936, true, 1_000_000),
            "llama-3.2-1b" => new("llama", 16, 2048, 8192, 32, 8, 64, 128_256, false, 500_000),
            _ => throw new ArgumentException($"--shape is '{shape}', expected qwen3-0.6b or llama-3.2-1b."),
        };
        GgufMixture mixture = GgufMixture.Find(type) ?? throw new ArgumentException($"--type is '{type}', expected one of {string.Join(", ", GgufMixture.All.Select(m => m.Name))}.");
        GgufWriter.Write(path, Values(s, mixture), [.. Tensors(s, mixture)]);
        Console.WriteLine($"{path}: {new FileInfo(path).Length:N0} bytes");
    }

    private static GgufKeyValues Values(Sizes s, GgufMixture mixture)
    {
        string a = s.Architecture;
        var values = new GgufKeyValues();
        values.Add("general.architecture", a).Add("general.name", "random").Add("general.file_type", mixture.FileType).Add("general.quantization_version", 2u);
        values.Add($"{a}.context_length", 4096u).Add($"{a}.embedding_length", (uint)s.Hidden).Add($"{a}.block_count", (uint)s.Layers);
        values.Add($"{a}.feed_forward_length", (uint)s.Inner).Add($"{a}.attention.head_count", (uint)s.Heads).Add($"{a}.attention.head_count_kv", (uint)s.KeyValueHeads);
        values.Add($"{a}.attention.key_length", (uint)s.HeadSize).Add($"{a}.attention.value_length", (uint)s.HeadSize).Add($"{a}.rope.dimension_count", (uint)s.HeadSize);
        values.Add($"{a}.rope.freq_base", s.Theta).Add($"{a}.attention.layer_norm_rms_epsilon", 1e-6f).Add($"{a}.vocab_size", (uint)s.Vocabulary);

        bool isLlama = a == "llama";
        RandomVocabulary.AddTo(values, s.Vocabulary, isLlama ? "llama-bpe" : "qwen2", waysToMerge: isLlama ? 2 : 1);
        return values;
    }

    private static IEnumerable<GgufTensorData> Tensors(Sizes s, GgufMixture mixture)
    {
        yield return Matrix("token_embd.weight", s.Vocabulary, s.Hidden);
        yield return Ones("output_norm.weight", s.Hidden);
        for (int layer = 0; layer < s.Layers; layer++)
        {
            string b = $"blk.{layer}";
            yield return Ones($"{b}.attn_norm.weight", s.Hidden);
            yield return Matrix($"{b}.attn_q.weight", s.Heads * s.HeadSize, s.Hidden);
            yield return Matrix($"{b}.attn_k.weight", s.KeyValueHeads * s.HeadSize, s.Hidden);
            yield return Matrix($"{b}.attn_v.weight", s.KeyValueHeads * s.HeadSize, s.Hidden);
            yield return Matrix($"{b}.attn_output.weight", s.Hidden, s.Heads * s.HeadSize);
            if (s.QkNorm) yield return Ones($"{b}.attn_q_norm.weight", s.HeadSize);
            if (s.QkNorm) yield return Ones($"{b}.attn_k_norm.weight", s.HeadSize);
            yield return Ones($"{b}.ffn_norm.weight", s.Hidden);
            yield return Matrix($"{b}.ffn_gate.weight", s.Inner, s.Hidden);
            yield return Matrix($"{b}.ffn_up.weight", s.Inner, s.Hidden);
            yield return Matrix($"{b}.ffn_down.weight", s.Hidden, s.Inner);
        }

        GgufTensorData Matrix(string name, int rows, int columns)
        {
            TensorType type = mixture.For(name, columns, s.Layers, tied: true);
            return new GgufTensorData(name, type, [rows, columns], stream => Noise(name, type, rows, columns, stream));
        }
    }

    private static GgufTensorData Ones(string name, int size) => new(name, TensorType.F32, [size], stream =>
    {
        for (int i = 0; i < size; i++) stream.Write(BitConverter.GetBytes(1f));
    });

    private static void Noise(string name, TensorType type, int rows, int columns, Stream stream)
    {
        int rowBytes = (int)BlockFormat.Of(type).BytesFor(columns)!.Value;
        var noise = new byte[NoiseRows * rowBytes];
        var random = new Philox(1, name);
        var row = new float[columns];
        for (int r = 0; r < NoiseRows; r++)
        {
            for (int c = 0; c < columns; c++) row[c] = Deviation * (float)random.Normal(((long)r * columns) + c);
            QuantizedRows.Quantize(type, row, noise.AsSpan(r * rowBytes, rowBytes));
        }
        for (int r = 0; r < rows; r += NoiseRows) stream.Write(noise.AsSpan(0, Math.Min(NoiseRows, rows - r) * rowBytes));
    }
}
