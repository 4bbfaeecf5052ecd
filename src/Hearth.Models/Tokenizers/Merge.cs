namespace Hearth.Models.Tokenizers;

/// <summary>One rule of byte-pair encoding: two neighbours become one token. Its place in the list is its rank; low ranks go first.</summary>
/// <param name="Left">Id of the first token.</param>
/// <param name="Right">Id of the token after it.</param>
/// <param name="Result">Id of the token whose bytes are both, one after the other.</param>
public readonly record struct Merge(int Left, int Right, int Result)
{
    /// <summary>A pair of ids as one number; its order is that of (left, right).</summary>
    internal static long Key(int left, int right) => ((long)left << 32) | (uint)right;
}
