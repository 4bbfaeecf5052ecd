using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Operations;

/// <summary>What a layer's attention is like.</summary>
/// <param name="KeySize">D, numbers in a head's query and key.</param>
/// <param name="ValueSize">E, numbers in a head's value.</param>
/// <param name="Scale">Factor of the scores.</param>
/// <param name="Window">How many positions a token sees, itself included; 0 for all before it.</param>
/// <param name="Sinks">[heads] scores that take part in a head's softmax and have no value; null for none.</param>
public sealed record AttentionShape(int KeySize, int ValueSize, float Scale, int Window = 0, Tensor? Sinks = null)
{
    /// <summary>Keys and values of one size, scores divided by its root, everything before a token seen.</summary>
    /// <param name="headSize">D.</param>
    public AttentionShape(int headSize)
        : this(headSize, headSize, 1f / MathF.Sqrt(headSize))
    {
    }

    /// <summary>True for attention that can be trained.</summary>
    internal bool IsPlain => KeySize == ValueSize && Window == 0 && Sinks is null;

    internal AttentionForward.Head Head(TensorType cache) => new(KeySize, ValueSize, Scale, Window, cache);
}
