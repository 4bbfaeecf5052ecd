using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Quantization;

/// <summary>What the writers of blocks share: numbers to small integers, scales to halves.</summary>
internal static unsafe class Pack
{
    private const float LargestHalf = 65504;

    /// <summary>Writes a scale as a half and gives back what a reader will see.</summary>
    public static float Half(float value, byte* at)
    {
        ushort half = Conversion.ToHalf(MathF.Max(MathF.Min(value, LargestHalf), -LargestHalf));
        Unsafe.WriteUnaligned(at, half);
        return Conversion.FromHalf(half);
    }

    /// <summary>
    /// q[i] = the whole number in [low, high] for which scale·q + min is closest to x, less <paramref name="low"/>: 0 upwards.
    /// </summary>
    /// <param name="x">Numbers.</param>
    /// <param name="count">How many, a multiple of sixteen.</param>
    /// <param name="scale">Scale as a reader will see it; zero gives the number nearest to zero.</param>
    /// <param name="min">Offset as a reader will see it.</param>
    /// <param name="low">The least integer.</param>
    /// <param name="high">The greatest integer.</param>
    /// <param name="q">Receives the integers.</param>
    public static void Levels(float* x, int count, float scale, float min, int low, int high, int* q)
    {
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < count; i += Lanes.Count)
        {
            Vector512<float> level =
                ScaleSearch.Round((Vector512.Load(x + i) - Vector512.Create(min)) * Vector512.Create(inverse), low, high);
            (Vector512.ConvertToInt32(level) - Vector512.Create(low)).Store(q + i);
        }
    }

    /// <summary>Thirty-two integers as nibbles: the first sixteen below, the others above.</summary>
    public static void Nibbles(int* q, byte* into)
    {
        for (int i = 0; i < Lanes.Count; i++) into[i] = (byte)((q[i] & 15) | ((q[i + Lanes.Count] & 15) << 4));
    }

    /// <summary>The nearest whole number of a ratio within bounds; 0 when nothing is divided by zero.</summary>
    public static int Ratio(float value, float unit, int low, int high) =>
        unit == 0 ? Math.Clamp(0, low, high) : (int)MathF.Round(MathF.Max(MathF.Min(value / unit, high), low));
}
