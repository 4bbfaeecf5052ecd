using Hearth.Models.Formats;
using Hearth.Models.Formats.Gguf;
using Hearth.Numerics.Quantization;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Formats.Gguf;

public sealed class GgufWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(4096)]
    public void What_is_written_is_read_back(int alignment)
    {
        GgufKeyValues values = new GgufKeyValues().Add("general.architecture", "llama").Add("general.alignment", (uint)alignment)
            .Add("i", -3).Add("s", (ushort)9).Add("l", 1UL << 40).Add("f", 0.1f).Add("yes", true)
            .Add("texts", ["a", "", "ß"]).Add("ints", [1, -2]).Add("floats", [0.5f, -1f]);
        byte[] three = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], q8 = [.. Enumerable.Range(0, 68).Select(i => (byte)i)];
        GgufWriter.Write(_folder["m.gguf"], values,
        [
            new("b", TensorType.F32, [3], s => s.Write(three)), new("a", TensorType.Q8_0, [1, 2, 32], s => s.Write(q8)),
        ]);
        using GgufModel model = GgufModel.Open(_folder["m.gguf"]);
        model.Metadata.Text("general.architecture").ShouldBe("llama");
        model.Metadata.Whole("i", -9, 9).ShouldBe(-3);
        model.Metadata.Whole("s", 0, 9).ShouldBe(9);
        model.Metadata.Number("l", 0, 1e15).ShouldBe(1L << 40);
        model.Metadata.Number("f", 0, 1).ShouldBe(0.1f);
        model.Metadata.Flag("yes").ShouldBeTrue();
        model.Metadata.Texts("texts").ShouldBe(["a", "", "ß"]);
        model.Metadata.Integers("ints").ShouldBe([1, -2]);
        model.Metadata.Singles("floats").ShouldBe([0.5f, -1f]);
        model.Require("b", 3).Row(0).ToArray().ShouldBe(three);
        model.Require("a", 1, 2, 32).Row(1).ToArray().ShouldBe(q8[34..]);
        model.Files[0].Alignment.ShouldBe(alignment);
        model.Files[0].Tensors.ShouldAllBe(t => t.Offset % alignment == 0);
        (model.Files[0].Length % alignment).ShouldBe(0);
    }

    [Fact]
    public void A_reference_file_written_again_has_the_same_tensors()
    {
        using GgufModel reference = GgufModel.Open(SharedData.At("conformance/gguf/llama-q4_k_m.gguf"));
        GgufWriter.Write(_folder["copy.gguf"], new GgufKeyValues().Add("general.architecture", "llama"), [.. reference.Names.Select(name =>
        {
            StoredTensor t = reference.Require(name);
            return new GgufTensorData(name, t.Type, t.Shape.ToArray(), s =>
            {
                for (long row = 0; row < t.Rows; row++) s.Write(t.Row(row));
            });
        })]);
        using GgufModel copy = GgufModel.Open(_folder["copy.gguf"]);
        copy.Names.ShouldBe(reference.Names);
        foreach (string name in copy.Names)
        {
            StoredTensor one = copy.Require(name), other = reference.Require(name, one.Shape);
            one.Type.ShouldBe(other.Type);
            for (long row = 0; row < one.Rows; row++) one.Row(row).SequenceEqual(other.Row(row)).ShouldBeTrue();
        }
    }

    [Fact]
    public void What_can_not_be_written_is_refused_and_leaves_no_file()
    {
        string path = _folder["m.gguf"];
        GgufTensorData short4 = new("a", TensorType.F32, [2], s => s.Write(new byte[4]));
        Should.Throw<ArgumentException>(() => GgufWriter.Write(path, new GgufKeyValues(), [short4]))
            .Message.ShouldContain("wrote 4 bytes instead of 8");
        Should.Throw<ArgumentException>(() => GgufWriter.Write(path, new GgufKeyValues(), [new("a", TensorType.Q4_0, [33], _ => { })]));
        Should.Throw<ArgumentException>(() => new GgufKeyValues().Add("k", 1).Add("k", 2));
        Directory.GetFiles(_folder.Root).ShouldBeEmpty();
    }
}
