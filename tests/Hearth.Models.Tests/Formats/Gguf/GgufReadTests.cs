using System.Diagnostics;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Gguf;
using Hearth.Numerics.Quantization;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Formats.Gguf;

public sealed class GgufReadTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Values_of_every_type_are_read(byte version)
    {
        byte[] bytes = RawGguf.Sample();
        bytes[4] = version;
        using GgufModel model = Open(bytes);
        GgufMetadata m = model.Metadata;
        m.Keys.Count.ShouldBe(18);
        m.Text("general.architecture").ShouldBe("llama");
        m.Whole("u8", 0, 255).ShouldBe(200);
        m.Whole("i8", -128, 127).ShouldBe(-56);
        m.Whole("u16", 0, 1000).ShouldBe(513);
        m.Whole("i16", -9, 9).ShouldBe(-1);
        m.Whole("u32", 0, 9).ShouldBe(7);
        m.Whole("i32", -9, 9).ShouldBe(-1);
        m.Whole("i64", -9, 9).ShouldBe(-1);
        m.Number("u64", 0, 1e15).ShouldBe(1L << 40);
        m.Number("f32", 0, 9).ShouldBe(1.5);
        m.Number("f64", -9, 9).ShouldBe(-0.25);
        m.Flag("yes").ShouldBeTrue();
        m.Texts("texts").ShouldBe(["one", "", "dreißig"]);
        m.Integers("numbers").ShouldBe([1, 2, -1]);
        m.Integers("u32").ShouldBe([7]);
        m.Singles("singles").ShouldBe([0.5f, 0]);
        m.Singles("numbers").ShouldBe([1, 2, -1]);
        m.IsArray("nested").ShouldBeTrue();
        m.TypeOf("nested").ShouldBe(GgufType.Array);
        m.Length("nested").ShouldBe(2);
        m.Whole("absent", 1, 2, 2).ShouldBe(2);
        m.Flag("absent", true).ShouldBeTrue();
        m.Text("absent", "x").ShouldBe("x");
        foreach (string key in m.Keys) m.Describe(key).ShouldNotBeEmpty();
    }

    [Fact]
    public void A_wrong_value_is_told_with_file_key_found_and_expected()
    {
        using GgufModel model = Open(RawGguf.Sample());
        GgufMetadata m = model.Metadata;
        Refused(() => m.Whole("u8", 1, 100), "key 'u8' is 200, expected a whole number from 1 to 100");
        Refused(() => m.Whole("u64", 1, 100), "key 'u64' is 1099511627776, expected");
        Refused(() => m.Whole("f32", 1, 100), "key 'f32' is 1.5, expected a whole number");
        Refused(() => m.Whole("texts", 1, 100), "key 'texts' is an array of 3 values of type String, expected a whole number");
        Refused(() => m.Text("u8"), "key 'u8' is 200, expected a text");
        Refused(() => m.Flag("u8"), "key 'u8' is 200, expected true or false");
        Refused(() => m.Number("general.architecture", 0, 1), "key 'general.architecture' is 'llama', expected a number from 0 to 1");
        Refused(() => m.Texts("numbers"), "key 'numbers' is an array of 3 values of type Int32, expected an array of texts");
        Refused(() => m.Texts("texts", most: 2), "key 'texts' is an array of 3 values, expected at most 2");
        Refused(() => m.Integers("singles"), "key 'singles' is an array of 2 values of type Float32");
        Refused(() => m.Integers("nested"), "key 'nested' is an array of 2 values of type Array");
        Refused(() => m.Whole("absent", 0, 1), "there is no key 'absent', expected a whole number from 0 to 1");
        Refused(() => model.Require("absent"), "there is no tensor 'absent' among its 5");
        Refused(() => model.Require("plain", 4, 2), "tensor 'plain' has shape [2, 4], expected [4, 2]");
    }

    [Fact]
    public void Tensors_are_read_in_place_outermost_dimension_first()
    {
        byte[] bytes = RawGguf.Sample();
        using GgufModel model = Open(bytes);
        model.Names.ShouldBe(["half", "one", "plain", "q4k", "q8"]);
        StoredTensor plain = model.Require("plain", 2, 4);
        plain.Row(0).ToArray().ShouldBe(bytes[^452..^436]);
        model.Require("q4k").Shape.ToArray().ShouldBe([2L, 1, 256]);
        model.Require("q4k").Slice(1).Row(0).ToArray().ShouldBe(bytes[^148..^4]);
        model.Require("half").Columns.ShouldBe(6);
    }

    [Fact]
    public void A_file_over_four_gigabytes_is_read_beyond_them()
    {
        const ulong far = 5UL << 30;
        byte[] header = RawGguf.Header(2, 0).Tensor("near", 0, 0, 8).Tensor("far", 0, far, 2).Data(32).ToArray();
        using (FileStream sparse = File.Create(_folder["big.gguf"]))
        {
            sparse.Write(header);
            sparse.Position = header.Length - 32 + (long)far;
            sparse.Write([.. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes(-2f)]);
        }
        using GgufModel model = GgufModel.Open(_folder["big.gguf"]);
        var numbers = new float[2];
        model.Require("far").Read(numbers);
        numbers.ShouldBe([1.5f, -2f]);
    }

    [Fact]
    public void A_split_model_is_read_as_one()
    {
        Split(0, 3, "a");
        Split(1, 3, "b");
        Split(2, 3, "c");
        using GgufModel model = GgufModel.Open(_folder["m-00001-of-00003.gguf"]);
        model.Names.ShouldBe(["a", "b", "c"]);
        model.Files.Count.ShouldBe(3);
        model.Metadata.Whole("split.count", 0, 9).ShouldBe(3);
        foreach (string name in model.Names)
        {
            var number = new float[1];
            model.Require(name).Read(number);
            number[0].ShouldBe(name[0]);
        }
    }

    [Fact]
    public void Parts_that_do_not_fit_one_another_are_reported()
    {
        string first = _folder["m-00001-of-00003.gguf"];
        Split(0, 3, "a");
        Split(1, 3, "b");
        Refused(() => GgufModel.Open(first), "m-00003-of-00003.gguf: there is no such file");
        Split(2, 3, "a");
        Refused(() => GgufModel.Open(first), "tensor 'a' stands in 'm-00001-of-00003.gguf' as well");
        Split(2, 3, "c", number: 1);
        Refused(() => GgufModel.Open(first), "key 'split.no' is 1, expected 2, of 3");
        Split(2, 3, "c", tensors: 9);
        Refused(() => GgufModel.Open(_folder["m-00002-of-00003.gguf"]),
            "is file 2 of 3 of a split model. Give the first, 'm-00001-of-00003.gguf'");
        Split(0, 3, "a", tensors: 9);
        Refused(() => GgufModel.Open(first), "key 'split.tensors.count' is 9, expected 3");
        File.Move(first, _folder["renamed.gguf"]);
        Refused(() => GgufModel.Open(_folder["renamed.gguf"]), "says that this is one of 3 files, expected a name such as");
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_reported()
    {
        Refused(() => GgufModel.Open(_folder["none.gguf"]), "there is no such file");
        Refused(() => GgufFile.Open(_folder.Root), "can not be read");
    }

    [Fact]
    public void A_large_vocabulary_takes_no_memory_before_it_is_asked_for()
    {
        const int tokens = 400_000;
        RawGguf raw = RawGguf.Header(0, 1).Key("tokens", 9).U32(8).U64(tokens);
        for (int i = 0; i < tokens; i++) raw.U64(1).U8((byte)'x');
        File.WriteAllBytes(_folder["v.gguf"], raw.ToArray());
        long before = GC.GetAllocatedBytesForCurrentThread(), started = Stopwatch.GetTimestamp();
        using GgufModel model = GgufModel.Open(_folder["v.gguf"]);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(100_000);
        Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(1));
        model.Metadata.Texts("tokens").Length.ShouldBe(tokens);
    }

    private void Split(int index, int count, string name, int? number = null, int tensors = 3) => File.WriteAllBytes(
        _folder[$"m-{index + 1:D5}-of-{count:D5}.gguf"],
        RawGguf.Header(1, 3).Key("split.no", 2).Raw([(byte)(number ?? index), 0]).Key("split.count", 2).Raw([(byte)count, 0])
            .Key("split.tensors.count", 5).U32((uint)tensors).Tensor(name, 0, 0, 1).Data(0).U32(BitConverter.SingleToUInt32Bits(name[0]))
                .ToArray());

    private GgufModel Open(byte[] bytes)
    {
        File.WriteAllBytes(_folder["m.gguf"], bytes);
        return GgufModel.Open(_folder["m.gguf"]);
    }

    private void Refused(Func<object?> read, string message)
    {
        ModelFileException error = Should.Throw<ModelFileException>(() => read());
        error.Message.ShouldContain(message);
        error.Message.ShouldStartWith(_folder.Root);
    }
}
