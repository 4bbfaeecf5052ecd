using System.Runtime.Intrinsics;
using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// The order in which attention reads keys and values: blocks of 64 positions, counted from the sequence's beginning. For one head, a block
/// is its keys transposed, [D][64], then its values, [64][E rounded up to whole vectors].
/// </summary>
public static unsafe class AttentionBlocks
{
    /// <summary>Positions in a block. A part of the arithmetic: the softmax is folded block by block, ascending.</summary>
    public const int Keys = 64;

    /// <summary>A head's numbers rounded up to whole vectors.</summary>
    /// <param name="headSize">Numbers in a head.</param>
    public static int Padded(int headSize) => (headSize + Lanes.Count - 1) / Lanes.Count * Lanes.Count;

    /// <summary>Bytes of one head's block.</summary>
    /// <param name="type">How it holds its numbers: F32, F16 or Q8_0. What is rounded is rounded when it is stored, before anything attends to it.</param>
    /// <param name="keySize">D, numbers in a key.</param>
    /// <param name="valueSize">E, numbers in a value.</param>
    /// <exception cref="ArgumentException">The type takes 32 numbers at a time, and D or E is no multiple of it.</exception>
    public static int HeadBytes(TensorType type, int keySize, int valueSize)
    {
        if (type == TensorType.Q8_0 && (keySize % CompactRows.Group != 0 || valueSize % CompactRows.Group != 0))
        {
            throw new ArgumentException($"A {type} cache needs heads of a multiple of {CompactRows.Group} numbers, not {keySize} and {valueSize}.", nameof(type));
        }
        return type switch
        {
            TensorType.F32 => Floats(keySize, valueSize) * sizeof(float),
            TensorType.F16 => Floats(keySize, valueSize) * sizeof(ushort),
            TensorType.Q8_0 => CompactRows.KeyBytes(keySize) + (Keys * CompactRows.RowBytes(valueSize)),
            _ => throw new ArgumentException($"A cache can not hold {type}; F32, F16 and Q8_0 it can.", nameof(type)),
        };
    }

    /// <summary>Numbers of a head's block when it is laid out for reading.</summary>
    internal static int Floats(int keySize, int valueSize) => (keySize * Keys) + (Keys * Padded(valueSize));

    /// <summary>Blocks that so many positions take.</summary>
    /// <param name="positions">Positions from 0.</param>
    public static int CountFor(int positions) => (positions + Keys - 1) / Keys;

    /// <summary>Stores the keys and values of consecutive positions of one head.</summary>
    /// <param name="type">How the blocks hold their numbers.</param>
    /// <param name="blocks">Addresses of the blocks, all heads.</param>
    /// <param name="headOffset">Where the head's part begins in a block, in bytes.</param>
    /// <param name="keySize">D.</param>
    /// <param name="valueSize">E.</param>
    /// <param name="position">Position of the first row.</param>
    /// <param name="rows">Rows to store.</param>
    /// <param name="keys">First key, D numbers; rows are <paramref name="keyStride"/> apart.</param>
    /// <param name="keyStride">Distance between keys.</param>
    /// <param name="values">First value, E numbers; rows are <paramref name="valueStride"/> apart.</param>
    /// <param name="valueStride">Distance between values.</param>
    public static void Append(TensorType type, nint[] blocks, int headOffset, int keySize, int valueSize, int position, int rows,
        float* keys, int keyStride, float* values, int valueStride)
    {
        int padded = Padded(valueSize);
        for (int done = 0; done < rows;)
        {
            int slot = (position + done) % Keys, take = Math.Min(Keys - slot, rows - done);
            byte* block = (byte*)blocks[(position + done) / Keys] + headOffset;
            float* key = keys + ((nint)done * keyStride), value = values + ((nint)done * valueStride);
            if (type == TensorType.F32)
            {
                var numbers = (float*)block;
                Packing.Transpose(key, keySize, keyStride, take, Keys, numbers + slot);
                Packing.Panel(value, take, valueStride, 1, valueSize, padded, numbers + (keySize * Keys) + (slot * padded));
            }
            else
            {
                for (int i = 0; i < take; i++)
                {
                    CompactRows.Write(type, key + ((nint)i * keyStride), keySize, value + ((nint)i * valueStride), valueSize, slot + i, block);
                }
            }
            done += take;
        }
    }

    /// <summary>A head's keys [D][64] and values [64][E padded] of a block, read from it or laid out in scratch memory of as many numbers.</summary>
    internal static float* Open(TensorType type, nint block, int headOffset, int keySize, int valueSize, int positions, float* scratch)
    {
        byte* head = (byte*)block + headOffset;
        if (type == TensorType.F32) return (float*)head;
        CompactRows.Read(type, head, keySize, valueSize, positions, scratch);
        return scratch;
    }

    /// <summary>Scores of one query against a block: s[j] = Σ q[d]·k[d][j], a chain ascending in d.</summary>
    internal static void Scores(float* q, float* keys, int headSize, float* scores)
    {
        Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        for (int d = 0; d < headSize; d++, keys += Keys)
        {
            Vector512<float> x = Vector512.Create(q[d]);
            s0 = Vector512.FusedMultiplyAdd(x, Vector512.Load(keys), s0);
            s1 = Vector512.FusedMultiplyAdd(x, Vector512.Load(keys + 16), s1);
            s2 = Vector512.FusedMultiplyAdd(x, Vector512.Load(keys + 32), s2);
            s3 = Vector512.FusedMultiplyAdd(x, Vector512.Load(keys + 48), s3);
        }
        s0.Store(scores);
        s1.Store(scores + 16);
        s2.Store(scores + 32);
        s3.Store(scores + 48);
    }

    /// <summary>Adds a block's weighted values: o[c] goes on with Σ p[j]·v[j][c] for j in [from, to), a chain ascending in j.</summary>
    internal static void AddValues(float* p, int from, int to, float* values, int padded, float* o)
    {
        int c = 0;
        for (; c + 64 <= padded; c += 64)
        {
            Vector512<float> s0 = Vector512.Load(o + c), s1 = Vector512.Load(o + c + 16), s2 = Vector512.Load(o + c + 32), s3 = Vector512.Load(o + c + 48);
            float* v = values + ((nint)from * padded) + c;
            for (int j = from; j < to; j++, v += padded)
            {
                Vector512<float> x = Vector512.Create(p[j]);
                s0 = Vector512.FusedMultiplyAdd(x, Vector512.Load(v), s0);
                s1 = Vector512.FusedMultiplyAdd(x, Vector512.Load(v + 16), s1);
                s2 = Vector512.FusedMultiplyAdd(x, Vector512.Load(v + 32), s2);
                s3 = Vector512.FusedMultiplyAdd(x, Vector512.Load(v + 48), s3);
            }
            s0.Store(o + c); s1.Store(o + c + 16); s2.Store(o + c + 32); s3.Store(o + c + 48);
        }
        for (; c < padded; c += 16)
        {
            Vector512<float> sum = Vector512.Load(o + c);
            float* v = values + ((nint)from * padded) + c;
            for (int j = from; j < to; j++, v += padded) sum = Vector512.FusedMultiplyAdd(Vector512.Create(p[j]), Vector512.Load(v), sum);
            sum.Store(o + c);
        }
    }
}
