using Hearth.Numerics;

namespace Hearth.Models.Tokenizers;

/// <summary>A tokenizer's pattern would take far longer than the text's length allows. Patterns of published models never do.</summary>
/// <param name="pattern">The pattern.</param>
public sealed class SlowPatternException(string pattern)
    : HearthException($"The tokenizer's pattern '{JsonField.Shorten(pattern)}' takes too long on this text. Use a shorter text, or the tokenizer its publisher made.");
