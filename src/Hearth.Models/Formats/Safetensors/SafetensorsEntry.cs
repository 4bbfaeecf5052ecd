namespace Hearth.Models.Formats.Safetensors;

/// <summary>One tensor of a safetensors file: what the header says of it, already checked against the file.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Shape">Its dimensions, outermost first; empty for a single number. Not to be changed.</param>
/// <param name="Offset">Where its first byte stands, counted from the start of the file.</param>
/// <param name="ByteCount">Its bytes, one element after the other, row-major and little-endian.</param>
public sealed record SafetensorsEntry(string Name, SafetensorsType Type, int[] Shape, long Offset, long ByteCount)
{
    /// <summary>The number of elements: the product of the dimensions.</summary>
    public long Count => ByteCount * 8 / Type.Bits;
}
