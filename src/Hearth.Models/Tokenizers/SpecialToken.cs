namespace Hearth.Models.Tokenizers;

/// <summary>A token that stands outside the model: text becomes it as a whole, before anything is cut.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">How it is written, such as <c>&lt;|endoftext|&gt;</c>.</param>
/// <param name="Hidden">Left out of decoded text unless asked for; tokenizer.json calls this "special".</param>
/// <param name="Normalized">It is looked for after the text was normalised.</param>
public sealed record SpecialToken(int Id, string Content, bool Hidden = true, bool Normalized = false)
{
    /// <summary>The longest content allowed, in characters; it bounds the time to look for special tokens in a text.</summary>
    internal const int LongestContent = 256;

    /// <summary>White space before it belongs to it.</summary>
    public bool StripsLeft { get; init; }

    /// <summary>White space after it belongs to it.</summary>
    public bool StripsRight { get; init; }

    /// <summary>It is not found inside a word.</summary>
    public bool WholeWord { get; init; }

    /// <summary>
    /// Whether text becomes it only where a caller asks for that: true of hidden tokens and of whatever is written in brackets, such as
    /// <c>&lt;think&gt;</c>, so that a text from people one does not trust can not hold marks of a conversation. Others, such as runs of
    /// spaces, are found in every text.
    /// </summary>
    public bool OnRequest => Hidden || (Content[0] is '<' or '[' or ']' && Content[^1] is '>' or '[' or ']');
}
