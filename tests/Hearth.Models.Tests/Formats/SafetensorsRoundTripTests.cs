using System.Runtime.InteropServices;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Safetensors;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Formats;

public sealed class SafetensorsRoundTripTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read_back_bit_for_bit()
    {
        // Any bit pattern may be a weight, NaN payloads too: compare integers, not floats.
        Gen<int[]> shapes = Gen.Choose(0, 6).ArrayOf().Select(s => s.Take(4).ToArray());
        Gen<(string Name, int[] Shape, int[] Bits)> tensors =
            from name in ArbMap.Default.GeneratorFor<NonNull<string>>()
            from shape in shapes
            from bits in Gen.Choose(int.MinValue, int.MaxValue).ArrayOf(shape.Aggregate(1, (a, b) => a * b))
            select (name.Get, shape, bits);
        string path = _folder["a.safetensors"];
        Prop.ForAll(tensors.ListOf().ToArbitrary(), list =>
        {
            var given = list.Where(t => IsText(t.Name)).DistinctBy(t => t.Name).ToList();
            SafetensorsWriter.Write(path, given.Select(t => Floats(t.Name, t.Shape, t.Bits)), [new("format", "pt")]);
            using SafetensorsFile file = SafetensorsFile.Open(path);
            file.Entries.Select(e => e.Name).ShouldBe(given.Select(t => t.Name).Order(StringComparer.Ordinal));
            file.Metadata.ShouldBe([new("format", "pt")]);
            foreach ((string name, int[] shape, int[] bits) in given)
            {
                file.Entry(name).Shape.ShouldBe(shape);
                float[] read = new float[bits.Length];
                file.Read(name, read);
                MemoryMarshal.Cast<float, int>(read).ToArray().ShouldBe(bits);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    [Fact]
    public void The_bytes_do_not_depend_on_the_order_the_tensors_are_given_in()
    {
        SafetensorsTensor[] tensors =
        [
            Floats("b", [2], [1, 2]), Floats("a", [1, 1], [3]), new("steps", SafetensorsType.I64, [1], BitConverter.GetBytes(400L)),
            new("mask", SafetensorsType.U8, [3], new byte[] { 1, 0, 1 }),
        ];
        KeyValuePair<string, string>[] metadata = [new("z", "1"), new("a", "2")];
        byte[] forward = Bytes(tensors, metadata), backward = Bytes(tensors.Reverse(), metadata.Reverse());
        backward.ShouldBe(forward);
    }

    [Fact]
    public void The_file_is_exactly_the_documented_bytes()
    {
        byte[] bytes = Bytes([Floats("wé\"\n", [1, 1], [0x3F800000])], [new("format", "pt")]);
        string json = """{"__metadata__":{"format":"pt"},"wé\"\u000a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}""";
        int length = Encoding.UTF8.GetByteCount(json), padded = (length + 7) / 8 * 8;
        BitConverter.ToInt64(bytes).ShouldBe(padded);
        Encoding.UTF8.GetString(bytes, 8, padded).ShouldBe(json + new string(' ', padded - length));
        bytes[(8 + padded)..].ShouldBe([0, 0, 0x80, 0x3F]);
    }

    [Fact]
    public void Every_tensor_is_aligned_to_its_element()
    {
        string path = _folder["mixed.safetensors"];
        SafetensorsWriter.Write(path,
        [
            new("a", SafetensorsType.U8, [3], new byte[3]), new("b", SafetensorsType.F16, [3], new byte[6]),
            Floats("c", [1], [7]), new("d", SafetensorsType.F64, [1], new byte[8]),
        ]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        file.EntriesByOffset.Select(e => e.Name).ShouldBe(["d", "c", "b", "a"]);
        foreach (SafetensorsEntry e in file.Entries) (e.Offset % (e.Type.Bits / 8)).ShouldBe(0, e.Name);
    }

    [Fact]
    public void The_digest_is_the_file_s_digest()
    {
        SafetensorsTensor[] tensors = [Floats("a", [2, 2], [1, 2, 3, 4]), Floats("b", [], [5])];
        SafetensorsWriter.Write(_folder["d.safetensors"], tensors, [new("k", "v")]);
        SafetensorsWriter.DigestOf(tensors, [new("k", "v")]).ShouldBe(Digest.OfFile(_folder["d.safetensors"]));
        SafetensorsWriter.DigestOf(tensors).ShouldNotBe(Digest.OfFile(_folder["d.safetensors"]));
    }

    [Fact]
    public void A_file_without_tensors_is_a_file()
    {
        SafetensorsWriter.Write(_folder["empty.safetensors"], []);
        using SafetensorsFile file = SafetensorsFile.Open(_folder["empty.safetensors"]);
        file.Entries.ShouldBeEmpty();
    }

    [Fact]
    public void A_tensor_larger_than_one_piece_survives()
    {
        int[] bits = Enumerable.Range(0, (1 << 20) + 17).ToArray();
        SafetensorsWriter.Write(_folder["large.safetensors"], [Floats("x", [bits.Length], bits)]);
        using SafetensorsFile file = SafetensorsFile.Open(_folder["large.safetensors"]);
        float[] read = new float[bits.Length];
        file.Read("x", read);
        MemoryMarshal.Cast<float, int>(read).SequenceEqual(bits).ShouldBeTrue();
        byte[] tail = new byte[8];
        file.ReadBytes("x", 4L * bits.Length - 8, tail);
        BitConverter.ToInt32(tail, 4).ShouldBe(bits[^1]);
        Should.Throw<ArgumentOutOfRangeException>(() => file.ReadBytes("x", 4L * bits.Length - 7, tail));
    }

    [Fact]
    public void Names_that_would_make_a_broken_file_are_refused()
    {
        Should.Throw<ArgumentException>(() => Bytes([Floats("a", [1], [1]), Floats("a", [1], [2])])).Message.ShouldContain("'a'");
        Should.Throw<ArgumentException>(() => Bytes([Floats("__metadata__", [1], [1])]));
        Should.Throw<ArgumentException>(() => Bytes([Floats("half a pair \ud83d", [1], [1])]));
        Should.Throw<ArgumentException>(() => Floats("a", [2, 3], [1])).Message.ShouldContain("[2, 3]");
    }

    private static bool IsText(string name) => name != "__metadata__"
        && new UTF8Encoding().GetString(new UTF8Encoding().GetBytes(name)) == name;

    private static SafetensorsTensor Floats(string name, int[] shape, int[] bits) =>
        new(name, shape, MemoryMarshal.Cast<int, float>(bits).ToArray());

    private static byte[] Bytes(IEnumerable<SafetensorsTensor> tensors, IEnumerable<KeyValuePair<string, string>>? metadata = null)
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, tensors, metadata);
        return stream.ToArray();
    }
}
