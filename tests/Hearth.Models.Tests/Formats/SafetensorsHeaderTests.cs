using System.Text;
using Hearth.Models.Formats.Safetensors;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Formats;

public sealed class SafetensorsHeaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""")]
    [InlineData("""{"a":{"data_offsets":[0,16],"shape":[2,2],"dtype":"F32","comment":{"by":["someone else"]}}}   """)]
    [InlineData("""{"b":{"dtype":"U8","shape":[8],"data_offsets":[8,16]},"a":{"dtype":"F16","shape":[4,1],"data_offsets":[0,8]}}""")]
    [InlineData("""{"b":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]},"a":{"dtype":"F4","shape":[32],"data_offsets":[0,16]}}""")]
    [InlineData("""{"__metadata__":{},"a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}""")]
    public void A_header_that_keeps_the_rules_is_read(string header)
    {
        using SafetensorsFile file = Open(header);
        file.Has("a").ShouldBeTrue();
        file.Entries.Sum(e => e.ByteCount).ShouldBe(16);
    }

    [Theory]
    [InlineData("overlap",
        """{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""",
        "tensor 'b' begins at offset 8 of the data, where 16 was expected: it overlaps")]
    [InlineData("hole", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""",
        "tensor 'b' begins at offset 8 of the data, where 4 was expected: it leaves a hole")]
    [InlineData("rest", """{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", "the tensors end at byte")]
    [InlineData("outside", """{"a":{"dtype":"F32","shape":[1073741824],"data_offsets":[0,4294967296]}}""",
        "tensor 'a' claims 4,294,967,296 bytes at offset 0 of the data, but the data end at 16")]
    [InlineData("size", """{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,16]}}""",
        "tensor 'a' is F32 of shape [2, 3], which takes 24 bytes, but data_offsets give it 16")]
    [InlineData("overflow", """{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,16]}}""",
        "more bytes than can be counted")]
    [InlineData("wrapped", """{"a":{"dtype":"F32","shape":[65536,65536,65536,65536,4],"data_offsets":[0,16]}}""",
        "more bytes than can be counted")]
    [InlineData("bits", """{"a":{"dtype":"F4","shape":[33],"data_offsets":[0,16]}}""", "not whole ones")]
    [InlineData("backward", """{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}""", "ends at offset 0, before it begins at 16")]
    [InlineData("negative", """{"a":{"dtype":"F32","shape":[4],"data_offsets":[-16,0]}}""", "data_offsets are not two whole numbers")]
    [InlineData("three", """{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16,16]}}""", "should be two whole numbers")]
    [InlineData("dimension", """{"a":{"dtype":"F32","shape":[2,-2],"data_offsets":[0,16]}}""", "dimension 1 of its shape")]
    [InlineData("fraction", """{"a":{"dtype":"F32","shape":[4.5],"data_offsets":[0,16]}}""", "dimension 0 of its shape")]
    [InlineData("dtype", """{"a":{"dtype":"float32","shape":[4],"data_offsets":[0,16]}}""", "has dtype 'float32'; known are F64, F32")]
    [InlineData("missing", """{"a":{"dtype":"F32","data_offsets":[0,16]}}""", "tensor 'a' has no shape")]
    [InlineData("twice",
        """{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"\u0061":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""",
        "tensor 'a' twice")]
    [InlineData("dtypes", """{"a":{"dtype":"F32","dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "two dtypes")]
    [InlineData("metadata", """{"__metadata__":{"n":1},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""",
        "key 'n' should be a text")]
    [InlineData("list", """[1]""", "does not begin with '{'")]
    [InlineData("broken", """{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}""", "not valid JSON")]
    [InlineData("trailing", """{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}} x""", "not valid JSON")]
    [InlineData("surrogate", """{"\ud800":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "not valid JSON")]
    public void A_header_that_breaks_a_rule_is_reported(string rule, string header, string message)
    {
        var error = Should.Throw<ModelFileException>(() => Open(header), rule);
        error.Message.ShouldContain(message);
        error.Path.ShouldBe(_folder["h.safetensors"]);
    }

    [Theory]
    [InlineData(0, "has 0 bytes")]
    [InlineData(7, "has 7 bytes")]
    public void A_file_shorter_than_its_length_field_is_reported(int bytes, string message)
    {
        File.WriteAllBytes(_folder["h.safetensors"], new byte[bytes]);
        Should.Throw<ModelFileException>(() => SafetensorsFile.Open(_folder["h.safetensors"])).Message.ShouldContain(message);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(100_000_001UL)]
    [InlineData(99_999_999UL)]
    public void A_header_longer_than_the_file_is_refused_before_it_is_allocated(ulong length)
    {
        File.WriteAllBytes(_folder["h.safetensors"], [.. BitConverter.GetBytes(length), .. "{}"u8]);
        Refused();
    }

    [Fact]
    public void A_header_over_the_limit_is_refused_although_the_file_is_long_enough()
    {
        using (FileStream sparse = File.Create(_folder["h.safetensors"]))
        {
            sparse.Write(BitConverter.GetBytes(100_000_001L));
            sparse.SetLength(200_000_000);
        }
        Refused();
    }

    [Fact]
    public void A_hostile_name_neither_floods_nor_steers_the_terminal()
    {
        string name = @"\u001b[2J" + new string('x', 100_000);
        var error = Should.Throw<ModelFileException>(() => Open($$$"""{"{{{name}}}":{"dtype":"F32","shape":[9],"data_offsets":[0,16]}}"""));
        error.Message.Length.ShouldBeLessThan(600 + error.Path.Length);
        error.Message.Any(char.IsControl).ShouldBeFalse();
    }

    private void Refused()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = Should.Throw<ModelFileException>(() => SafetensorsFile.Open(_folder["h.safetensors"]));
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1_000_000);
        error.Message.ShouldContain("100,000,000 is the most a header may take");
    }

    private SafetensorsFile Open(string header)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(_folder["h.safetensors"], [.. BitConverter.GetBytes((long)json.Length), .. json, .. new byte[16]]);
        return SafetensorsFile.Open(_folder["h.safetensors"]);
    }
}
