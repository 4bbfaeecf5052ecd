using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;
using Shouldly;
using Xunit;

namespace Hearth.Numerics.Tests.Quantization;

public sealed class GridTests
{
    private const int Blocks = 37;

    /// <summary>
    /// SHA-256 of what ggml's own dequantize_row_iq2_xxs and so on (ggml-quants.c at commit d99724f2, compiled without fused products)
    /// make of the same blocks.
    /// </summary>
    [Theory]
    [InlineData(TensorType.IQ2_XXS, "896c8aa689c08fc7d1e4c303714d1cb2f55068503b7a3c50f647d635b133f970")]
    [InlineData(TensorType.IQ2_XS, "dd227e744cdf8fee25a7ce3fa1543ad493faf2244bf30f05427c316a4eb5c59c")]
    [InlineData(TensorType.IQ2_S, "8dcaf17b303f20927e9af70ce7014b88fb51c79c075a28bd8847eefe52a25600")]
    [InlineData(TensorType.IQ3_XXS, "ed0d5e41f697d7593a937e26ce8fbc40bf7516b56932c0f490787a55d4814393")]
    [InlineData(TensorType.IQ3_S, "388cfd99fb0ab058e696d2f23ed7b415ac1d9aaa1dd72510f727093b5f8fa96c")]
    [InlineData(TensorType.IQ1_S, "77920f7a9eebb5ff619d3dd7085aad819ea51c3756d9ddbf12f6eb794847caab")]
    [InlineData(TensorType.IQ1_M, "9dae45e7f77847ae93f79c0ce13b225839d7fbf8c8effd2b6bdb89fb42f96451")]
    [InlineData(TensorType.TQ1_0, "b4139f116bc161f33eaba9b79adfaa94c114d425ad738b6706fb585728d0673b")]
    [InlineData(TensorType.NVFP4, "ed5134e0acd3c48632964e3fe938a0245505bcaf5524d0c00b0a0adb42fc6291")]
    public void Patterns_signs_and_scales_are_those_of_the_reference(TensorType type, string digest)
    {
        BlockFormat format = BlockFormat.Of(type);
        var numbers = new float[Blocks * format.Elements];
        QuantizedRows.Dequantize(type, RandomBlocks.Of(format, Blocks, seed: 100 + (ulong)type), numbers);
        Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(numbers))).ShouldBe(digest);
    }

    [Fact]
    public void Every_type_has_a_format_of_its_own_name()
    {
        BlockFormat.All.Select(f => f.Type).ShouldBe(Enum.GetValues<TensorType>());
        foreach (BlockFormat format in BlockFormat.All)
        {
            BlockFormat.Find(format.Name.ToLowerInvariant()).ShouldBe(format);
            format.BytesFor(format.Elements).ShouldBe(format.Bytes);
        }
        BlockFormat.Find("q9_0").ShouldBeNull();
        BlockFormat.Of(TensorType.F64).BytesFor(long.MaxValue / 4).ShouldBeNull();
        BlockFormat.Of(TensorType.Q4_0).BytesFor(33).ShouldBeNull();
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1e-38f)]
    [InlineData(-7e-8f)]
    [InlineData(3.4e38f)]
    [InlineData(-1e30f)]
    [InlineData(65504f)]
    public void Numbers_of_any_size_are_written_without_harm(float number)
    {
        foreach (BlockFormat format in BlockFormat.All.Where(f => f.CanWrite && f.Elements > 1))
        {
            float[] numbers = [.. Enumerable.Repeat(number, format.Elements)], read = new float[format.Elements];
            numbers[3] = -number;
            numbers[5] = 0;
            var bytes = new byte[format.Bytes];
            QuantizedRows.Quantize(format.Type, numbers, bytes);
            QuantizedRows.Dequantize(format.Type, bytes, read);
            read.ShouldAllBe(x => float.IsFinite(x), $"{format.Name} {number}");
            if (MathF.Abs(number) is > 1e5f or < 1e-3f) continue;
            read[0].ShouldBe(number, Math.Abs(number) * 0.6, format.Name);
        }
    }
}
