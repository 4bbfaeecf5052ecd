using Hearth.Numerics.Quantization;
using Shouldly;
using Xunit;

namespace Hearth.Numerics.Tests.Quantization;

public sealed class StoredTensorTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_tensor_is_read_in_place_row_by_row_and_expert_by_expert()
    {
        float[] numbers = [.. Enumerable.Range(0, 24).Select(i => i * 0.5f)];
        File.WriteAllBytes(_path, [7, 7, 7, 7, .. numbers.SelectMany(BitConverter.GetBytes)]);
        using MappedFile file = MappedFile.Open(_path);
        StoredTensor tensor = StoredTensor.InFile("experts", TensorType.F32, [2, 3, 4], file, 4);
        (tensor.Rows, tensor.Columns, tensor.RowBytes, tensor.Count, tensor.ByteCount).ShouldBe((6, 4, 16, 24, 96));
        var row = new float[4];
        tensor.ReadRow(5, row);
        row.ShouldBe(numbers[20..]);
        StoredTensor second = tensor.Slice(1);
        second.Shape.ToArray().ShouldBe([3L, 4L]);
        var all = new float[12];
        second.Read(all);
        all.ShouldBe(numbers[12..]);
        Should.Throw<ArgumentOutOfRangeException>(() => tensor.Row(6).Length);
        Should.Throw<ArgumentOutOfRangeException>(() => tensor.Slice(2));
    }

    [Fact]
    public void A_tensor_in_memory_reads_as_what_was_written()
    {
        float[] numbers = [.. Enumerable.Range(0, 96).Select(i => (i % 15) - 7f)];
        StoredTensor tensor = StoredTensor.FromSingles("w", TensorType.Q4_0, [3, 32], numbers);
        var read = new float[96];
        tensor.Read(read);
        for (int i = 0; i < 96; i++) read[i].ShouldBe(numbers[i], 0.6f);
        StoredTensor exact = StoredTensor.FromSingles("w", TensorType.F32, [3, 32], numbers);
        exact.Read(read);
        read.ShouldBe(numbers);
    }

    [Theory]
    [InlineData(TensorType.Q4_0, 33, false)]
    [InlineData(TensorType.Q4_0, 64, true)]
    [InlineData(TensorType.Q4_K, 128, false)]
    [InlineData(TensorType.F32, -1, false)]
    [InlineData(TensorType.F32, 600_000_000, false)]
    [InlineData(TensorType.Q2_K, 1L << 31, false)]
    public void Only_rows_of_whole_blocks_fit(TensorType type, long columns, bool fits) =>
        StoredTensor.Fits(type, [2, columns]).ShouldBe(fits);

    [Fact]
    public void A_shape_that_overflows_does_not_fit() => StoredTensor.Fits(TensorType.I8, [1L << 40, 1L << 40, 1024]).ShouldBeFalse();

    [Fact]
    public void Nothing_outside_the_file_is_given_out_and_nothing_after_it_was_closed()
    {
        File.WriteAllBytes(_path, new byte[100]);
        MappedFile file = MappedFile.Open(_path);
        file.Span(90, 10).Length.ShouldBe(10);
        Should.Throw<ArgumentOutOfRangeException>(() => file.Span(91, 10).Length);
        Should.Throw<ArgumentOutOfRangeException>(() => file.Span(-1, 1).Length);
        Should.Throw<ArgumentOutOfRangeException>(() => file.Span(long.MaxValue, 1).Length);
        Should.Throw<ArgumentException>(() => StoredTensor.InFile("w", TensorType.F32, [5, 5], file, 4));
        StoredTensor tensor = StoredTensor.InFile("w", TensorType.F32, [5, 5], file, 0);
        file.Dispose();
        file.Dispose();
        Should.Throw<ObjectDisposedException>(() => tensor.Row(0).Length);
    }

    [Fact]
    public void A_file_over_four_gigabytes_is_read_beyond_them()
    {
        const long far = (5L << 30) + 12;
        using (FileStream sparse = File.Create(_path))
        {
            sparse.Position = far;
            sparse.Write(BitConverter.GetBytes(1.5f));
        }
        using MappedFile file = MappedFile.Open(_path);
        file.Length.ShouldBe(far + 4);
        var number = new float[1];
        StoredTensor.InFile("far", TensorType.F32, [1], file, far).Read(number);
        number[0].ShouldBe(1.5f);
    }

    [Fact]
    public void An_empty_file_can_be_opened()
    {
        using MappedFile file = MappedFile.Open(_path);
        file.Length.ShouldBe(0);
        file.Span(0, 0).Length.ShouldBe(0);
        Should.Throw<ArgumentOutOfRangeException>(() => file.Span(0, 1).Length);
    }
}
