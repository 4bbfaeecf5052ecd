using System.Runtime.CompilerServices;

namespace Hearth.Numerics;

/// <summary>
/// A run of float32 numbers that starts on a 64-byte boundary and never moves, so that kernels can hold a pointer to it.
/// The memory is a managed array on the pinned heap: the collector frees it, nobody else has to.
/// </summary>
public sealed unsafe class FloatBuffer
{
    private const int Alignment = 64;
    private readonly float[] _array;
    private readonly int _offset;

    /// <summary>Allocates a buffer; its content is undefined unless <paramref name="zeroed"/>.</summary>
    /// <param name="length">Numbers it holds.</param>
    /// <param name="zeroed">True to start with zeros.</param>
    public FloatBuffer(int length, bool zeroed = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        int padded = checked(length + (Alignment / sizeof(float)));
        _array = zeroed ? GC.AllocateArray<float>(padded, pinned: true) : GC.AllocateUninitializedArray<float>(padded, pinned: true);
        var start = (nint)Unsafe.AsPointer(ref _array[0]);
        _offset = (int)((Alignment - (start % Alignment)) % Alignment) / sizeof(float);
        LargePages.Ask((void*)start, (nint)padded * sizeof(float));
        Length = length;
    }

    /// <summary>Numbers the buffer holds.</summary>
    public int Length { get; }

    /// <summary>The first number. Valid while this object is reachable.</summary>
    public float* Pointer => (float*)Unsafe.AsPointer(ref _array[_offset]);

    /// <summary>The numbers.</summary>
    public Span<float> Span => _array.AsSpan(_offset, Length);

    /// <summary>The numbers as memory, for writers that stream.</summary>
    public Memory<float> Memory => _array.AsMemory(_offset, Length);
}
