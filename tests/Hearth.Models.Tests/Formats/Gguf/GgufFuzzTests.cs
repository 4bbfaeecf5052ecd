using System.Diagnostics;
using Hearth.Models.Formats.Gguf;
using Hearth.Numerics.Quantization;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Formats.Gguf;

public sealed class GgufFuzzTests : IDisposable
{
    private static readonly int Mutations = Fuzz.Rounds(10_000);
    private const ulong Huge = 1UL << 63;
    private static readonly ulong[] Spices = [0, 1, 2, 9, 13, 255, 1 << 16, 1UL << 31, 1UL << 32, (1UL << 62) + 1, Huge, ulong.MaxValue];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> Broken => new(Corpus.Select(c => (c.Name, c.Message)));

    private static (string Name, string Message, RawGguf File)[] Corpus { get; } =
    [
        ("empty", "the first word needs 4 bytes at offset 0, but the file ends at 0", new RawGguf()),
        ("magic", "does not begin with 'GGUF'", new RawGguf().Raw("GGML"u8).U32(3).U64(0).U64(0)),
        ("version 1", "is GGUF version 1, expected 2 or 3", RawGguf.Header(0, 0, 1)),
        ("version 0", "is GGUF version 0", RawGguf.Header(0, 0, 0)),
        ("big-endian", "big-endian", RawGguf.Header(0, 0, 3u << 24)),
        ("no counts", "the number of tensors needs 8 bytes", new RawGguf().Raw("GGUF"u8).U32(3)),
        ("tensor count", "claims 18,446,744,073,709,551,615 tensors", RawGguf.Header(ulong.MaxValue, 0)),
        ("key count", "claims 9,223,372,036,854,775,808 keys", RawGguf.Header(0, Huge)),
        ("missing keys", "the name of key 1 needs 8 bytes", RawGguf.Header(0, 5).Key("a", 0).U8(1)),
        ("key length", "the name of key 0 has 9,223,372,036,854,775,808 bytes", RawGguf.Header(0, 1).U64(Huge).U8(1)),
        ("key cut", "the name of key 0 needs 100 bytes", RawGguf.Header(0, 1).U64(100).U8(1)),
        ("key not UTF-8", "the name of key 0 is not valid UTF-8", RawGguf.Header(0, 1).U64(2).Raw([0xC3, 0x28]).U32(0).U8(1)),
        ("key twice", "key 'a' stands in the file twice", RawGguf.Header(0, 2).Key("a", 0).U8(1).Key("a", 0).U8(1)),
        ("value type", "key 'a' has type 13", RawGguf.Header(0, 1).Key("a", 13).U8(1)),
        ("value cut", "the value of key 'a' needs 8 bytes", RawGguf.Header(0, 1).Key("a", 10).U32(1)),
        ("truth value", "key 'a' has a truth value of 2, expected 0 or 1", RawGguf.Header(0, 1).Key("a", 7).U8(2)),
        ("truth values", "key 'a' has a truth value of 9", RawGguf.Header(0, 1).Key("a", 9).U32(7).U64(3).Raw([0, 1, 9])),
        ("text length", "key 'a' has a text of 9,223,372,036,854,775,808 bytes, but 1 bytes are left", RawGguf.Header(0, 1).Key("a", 8)
            .U64(Huge).U8(1)),
        ("array length", "key 'a' has an array of 18,446,744,073,709,551,615 values", RawGguf.Header(0, 1).Key("a", 9).U32(0)
            .U64(ulong.MaxValue).U8(1)),
        ("array overflow", "has an array of 2,305,843,009,213,693,953 values", RawGguf.Header(0, 1).Key("a", 9).U32(10)
            .U64((1UL << 61) + 1).U64(1)),
        ("array of texts", "has an array of 1,000 values of 8 bytes or more", RawGguf.Header(0, 1).Key("a", 9).U32(8).U64(1000).U64(1)),
        ("array type", "key 'a' has type 4,294,967,295", RawGguf.Header(0, 1).Key("a", 9).U32(uint.MaxValue).U64(1).U8(1)),
        ("arrays without end", "key 'a' has arrays 5 deep", Nested(8)),
        ("alignment 0", "key 'general.alignment' is 0, expected", RawGguf.Header(0, 1).Key("general.alignment", 4).U32(0)),
        ("alignment 33", "key 'general.alignment' is 33, expected a power of two", RawGguf.Header(0, 1).Key("general.alignment", 4)
            .U32(33)),
        ("alignment huge", "key 'general.alignment' is 2147483648", RawGguf.Header(0, 1).Key("general.alignment", 4).U32(1u << 31)),
        ("alignment text", "key 'general.alignment' is 'x'", RawGguf.Header(0, 1).Key("general.alignment", 8).Text("x")),
        ("missing tensors", "the name of tensor 1 needs 8 bytes", RawGguf.Header(3, 0).Tensor("t", 0, 0, 1)),
        ("tensor name", "the name of tensor 0 has 4,294,967,296 bytes", RawGguf.Header(1, 0).U64(1UL << 32)),
        ("no dimension", "tensor 't' has 0 dimensions, expected 1 to 4", RawGguf.Header(1, 0).Tensor("t", 0, 0).Data(64)),
        ("five dimensions", "tensor 't' has 5 dimensions", RawGguf.Header(1, 0).Tensor("t", 0, 0, 1, 1, 1, 1, 1).Data(64)),
        ("many dimensions", "tensor 't' has 4,294,967,295 dimensions", RawGguf.Header(1, 0).Text("t").U32(uint.MaxValue).U64(1)),
        ("zero dimension", "tensor 't' has a dimension of 0", RawGguf.Header(1, 0).Tensor("t", 0, 0, 4, 0).Data(64)),
        ("negative dimension", "tensor 't' has a dimension of 18,446,744,073,709,551,615", RawGguf.Header(1, 0)
            .Tensor("t", 0, 0, ulong.MaxValue).Data(64)),
        ("product overflow", "tensor 't' is F32 of shape", RawGguf.Header(1, 0).Tensor("t", 0, 0, 1 << 20, 1UL << 30, 1UL << 30).Data(64)),
        ("bytes overflow", "tensor 't' is F32 of shape", RawGguf.Header(1, 0).Tensor("t", 0, 0, 4, 1UL << 60).Data(64)),
        ("row too long", "tensor 't' is F32 of shape", RawGguf.Header(1, 0).Tensor("t", 0, 0, 1UL << 33).Data(64)),
        ("blocks", "tensor 't' is Q4_0 of shape [33]: expected rows of whole blocks of 32 numbers", RawGguf.Header(1, 0)
            .Tensor("t", 2, 0, 33).Data(64)),
        ("tensor type", "tensor 't' has type number 99", RawGguf.Header(1, 0).Tensor("t", 99, 0, 4).Data(64)),
        ("type gone", "tensor 't' has type number 4,", RawGguf.Header(1, 0).Tensor("t", 4, 0, 4).Data(64)),
        ("offset", "tensor 't' begins at offset 7 of the data, expected a multiple of 32", RawGguf.Header(1, 0).Tensor("t", 0, 7, 4)
            .Data(64)),
        ("offset beyond", "tensor 't' claims 16 bytes at offset 640 of the data, but the data end at 64", RawGguf.Header(1, 0)
            .Tensor("t", 0, 640, 4).Data(64)),
        ("offset negative", "tensor 't' claims 16 bytes at offset 18,446,744,073,709,551,584", RawGguf.Header(1, 0)
            .Tensor("t", 0, ulong.MaxValue - 31, 4).Data(64)),
        ("size beyond", "tensor 't' claims 68 bytes at offset 0 of the data, but the data end at 64", RawGguf.Header(1, 0)
            .Tensor("t", 0, 0, 17).Data(64)),
        ("no data", "tensor 't' claims 16 bytes at offset 0 of the data, but the data end at 0", RawGguf.Header(1, 0).Tensor("t", 0, 0, 4)),
        ("tensor twice", "tensor 't' stands in the file twice", RawGguf.Header(2, 0).Tensor("t", 0, 0, 4).Tensor("t", 0, 32, 4).Data(64)),
        ("overlap", "tensor 'u' begins inside tensor 't'", RawGguf.Header(2, 0).Tensor("t", 0, 0, 16).Tensor("u", 0, 32, 4).Data(64)),
        ("same place", "begins inside tensor", RawGguf.Header(2, 0).Tensor("t", 0, 0, 4).Tensor("u", 0, 0, 4).Data(64)),
        ("split count", "key 'split.count' is 4294967295", RawGguf.Header(0, 1).Key("split.count", 4).U32(uint.MaxValue)),
        ("split of itself", "one of 2 files", RawGguf.Header(0, 2).Key("split.count", 4).U32(2).Key("split.no", 4).U32(0)),
    ];

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_broken_file_is_reported_with_file_and_field(string name, string message)
    {
        string path = _folder["broken.gguf"];
        File.WriteAllBytes(path, Corpus.Single(c => c.Name == name).File.ToArray());
        long before = GC.GetAllocatedBytesForCurrentThread(), started = Stopwatch.GetTimestamp();
        ModelFileException error = Should.Throw<ModelFileException>(() => GgufModel.Open(path));
        Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(1));
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1_000_000);
        error.Path.ShouldBe(path);
        error.Message.ShouldStartWith(path);
        error.Message.ShouldContain(message);
    }

    [Fact]
    public void A_file_cut_anywhere_is_reported()
    {
        byte[] whole = RawGguf.Sample();
        for (int percent = 0; percent < 100; percent++)
        {
            File.WriteAllBytes(_folder["cut.gguf"], whole[..(whole.Length * percent / 100)]);
            Should.Throw<ModelFileException>(() => GgufModel.Open(_folder["cut.gguf"]), $"{percent} % kept");
        }
    }

    [Fact]
    public void A_mutated_file_gives_values_or_the_one_exception_and_never_takes_much()
    {
        byte[] whole = RawGguf.Sample();
        int dataStart = whole.Length - 452, refused = 0;
        TimeSpan slowest = TimeSpan.Zero;
        for (int seed = 0; seed < Mutations; seed++)
        {
            File.WriteAllBytes(_folder["m.gguf"], Mutate(whole, dataStart, new Random(seed)));
            long before = GC.GetAllocatedBytesForCurrentThread(), started = Stopwatch.GetTimestamp();
            try
            {
                using GgufModel model = GgufModel.Open(_folder["m.gguf"]);
                ReadAll(model);
            }
            catch (ModelFileException)
            {
                refused++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}.", e);
            }
            if (Stopwatch.GetElapsedTime(started) is var took && took > slowest) slowest = took;
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1_000_000, $"seed {seed}");
        }
        slowest.ShouldBeLessThan(TimeSpan.FromSeconds(1));
        refused.ShouldBeInRange(Mutations / 4, Mutations - 100, "the mutations should reach both outcomes");
    }

    private static void ReadAll(GgufModel model)
    {
        foreach (string name in model.Names)
        {
            StoredTensor tensor = model.Find(name)!;
            var row = new float[tensor.Columns];
            for (long i = 0; i < tensor.Rows; i++) tensor.ReadRow(i, row);
        }
        GgufMetadata metadata = model.Metadata;
        foreach (string key in metadata.Keys)
        {
            metadata.Describe(key);
            Attempt(() => metadata.Text(key));
            Attempt(() => metadata.Whole(key, 0, int.MaxValue));
            Attempt(() => metadata.Number(key, double.MinValue, double.MaxValue));
            Attempt(() => metadata.Flag(key));
            Attempt(() => metadata.Texts(key));
            Attempt(() => metadata.Integers(key));
            Attempt(() => metadata.Singles(key));
        }

        static void Attempt(Func<object> read)
        {
            try
            {
                read();
            }
            catch (ModelFileException)
            {
                // what every wrong use gives
            }
        }
    }

    private static byte[] Mutate(byte[] whole, int dataStart, Random random)
    {
        List<byte> bytes = [.. whole];
        for (int times = random.Next(1, 4); times > 0; times--)
        {
            // Nine out of ten hit the header, where the decisions are.
            int at = random.Next(random.Next(10) == 0 ? bytes.Count : Math.Min(dataStart, bytes.Count));
            switch (random.Next(5))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at)); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 60), bytes.Count - at))); break;
                default:
                    byte[] spice = BitConverter.GetBytes(Spices[random.Next(Spices.Length)]);
                    for (int i = 0; i < spice.Length && at + i < bytes.Count; i++) bytes[at + i] = spice[i];
                    break;
            }
            if (bytes.Count == 0) return [];
        }
        return [.. bytes];
    }

    private static RawGguf Nested(int depth)
    {
        RawGguf raw = RawGguf.Header(0, 1).Key("a", 9);
        for (int i = 0; i < depth; i++) raw.U32(9).U64(1);
        return raw.U32(0).U64(1).U8(1);
    }
}
