using Hearth.Models.Architectures;
using Hearth.Models.Architectures.Files;
using Hearth.Models.Chat.Templates;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Tokenizers;
using Hearth.Numerics;

namespace Hearth.Models.Bundles;

/// <summary>A model in one GGUF file: sizes, weights, tokenizer, template.</summary>
public static class GgufBundle
{
    /// <summary>The ending of such files' names.</summary>
    public const string Extension = ".gguf";

    private const string TemplateKey = "tokenizer.chat_template";
    private const string TokenPrefix = "tokenizer.ggml.";

    /// <summary>Tokens with which models end a turn, whatever the file calls them.</summary>
    private static readonly string[] TurnEnds = ["<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<|end|>", "<|return|>", "<|endoftext|>", "<｜end▁of▁sentence｜>", "[e~["];

    /// <summary>Loads a model.</summary>
    /// <param name="path">The file, or the first of a split one.</param>
    /// <param name="context">The longest sequence wanted, in tokens; null for what the model was made for.</param>
    /// <exception cref="ModelFileException">The file is damaged, or Hearth does not know its architecture or tokenizer.</exception>
    public static ModelBundle Load(string path, int? context = null)
    {
        using GgufModel file = GgufModel.Open(path);
        ModelConfig config = GgufConfig.Read(file, context);
        using var pool = new WorkerPool(Environment.ProcessorCount);
        LanguageModel model = config.Create(new GgufParameters(file, config, pool));
        Tokenizer tokenizer = Tokenizer.FromGguf(file.Metadata);
        if (tokenizer.VocabularySize > config.VocabularySize)
        {
            throw new ModelFileException(path, $"has a tokenizer of {tokenizer.VocabularySize:N0} tokens, and {config.VocabularySize:N0} rows of embeddings. Metadata and tensors come from different models.");
        }
        return new ModelBundle(path, model, tokenizer)
        {
            Chat = file.Metadata.Has(TemplateKey) ? ModelBundle.FormatOf(tokenizer, Template(file)) : null,
            EndTokens = EndTokens(file.Metadata, tokenizer),
        };
    }

    /// <summary>The file's chat template.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFileException">It has none.</exception>
    public static TemplateFile Template(string path)
    {
        using GgufModel file = GgufModel.Open(path);
        return Template(file);
    }

    /// <summary>The file's chat template; null when it has none.</summary>
    internal static TemplateFile? FindTemplate(string path)
    {
        using GgufModel file = GgufModel.Open(path);
        return file.Metadata.Has(TemplateKey) ? Template(file) : null;
    }

    private static TemplateFile Template(GgufModel file)
    {
        GgufMetadata m = file.Metadata;
        if (!m.Has(TemplateKey)) throw new ModelFileException(file.Path, $"has no key '{TemplateKey}', so the model has no chat template. Give a template's file.");
        string[]? texts = m.Has(TokenPrefix + "tokens") ? m.Texts(TokenPrefix + "tokens") : null;
        var tokens = new List<KeyValuePair<string, Value>>();
        foreach ((string key, string name) in ((string, string)[])[("bos_token_id", "bos_token"), ("eos_token_id", "eos_token"), ("padding_token_id", "pad_token")])
        {
            if (texts is not null && m.Has(TokenPrefix + key)) tokens.Add(new(name, Value.Of(texts[m.Whole(TokenPrefix + key, 0, texts.Length - 1)])));
        }
        return new TemplateFile($"{file.Path}:{TemplateKey}", m.Text(TemplateKey), tokens);
    }

    private static int[] EndTokens(GgufMetadata m, Tokenizer tokenizer)
    {
        var ends = new SortedSet<int>(TurnEnds.Select(tokenizer.Special).OfType<int>());
        foreach (string key in (string[])["eos_token_id", "eot_token_id", "eom_token_id"])
        {
            if (m.Has(TokenPrefix + key)) ends.Add(m.Whole(TokenPrefix + key, 0, Math.Max(0, tokenizer.VocabularySize - 1)));
        }
        return [.. ends];
    }
}
