using Shouldly;
using Xunit;

namespace Hearth.Numerics.Tests;

public sealed unsafe class FloatBufferTests
{
    [Fact]
    public void Buffers_of_every_length_start_on_a_64_byte_boundary_and_hold_zeros()
    {
        for (int length = 0; length < 300; length++)
        {
            var buffer = new FloatBuffer(length);
            ((nint)buffer.Pointer % 64).ShouldBe(0);
            buffer.Length.ShouldBe(length);
            buffer.Span.Length.ShouldBe(length);
            buffer.Memory.Length.ShouldBe(length);
            buffer.Span.ToArray().ShouldAllBe(x => x == 0f);
        }
    }

    [Fact]
    public void Pointer_span_and_memory_are_the_same_numbers_and_do_not_move()
    {
        var buffer = new FloatBuffer(100, zeroed: false);
        float* before = buffer.Pointer;
        buffer.Pointer[0] = 1f;
        buffer.Span[99] = 2f;
        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        ((nint)buffer.Pointer).ShouldBe((nint)before);
        buffer.Span[0].ShouldBe(1f);
        buffer.Memory.Span[99].ShouldBe(2f);
        before[99].ShouldBe(2f);
    }

    [Fact]
    public void Impossible_lengths_are_refused()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new FloatBuffer(-1));
        Should.Throw<OverflowException>(() => new FloatBuffer(int.MaxValue));
    }
}
