namespace Hearth.Models.Tokenizers;

/// <summary>Turns one piece of text into tokens.</summary>
internal abstract class TokenModel
{
    /// <summary>Appends the tokens of a piece.</summary>
    /// <exception cref="UnencodableTextException">The vocabulary has nothing for a byte or character.</exception>
    public abstract void Encode(ReadOnlySpan<char> piece, List<int> tokens);
}
