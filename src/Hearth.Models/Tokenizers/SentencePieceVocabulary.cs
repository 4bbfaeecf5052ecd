using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hearth.Models.Tokenizers.Normalizers;

namespace Hearth.Models.Tokenizers;

/// <summary>What a piece of a SentencePiece vocabulary is for; the numbers are those of the files.</summary>
internal enum PieceType
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>A SentencePiece vocabulary and what its model says, from a <c>.model</c> file or GGUF metadata.</summary>
internal sealed class SentencePieceVocabulary
{
    /// <summary>The longest piece allowed, in characters; it bounds the time to find what merges into what.</summary>
    public const int LongestPiece = Unigram.LongestPiece;

    /// <summary>The most characters all pieces together may have.</summary>
    public static long MostCharacters(bool isUnigram) => isUnigram ? Unigram.MostCharacters : 2L * Unigram.MostCharacters;

    private const string Prepend = """{"type":"Prepend","prepend":"▁"}""";
    private const string Mark = """{"type":"Replace","pattern":{"String":" "},"content":"▁"}""";
    private const string TrimEnds = """{"type":"Replace","pattern":{"Regex":"^ +| +$"},"content":""}""";
    private const string SingleSpaces = """{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}""";

    public required IReadOnlyList<string> Pieces { get; init; }

    public required IReadOnlyList<float> Scores { get; init; }

    public required IReadOnlyList<PieceType> Types { get; init; }

    /// <summary>A unigram model; otherwise byte-pair encoding.</summary>
    public required bool IsUnigram { get; init; }

    /// <summary>Characters the vocabulary does not have become their bytes.</summary>
    public required bool UsesBytes { get; init; }

    public required SentencePieceRules Rules { get; init; }

    /// <summary>The compiled rules as they stand in the file, for writing them again.</summary>
    public byte[]? CharacterMapBytes { get; init; }

    /// <summary>Special tokens are looked for in the text as given, as GGUF's reader of reference does; otherwise in normalised text.</summary>
    public bool FindsTokensInRawText { get; init; }

    /// <summary>Whether the white space after a special token belongs to it, by its content.</summary>
    public Func<string, bool> StripsAfter { get; init; } = _ => false;

    public IReadOnlyList<int> Opening { get; init; } = [];

    public IReadOnlyList<int> Closing { get; init; } = [];

    /// <summary>The tokenizer.</summary>
    public Tokenizer ToTokenizer()
    {
        int unknown = Types.ToList().IndexOf(PieceType.Unknown);
        string?[] ordinary = [.. Pieces.Select((p, id) => Types[id] is PieceType.Normal or PieceType.UserDefined or PieceType.Unused ? p : null)];
        var fallback = new Fallback(UsesBytes ? TokenizerJsonReader.ByteTokens(Named(PieceType.Byte)) : null, unknown, fuses: true);
        double[] scores = [.. Scores.Select((s, id) => IsUnigram && Types[id] == PieceType.UserDefined ? 0 : (double)s)];
        CharacterBpe? bpe = IsUnigram ? null : CharacterBpe.Scored(ordinary, Scores, fallback);
        double lowest = scores.Where((_, id) => Types[id] == PieceType.Normal).DefaultIfEmpty(0).Min();
        return new Tokenizer(new TokenizerParts([.. Pieces.Select(BytesOf)], bpe?.Listed ?? [], Special(), PreTokenizer.Whole)
        {
            Model = bpe ?? (TokenModel)new Unigram(ordinary, scores, lowest, fallback),
            Normalizer = new SentencePieceNormalizer(Rules),
            NormalizesTokens = false,
            DropsFirstSpace = Rules.AddDummyPrefix && !Rules.AsSuffix,
            Opening = Opening,
            Closing = Closing,
            File = new TokenizerFile
            {
                Normalizer = NormalizerJson(),
                PreTokenizer = "null",
                PostProcessor = Opening.Count + Closing.Count == 0 ? null : PostProcessorJson(),
                Decoder = DecoderJson(),
                Names = [.. Pieces],
                Scores = IsUnigram ? scores : null,
                Unknown = unknown < 0 ? null : unknown,
                FusesUnknown = true,
                UsesBytes = UsesBytes,
                MarksSpaces = Rules.EscapeWhitespaces,
            },
        });
    }

    private List<SpecialToken> Special()
    {
        var special = new List<SpecialToken>();
        for (int id = 0; id < Pieces.Count; id++)
        {
            if (Types[id] is not (PieceType.Control or PieceType.Unknown or PieceType.UserDefined)) continue;
            bool normalized = !FindsTokensInRawText && Types[id] == PieceType.UserDefined;
            special.Add(new SpecialToken(id, Pieces[id], Types[id] != PieceType.UserDefined, normalized)
            {
                StripsRight = StripsAfter(Pieces[id]),
            });
        }
        return special;
    }

    private string?[] Named(PieceType type) => [.. Pieces.Select((p, id) => Types[id] == type ? p : null)];

    private byte[] BytesOf(string piece, int id) => Types[id] == PieceType.Byte && Fallback.ByteOf(piece) is var value and >= 0
        ? [(byte)value]
        : Encoding.UTF8.GetBytes(Rules.EscapeWhitespaces ? piece.Replace(SentencePieceNormalizer.Mark, ' ') : piece);

    private string? NormalizerJson()
    {
        var steps = new List<string>();
        if (CharacterMapBytes is { Length: > 0 } map) steps.Add($$"""{"type":"Precompiled","precompiled_charsmap":"{{Convert.ToBase64String(map)}}"}""");
        if (Rules.RemoveExtraWhitespaces) steps.AddRange([TrimEnds, SingleSpaces]);
        if (Rules.AddDummyPrefix && !Rules.AsSuffix) steps.Add(Rules.EscapeWhitespaces ? Prepend : Prepend.Replace("▁", " ", StringComparison.Ordinal));
        if (Rules.EscapeWhitespaces) steps.Add(Mark);
        return steps.Count == 0 ? null : $$"""{"type":"Sequence","normalizers":[{{string.Join(',', steps)}}]}""";
    }

    private string DecoderJson()
    {
        List<string> steps = ["""{"type":"Replace","pattern":{"String":"▁"},"content":" "}""", """{"type":"ByteFallback"}""", """{"type":"Fuse"}"""];
        if (Rules.AddDummyPrefix && !Rules.AsSuffix) steps.Add("""{"type":"Strip","content":" ","start":1,"stop":0}""");
        return $$"""{"type":"Sequence","decoders":[{{string.Join(',', steps)}}]}""";
    }

    private string PostProcessorJson() => PostProcessorJson(Opening, Closing, id => Pieces[id]);

    /// <summary>A template that puts tokens before and after a text.</summary>
    public static string PostProcessorJson(IReadOnlyList<int> opening, IReadOnlyList<int> closing, Func<int, string> name)
    {
        const string Text = """{"Sequence":{"id":"A","type_id":0}}""", Second = """{"Sequence":{"id":"B","type_id":1}}""";
        string Token(int id) => "{\"SpecialToken\":{\"id\":" + Quote(name(id)) + ",\"type_id\":0}}";
        string Named(int id) => $"{Quote(name(id))}:{{\"id\":{Quote(name(id))},\"ids\":[{id}],\"tokens\":[{Quote(name(id))}]}}";
        IEnumerable<string> single = [.. opening.Select(Token), Text, .. closing.Select(Token)];
        return "{\"type\":\"TemplateProcessing\",\"single\":[" + string.Join(',', single) + "],\"pair\":[" + Text + "," + Second
            + "],\"special_tokens\":{" + string.Join(',', opening.Concat(closing).Distinct().Select(Named)) + "}}";
    }

    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
