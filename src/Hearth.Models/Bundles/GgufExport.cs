using Hearth.Models.Architectures;
using Hearth.Models.Architectures.Files;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Gguf;
using Hearth.Numerics;

namespace Hearth.Models.Bundles;

/// <summary>Writes a model that Hearth made as one GGUF file, so that llama.cpp and whatever is built on it run it.</summary>
public static class GgufExport
{
    private const uint QuantizationVersion = 2;                                  // ggml.h, GGML_QNT_VERSION

    /// <summary>Writes the file whole or not at all.</summary>
    /// <param name="bundle">The model.</param>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="mixture">The types of its tensors.</param>
    /// <param name="pool">The threads that quantise; the bytes do not depend on them.</param>
    /// <param name="progress">Is told the numbers written and the numbers there are; null for nobody.</param>
    /// <exception cref="ModelFileException">The model has a part that GGUF has no form for.</exception>
    public static void Write(ModelBundle bundle, string path, GgufMixture mixture, WorkerPool pool, Action<long, long>? progress = null)
    {
        ModelConfig config = bundle.Model.Config;
        if (config is Gpt2Config { Activation: not Gpt2Activation.Gelu })
        {
            throw new ModelFileException(bundle.Folder,
                "has the activation relu2, which no program that reads GGUF knows for GPT-2. Export a model with gelu_new.");
        }
        if (!CanWrite(config))
        {
            throw new ModelFileException(bundle.Folder, "is of an architecture that Hearth does not write as GGUF: Llama- and Qwen3-style models without scaled positions and GPT-2 it does.");
        }
        GgufKeyValues values = Sizes(config, Path.GetFileName(Path.GetFullPath(bundle.Folder))).Add("general.file_type", mixture.FileType);
        if (mixture.FileType > 1) values.Add("general.quantization_version", QuantizationVersion);
        GgufTokenizer.Add(values, bundle);
        long done = 0;
        GgufWriter.Write(path, values, [.. bundle.Model.Parameters.All.Select(p => Data(p.Tensor, config, mixture, path, pool, Report))]);

        void Report(int numbers) => progress?.Invoke(done += numbers, bundle.Model.Parameters.Count);
    }

    /// <summary>Whether a model of these sizes has a form in GGUF that is written here.</summary>
    /// <param name="config">The sizes.</param>
    public static bool CanWrite(ModelConfig config) => config is LlamaConfig { RopeScaling: null, QkvBias: false, SlidingWindow: 0 } or Gpt2Config { Activation: Gpt2Activation.Gelu };

    private static GgufKeyValues Sizes(ModelConfig config, string name)
    {
        string architecture = config is LlamaConfig llama ? (llama.QkNorm ? "qwen3" : "llama") : "gpt2";
        var values = new GgufKeyValues();
        values.Add("general.architecture", architecture).Add("general.type", "model").Add("general.name", name);
        Size("context_length", config.MaxPositionEmbeddings);
        Size("embedding_length", config.HiddenSize);
        Size("block_count", config.NumHiddenLayers);
        Size("feed_forward_length", config.IntermediateSize);
        Size("attention.head_count", config.NumAttentionHeads);
        Size("vocab_size", config.VocabularySize);
        if (config is LlamaConfig c)
        {
            Size("attention.head_count_kv", c.NumKeyValueHeads);
            Size("attention.key_length", c.HeadDim);
            Size("attention.value_length", c.HeadDim);
            Size("rope.dimension_count", c.HeadDim);
            values.Add($"{architecture}.rope.freq_base", (float)c.RopeTheta);
            values.Add($"{architecture}.attention.layer_norm_rms_epsilon", c.NormEpsilon);
        }
        else
        {
            values.Add($"{architecture}.attention.layer_norm_epsilon", config.NormEpsilon);
        }
        return values;

        void Size(string key, int value) => values.Add($"{architecture}.{key}", (uint)value);
    }

    private static GgufTensorData Data(Tensor tensor, ModelConfig config, GgufMixture mixture, string path, WorkerPool pool, Action<int> report)
    {
        string name = GgufNames.Of("", tensor.Name);
        bool isMatrix = tensor.Shape.Length == 2, transposed = isMatrix && config is Gpt2Config
            && name.StartsWith("blk.", StringComparison.Ordinal);
        int rows = transposed ? tensor.Columns : tensor.Rows, columns = transposed ? tensor.Rows : tensor.Columns;
        var type = mixture.For(name, isMatrix ? columns : 0, config.NumHiddenLayers, config.TieWordEmbeddings);
        int pairedHeads = RotaryOrder.PairedHeads(name, config);
        long[] shape = isMatrix ? [rows, columns] : [columns];
        return new GgufTensorData(name, type, shape, stream => TensorRows.Write(path, name, rows, columns, Source, type, stream, pool));

        void Source(long from, int count, float[] into)
        {
            for (int i = 0; i < count; i++)
            {
                int row = (int)from + i;
                Span<float> target = into.AsSpan(i * columns, columns);
                if (transposed)
                {
                    for (int column = 0; column < columns; column++) target[column] = tensor.Data[(column * rows) + row];
                    continue;
                }
                if (pairedHeads > 0) row = RotaryOrder.FromPairs(row, rows / pairedHeads);
                tensor.Data.Slice(row * columns, columns).CopyTo(target);
            }
            report(count * columns);
        }
    }
}

/// <summary>
/// The two orders of rows in query and key matrices. Hugging Face turns row i with row i + half of a head; GGUF's llama, row 2i with row
/// 2i + 1. (GGUF's qwen3 keeps Hugging Face's order.)
/// </summary>
internal static class RotaryOrder
{
    /// <summary>The heads of a matrix whose rows stand in the order of pairs in GGUF; 0 for every other tensor.</summary>
    public static int PairedHeads(string gguf, ModelConfig config)
    {
        if (config is not LlamaConfig { QkNorm: false }) return 0;
        if (gguf.EndsWith(".attn_q.weight", StringComparison.Ordinal)) return config.NumAttentionHeads;
        return gguf.EndsWith(".attn_k.weight", StringComparison.Ordinal) ? config.NumKeyValueHeads : 0;
    }

    /// <summary>Where the row that stands at a place in GGUF stands in Hugging Face's order.</summary>
    public static int FromPairs(int row, int headSize)
    {
        int head = row / headSize, within = row % headSize;
        return (head * headSize) + (within % 2 * (headSize / 2)) + (within / 2);
    }

    /// <summary>Where the row that stands at a place in Hugging Face's order stands in GGUF.</summary>
    public static int ToPairs(int row, int headSize)
    {
        int head = row / headSize, within = row % headSize, half = headSize / 2;
        return (head * headSize) + (within % half * 2) + (within / half);
    }
}
