using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// The rows that meet quantised weights, as 8-bit integers. Each 32 numbers share a scale d = max|x| / 127, one rounding; a number becomes
/// x · (127 / max), each operation rounded to float32, and then the nearest integer, ties to even. Where the largest magnitude is below
/// 2^-100 all are zero; where one is not finite d is NaN. A block is a record of 64 bytes, so that one address serves everything a
/// product needs of it.
/// </summary>
public static unsafe class QuantizedActivations
{
    /// <summary>Numbers in a block: one step of a product.</summary>
    public const int Step = 32;

    /// <summary>Bytes of a block.</summary>
    public const int RecordBytes = 64;

    /// <summary>In a record: the scale d. The 32 integers stand before it.</summary>
    internal const int Scale = 32;

    /// <summary>In a record: d times the sum of the integers, one rounding; then the same of the first and of the second sixteen.</summary>
    internal const int Sums = 36;

    /// <summary>
    /// In a record: what an offset of 8 in all 32 weights adds too much, negative, as two 16-bit numbers: for the places 0 and 1 of each four,
    /// and for the places 2 and 3.
    /// </summary>
    internal const int Offset8 = 48;

    /// <summary>The same for an offset of 16.</summary>
    internal const int Offset16 = 52;

    /// <summary>The same for an offset of 32 in the first sixteen weights; then in the second sixteen.</summary>
    internal const int Offset32 = 56;

    private const int Infinity = 0x7F80_0000;
    private const float Smallest = 7.888609052210118e-31f;                       // 2^-100
    private const float Magic = 12582912f;                                       // adding it rounds to an integer, ties to even

    /// <summary>Float32 numbers that take as much memory as the quantised rows.</summary>
    /// <param name="rows">N.</param>
    /// <param name="columns">C, a multiple of <see cref="Step"/>.</param>
    public static int Length(int rows, int columns) => checked(rows * (columns / Step) * (RecordBytes / sizeof(float)));

    /// <summary>Quantises rows.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="x">[N, C]</param>
    /// <param name="rows">N.</param>
    /// <param name="columns">C, a multiple of <see cref="Step"/>.</param>
    /// <param name="into">[N, C / 32] records; <see cref="Length"/> numbers.</param>
    public static void Quantize(WorkerPool pool, float* x, int rows, int columns, float* into)
    {
        pool.For(rows, 1, (long)rows * columns, ((nint)x, (nint)into, columns), static (s, from, to) =>
        {
            (nint x, nint into, int columns) = s;
            int steps = columns / Step;
            float* source = (float*)x + ((nint)from * columns);
            byte* record = (byte*)into + ((nint)from * steps * RecordBytes);
            for (nint i = (nint)(to - from) * steps; i > 0; i--, source += Step, record += RecordBytes) Block(source, record);
        });
    }

    private static void Block(float* x, byte* record)
    {
        Vector512<float> first = Vector512.Load(x), second = Vector512.Load(x + 16);
        Vector512<int> magnitude = Vector512.Create(int.MaxValue);
        int bits = Largest(Vector512.Max(first.AsInt32() & magnitude, second.AsInt32() & magnitude));
        float max = BitConverter.Int32BitsToSingle(bits);
        if (bits >= Infinity || max < Smallest)
        {
            float d = bits >= Infinity ? float.NaN : 0f;
            new Span<byte>(record, RecordBytes).Clear();
            for (int at = Scale; at < Offset8; at += sizeof(float)) *(float*)(record + at) = d;
            return;
        }
        Vector512<int> low = Nearest(first, 127f / max), high = Nearest(second, 127f / max);
        Vector512<short> both = Vector512.Narrow(low, high);
        Vector256.Narrow(both.GetLower(), both.GetUpper()).Store((sbyte*)record);
        Vector512<int> pairs = Vector512.ShiftRightArithmetic(Vector512.ShiftLeft(both.AsInt32(), 16), 16) + Vector512.ShiftRightArithmetic(both.AsInt32(), 16);
        Vector128<int> a = pairs.GetLower().GetLower() + pairs.GetLower().GetUpper(), b = pairs.GetUpper().GetLower() + pairs.GetUpper().GetUpper();
        int a0 = a.GetElement(0) + a.GetElement(2), a1 = a.GetElement(1) + a.GetElement(3);
        int b0 = b.GetElement(0) + b.GetElement(2), b1 = b.GetElement(1) + b.GetElement(3);
        float scale = max / 127f;
        *(float*)(record + Scale) = scale;
        *(float*)(record + Sums) = scale * (a0 + a1 + b0 + b1);
        *(float*)(record + Sums + 4) = scale * (a0 + a1);
        *(float*)(record + Sums + 8) = scale * (b0 + b1);
        Pair(record + Offset8, -8 * (a0 + b0), -8 * (a1 + b1));
        Pair(record + Offset16, -16 * (a0 + b0), -16 * (a1 + b1));
        Pair(record + Offset32, -32 * a0, -32 * a1);
        Pair(record + Offset32 + 4, -32 * b0, -32 * b1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Nearest(Vector512<float> x, float factor)
    {
        Vector512<float> magic = Vector512.Create(Magic);
        return ((x * Vector512.Create(factor)) + magic).AsInt32() - magic.AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Largest(Vector512<int> v)
    {
        Vector256<int> v8 = Vector256.Max(v.GetLower(), v.GetUpper());
        Vector128<int> v4 = Vector128.Max(v8.GetLower(), v8.GetUpper());
        return Math.Max(Math.Max(v4.GetElement(0), v4.GetElement(1)), Math.Max(v4.GetElement(2), v4.GetElement(3)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pair(byte* at, int low, int high)
    {
        ((short*)at)[0] = (short)low;
        ((short*)at)[1] = (short)high;
    }
}
