using System.Runtime.InteropServices;
using Hearth.Models.Formats.Safetensors;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Formats;

public sealed class SafetensorsReadTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_half_is_read_as_the_platform_reads_it()
    {
        ushort[] all = Enumerable.Range(0, 1 << 16).Select(i => (ushort)i).ToArray();
        // An odd length sends the last ones through the scalar tail.
        foreach (ushort[] some in new[] { all, all[1..^2], all[0x7BF0..0x7C11] })
        {
            float[] read = Read(SafetensorsType.F16, some);
            for (int i = 0; i < some.Length; i++)
            {
                float expected = (float)BitConverter.UInt16BitsToHalf(some[i]);
                if (float.IsNaN(expected)) float.IsNaN(read[i]).ShouldBeTrue();
                else BitConverter.SingleToInt32Bits(read[i]).ShouldBe(BitConverter.SingleToInt32Bits(expected));
            }
        }
    }

    [Fact]
    public void Every_bfloat16_is_the_upper_half_of_a_single()
    {
        ushort[] all = Enumerable.Range(0, 1 << 16).Select(i => (ushort)i).ToArray();
        foreach (ushort[] some in new[] { all, all[1..^2] })
        {
            float[] read = Read(SafetensorsType.BF16, some);
            for (int i = 0; i < some.Length; i++) BitConverter.SingleToUInt32Bits(read[i]).ShouldBe((uint)some[i] << 16);
        }
    }

    [Fact]
    public void Doubles_are_rounded_to_the_nearest_single_or_read_as_they_are()
    {
        var random = new Random(7);
        double[] values = [0, -0.0, 1e300, -1e300, 1e-45, 1e-46, 1 + Math.Pow(2, -24), 1 + 3 * Math.Pow(2, -24)];
        values = [.. values, .. Doubles(random, 40_000)];
        float[] read = Read(SafetensorsType.F64, values);
        for (int i = 0; i < values.Length; i++) read[i].ShouldBe((float)values[i]);

        double[] exact = new double[values.Length];
        using SafetensorsFile file = SafetensorsFile.Open(_folder["x.safetensors"]);
        file.Read("x", exact);
        exact.ShouldBe(values);
    }

    [Fact]
    public void Integers_of_32_and_64_bits_are_read_and_too_large_ones_reported()
    {
        int[] small = [0, -1, int.MaxValue, int.MinValue];
        int[] read = new int[4];
        using (SafetensorsFile file = File(SafetensorsType.I32, small)) file.Read("x", read);
        read.ShouldBe(small);
        using (SafetensorsFile file = File(SafetensorsType.I64, small.Select(i => (long)i).ToArray())) file.Read("x", read);
        read.ShouldBe(small);
        using SafetensorsFile large = File(SafetensorsType.I64, new[] { 0, 1L << 31 });
        Should.Throw<ModelFileException>(() => large.Read("x", new int[2])).Message.ShouldContain("'x' holds 2,147,483,648");
    }

    [Fact]
    public void A_tensor_asked_for_wrongly_is_reported_with_what_was_found_and_expected()
    {
        using SafetensorsFile file = File(SafetensorsType.I32, new int[6], [2, 3]);
        Should.Throw<ModelFileException>(() => file.Read("x", new float[6])).Message
            .ShouldEndWith("x.safetensors: tensor 'x' is I32, expected F32, F16, BF16 or F64. Convert the model to one of these types.");
        Should.Throw<ModelFileException>(() => file.Read("x", new double[6])).Message.ShouldContain("expected F64");
        Should.Throw<ModelFileException>(() => file.Read("x", new int[5])).Message.ShouldContain("[2, 3] has 6 elements, expected 5");
        Should.Throw<ModelFileException>(() => file.Entry("x", [3, 2])).Message.ShouldContain("has shape [2, 3], expected [3, 2]");
        Should.Throw<ModelFileException>(() => file.Entry("y")).Message
            .ShouldContain("no tensor 'y' among its 1, which run from 'x' to 'x'");
        file.Entry("x", [2, 3]).Count.ShouldBe(6);
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_reported()
    {
        Should.Throw<ModelFileException>(() => SafetensorsFile.Open(_folder["none"])).Message.ShouldContain("no such file");
        Should.Throw<ModelFileException>(() => SafetensorsFile.Open(_folder.Root)).Message.ShouldContain("can not be read");
    }

    [Fact]
    public void A_file_cut_short_while_open_is_reported()
    {
        using SafetensorsFile file = File(SafetensorsType.F32, new float[1000]);
        using (FileStream cut = new(_folder["x.safetensors"], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            if (OperatingSystem.IsWindows()) Assert.Skip("Windows does not let an open file be cut.");
            cut.SetLength(cut.Length - 4);
        }
        Should.Throw<ModelFileException>(() => file.Read("x", new float[1000])).Message.ShouldContain("cut short while it was open");
    }

    private static IEnumerable<double> Doubles(Random random, int count) =>
        Enumerable.Range(0, count).Select(_ => (random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-160, 130)));

    private float[] Read<T>(SafetensorsType type, T[] values) where T : unmanaged
    {
        using SafetensorsFile file = File(type, values);
        float[] read = new float[values.Length];
        file.Read("x", read);
        return read;
    }

    private SafetensorsFile File<T>(SafetensorsType type, T[] values, int[]? shape = null) where T : unmanaged
    {
        byte[] bytes = MemoryMarshal.AsBytes<T>(values).ToArray();
        SafetensorsWriter.Write(_folder["x.safetensors"], [new SafetensorsTensor("x", type, shape ?? [values.Length], bytes)]);
        return SafetensorsFile.Open(_folder["x.safetensors"]);
    }
}
