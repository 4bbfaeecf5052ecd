using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Architectures;
using Hearth.Models.Architectures.Files;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Formats.Safetensors;
using Hearth.Models.Tokenizers;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Bundles;

/// <summary>What was written of a GGUF file.</summary>
/// <param name="Renamed">Whether tensors got Hugging Face's names.</param>
/// <param name="HasTokenizer">Whether there is a tokenizer.json with them.</param>
public readonly record struct Unpacked(bool Renamed, bool HasTokenizer);

/// <summary>
/// Writes the tensors of a GGUF file as float32 in <c>model.safetensors</c>. Of the architectures that Hearth makes itself (llama, qwen3,
/// gpt2) they get Hugging Face's names and order, and a <c>config.json</c>; those of any other keep their GGUF names. The
/// tokenizer becomes <c>tokenizer.json</c>, and the template goes with it.
/// </summary>
public static class GgufUnpack
{
    private const int MostSize = 1 << 22;
    private const string TokenPrefix = "tokenizer.ggml.";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the folder's files.</summary>
    /// <param name="model">The GGUF model.</param>
    /// <param name="folder">The folder; made if need be.</param>
    /// <param name="pool">The threads that convert.</param>
    /// <returns>Whether the tensors got Hugging Face's names, and whether the tokenizer could be written.</returns>
    /// <exception cref="ModelFileException">A tensor or key does not fit the model's architecture.</exception>
    public static Unpacked Write(GgufModel model, string folder, WorkerPool pool)
    {
        string architecture = model.Metadata.Text("general.architecture", "");
        bool gpt2 = architecture == "gpt2";
        bool known = architecture is "llama" or "qwen3" or "gpt2" && model.Names.All(n => GgufNames.From(n, gpt2) is not null);
        ModelConfig? config = known ? Sizes(model, architecture) : null;
        Directory.CreateDirectory(folder);
        SafetensorsWriter.Write(Path.Combine(folder, SafetensorsModel.SingleName),
            model.Names.Select(n => Data(model, model.Require(n), config, pool)), [new("format", "pt")]);
        if (config is not null)
        {
            int end = model.Metadata.Whole("tokenizer.ggml.eos_token_id", 0, MostSize, 0);
            JsonObject json = ConfigJson.Write(config, end);
            AtomicFile.WriteText(Path.Combine(folder, ModelBundle.ConfigName), json.ToJsonString(Indented) + "\n");
        }
        return new Unpacked(known, WriteTokenizer(model, folder));
    }

    /// <summary>Writes the tokenizer and what goes with it, where Hearth knows the tokenizer.</summary>
    private static bool WriteTokenizer(GgufModel model, string folder)
    {
        GgufMetadata m = model.Metadata;
        if (!m.Has(TokenPrefix + "model") || !m.Has(TokenPrefix + "tokens")) return false;
        Tokenizer tokenizer;
        try
        {
            tokenizer = Tokenizer.FromGguf(m);
        }
        catch (ModelFileException)
        {
            return false;                                                        // of a kind that Hearth does not know; the weights are of use without it
        }
        tokenizer.Save(Path.Combine(folder, ModelBundle.TokenizerName));
        var json = new JsonObject { ["tokenizer_class"] = "PreTrainedTokenizerFast", ["clean_up_tokenization_spaces"] = false };
        string[] tokens = m.Texts(TokenPrefix + "tokens");
        foreach ((string key, string name) in ((string, string)[])[("bos_token_id", "bos_token"), ("eos_token_id", "eos_token"), ("padding_token_id", "pad_token")])
        {
            if (m.Has(TokenPrefix + key)) json[name] = tokens[m.Whole(TokenPrefix + key, 0, tokens.Length - 1)];
        }
        if (GgufBundle.FindTemplate(model.Path) is { } template) json["chat_template"] = template.Text;
        AtomicFile.WriteText(Path.Combine(folder, "tokenizer_config.json"), json.ToJsonString(Indented) + "\n");
        return true;
    }

    private static SafetensorsTensor Data(GgufModel model, StoredTensor tensor, ModelConfig? config, WorkerPool pool)
    {
        bool gpt2 = config is Gpt2Config, matrix = tensor.Shape.Length == 2;
        bool transposed = gpt2 && matrix && tensor.Name.StartsWith("blk.", StringComparison.Ordinal);
        string name = config is null ? tensor.Name : GgufNames.From(tensor.Name, gpt2)!;
        int[] shape = Array.ConvertAll(tensor.Shape.ToArray(), d => d <= int.MaxValue ? (int)d
            : throw new ModelFileException(model.Path,
                $"tensor '{Show.Name(tensor.Name)}' has a dimension of {d:N0}, expected at most {int.MaxValue:N0}."));
        if (transposed)
        {
            Array.Reverse(shape);
            return new SafetensorsTensor(name, shape, stream => WriteTransposed(model, tensor, stream));
        }
        int heads = config is null ? 0 : RotaryOrder.PairedHeads(tensor.Name, config);
        if (heads > 0 && (!matrix || tensor.Rows % (2 * heads) != 0))
        {
            throw new ModelFileException(model.Path,
                $"tensor '{tensor.Name}' has shape {tensor.ShapeText}, expected rows for {heads} heads of an even size.");
        }
        TensorRows.Source source = heads == 0 ? TensorRows.Of(tensor) : (from, rows, into) =>
        {
            for (int i = 0; i < rows; i++)
            {
                int row = RotaryOrder.ToPairs((int)from + i, (int)(tensor.Rows / heads));
                tensor.ReadRow(row, into.AsSpan(i * tensor.Columns, tensor.Columns));
            }
        };
        return new SafetensorsTensor(name, shape,
            stream => TensorRows.Write(model.Path, tensor.Name, tensor.Rows, tensor.Columns, source, TensorType.F32, stream, pool));
    }

    private static void WriteTransposed(GgufModel model, StoredTensor tensor, Stream stream)
    {
        if (tensor.Count > Array.MaxLength) throw new ModelFileException(model.Path, $"tensor '{tensor.Name}' is too large to be turned.");
        var numbers = new float[tensor.Count];
        tensor.Read(numbers);
        int rows = (int)tensor.Rows;
        TensorRows.Source source = (from, count, into) =>
        {
            for (int i = 0; i < count; i++)
            {
                for (int row = 0; row < rows; row++) into[(i * rows) + row] = numbers[(row * tensor.Columns) + (int)from + i];
            }
        };
        TensorRows.Write(model.Path, tensor.Name, tensor.Columns, rows, source, TensorType.F32, stream, WorkerPool.Alone);
    }

    private static ModelConfig Sizes(GgufModel model, string architecture)
    {
        GgufMetadata m = model.Metadata;
        int heads = Size("attention.head_count"), hidden = Size("embedding_length");
        long vocabulary = model.Require("token_embd.weight").Rows;
        if (vocabulary > MostSize)
            throw new ModelFileException(model.Path,
                $"tensor 'token_embd.weight' has {vocabulary:N0} rows, expected at most {MostSize:N0}.");
        bool tied = model.Find("output.weight") is null;
        if (architecture == "gpt2")
        {
            return new Gpt2Config
            {
                VocabularySize = (int)vocabulary,
                HiddenSize = hidden,
                IntermediateSize = Size("feed_forward_length"),
                NumHiddenLayers = Size("block_count"),
                NumAttentionHeads = heads,
                MaxPositionEmbeddings = Size("context_length"),
                NormEpsilon = (float)m.Number("gpt2.attention.layer_norm_epsilon", 0, 1),
                TieWordEmbeddings = tied,
            };
        }
        return new LlamaConfig
        {
            VocabularySize = (int)vocabulary,
            HiddenSize = hidden,
            IntermediateSize = Size("feed_forward_length"),
            NumHiddenLayers = Size("block_count"),
            NumAttentionHeads = heads,
            NumKeyValueHeads = Size("attention.head_count_kv", heads),
            HeadDim = Size("attention.key_length", Math.Max(1, hidden / heads)),
            MaxPositionEmbeddings = Size("context_length"),
            NormEpsilon = (float)m.Number($"{architecture}.attention.layer_norm_rms_epsilon", 0, 1),
            RopeTheta = m.Number($"{architecture}.rope.freq_base", 0, 1e12, 10000),
            TieWordEmbeddings = tied,
            QkNorm = architecture == "qwen3",
        };

        int Size(string key, int? otherwise = null) => m.Whole($"{architecture}.{key}", 1, MostSize, otherwise);
    }
}
