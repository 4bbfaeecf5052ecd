using System.Numerics;

namespace Hearth.Models.Generation;

/// <summary>The tokens that may come next.</summary>
/// <param name="Bits">A bit for each token, lowest first in each word; tokens beyond the words are not allowed.</param>
/// <param name="MayEnd">Whether the answer may end here: then the tokens that end it are allowed, and else they are not, whatever their bits say.</param>
public readonly record struct TokenMask(ReadOnlyMemory<ulong> Bits, bool MayEnd)
{
    /// <summary>A token that is allowed too, whatever its bit says; null for none.</summary>
    public int? Also { get; init; }

    /// <summary>Puts minus infinity where a token is not allowed.</summary>
    /// <param name="logits">[V]</param>
    /// <param name="ends">Tokens that end the answer.</param>
    internal void Apply(Span<float> logits, IReadOnlyCollection<int> ends)
    {
        Span<float> kept = ends.Count <= 64 ? stackalloc float[ends.Count] : new float[ends.Count];
        int at = 0;
        foreach (int id in ends) kept[at++] = (uint)id < (uint)logits.Length ? logits[id] : 0;
        float also = Also is { } token && (uint)token < (uint)logits.Length ? logits[token] : 0;
        ReadOnlySpan<ulong> bits = Bits.Span;
        for (int word = 0; word * 64 < logits.Length; word++)
        {
            ulong allowed = word < bits.Length ? bits[word] : 0;
            if (allowed == ulong.MaxValue) continue;
            Span<float> part = logits.Slice(word * 64, Math.Min(64, logits.Length - (word * 64)));
            for (int i = 0; i < part.Length; i++)
            {
                if ((allowed >> i & 1) == 0) part[i] = float.NegativeInfinity;
            }
        }
        if (Also is { } other && (uint)other < (uint)logits.Length) logits[other] = also;
        at = 0;
        foreach (int id in ends)
        {
            float before = kept[at++];
            if ((uint)id < (uint)logits.Length) logits[id] = MayEnd ? before : float.NegativeInfinity;
        }
    }

    /// <summary>The lowest token that is allowed.</summary>
    internal int First(IReadOnlyCollection<int> ends)
    {
        int first = MayEnd && ends.Count > 0 ? ends.Min() : int.MaxValue;
        ReadOnlySpan<ulong> bits = Bits.Span;
        for (int word = 0; word < bits.Length && word * 64 < first; word++)
        {
            for (ulong rest = bits[word]; rest != 0; rest &= rest - 1)
            {
                int id = (word * 64) + BitOperations.TrailingZeroCount(rest);
                if (ends.Contains(id)) continue;
                return Math.Min(first, id);
            }
        }
        return first;
    }
}
