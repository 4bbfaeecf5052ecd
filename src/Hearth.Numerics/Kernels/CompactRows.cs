using System.Runtime.Intrinsics;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// A head's block of a cache in fewer bytes. Keys stand transposed, so that reading them back needs no turning round. Halves: keys [D][64], values
/// [64][E padded]. Bytes: keys [D][64], their scales [D/32][64], then each value's bytes and scales, [E][E/32].
/// </summary>
internal static unsafe class CompactRows
{
    /// <summary>Numbers that share a scale.</summary>
    public const int Group = 32;

    private const int Keys = AttentionBlocks.Keys;

    // A block of Q8_0: a half, then 32 signed bytes.
    private const int GroupBytes = sizeof(ushort) + Group;

    /// <summary>Bytes of the keys of a block of bytes.</summary>
    public static int KeyBytes(int keySize) => Keys * RowBytes(keySize);

    /// <summary>Bytes of one row of bytes.</summary>
    public static int RowBytes(int size) => size / Group * GroupBytes;

    /// <summary>Stores one position's key and value, rounded.</summary>
    public static void Write(TensorType type, float* key, int keySize, float* value, int valueSize, int slot, byte* block)
    {
        if (type == TensorType.F16)
        {
            ushort* keys = (ushort*)block, row = stackalloc ushort[Math.Max(keySize, valueSize)];
            Conversion.ToHalf(new ReadOnlySpan<float>(key, keySize), new Span<ushort>(row, keySize));
            for (int d = 0; d < keySize; d++) keys[(d * Keys) + slot] = row[d];
            int padded = AttentionBlocks.Padded(valueSize);
            ushort* values = keys + (keySize * Keys) + (slot * padded);
            Conversion.ToHalf(new ReadOnlySpan<float>(value, valueSize), new Span<ushort>(values, valueSize));
            new Span<ushort>(values + valueSize, padded - valueSize).Clear();
            return;
        }
        byte* groups = stackalloc byte[Math.Max(RowBytes(keySize), RowBytes(valueSize))];
        QuantizedRows.Quantize(TensorType.Q8_0, new ReadOnlySpan<float>(key, keySize), new Span<byte>(groups, RowBytes(keySize)));
        var scales = (ushort*)(block + (keySize * Keys));
        for (int g = 0; g < keySize / Group; g++)
        {
            byte* group = groups + (g * GroupBytes);
            scales[(g * Keys) + slot] = *(ushort*)group;
            for (int i = 0; i < Group; i++) block[(((g * Group) + i) * Keys) + slot] = group[sizeof(ushort) + i];
        }
        QuantizedRows.Quantize(TensorType.Q8_0, new ReadOnlySpan<float>(value, valueSize), new Span<byte>(groups, RowBytes(valueSize)));
        byte* valueRow = block + KeyBytes(keySize) + (slot * RowBytes(valueSize));
        for (int g = 0; g < valueSize / Group; g++)
        {
            byte* group = groups + (g * GroupBytes);
            ((ushort*)(valueRow + valueSize))[g] = *(ushort*)group;
            new ReadOnlySpan<byte>(group + sizeof(ushort), Group).CopyTo(new Span<byte>(valueRow + (g * Group), Group));
        }
    }

    /// <summary>Lays out keys [D][64] and values [64][E padded] of the first positions of a block.</summary>
    public static void Read(TensorType type, byte* block, int keySize, int valueSize, int positions, float* into)
    {
        int padded = AttentionBlocks.Padded(valueSize);
        float* values = into + (keySize * Keys);
        if (type == TensorType.F16)
        {
            Conversion.FromHalf(new ReadOnlySpan<ushort>(block, keySize * Keys), new Span<float>(into, keySize * Keys));
            Conversion.FromHalf(new ReadOnlySpan<ushort>((ushort*)block + (keySize * Keys), positions * padded), new Span<float>(values, positions * padded));
            return;
        }
        float* scales = stackalloc float[Math.Max(Keys, valueSize / Group)];
        for (int g = 0; g < keySize / Group; g++)
        {
            Conversion.FromHalf(new ReadOnlySpan<ushort>((ushort*)(block + (keySize * Keys)) + (g * Keys), Keys), new Span<float>(scales, Keys));
            for (int d = g * Group; d < (g + 1) * Group; d++)
            {
                for (int j = 0; j < Keys; j += Lanes.Count) (Widen(block + (d * Keys) + j) * Vector512.Load(scales + j)).Store(into + (d * Keys) + j);
            }
        }
        byte* row = block + KeyBytes(keySize);
        for (int j = 0; j < positions; j++, row += RowBytes(valueSize))
        {
            Conversion.FromHalf(new ReadOnlySpan<ushort>(row + valueSize, valueSize / Group), new Span<float>(scales, valueSize / Group));
            for (int c = 0; c < valueSize; c += Lanes.Count) (Widen(row + c) * Vector512.Create(scales[c / Group])).Store(values + (j * padded) + c);
        }
    }

    private static Vector512<float> Widen(byte* bytes)
    {
        Vector256<short> words = Vector256.WidenLower(Vector128.Load((sbyte*)bytes).ToVector256Unsafe());
        return Vector512.ConvertToSingle(Vector512.WidenLower(words.ToVector512Unsafe()));
    }
}
