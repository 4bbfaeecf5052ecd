using Hearth.Numerics.Quantization;
using Hearth.Numerics.Tests.Manifest;

namespace Hearth.Numerics.Tests.Quantization;

/// <summary>Blocks of any type made of random bytes, their halves made finite.</summary>
internal static class RandomBlocks
{
    /// <summary>Where the halves of a block stand.</summary>
    private static int[] Halves(TensorType type) => type switch
    {
        TensorType.F16 => [0],
        TensorType.Q4_1 or TensorType.Q5_1 or TensorType.Q4_K or TensorType.Q5_K => [0, 2],
        TensorType.Q2_K => [80, 82],
        TensorType.Q3_K => [108],
        TensorType.Q6_K => [208],
        TensorType.TQ1_0 => [52],
        TensorType.TQ2_0 => [64],
        TensorType.BF16 or TensorType.F32 or TensorType.F64 or TensorType.MXFP4 or TensorType.NVFP4 or TensorType.IQ1_M => [],
        TensorType.I8 or TensorType.I16 or TensorType.I32 or TensorType.I64 => [],
        _ => [0],
    };

    public static byte[] Of(BlockFormat format, int blocks, ulong seed)
    {
        var inputs = new Inputs(seed);
        var bytes = new byte[blocks * format.Bytes];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)inputs.Below(256);
        for (int block = 0; block < blocks; block++)
        {
            int start = block * format.Bytes;
            foreach (int at in Halves(format.Type)) bytes[start + at + 1] &= 0xBF;       // exponents below 16
            if (format.Type == TensorType.IQ1_M) bytes[start + 55] &= 0xBF;              // the upper bits of its half
            if (format.Type == TensorType.MXFP4) bytes[start] = (byte)(bytes[start] % 250);
        }
        return bytes;
    }
}
