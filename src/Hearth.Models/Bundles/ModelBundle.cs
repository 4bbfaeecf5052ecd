using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Architectures;
using Hearth.Models.Architectures.Files;
using Hearth.Models.Chat;
using Hearth.Models.Chat.Templates;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Safetensors;
using Hearth.Models.Tokenizers;
using Hearth.Numerics;

namespace Hearth.Models.Bundles;

/// <summary>A model in a folder, laid out as Hugging Face does: configuration, weights, tokenizer, conversation format.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Model">The model with its weights.</param>
/// <param name="Tokenizer">Its tokenizer.</param>
public sealed record ModelBundle(string Folder, LanguageModel Model, Tokenizer Tokenizer)
{
    /// <summary>The weights' file.</summary>
    public const string WeightsName = SafetensorsModel.SingleName;

    /// <summary>The tokenizer's file.</summary>
    public const string TokenizerName = "tokenizer.json";

    /// <summary>The configuration's file.</summary>
    public const string ConfigName = "config.json";

    private const int MostJson = 256 << 20;

    /// <summary>Reading so many tokens leaves tens of megabytes behind, which are given back at once.</summary>
    private const int ManyTokens = 1 << 14;

    private const string GenerationName = "generation_config.json";

    private const int MostInTensor = int.MaxValue - (1 << 20);

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly KeyValuePair<string, string>[] Metadata = [new("format", "pt")];

    /// <summary>How the model is told a conversation; null when it has no template.</summary>
    public IChatFormat? Chat { get; init; }

    /// <summary>Tokens that end an answer.</summary>
    public IReadOnlyList<int> EndTokens { get; init; } = [];

    /// <summary>Loads a model.</summary>
    /// <param name="folder">The folder, a run's folder, which holds one named <c>model</c>, or a .gguf file.</param>
    /// <exception cref="ModelFileException">A file is missing, damaged, or does not fit the others.</exception>
    public static ModelBundle Load(string folder)
    {
        ModelBundle bundle = Read(folder);
        if (bundle.Tokenizer.VocabularySize > ManyTokens) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return bundle;
    }

    private static ModelBundle Read(string folder)
    {
        if (folder.EndsWith(GgufBundle.Extension, StringComparison.OrdinalIgnoreCase) && !Directory.Exists(folder)) return GgufBundle.Load(folder);
        if (!Directory.Exists(folder))
        {
            throw new ModelFileException(folder, "there is no such folder. Give the folder of a model (with config.json) or of a run.");
        }
        string inside = Path.Combine(folder, "model");
        if (!File.Exists(Path.Combine(folder, ConfigName)) && File.Exists(Path.Combine(inside, ConfigName))) folder = inside;
        ModelConfig config = ConfigJson.Read(Path.Combine(folder, ConfigName));
        using SafetensorsModel weights = SafetensorsModel.Open(folder);
        RequireFit(config, weights, folder);
        LanguageModel model = Create(config, weights);
        Tokenizer tokenizer = Tokenizer.Load(Path.Combine(folder, TokenizerName));
        if (tokenizer.VocabularySize > config.VocabularySize)
        {
            throw new ModelFileException(Path.Combine(folder, TokenizerName),
                $"has {tokenizer.VocabularySize:N0} tokens, and config.json says {config.VocabularySize:N0}. Tokenizer and model do not belong together.");
        }
        return new ModelBundle(folder, model, tokenizer)
        {
            Chat = FindTemplate(folder) is { } template ? FormatOf(tokenizer, template) : null,
            EndTokens = ReadEndTokens(folder, config, tokenizer),
        };
    }

    /// <summary>A model's chat template, read without its weights; null when it has none.</summary>
    /// <param name="path">A folder, or a .gguf file.</param>
    /// <exception cref="ModelFileException">It is damaged.</exception>
    public static TemplateFile? FindTemplate(string path) => !Directory.Exists(path) ? GgufBundle.FindTemplate(path)
        : TemplateFile.Find(path) is { } file && HasTemplate(file) ? TemplateFile.Read(file) : null;

    /// <summary>Models that Hearth trains own every number; others take from the files what they need, in the files' types.</summary>
    internal static bool IsTrainable(ModelConfig config, bool isAllF32) =>
        config is LlamaConfig { RopeScaling: null, QkvBias: false, SlidingWindow: 0 } or Gpt2Config && isAllF32;

    /// <summary>The format of a model with a template: Hearth's own is told without rendering.</summary>
    internal static IChatFormat FormatOf(Tokenizer tokenizer, TemplateFile template) =>
        template.Text == ChatFormat.Template ? new ChatFormat(tokenizer, template.Path) : new TemplateFormat(tokenizer, template, () => DateTime.Now);

    /// <summary>Writes the files that any engine needs to run the model.</summary>
    /// <param name="folder">The folder; made if need be.</param>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    public static void Save(string folder, LanguageModel model, Tokenizer tokenizer)
    {
        Directory.CreateDirectory(folder);
        var chat = new ChatFormat(tokenizer);
        SaveWeights(Path.Combine(folder, WeightsName), model);
        tokenizer.Save(Path.Combine(folder, TokenizerName));
        WriteJson(Path.Combine(folder, GenerationName), new JsonObject
        {
            ["do_sample"] = false,
            ["eos_token_id"] = new JsonArray(chat.EndToken, chat.EndOfTextToken),
        });
        WriteJson(Path.Combine(folder, "tokenizer_config.json"), new JsonObject
        {
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
            ["model_max_length"] = model.Config.MaxPositionEmbeddings,
            ["bos_token"] = ChatFormat.EndOfText,
            ["eos_token"] = ChatFormat.End,
            ["add_bos_token"] = false,
            ["clean_up_tokenization_spaces"] = false,
            ["chat_template"] = ChatFormat.Template,
        });
        WriteJson(Path.Combine(folder, ConfigName), ConfigJson.Write(model.Config, chat.EndToken));   // last: what has one is whole
    }

    /// <summary>Writes the weights alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The model.</param>
    public static void SaveWeights(string path, LanguageModel model) => SafetensorsWriter.Write(path, model.Parameters.ToSafetensors(), Metadata);

    /// <summary>The digest that <see cref="WeightsName"/> has, or would have.</summary>
    /// <param name="model">The model.</param>
    public static string WeightsDigest(LanguageModel model) => SafetensorsWriter.DigestOf(model.Parameters.ToSafetensors(), Metadata);

    private static bool HasTemplate(string path)
    {
        if (!path.EndsWith(".json", StringComparison.Ordinal)) return true;
        using JsonDocument json = TemplateFile.Json(path, TemplateFile.Bytes(path, MostJson));
        return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("chat_template", out JsonElement t) && t.ValueKind != JsonValueKind.Null;
    }

    /// <summary>eos_token_id, a number or a list of them, of generation_config.json or else config.json.</summary>
    private static int[] ReadEndTokens(string folder, ModelConfig config, Tokenizer tokenizer)
    {
        foreach (string path in ((string[])[Path.Combine(folder, GenerationName), Path.Combine(folder, ConfigName)]).Where(File.Exists))
        {
            using JsonDocument json = TemplateFile.Json(path, TemplateFile.Bytes(path, MostJson));
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("eos_token_id", out JsonElement ends)) continue;
            IEnumerable<JsonElement> values = ends.ValueKind == JsonValueKind.Array ? ends.EnumerateArray() : [ends];
            int[] ids = [.. values.Where(e => e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out int id) && id >= 0 && id < config.VocabularySize).Select(e => e.GetInt32())];
            if (ids.Length > 0) return ids;
        }
        return [.. new[] { ChatFormat.End, ChatFormat.EndOfText }.Select(tokenizer.Special).OfType<int>()];
    }

    /// <summary>Models that Hearth trains own every number and refuse what they do not know; others take from the files what they need, in the files' types.</summary>
    private static LanguageModel Create(ModelConfig config, SafetensorsModel weights)
    {
        if (!IsTrainable(config, weights.Entries.All(e => e.Type == SafetensorsType.F32)))
        {
            using var pool = new WorkerPool(Environment.ProcessorCount);
            return config.Create(new HubParameters(weights, config, pool));
        }
        LanguageModel model = config.Create();
        model.Parameters.Load(weights);
        return model;
    }

    /// <summary>Refuses a configuration that asks for other memory than the weights take, before any of it is allocated.</summary>
    private static void RequireFit(ModelConfig config, SafetensorsModel weights, string folder)
    {
        // Sizes up to 2^22 and thousands of layers multiply to more than 64 bits hold.
        Int128 hidden = config.HiddenSize, table = config.VocabularySize * hidden;
        Int128 positions = config is Gpt2Config ? config.MaxPositionEmbeddings * hidden : 0;
        Int128 feedForward = config.IntermediateSize * hidden, attention = hidden * config.HeadDim * config.NumAttentionHeads;
        Int128 least = table + positions + (((2 * feedForward) + attention) * config.NumHiddenLayers);
        long stored = weights.Entries.Sum(e => e.Count);
        string path = Path.Combine(folder, ConfigName);
        if (least > stored)
        {
            throw new ModelFileException(path,
                $"describes at least {least:N0} weights, and the weights' file has {stored:N0}. Config and weights come from different models.");
        }
        Int128 largest = Int128.Max(Int128.Max(table, positions), Int128.Max(feedForward, 3 * attention));
        if (largest > MostInTensor)
        {
            throw new ModelFileException(path, $"describes a tensor of {largest:N0} numbers; Hearth holds at most {MostInTensor:N0} in one. Use a smaller model.");
        }
    }

    private static void WriteJson(string path, JsonObject json) => AtomicFile.WriteText(path, json.ToJsonString(Indented) + "\n");
}
