using Hearth.Models.Tokenizers.Normalizers;

namespace Hearth.Models.Tokenizers;

/// <summary>What a tokenizer is made of, checked.</summary>
/// <param name="Vocabulary">The bytes each token of the model adds to decoded text, by id; null where no such token has the id.</param>
/// <param name="Merges">By rank.</param>
/// <param name="SpecialTokens">Distinct in id and content, by id.</param>
/// <param name="PreTokenizer">Cuts the text.</param>
internal sealed record TokenizerParts(IReadOnlyList<byte[]?> Vocabulary, IReadOnlyList<Merge> Merges, IReadOnlyList<SpecialToken> SpecialTokens,
    PreTokenizer PreTokenizer)
{
    /// <summary>Encodes pieces; null for byte-level byte-pair encoding.</summary>
    public TokenModel? Model { get; init; }

    /// <summary>A piece that is a token is never built by merges.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>Rewrites text before it is cut.</summary>
    public Normalizer? Normalizer { get; init; }

    /// <summary>Special tokens that are looked for in normalised text are themselves normalised.</summary>
    public bool NormalizesTokens { get; init; } = true;

    /// <summary>The space at the beginning of decoded text was put there by the normalizer.</summary>
    public bool DropsFirstSpace { get; init; }

    /// <summary>Put before every text.</summary>
    public IReadOnlyList<int> Opening { get; init; } = [];

    /// <summary>Put after every text.</summary>
    public IReadOnlyList<int> Closing { get; init; } = [];

    /// <summary>How the parts are written in a tokenizer.json; null for what Hearth's own training makes.</summary>
    public TokenizerFile? File { get; init; }

    /// <summary>What decoding writes for a special token.</summary>
    public string Shown(string content) => File?.MarksSpaces == true ? content.Replace(SentencePieceNormalizer.Mark, ' ') : content;
}

/// <summary>The sections of a tokenizer.json that training does not make, as JSON; null for <c>null</c>.</summary>
internal sealed record TokenizerFile
{
    public string? Normalizer { get; init; }

    /// <summary>Null to write the pre-tokenizer's own patterns.</summary>
    public string? PreTokenizer { get; init; }

    public string? PostProcessor { get; init; }

    /// <summary>Null for that of byte-level vocabularies.</summary>
    public string? Decoder { get; init; }

    /// <summary>Each token as the file writes it, by id; null for byte-level vocabularies, which write bytes.</summary>
    public IReadOnlyList<string?>? Names { get; init; }

    /// <summary>A unigram model's scores by id; null for byte-pair encoding.</summary>
    public IReadOnlyList<double>? Scores { get; init; }

    /// <summary>The unknown token's id, or null.</summary>
    public int? Unknown { get; init; }

    /// <summary>Several unknown characters in a row are one token.</summary>
    public bool FusesUnknown { get; init; }

    /// <summary>What the vocabulary does not have is written as its bytes.</summary>
    public bool UsesBytes { get; init; }

    /// <summary>Spaces are written ▁ in the vocabulary.</summary>
    public bool MarksSpaces { get; init; }
}
