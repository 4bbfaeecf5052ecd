namespace Hearth.Models.Tokenizers;

/// <summary>What a tokenizer is trained to be.</summary>
public sealed record BpeTrainingOptions
{
    /// <summary>Tokens wanted in all: bytes, merges and special tokens. Documents with too little in them give fewer.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Cuts text into the pieces that tokens stay within.</summary>
    public PreTokenizer PreTokenizer { get; init; } = PreTokenizer.Gpt4;

    /// <summary>
    /// Special tokens, each distinct. They take the ids after the last merge, in this order, and are listed as added tokens only, which is
    /// how Hugging Face's library numbers added tokens when it loads a file.
    /// </summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = [];

    /// <summary>All 256 bytes are tokens, so that every text can be encoded. Otherwise only the bytes seen in the documents are.</summary>
    public bool IncludeAllBytes { get; init; } = true;

    /// <summary>
    /// Cuts documents into lines before the pre-tokenizer sees them, as trainers that read line by line do. It changes which pieces are
    /// counted, not how the trained tokenizer cuts text.
    /// </summary>
    public bool SplitLines { get; init; }
}
