using System.Globalization;
using Hearth.Models.Formats.Safetensors;
using Hearth.Numerics;

namespace Hearth.Training.Runs;

/// <summary>Where a stored state and one in memory part.</summary>
/// <param name="File">The file.</param>
/// <param name="Tensor">The first tensor, in the model's own order, that differs.</param>
/// <param name="Element">The indices of its first element that differs, from 0.</param>
/// <param name="Recorded">The stored value.</param>
/// <param name="Recomputed">The value in memory.</param>
/// <param name="Elements">Elements of the tensor that differ.</param>
/// <param name="Tensors">Tensors of the file that differ.</param>
public sealed record StateDifference(string File, string Tensor, IReadOnlyList<int> Element, float Recorded, float Recomputed, long Elements, int Tensors)
{
    /// <summary>Compares a file with tensors in memory, bit for bit.</summary>
    /// <param name="path">A safetensors file.</param>
    /// <param name="tensors">Name, shape and numbers of each.</param>
    /// <returns>Null when all are equal.</returns>
    /// <exception cref="HearthException">The file is missing, damaged or of another model.</exception>
    public static StateDifference? Find(string path, IEnumerable<(string Name, int[] Shape, ReadOnlyMemory<float> Data)> tensors)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        StateDifference? first = null;
        int differing = 0;
        foreach ((string name, int[] shape, ReadOnlyMemory<float> data) in tensors)
        {
            file.Entry(name, shape);
            float[] stored = new float[data.Length];
            file.Read(name, stored);
            ReadOnlySpan<float> now = data.Span;
            int at = -1;
            long count = 0;
            for (int i = 0; i < stored.Length; i++)
            {
                if (BitConverter.SingleToInt32Bits(stored[i]) == BitConverter.SingleToInt32Bits(now[i])) continue;
                if (count++ == 0) at = i;
            }
            if (count == 0) continue;
            differing++;
            first ??= new StateDifference(path, name, Indices(at, shape), stored[at], now[at], count, 0);
        }
        return first is null ? null : first with { Tensors = differing };
    }

    /// <summary>In words.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{File}: tensor '{Tensor}' element [{string.Join(", ", Element)}] is {Recorded:R} as recorded and {Recomputed:R} as recomputed "
        + $"({Elements:N0} elements of it differ, and {Tensors:N0} tensors of the file)");

    private static int[] Indices(int flat, int[] shape)
    {
        int[] indices = new int[shape.Length];
        for (int d = shape.Length - 1; d >= 0; d--)
        {
            indices[d] = flat % shape[d];
            flat /= shape[d];
        }
        return indices;
    }
}
