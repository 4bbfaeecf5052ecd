using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

/// <summary>Models in GGUF files: made, shown, and read back.</summary>
public sealed class GgufTests(TinyRun tiny) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_trained_model_is_exported_shown_and_unpacked_to_the_same_weights()
    {
        string file = _folder.At("tiny.gguf"), folder = _folder.At("unpacked");
        tiny.Hearth("model", "export", "tiny", "--gguf", file).ShouldExitWith(0).Output.ShouldStartWith(file);
        JsonElement shown = tiny.Hearth("model", "show", file, "--json").ShouldExitWith(0).Json;
        shown.GetProperty("parameters").GetInt64()
            .ShouldBe(tiny.Hearth("model", "show", "tiny", "--json").Json.GetProperty("parameters").GetInt64());
        shown.GetProperty("types")[0].GetProperty("type").GetString().ShouldBe("F32");
        shown.GetProperty("metadata").EnumerateArray().Select(m => m.GetProperty("key").GetString())
            .ShouldContain("tokenizer.chat_template");
        tiny.Hearth("model", "show", file).ShouldExitWith(0).Output.ShouldContain("general.architecture = '");
        tiny.Hearth("model", "export", file, "--safetensors", folder).ShouldExitWith(0);
        Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, "model.safetensors")))).ShouldBe(tiny.Weights);
    }

    [Fact]
    public void Dequantize_writes_float32_as_the_reference_reads_it()
    {
        string reference = SharedData.At("conformance/gguf/llama-q4_k.gguf"), output = _folder.At("v.f32");
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.ChangeExtension(reference, ".json")));
        JsonElement expected = json.RootElement.GetProperty("dequantised").GetProperty("blk.0.attn_v.weight");
        tiny.Hearth("model", "dequantize", reference, "--tensor", "blk.0.attn_v.weight", "--out", output).ShouldExitWith(0);
        byte[] bytes = File.ReadAllBytes(output);
        Convert.ToHexStringLower(SHA256.HashData(bytes)).ShouldBe(expected.GetProperty("sha256_f32").GetString());
        float first = float.Parse(expected.GetProperty("first_32")[0].GetRawText(), CultureInfo.InvariantCulture);
        MemoryMarshal.Cast<byte, float>(bytes)[0].ShouldBe(first);
        tiny.Hearth("model", "dequantize", Path.Combine(tiny.Run, "model"), "--tensor", "model.norm.weight", "--out", output)
            .ShouldExitWith(0);
        new FileInfo(output).Length.ShouldBeLessThan(bytes.Length);
    }

    [Fact]
    public void What_is_missing_broken_or_asked_wrongly_is_named()
    {
        string cut = _folder.At("cut.gguf"), output = _folder.At("out");
        File.WriteAllBytes(cut, "GGUF\u0003\0\0\0\u0001\0\0\0\0\0\0\0"u8.ToArray());
        tiny.Hearth("model", "show", cut).ShouldComplain(3, "cut.gguf", "the number of keys");
        tiny.Hearth("model", "show", _folder.At("none.gguf")).ShouldComplain(3, "none.gguf", "no such file");
        tiny.Hearth("model", "dequantize", cut, "--tensor", "t", "--out", output).ShouldComplain(3, "cut.gguf");
        tiny.Hearth("model", "dequantize", Path.Combine(tiny.Run, "model"), "--tensor", "nothing", "--out", output)
            .ShouldComplain(3, "'nothing'");
        tiny.Hearth("model", "export", "tiny", "--gguf", output, "--type", "q9").ShouldComplain(2, "q9", "q4_k_m");
        tiny.Hearth("model", "export", "tiny").ShouldComplain(2, "--gguf", "--safetensors");
        tiny.Hearth("model", "export", "tiny", "--safetensors", output).ShouldComplain(2, "--safetensors", "tiny");
        File.Exists(output).ShouldBeFalse();
    }
}
