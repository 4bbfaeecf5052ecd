using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Tokenizers;

namespace Hearth.Models.Tests.Tokenizers;

/// <summary>Real tokenizers, brought to tokenizer.json where they were published in another form.</summary>
internal static class ReferenceTokenizers
{
    private static readonly string Kept =
        new([.. Enumerable.Range(33, 94).Concat(Enumerable.Range(161, 12)).Concat(Enumerable.Range(174, 82)).Select(i => (char)i)]);

    private static readonly string Others = new([.. Enumerable.Range(0, 256).Select(i => (char)i).Where(c => !Kept.Contains(c))]);

    private static readonly Dictionary<string, Tokenizer> Loaded = [];

    public static Tokenizer Load(string name)
    {
        lock (Loaded)
        {
            if (!Loaded.TryGetValue(name, out Tokenizer? tokenizer)) Loaded.Add(name, tokenizer = Read(name));
            return tokenizer;
        }
    }

    private static Tokenizer Read(string name) => name switch
    {
        "gpt2" => Gpt2(),
        "gptoss" => GptOss(),
        "qwen3" => Packed("qwen3"),
        "deepseek_v3" => Packed("deepseek-v3"),
        "sentencepiece-tok512" => Tokenizer.LoadSentencePiece(SharedData.At("data/models/stories260K/tok512.model")),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    private static Tokenizer Packed(string folder)
    {
        string path = SharedData.At($"data/tokenizers/{folder}/tokenizer.json.gz");
        using Stream file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        return Parse(JsonNode.Parse(file)!);
    }

    private static Tokenizer Gpt2()
    {
        JsonNode vocab = JsonNode.Parse(File.ReadAllBytes(SharedData.At("data/tokenizers/gpt2/encoder.json")))!;
        string ranks = SharedData.At("data/tokenizers/gpt2/vocab.bpe");
        IEnumerable<string> merges = File.ReadLines(ranks).Skip(1).Where(line => line.Length > 0); // the first line is a version
        JsonObject json = Shell(JsonNode.Parse("""{"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}""")!, vocab, merges);
        json["added_tokens"] = new JsonArray(JsonNode.Parse("""{"id": 50256, "content": "<|endoftext|>", "special": true}"""));
        return Parse(json);
    }

    /// <summary>The ranks file lists tokens only: its merge joins the two parts that the lower ranks make of it.</summary>
    private static Tokenizer GptOss()
    {
        using var lines = new StreamReader(new GZipStream(
            File.OpenRead(SharedData.At("data/tokenizers/gpt-oss/o200k_base.tiktoken.gz")), CompressionMode.Decompress));
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        while (lines.ReadLine() is { } line)
        {
            string[] parts = line.Split(' ');
            ranks.Add(Encoding.Latin1.GetString(Convert.FromBase64String(parts[0])), int.Parse(parts[1]));
        }
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = ranks.GetAlternateLookup<ReadOnlySpan<char>>();
        var vocab = new JsonObject();
        var merges = new List<string>();
        foreach ((string token, int rank) in ranks.OrderBy(r => r.Value))
        {
            vocab[Written(token)] = rank;
            if (token.Length == 1) continue;
            List<string> parts = PartsOf(token, rank, lookup);
            if (parts.Count == 2) merges.Add($"{Written(parts[0])} {Written(parts[1])}");
        }
        JsonNode rest = JsonNode.Parse(File.ReadAllBytes(SharedData.At("data/tokenizers/gpt-oss/tokenizer-without-vocab.json")))!;
        rest["model"]!["vocab"] = vocab;
        rest["model"]!["merges"] = new JsonArray([.. merges.Select(m => JsonValue.Create(m))]);
        return Parse(rest);
    }

    private static List<string> PartsOf(string token, int rank, Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ranks)
    {
        List<int> bounds = [.. Enumerable.Range(0, token.Length + 1)];
        while (true)
        {
            int best = -1, bestRank = rank;
            for (int i = 0; i + 2 < bounds.Count; i++)
                if (ranks.TryGetValue(token.AsSpan()[bounds[i]..bounds[i + 2]], out int r) && r < bestRank) (best, bestRank) = (i, r);
            if (best < 0) return [.. bounds.Skip(1).Select((end, i) => token[bounds[i]..end])];
            bounds.RemoveAt(best + 1);
        }
    }

    private static JsonObject Shell(JsonNode preTokenizer, JsonNode vocab, IEnumerable<string> merges) => new JsonObject
    {
        ["added_tokens"] = new JsonArray(),
        ["normalizer"] = null,
        ["pre_tokenizer"] = preTokenizer,
        ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["vocab"] = vocab,
            ["merges"] = new JsonArray([.. merges.Select(m => JsonValue.Create(m))]),
        },
    };

    private static Tokenizer Parse(JsonNode json) => Tokenizer.Parse(JsonSerializer.SerializeToUtf8Bytes(json));

    /// <summary>GPT-2's printable form of bytes, built anew from its description.</summary>
    private static string Written(string latin1)
    {
        return string.Create(latin1.Length, latin1, (written, bytes) =>
        {
            for (int i = 0; i < bytes.Length; i++) written[i] = Kept.Contains(bytes[i]) ? bytes[i] : (char)(256 + Others.IndexOf(bytes[i]));
        });
    }
}
