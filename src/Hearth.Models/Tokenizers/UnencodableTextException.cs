using Hearth.Numerics;

namespace Hearth.Models.Tokenizers;

/// <summary>A text holds a byte that the tokenizer has no token for. Vocabularies with all 256 bytes encode any text.</summary>
/// <param name="value">The byte.</param>
public sealed class UnencodableTextException(byte value)
    : HearthException($"The text holds byte 0x{value:X2}, which this tokenizer has no token for. Train the tokenizer with all 256 bytes.")
{
    /// <summary>The byte without a token.</summary>
    public byte Value { get; } = value;
}
