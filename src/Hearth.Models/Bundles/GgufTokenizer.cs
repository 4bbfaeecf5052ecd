using System.Text.Json;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Tokenizers;

namespace Hearth.Models.Bundles;

/// <summary>A byte-level tokenizer as keys of a GGUF file (ggml, docs/gguf.md, "Tokenizer"; llama.cpp, llama-vocab.cpp).</summary>
internal static class GgufTokenizer
{
    private const int Normal = 1, Control = 3, UserDefined = 4, Unused = 5;
    private const int MostConfigBytes = 1 << 20;

    /// <summary>Adds vocabulary, merges, pre-tokenizer, special tokens and the template of conversations.</summary>
    /// <exception cref="ModelFileException">No pre-tokenizer of llama.cpp cuts text as this one does.</exception>
    public static void Add(GgufKeyValues values, ModelBundle bundle)
    {
        Tokenizer tokenizer = bundle.Tokenizer;
        if (tokenizer.Parts.Model is not null)
        {
            throw new ModelFileException(Path.Combine(bundle.Folder, ModelBundle.TokenizerName),
                "is a SentencePiece vocabulary. Only models with a byte-level tokenizer are exported.");
        }
        var special = tokenizer.SpecialTokens.ToDictionary(t => t.Id);
        int count = bundle.Model.Config.VocabularySize;
        string[] tokens = new string[count];
        int[] types = new int[count];
        for (int id = 0; id < count; id++)
        {
            byte[]? bytes = id < tokenizer.Parts.Vocabulary.Count ? tokenizer.Parts.Vocabulary[id] : null;
            (tokens[id], types[id]) = special.TryGetValue(id, out SpecialToken? token)
                ? (token.Content, token.Hidden ? Control : UserDefined)
                : bytes is not null ? (ByteAlphabet.Write(bytes), Normal)
                : ($"[PAD{id}]", Unused);
        }
        values.Add("tokenizer.ggml.model", "gpt2").Add("tokenizer.ggml.pre", PreTokenizerName(bundle));
        values.Add("tokenizer.ggml.tokens", tokens).Add("tokenizer.ggml.token_type", types);
        values.Add("tokenizer.ggml.merges", [.. tokenizer.Merges.Select(m => $"{Piece(m.Left)} {Piece(m.Right)}")]);
        AddConfig(values, bundle);

        string Piece(int id) => ByteAlphabet.Write(tokenizer.Parts.Vocabulary[id]);
    }

    /// <summary>
    /// llama.cpp knows patterns by name. Its <c>dbrx</c> and <c>llama-bpe</c> are both GPT-4's pattern; the second also takes a piece
    /// that is a token without merging.
    /// </summary>
    private static string PreTokenizerName(ModelBundle bundle)
    {
        string[] patterns = [.. bundle.Tokenizer.PreTokenizer.Scanners.Select(s => s.Pattern)];
        bool whole = bundle.Tokenizer.Parts.IgnoresMerges;
        if (patterns is [var pattern])
        {
            if (pattern == Gpt4Scanner.Cl100k.Pattern) return whole ? "llama-bpe" : "dbrx";
            if (pattern == Gpt4Scanner.Qwen2.Pattern && !whole) return "qwen2";
            if (pattern == ((PatternScanner)PreTokenizer.Gpt2).Pattern && !whole) return "gpt-2";
            if (pattern == O200kScanner.Gpt4o.Pattern && !whole) return "gpt-4o";
        }
        throw new ModelFileException(Path.Combine(bundle.Folder, ModelBundle.TokenizerName),
            "cuts text in a way that has no name in GGUF. Export models whose pre-tokenizer is that of GPT-2, GPT-4, GPT-4o or Qwen2.");
    }

    private static void AddConfig(GgufKeyValues values, ModelBundle bundle)
    {
        values.Add("tokenizer.ggml.add_bos_token", false);
        string path = Path.Combine(bundle.Folder, "tokenizer_config.json");
        if (!File.Exists(path)) return;
        if (new FileInfo(path).Length > MostConfigBytes)
            throw new ModelFileException(path, $"has more than {MostConfigBytes:N0} bytes. It is not a tokenizer's configuration.");
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            if (Text("bos_token") is { } begin
                && bundle.Tokenizer.Special(begin) is { } beginId) values.Add("tokenizer.ggml.bos_token_id", (uint)beginId);
            if (Text("eos_token") is { } end
                && bundle.Tokenizer.Special(end) is { } endId) values.Add("tokenizer.ggml.eos_token_id", (uint)endId);
            if (Text("chat_template") is { } template) values.Add("tokenizer.chat_template", template);

            string? Text(string key) => json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty(key, out JsonElement e)
                && e.ValueKind == JsonValueKind.String ? e.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFileException(path,
                $"is not valid JSON: {e.Message} It was altered or damaged; copy or download the model again.", e);
        }
    }
}
