using System.Runtime.CompilerServices;

namespace Hearth.Numerics.Quantization;

/// <summary>Writes rows of integers into panels.</summary>
internal static unsafe class PanelWriter
{
    private const int GroupBytes = 4 * PanelFormat.Rows;
    private const uint One = 0x0101_0101;

    /// <summary>Writes one block of one row.</summary>
    /// <param name="format">The panel's format.</param>
    /// <param name="block">The block in the panel.</param>
    /// <param name="row">The row in the panel.</param>
    /// <param name="c">What to write.</param>
    public static void Write(PanelFormat format, byte* block, int row, ref BlockCodes c)
    {
        int scales = format.Scales, stepBytes = format.StepBytes, small = format.SmallBytes;
        if (format.Power) block[row] = (byte)c.D;
        else ((ushort*)block)[row] = c.D;
        if (format.Minimum) ((ushort*)block)[PanelFormat.Rows + row] = c.DMinimum;
        byte* step = block + format.HeaderBytes;
        fixed (byte* q = c.Q)
        {
            for (int s = 0; s < format.Steps; s++, step += stepBytes)
            {
                for (int i = 0; i < scales; i++) step[(i * PanelFormat.Rows) + row] = c.Scale[(s * scales) + i];
                if (format.Minima > 0) step[(scales * PanelFormat.Rows) + row] = c.Minimum[s];
                Codes(format.Codes, (uint*)q + (8 * s), step + small + (4 * row));
            }
        }
    }

    /// <summary>Eight groups of four codes to the row's place in each plane.</summary>
    private static void Codes(PanelCodes codes, uint* q, byte* into)
    {
        switch (codes)
        {
            case PanelCodes.Eight:
                for (int g = 0; g < 8; g++) Put(into, g, q[g]);
                break;
            case PanelCodes.Two:
                Fields(q, 0, 2, into, 0);
                break;
            case PanelCodes.Three:
                Fields(q, 0, 2, into, 0);
                Fields(q, 2, 1, into, 2);
                break;
            case PanelCodes.Five:
                Fields(q, 0, 4, into, 0);
                Fields(q, 4, 1, into, 4);
                break;
            case PanelCodes.Six:
                Fields(q, 0, 4, into, 0);
                Fields(q, 4, 2, into, 4);
                break;
            default:
                Fields(q, 0, 4, into, 0);
                break;
        }
    }

    /// <summary>Some bits of each code, packed: the first group in the lowest bits of the first plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fields(uint* q, int shift, int bits, byte* into, int plane)
    {
        uint mask = One * ((1u << bits) - 1);
        for (int g = 0; g < 8; g += 8 / bits, plane++)
        {
            uint packed = (q[g] >> shift) & mask;
            for (int i = 1; i < 8 / bits; i++) packed |= ((q[g + i] >> shift) & mask) << (bits * i);
            Put(into, plane, packed);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(byte* into, int plane, uint value) => Unsafe.WriteUnaligned(into + (plane * GroupBytes), value);
}
