using System.Text;
using System.Text.Json;
using Hearth.Models.Tokenizers.Normalizers;

namespace Hearth.Models.Tokenizers;

/// <summary>
/// Reads Hugging Face's <c>tokenizer.json</c>: byte-level and SentencePiece byte-pair encoding, and unigram models. Whatever would change
/// the tokens and is not supported is refused by name. Truncation and padding are left aside: they are settings of a call, not of the
/// tokenizer.
/// </summary>
internal static class TokenizerJsonReader
{
    private const int LongestFile = 256 << 20;
    private const int MostTokens = 1 << 19;
    private const int MostMerges = 1 << 20;
    private const int MostSpecialTokens = 1 << 16;
    private const int MostMissingIds = 1 << 16;

    // A file of nothing but small values would take many times its size in memory. Vocabularies have longer values.
    private const int FreeValues = 1 << 20;
    private const int BytesPerValue = 8;

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
        return Read(new JsonField(file, "", document.RootElement));
    }

    private static JsonDocument Open(ReadOnlyMemory<byte> json, string file)
    {
        try
        {
            var reader = new Utf8JsonReader(json.Span);
            int values = 0, most = FreeValues + (json.Length / BytesPerValue);
            while (reader.Read())
                if (++values > most) throw new ModelFileException(file, $"the file has more than {most:N0} values in {json.Length:N0} bytes. Is it a tokenizer.json?");
            return JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the second is for names that are not valid Unicode
        {
            throw new ModelFileException(file, $"is not valid JSON: {e.Message} The file is cut short or was altered.", e);
        }
    }

    private static Tokenizer Read(JsonField root)
    {
        JsonField model = root["model"];
        string type = model["type"].IsMissing && !model["merges"].IsMissing ? "BPE" : model["type"].Text();
        if (type is not ("BPE" or "Unigram")) throw model["type"].Bad($"is '{JsonField.Shorten(type)}'; supported: BPE, Unigram");
        PreTokenizerPlan cuts = PreTokenizerJson.Read(root["pre_tokenizer"]);
        DecoderPlan decoder = DecoderJson.Read(root["decoder"]);
        if (cuts.IsByteLevel != decoder.IsByteLevel)
        {
            throw (cuts.IsByteLevel ? root["decoder"] : root["pre_tokenizer"])
                .Bad("is not ByteLevel and its counterpart is: text would not come back from its tokens");
        }
        Normalizer? normalizer = Normalizer.Sequence([.. NormalizerJson.Read(root["normalizer"]) is { } first ? [first] : (Normalizer[])[], .. cuts.Rewrites]);
        TokenizerParts parts = type == "Unigram" ? ReadUnigram(root, decoder, cuts)
            : cuts.IsByteLevel ? ReadByteLevel(root, cuts)
            : ReadCharacters(root, decoder, cuts);
        int highest = parts.SpecialTokens.Aggregate(parts.Vocabulary.Count - 1, (most, t) => Math.Max(most, t.Id));
        (List<int> opening, List<int> closing) = DecoderJson.ReadAdditions(root["post_processor"], highest);
        bool isPlain = parts.Model is null && cuts.IsPlain && normalizer is null && opening.Count + closing.Count == 0;
        return new Tokenizer(parts with
        {
            Normalizer = normalizer,
            DropsFirstSpace = decoder.DropsFirstSpace,
            Opening = opening,
            Closing = closing,
            File = isPlain ? null : (parts.File ?? new TokenizerFile()) with
            {
                Normalizer = Compact(root["normalizer"]),
                PreTokenizer = cuts.IsPlain ? null : Compact(root["pre_tokenizer"]) ?? "null",
                PostProcessor = opening.Count + closing.Count == 0 ? null : Compact(root["post_processor"]),
                Decoder = decoder.IsByteLevel ? null : Compact(root["decoder"]),
            },
        });
    }

    private static TokenizerParts ReadByteLevel(JsonField root, PreTokenizerPlan cuts)
    {
        JsonField model = root["model"];
        RefuseAffixes(model);
        if (model["byte_fallback"].Flag(false)) throw Unsupported(model["byte_fallback"], "true");
        Dictionary<string, int> ids = ReadVocabulary(model["vocab"]);
        List<SpecialToken> special = ReadSpecialTokens(root["added_tokens"], ids);
        byte[]?[] vocabulary = ToBytes(model["vocab"], ids, special);
        Merge[] merges = ReadMerges(model["merges"], ids, vocabulary);
        if (!model["unk_token"].IsMissing && vocabulary.Count(b => b?.Length == 1) < 256)
            throw model["unk_token"].Bad("is not supported in a vocabulary without all 256 bytes");
        return new TokenizerParts(vocabulary, merges, special, cuts.Cuts) { IgnoresMerges = model["ignore_merges"].Flag(false) };
    }

    private static TokenizerParts ReadCharacters(JsonField root, DecoderPlan decoder, PreTokenizerPlan cuts)
    {
        JsonField model = root["model"];
        RefuseAffixes(model);
        Dictionary<string, int> ids = ReadVocabulary(model["vocab"]);
        List<SpecialToken> special = ReadSpecialTokens(root["added_tokens"], ids);
        string?[] names = Names(ids);
        byte[]?[] vocabulary = [.. names.Select(n => n is null ? null : decoder.BytesOf(n))];
        Merge[] merges = ReadMerges(model["merges"], ids, vocabulary);
        string? unknownName = model["unk_token"].IsMissing ? null : model["unk_token"].Text();
        int? unknown = unknownName is null ? null : ids.TryGetValue(unknownName, out int id) ? id
            : throw model["unk_token"].Bad($"is '{JsonField.Shorten(unknownName)}', which is not in model.vocab");
        bool usesBytes = model["byte_fallback"].Flag(false), fuses = model["fuse_unk"].Flag(false), whole = model["ignore_merges"].Flag(false);
        var fallback = new Fallback(usesBytes ? ByteTokens(names) : null, unknown ?? -1, fuses);
        return new TokenizerParts(vocabulary, merges, special, cuts.Cuts)
        {
            Model = CharacterBpe.Ranked(WithoutHidden(names, special), merges, fallback, whole),
            IgnoresMerges = whole,
            File = new TokenizerFile
            {
                Names = names, Unknown = unknown, FusesUnknown = fuses, UsesBytes = usesBytes, MarksSpaces = decoder.Replacements.Count > 0,
            },
        };
    }

    private static TokenizerParts ReadUnigram(JsonField root, DecoderPlan decoder, PreTokenizerPlan cuts)
    {
        JsonField model = root["model"];
        if (cuts.IsByteLevel) throw root["pre_tokenizer"].Bad("is ByteLevel, which is not supported with a unigram model");
        int count = model["vocab"].Length(MostTokens), id = 0, characters = 0;
        if (count == 0) throw model["vocab"].Bad("holds no token");
        var names = new string?[count];
        var scores = new double[count];
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (JsonField entry in model["vocab"].Each())
        {
            List<JsonField> pair = entry.Items(2);
            if (pair.Count != 2) throw entry.Bad("is not a token and its score");
            string name = pair[0].Text();
            if (name.Length is 0 or > Unigram.LongestPiece) throw pair[0].Bad($"has {name.Length:N0} characters, expected 1 to {Unigram.LongestPiece}");
            characters += name.Length;
            if (characters > Unigram.MostCharacters) throw model["vocab"].Bad($"has more than {Unigram.MostCharacters:N0} characters in all tokens together");
            (names[id], scores[id]) = (name, pair[1].Real());
            ids.TryAdd(name, id++);
        }
        int? unknown = model["unk_id"].IsMissing ? null : model["unk_id"].Number(names.Length - 1);
        bool usesBytes = model["byte_fallback"].Flag(false);
        List<SpecialToken> special = ReadSpecialTokens(root["added_tokens"], ids);
        string?[] pieces = WithoutHidden(names, special);
        if (unknown is { } u) pieces[u] = null;
        for (int i = 0; usesBytes && i < pieces.Length; i++)
            if (names[i] is { } name && Fallback.ByteOf(name) >= 0) pieces[i] = null;
        var fallback = new Fallback(usesBytes ? ByteTokens(names) : null, unknown ?? -1, fuses: true);
        return new TokenizerParts([.. names.Select(n => decoder.BytesOf(n!))], [], special, cuts.Cuts)
        {
            Model = new Unigram(pieces, scores, scores.Min(), fallback),
            File = new TokenizerFile
            {
                Names = names, Scores = scores, Unknown = unknown, FusesUnknown = true, UsesBytes = usesBytes,
                MarksSpaces = decoder.Replacements.Count > 0,
            },
        };
    }

    /// <summary>The token of each byte, by names such as <c>&lt;0x0A&gt;</c>; -1 where there is none.</summary>
    public static int[] ByteTokens(IReadOnlyList<string?> names)
    {
        var tokens = new int[256];
        Array.Fill(tokens, -1);
        for (int id = 0; id < names.Count; id++)
            if (names[id] is { } name && Fallback.ByteOf(name) is var value && value >= 0) tokens[value] = id;
        return tokens;
    }

    /// <summary>The error about a value that is known but not supported, or not known.</summary>
    public static ModelFileException Unsupported(JsonField node, string found) =>
        node.Bad($"is '{JsonField.Shorten(found)}', which is not supported");

    private static string?[] Names(Dictionary<string, int> ids)
    {
        var names = new string?[ids.Values.Max() + 1];
        foreach ((string name, int id) in ids) names[id] = name;
        return names;
    }

    private static string?[] WithoutHidden(IReadOnlyList<string?> names, List<SpecialToken> special)
    {
        string?[] pieces = [.. names];
        foreach (SpecialToken token in special.Where(t => t.Hidden && t.Id < pieces.Length)) pieces[token.Id] = null;
        return pieces;
    }

    private static string? Compact(JsonField node) => node.IsMissing ? null : node.Compact();

    private static void RefuseAffixes(JsonField model)
    {
        foreach (string key in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
            if (!model[key].IsMissing && model[key].Text().Length > 0) throw Unsupported(model[key], model[key].Text());
        if (!model["dropout"].IsMissing && model["dropout"].Real() != 0) throw model["dropout"].Bad("is not supported: tokens would depend on chance");
    }

    private static Dictionary<string, int> ReadVocabulary(JsonField vocab)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var taken = new HashSet<int>();
        foreach ((string content, JsonField value) in vocab.Entries(MostTokens))
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

    private static List<SpecialToken> ReadSpecialTokens(JsonField added, Dictionary<string, int> ids)
    {
        var special = new SortedDictionary<int, SpecialToken>();
        var contents = new HashSet<string>(StringComparer.Ordinal);
        string?[] ordinary = Names(ids);
        foreach (JsonField entry in added.Items(MostSpecialTokens))
        {
            string content = entry["content"].Text();
            int id = entry["id"].Number(MostTokens);
            if (content.Length is 0 or > SpecialToken.LongestContent)
                throw entry["content"].Bad($"has {content.Length:N0} characters, expected 1 to {SpecialToken.LongestContent}");
            if (ids.TryGetValue(content, out int sameContent) && sameContent != id)
                throw entry["id"].Bad($"is {id}, but model.vocab gives '{JsonField.Shorten(content)}' id {sameContent}");
            if (id < ordinary.Length && ordinary[id] is { } sameId && sameId != content)
                throw entry["id"].Bad($"is {id}, which model.vocab gives to '{JsonField.Shorten(sameId)}'");
            var token = new SpecialToken(id, content, entry["special"].Flag(false), entry["normalized"].Flag(false))
            {
                StripsLeft = entry["lstrip"].Flag(false), StripsRight = entry["rstrip"].Flag(false), WholeWord = entry["single_word"].Flag(false),
            };
            if (!contents.Add(content) || !special.TryAdd(id, token))
                throw entry.Bad($"has the content or id of an earlier entry ('{JsonField.Shorten(content)}', {id})");
        }
        int both = special.Keys.Count(id => id < ordinary.Length && ordinary[id] is not null);
        RequireFewMissing(added, special.Keys.Concat(ids.Values).Max(), ids.Count + special.Count - both);
        return [.. special.Values];
    }

    private static byte[]?[] ToBytes(JsonField vocab, Dictionary<string, int> ids, List<SpecialToken> special)
    {
        var isSpecial = special.Select(t => t.Id).ToHashSet();
        var bytes = new byte[]?[ids.Values.Max() + 1];
        foreach ((string content, int id) in ids)
        {
            bytes[id] = ByteAlphabet.Read(content);
            if (bytes[id] is not null) continue;
            if (!isSpecial.Contains(id))
            {
                throw vocab.Bad($"has the token '{JsonField.Shorten(content)}', whose characters do not stand for bytes. "
                    + "Only byte-level vocabularies are supported");
            }
            bytes[id] = Encoding.UTF8.GetBytes(content);
        }
        return bytes;
    }

    private static Merge[] ReadMerges(JsonField merges, Dictionary<string, int> ids, byte[]?[] vocabulary)
    {
        if (merges.IsMissing) throw merges.Bad("is missing, expected an array");
        var result = new Merge[merges.Length(MostMerges)];
        int i = 0;
        foreach (JsonField merge in merges.Each())
        {
            (string left, string right) = ReadPair(merge);
            result[i++] = new Merge(Find(left), Find(right), Find(left + right));

            int Find(string token) => ids.TryGetValue(token, out int id) && vocabulary[id] is not null
                ? id
                : throw merge.Bad($"needs the token '{JsonField.Shorten(token)}', which is not in model.vocab");
        }
        return result;
    }

    private static (string Left, string Right) ReadPair(JsonField merge)
    {
        if (merge.IsString)
        {
            string text = merge.Text();
            int space = text.IndexOf(' ');
            if (space <= 0 || space == text.Length - 1 || space != text.LastIndexOf(' '))
                throw merge.Bad($"is '{JsonField.Shorten(text)}', expected two tokens with one space between them");
            return (text[..space], text[(space + 1)..]);
        }
        List<JsonField> parts = merge.Items(2);
        return parts.Count == 2 ? (parts[0].Text(), parts[1].Text()) : throw merge.Bad("is not a pair of tokens");
    }

    private static void RequireFewMissing(JsonField node, int highest, int count)
    {
        if (highest >= count + MostMissingIds)
            throw node.Bad($"has ids up to {highest:N0} for {count:N0} tokens, which leaves too many ids without a token");
    }
}
