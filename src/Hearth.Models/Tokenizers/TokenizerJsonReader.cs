using System.Text;
using System.Text.Json;

namespace Hearth.Models.Tokenizers;

/// <summary>
/// Reads Hugging Face's <c>tokenizer.json</c> for byte-level byte-pair encoding. Whatever would change the tokens and is not supported is
/// refused by name. Truncation and padding are left aside: they are settings of a call, not of the tokenizer.
/// </summary>
internal static class TokenizerJsonReader
{
    private const int LongestFile = 256 << 20;
    private const int MostTokens = 1 << 22;
    private const int MostSpecialTokens = 1 << 16;
    private const int MostMissingIds = 1 << 16;
    private const int MostSteps = 16;

    public static Tokenizer Load(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length > LongestFile)
            {
                throw new ModelFileException(path,
                    $"the file has {stream.Length:N0} bytes, at most {LongestFile:N0} are read. Is it a tokenizer.json?");
            }
            var json = new byte[stream.Length];
            stream.ReadExactly(json);
            return Parse(json, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, $"the tokenizer can not be read: {e.Message} Give the path of a tokenizer.json.", e);
        }
    }

    public static Tokenizer Parse(ReadOnlyMemory<byte> json, string file)
    {
        using JsonDocument document = Open(json, file);
        return Read(new JsonNode(file, "", document.RootElement));
    }

    private static JsonDocument Open(ReadOnlyMemory<byte> json, string file)
    {
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the second is for names that are not valid Unicode
        {
            throw new ModelFileException(file, $"is not valid JSON: {e.Message} The file is cut short or was altered.", e);
        }
    }

    private static Tokenizer Read(JsonNode root)
    {
        JsonNode model = root["model"];
        Expect(model["type"], "BPE");
        RefuseNormalizer(root["normalizer"]);
        RefuseOther(root["post_processor"], "ByteLevel");
        Expect(root["decoder"]["type"], "ByteLevel");
        foreach (string key in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
            if (!model[key].IsMissing && model[key].Text().Length > 0) throw Unsupported(model[key], model[key].Text());
        if (!model["dropout"].IsMissing) throw model["dropout"].Bad("is not supported: tokens would depend on chance");
        if (model["byte_fallback"].Flag(false)) throw Unsupported(model["byte_fallback"], "true");

        Dictionary<string, int> ids = ReadVocabulary(model["vocab"]);
        List<SpecialToken> special = ReadSpecialTokens(root["added_tokens"], ids);
        byte[]?[] vocabulary = ToBytes(model["vocab"], ids, special);
        Merge[] merges = ReadMerges(model["merges"], ids, vocabulary);
        if (!model["unk_token"].IsMissing && vocabulary.Count(b => b?.Length == 1) < 256)
            throw model["unk_token"].Bad("is not supported in a vocabulary without all 256 bytes");
        return new Tokenizer(vocabulary, merges, special, ReadPreTokenizer(root["pre_tokenizer"]), model["ignore_merges"].Flag(false));
    }

    private static void RefuseNormalizer(JsonNode normalizer)
    {
        if (normalizer.IsMissing) return;
        string type = normalizer["type"].Text();
        if (type == "Sequence" && normalizer["normalizers"].Items(MostSteps).Count == 0) return;
        throw Unsupported(normalizer, type);
    }

    private static Dictionary<string, int> ReadVocabulary(JsonNode vocab)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var taken = new HashSet<int>();
        foreach ((string content, JsonNode value) in vocab.Entries(MostTokens))
        {
            int id = value.Number(MostTokens);
            if (content.Length == 0) throw value.Bad("is a token without characters");
            if (!taken.Add(id)) throw value.Bad($"has id {id}, which another token has too");
            ids.Add(content, id);
        }
        if (ids.Count == 0) throw vocab.Bad("holds no token");
        RequireFewMissing(vocab, ids.Values.Max(), ids.Count);
        return ids;
    }

    private static List<SpecialToken> ReadSpecialTokens(JsonNode added, Dictionary<string, int> ids)
    {
        var special = new SortedDictionary<int, SpecialToken>();
        var contents = new HashSet<string>(StringComparer.Ordinal);
        var ordinary = ids.ToDictionary(t => t.Value, t => t.Key);
        foreach (JsonNode entry in added.Items(MostSpecialTokens))
        {
            string content = entry["content"].Text();
            int id = entry["id"].Number(MostTokens);
            if (content.Length is 0 or > SpecialToken.LongestContent)
                throw entry["content"].Bad($"has {content.Length:N0} characters, expected 1 to {SpecialToken.LongestContent}");
            if (ids.TryGetValue(content, out int sameContent) && sameContent != id)
                throw entry["id"].Bad($"is {id}, but model.vocab gives '{JsonNode.Shorten(content)}' id {sameContent}");
            if (ordinary.TryGetValue(id, out string? sameId) && sameId != content)
                throw entry["id"].Bad($"is {id}, which model.vocab gives to '{JsonNode.Shorten(sameId)}'");
            foreach (string flag in (ReadOnlySpan<string>)["lstrip", "rstrip", "single_word"])
                if (entry[flag].Flag(false)) throw Unsupported(entry[flag], "true");
            var token = new SpecialToken(id, content, entry["special"].Flag(false), entry["normalized"].Flag(false));
            if (!contents.Add(content) || !special.TryAdd(id, token))
                throw entry.Bad($"has the content or id of an earlier entry ('{JsonNode.Shorten(content)}', {id})");
        }
        int both = special.Keys.Count(ordinary.ContainsKey);
        RequireFewMissing(added, special.Keys.Concat(ids.Values).Max(), ids.Count + special.Count - both);
        return [.. special.Values];
    }

    private static byte[]?[] ToBytes(JsonNode vocab, Dictionary<string, int> ids, List<SpecialToken> special)
    {
        var isSpecial = special.Select(t => t.Id).ToHashSet();
        var bytes = new byte[]?[ids.Values.Max() + 1];
        foreach ((string content, int id) in ids)
        {
            bytes[id] = ByteAlphabet.Read(content);
            if (bytes[id] is not null) continue;
            if (!isSpecial.Contains(id))
            {
                throw vocab.Bad($"has the token '{JsonNode.Shorten(content)}', whose characters do not stand for bytes. "
                    + "Only byte-level vocabularies are supported");
            }
            bytes[id] = Encoding.UTF8.GetBytes(content);
        }
        return bytes;
    }

    private static Merge[] ReadMerges(JsonNode merges, Dictionary<string, int> ids, byte[]?[] vocabulary)
    {
        if (merges.IsMissing) throw merges.Bad("is missing, expected an array");
        List<JsonNode> items = merges.Items(MostTokens);
        var result = new Merge[items.Count];
        for (int i = 0; i < result.Length; i++)
        {
            (string left, string right) = ReadPair(items[i]);
            result[i] = new Merge(Find(left), Find(right), Find(left + right));

            int Find(string token) => ids.TryGetValue(token, out int id) && vocabulary[id] is not null
                ? id
                : throw items[i].Bad($"needs the token '{JsonNode.Shorten(token)}', which is not in model.vocab");
        }
        return result;
    }

    private static (string Left, string Right) ReadPair(JsonNode merge)
    {
        if (merge.IsString)
        {
            string text = merge.Text();
            int space = text.IndexOf(' ');
            if (space <= 0 || space == text.Length - 1 || space != text.LastIndexOf(' '))
                throw merge.Bad($"is '{JsonNode.Shorten(text)}', expected two tokens with one space between them");
            return (text[..space], text[(space + 1)..]);
        }
        List<JsonNode> parts = merge.Items(2);
        return parts.Count == 2 ? (parts[0].Text(), parts[1].Text()) : throw merge.Bad("is not a pair of tokens");
    }

    private static PreTokenizer ReadPreTokenizer(JsonNode node)
    {
        Expect(node["type"], "Sequence", "ByteLevel");
        if (node["type"].Text() == "ByteLevel")
        {
            if (!ReadByteLevel(node)) throw node["use_regex"].Bad("is false without a Split before it, which is not supported");
            return PreTokenizer.Gpt2;
        }

        List<JsonNode> steps = node["pretokenizers"].Items(MostSteps);
        if (steps.Count < 2) throw node["pretokenizers"].Bad("has fewer than two entries, expected Split steps and then ByteLevel");
        Expect(steps[^1]["type"], "ByteLevel");
        if (ReadByteLevel(steps[^1])) throw steps[^1]["use_regex"].Bad("is true after Split steps, expected false");
        PatternScanner[] splits = [.. steps[..^1].Select(ReadSplit)];
        return splits.Length == 1 ? splits[0] : new PreTokenizerSequence(splits);
    }

    private static bool ReadByteLevel(JsonNode node)
    {
        if (node["add_prefix_space"].Flag(true)) throw Unsupported(node["add_prefix_space"], "true");
        return node["use_regex"].Flag(true);
    }

    private static PatternScanner ReadSplit(JsonNode node)
    {
        Expect(node["type"], "Split");
        string pattern = node["pattern"]["Regex"].Text();
        PatternScanner scanner = PatternScanner.Known.FirstOrDefault(s => s.Pattern == pattern)
            ?? throw node["pattern"]["Regex"].Bad($"is '{JsonNode.Shorten(pattern)}', which is not a supported pattern "
                + "(those of GPT-2, cl100k, Qwen2, o200k and DeepSeek-V3 are)");
        bool invert = node["invert"].Flag(false);
        string behavior = node["behavior"].Text();
        bool keepsMatches = behavior == "Removed" && invert && scanner.MatchesEverything;
        if (keepsMatches || (behavior == "Isolated" && !invert)) return scanner;
        string found = $"is '{JsonNode.Shorten(behavior)}' {(invert ? "with" : "without")} invert";
        throw node["behavior"].Bad($"{found}, expected 'Isolated' without invert");
    }

    private static void RequireFewMissing(JsonNode node, int highest, int count)
    {
        if (highest >= count + MostMissingIds)
            throw node.Bad($"has ids up to {highest:N0} for {count:N0} tokens, which leaves too many ids without a token");
    }

    private static void RefuseOther(JsonNode node, string supported)
    {
        if (!node.IsMissing) Expect(node["type"], supported);
    }

    private static void Expect(JsonNode node, params ReadOnlySpan<string> supported)
    {
        string found = node.Text();
        if (!supported.Contains(found)) throw node.Bad($"is '{JsonNode.Shorten(found)}'; supported: {string.Join(", ", supported!)}");
    }

    private static ModelFileException Unsupported(JsonNode node, string found) =>
        node.Bad($"is '{JsonNode.Shorten(found)}', which is not supported");
}
