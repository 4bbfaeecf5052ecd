using Hearth.Models.Tokenizers.Normalizers;

namespace Hearth.Models.Tokenizers;

/// <summary>
/// Reads a tokenizer from GGUF metadata (keys <c>tokenizer.ggml.*</c> of the GGUF specification): byte-level byte-pair encoding
/// (<c>gpt2</c>), SentencePiece's (<c>llama</c>), a unigram model (<c>t5</c>).
/// </summary>
internal static class GgufTokenizerReader
{
    private const int MostTokens = 1 << 22;
    private const string Prefix = "tokenizer.ggml.";

    public static Tokenizer Read(ITokenizerMetadata metadata)
    {
        string model = metadata.Text(Prefix + "model");
        string[] tokens = metadata.Texts(Prefix + "tokens", MostTokens);
        if (tokens.Length == 0) throw metadata.Bad(Prefix + "tokens", "empty", "at least one token");
        PieceType[] types = Types(metadata, tokens.Length);
        CheckTokens(metadata, tokens);
        return model switch
        {
            "gpt2" => ByteLevel(metadata, tokens, types),
            "llama" => SentencePiece(metadata, tokens, types, isUnigram: false),
            "t5" => SentencePiece(metadata, tokens, types, isUnigram: true),
            _ => throw metadata.Bad(Prefix + "model", $"'{JsonField.Shorten(model)}'", "gpt2, llama or t5"),
        };
    }

    private static Tokenizer ByteLevel(ITokenizerMetadata metadata, string[] tokens, PieceType[] types)
    {
        string name = metadata.Text(Prefix + "pre", "default");
        GgufPreTokenizer pre = GgufPreTokenizers.Find(name)
            ?? throw metadata.Bad(Prefix + "pre", $"'{JsonField.Shorten(name)}'", "a pre-tokenizer that Hearth knows");
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var special = new List<SpecialToken>();
        var vocabulary = new byte[]?[tokens.Length];
        for (int id = 0; id < tokens.Length; id++)
        {
            ids.TryAdd(tokens[id], id);
            bool isSpecial = types[id] is PieceType.Control or PieceType.Unknown or PieceType.UserDefined;
            vocabulary[id] = ByteAlphabet.Read(tokens[id]) ?? System.Text.Encoding.UTF8.GetBytes(tokens[id]);
            if (isSpecial) special.Add(Special(metadata, id, tokens[id], types[id]));
        }
        var merges = new List<Merge>();
        var ranks = new HashSet<long>();
        foreach (string merge in metadata.Texts(Prefix + "merges", MostTokens))
        {
            int space = merge.IndexOf(' ', Math.Min(1, merge.Length));
            if (space < 1 || !ids.TryGetValue(merge[..space], out int left) || !ids.TryGetValue(merge[(space + 1)..], out int right)
                || !ids.TryGetValue(merge.Remove(space, 1), out int result))
            {
                throw metadata.Bad(Prefix + "merges", $"the merge '{JsonField.Shorten(merge)}'", "two tokens with a space between them that make a third");
            }
            if (ranks.Add(Merge.Key(left, right))) merges.Add(new Merge(left, right, result));
        }
        (List<int> opening, List<int> closing) = Additions(metadata, tokens.Length, pre.AddsBos, addsEos: false, bos: null, eos: null);
        return new Tokenizer(new TokenizerParts(vocabulary, merges.ToArray(), special, pre.Cuts)
        {
            IgnoresMerges = pre.IgnoresMerges,
            Opening = opening,
            Closing = closing,
            File = opening.Count + closing.Count == 0 ? null : new TokenizerFile
            {
                PostProcessor = SentencePieceVocabulary.PostProcessorJson(opening, closing, id => tokens[id]),
            },
        });
    }

    private static Tokenizer SentencePiece(ITokenizerMetadata metadata, string[] tokens, PieceType[] types, bool isUnigram)
    {
        float[] scores = metadata.Has(Prefix + "scores") ? metadata.Singles(Prefix + "scores", MostTokens) : new float[tokens.Length];
        if (scores.Length != tokens.Length) throw metadata.Bad(Prefix + "scores", $"{scores.Length:N0} values", $"one for each of {tokens.Length:N0} tokens");
        if (!scores.All(float.IsFinite)) throw metadata.Bad(Prefix + "scores", "a value that is not a number", "numbers");
        for (int id = 0; id < tokens.Length; id++)
        {
            if (tokens[id].Length > SentencePieceVocabulary.LongestPiece)
                throw metadata.Bad(Prefix + "tokens", $"a token of {tokens[id].Length:N0} characters", $"at most {SentencePieceVocabulary.LongestPiece}");
        }
        long characters = tokens.Sum(t => (long)t.Length), most = SentencePieceVocabulary.MostCharacters(isUnigram);
        if (characters > most) throw metadata.Bad(Prefix + "tokens", $"{characters:N0} characters in all tokens together", $"at most {most:N0}");
        byte[] map = [];
        if (isUnigram && metadata.Has(Prefix + "precompiled_charsmap"))
            map = [.. metadata.Integers(Prefix + "precompiled_charsmap", MostTokens).Select(i => (byte)i)];
        CharacterMap? rules = map.Length == 0 ? null
            : CharacterMap.Read(map) ?? throw metadata.Bad(Prefix + "precompiled_charsmap", "cut short", "a compiled character map");
        (List<int> opening, List<int> closing) =
            Additions(metadata, tokens.Length, addsBos: !isUnigram, addsEos: isUnigram, bos: isUnigram ? null : 1, eos: isUnigram ? 1 : 2);
        return new SentencePieceVocabulary
        {
            Pieces = tokens,
            Scores = scores,
            Types = types,
            IsUnigram = isUnigram,
            UsesBytes = types.Contains(PieceType.Byte),
            Rules = new SentencePieceRules(rules, metadata.Flag(Prefix + "add_space_prefix", true),
                isUnigram && metadata.Flag(Prefix + "remove_extra_whitespaces", false), EscapeWhitespaces: true),
            CharacterMapBytes = map,
            FindsTokensInRawText = true,
            StripsAfter = StripsAfter(metadata),
            Opening = opening,
            Closing = closing,
        }.ToTokenizer();
    }

    /// <summary>GGUF does not say which tokens take the white space after them; in Phi-3's tokenizer.json all but three do.</summary>
    private static Func<string, bool> StripsAfter(ITokenizerMetadata metadata)
    {
        string name = metadata.Text("general.name", "");
        bool isPhi3 = name.Contains("phi-3", StringComparison.OrdinalIgnoreCase) || name.Contains("phi3", StringComparison.OrdinalIgnoreCase);
        return content => isPhi3 && content is not ("<unk>" or "<s>" or "<|endoftext|>");
    }

    private static SpecialToken Special(ITokenizerMetadata metadata, int id, string content, PieceType type) =>
        content.Length <= SpecialToken.LongestContent
            ? new SpecialToken(id, content, Hidden: type != PieceType.UserDefined)
            : throw metadata.Bad(Prefix + "tokens", $"a special token of {content.Length:N0} characters", $"at most {SpecialToken.LongestContent}");

    private static PieceType[] Types(ITokenizerMetadata metadata, int count)
    {
        const string Key = Prefix + "token_type";
        if (!metadata.Has(Key)) return [.. Enumerable.Repeat(PieceType.Normal, count)];
        int[] types = metadata.Integers(Key, MostTokens);
        if (types.Length != count) throw metadata.Bad(Key, $"{types.Length:N0} values", $"one for each of {count:N0} tokens");
        return [.. types.Select(t => t is >= (int)PieceType.Normal and <= (int)PieceType.Byte ? (PieceType)t : PieceType.Unused)];
    }

    private static void CheckTokens(ITokenizerMetadata metadata, string[] tokens)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (int id = 0; id < tokens.Length; id++)
        {
            if (tokens[id].Length == 0) tokens[id] = $"[EMPTY_{id}]"; // some files pad their vocabulary so
            if (!seen.Add(tokens[id])) throw metadata.Bad(Prefix + "tokens", $"'{JsonField.Shorten(tokens[id])}' twice", "distinct tokens");
        }
    }

    private static (List<int> Opening, List<int> Closing) Additions(ITokenizerMetadata metadata, int count, bool addsBos, bool addsEos, int? bos, int? eos)
    {
        var opening = new List<int>();
        var closing = new List<int>();
        if (metadata.Flag(Prefix + "add_bos_token", addsBos)) AddId("bos_token_id", bos, opening);
        if (metadata.Flag(Prefix + "add_eos_token", addsEos)) AddId("eos_token_id", eos, closing);
        return (opening, closing);

        void AddId(string key, int? otherwise, List<int> into)
        {
            if (!metadata.Has(Prefix + key) && !(otherwise < count)) return;
            into.Add(metadata.Whole(Prefix + key, 0, count - 1, otherwise));
        }
    }
}
