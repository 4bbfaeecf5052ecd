using System.Runtime.CompilerServices;

namespace Hearth.Numerics.Quantization;

/// <summary>Writes blocks of 256 numbers that are -1, 0 or 1 times one scale: for models trained that way.</summary>
internal static unsafe class WriteTernary
{
    private const int Count = 256;

    public static void TQ1_0(float* x, byte* y, int blocks)
    {
        int* q = stackalloc int[Count];
        for (; blocks > 0; blocks--, x += Count, y += 54)
        {
            Pack.Levels(x, Count, Pack.Half(ScaleSearch.Symmetric(x, Count, -1, 1), y + 52), 0, -1, 1, q);
            Digits(q, 32, 5, y);
            Digits(q + 160, 16, 5, y + 32);
            Digits(q + 240, 4, 4, y + 48);
        }
    }

    public static void TQ2_0(float* x, byte* y, int blocks)
    {
        int* q = stackalloc int[Count];
        for (; blocks > 0; blocks--, x += Count, y += 66)
        {
            Pack.Levels(x, Count, Pack.Half(ScaleSearch.Symmetric(x, Count, -1, 1), y + 64), 0, -1, 1, q);
            Unsafe.InitBlockUnaligned(y, 0, 64);
            for (int i = 0; i < Count; i++) y[(i / 128 * 32) + (i % 32)] |= (byte)(q[i] << (i % 128 / 32 * 2));
        }
    }

    /// <summary>Five numbers, as many apart as there are bytes, as a fraction of 3^5, rounded up to one of 256.</summary>
    private static void Digits(int* q, int bytes, int digits, byte* into)
    {
        for (int i = 0; i < bytes; i++)
        {
            int value = 0;
            for (int digit = 0; digit < 5; digit++) value = (value * 3) + (digit < digits ? q[(digit * bytes) + i] : 0);
            into[i] = (byte)(((value * 256) + 242) / 243);
        }
    }
}
