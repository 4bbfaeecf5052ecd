using Hearth.Models.Formats;
using Hearth.Models.Formats.Safetensors;
using Hearth.Numerics.Quantization;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Formats;

public sealed class SafetensorsModelTests : IDisposable
{
    private const string First = "model-00001-of-00002.safetensors", Second = "model-00002-of-00002.safetensors";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void One_file_and_its_shards_read_the_same()
    {
        SafetensorsWriter.Write(_folder[First], [Tensor("b", 2), Tensor("c", 3)]);
        SafetensorsWriter.Write(_folder[Second], [Tensor("a", 1)]);
        Index($$$"""{"metadata":{"total_size":24},"weight_map":{"a":"{{{Second}}}","b":"{{{First}}}","c":"{{{First}}}"}}""");
        string sharded = Dump();

        SafetensorsWriter.Write(_folder[SafetensorsModel.SingleName], [Tensor("a", 1), Tensor("b", 2), Tensor("c", 3)]);
        Dump().ShouldBe(sharded);
        sharded.ShouldBe("a 1,1 b 2,2 c 3,3");
    }

    [Fact]
    public void A_tensor_of_any_shard_is_used_in_place_in_its_own_type()
    {
        byte[] sixteen = [.. Enumerable.Range(0, 24).Select(i => (byte)(i * 7))];
        SafetensorsWriter.Write(_folder[First],
            [new("half", SafetensorsType.F16, [3, 4], sixteen), new("flags", SafetensorsType.U8, [4], new byte[4])]);
        SafetensorsWriter.Write(_folder[Second], [new("brain", SafetensorsType.BF16, [2, 2, 3], sixteen), Tensor("a", 2)]);
        Index($$$"""{"weight_map":{"half":"{{{First}}}","flags":"{{{First}}}","brain":"{{{Second}}}","a":"{{{Second}}}"}}""");
        using IWeightSource weights = WeightSource.Open(_folder.Root);
        using SafetensorsModel copied = SafetensorsModel.Open(_folder.Root);
        weights.Names.ShouldBe(["a", "brain", "flags", "half"]);
        foreach (string name in (string[])["a", "brain", "half"])
        {
            StoredTensor stored = weights.Require(name);
            float[] inPlace = new float[stored.Count], copy = new float[stored.Count];
            stored.Read(inPlace);
            copied.Read(name, copy);
            inPlace.Select(BitConverter.SingleToInt32Bits).ShouldBe(copy.Select(BitConverter.SingleToInt32Bits));
        }
        weights.Require("half", 3, 4).Type.ShouldBe(TensorType.F16);
        weights.Require("brain", 2, 2, 3).Slice(1).ShapeText.ShouldBe("[2, 3]");
        Should.Throw<ModelFileException>(() => weights.Find("flags")).Message.ShouldContain("tensor 'flags' is U8, expected F32");
        weights.Find("none").ShouldBeNull();
    }

    [Theory]
    [InlineData("../model.safetensors")]
    [InlineData("..\\model.safetensors")]
    [InlineData("/etc/model.safetensors")]
    [InlineData("C:model.safetensors")]
    [InlineData("sub/model.safetensors")]
    [InlineData("..safetensors")]
    [InlineData(".safetensors")]
    [InlineData("model.bin")]
    [InlineData("")]
    public void A_shard_outside_the_folder_is_refused(string shard)
    {
        Index($$$"""{"weight_map":{"a":{{{System.Text.Json.JsonSerializer.Serialize(shard)}}}}}""");
        Refused("tensor 'a' is mapped to").ShouldContain("in the same folder");
    }

    [Theory]
    [InlineData("{}", "no object 'weight_map'")]
    [InlineData("[]", "no object 'weight_map'")]
    [InlineData("""{"weight_map":{}}""", "lists no tensor")]
    [InlineData("""{"weight_map":{"a":7}}""", "tensor 'a' is mapped to 'Number'")]
    [InlineData("""{"weight_map":{"a":"x.safetensors","a":"x.safetensors"}}""", "tensor 'a' is listed twice")]
    [InlineData("""{"weight_map":{"\ud800":"x.safetensors"}}""", "not valid JSON")]
    [InlineData("{", "not valid JSON")]
    public void A_broken_index_is_reported(string json, string message)
    {
        Index(json);
        Refused(message);
    }

    [Fact]
    public void An_index_that_does_not_fit_its_shards_is_reported()
    {
        Index($$$"""{"weight_map":{"a":"{{{First}}}"}}""");
        Refused("no such file").ShouldContain(First);
        SafetensorsWriter.Write(_folder[First], [Tensor("b", 2)]);
        Refused($"tensor 'a' should be in '{First}', which does not have it");
    }

    [Fact]
    public void A_folder_without_weights_is_reported() => Refused(SafetensorsModel.SingleName).ShouldContain("no such file");

    private static SafetensorsTensor Tensor(string name, float value) => new(name, [2], new[] { value, value });

    private void Index(string json) => File.WriteAllText(_folder[SafetensorsModel.IndexName], json);

    private string Refused(string message)
    {
        string found = Should.Throw<ModelFileException>(() => SafetensorsModel.Open(_folder.Root)).Message;
        found.ShouldContain(message);
        return found;
    }

    private string Dump()
    {
        using SafetensorsModel model = SafetensorsModel.Open(_folder.Root);
        Should.Throw<ModelFileException>(() => model.FileOf("none")).Message.ShouldContain("no tensor 'none' among the model's 3");
        return string.Join(' ', model.Entries.Select(e =>
        {
            float[] values = new float[e.Count];
            model.Read(e.Name, values);
            return $"{e.Name} {string.Join(',', values)}";
        }));
    }
}
