using Hearth.Models.Tokenizers.Normalizers;

namespace Hearth.Models.Tokenizers;

/// <summary>The finders of a tokenizer's special tokens: before and after normalisation, of all of them or of those found in every text.</summary>
internal sealed class AddedTokens
{
    private readonly SpecialTokenFinder? _rawAll, _rawAlways, _normalizedAll, _normalizedAlways;

    /// <param name="tokens">The special tokens.</param>
    /// <param name="normalizer">Rewrites what is looked for in normalised text; null to look for it as it is.</param>
    /// <param name="isNormalized">Whether text is normalised at all; if not, all tokens are found in one pass.</param>
    public AddedTokens(IReadOnlyList<SpecialToken> tokens, Normalizer? normalizer, bool isNormalized)
    {
        (string Written, SpecialToken Token)[] raw = [.. tokens.Where(t => !(isNormalized && t.Normalized)).Select(t => (t.Content, t))];
        (string Written, SpecialToken Token)[] normalized = [.. tokens.Where(t => isNormalized && t.Normalized)
            .Select(t => (normalizer?.Apply(t.Content, atStart: false) ?? t.Content, t))];
        _rawAll = SpecialTokenFinder.Of(raw);
        _rawAlways = SpecialTokenFinder.Of(raw.Where(t => !t.Token.OnRequest));
        _normalizedAll = SpecialTokenFinder.Of(normalized);
        _normalizedAlways = SpecialTokenFinder.Of(normalized.Where(t => !t.Token.OnRequest));
    }

    /// <summary>Looks through text as it was given.</summary>
    public SpecialTokenFinder? Raw(bool special) => special ? _rawAll : _rawAlways;

    /// <summary>Looks through normalised text.</summary>
    public SpecialTokenFinder? Normalized(bool special) => special ? _normalizedAll : _normalizedAlways;
}
