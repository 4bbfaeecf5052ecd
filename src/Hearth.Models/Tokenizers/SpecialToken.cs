namespace Hearth.Models.Tokenizers;

/// <summary>A token that stands outside byte-pair encoding: text becomes it only where a caller asks for that.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">How it is written, such as <c>&lt;|endoftext|&gt;</c>.</param>
/// <param name="Hidden">Left out of decoded text unless asked for; tokenizer.json calls this "special".</param>
/// <param name="Normalized">tokenizer.json's "normalized", kept as read: it has no effect while no normalizer is supported.</param>
public sealed record SpecialToken(int Id, string Content, bool Hidden = true, bool Normalized = false)
{
    /// <summary>The longest content allowed, in characters; it bounds the time to look for special tokens in a text.</summary>
    internal const int LongestContent = 256;
}
