namespace Hearth.Numerics.Quantization;

/// <summary>Reads stored integers as the nearest singles.</summary>
internal static unsafe class Integers
{
    public static void I8(byte* x, float* y, int blocks)
    {
        for (int i = 0; i < blocks; i++) y[i] = (sbyte)x[i];
    }

    public static void I16(byte* x, float* y, int blocks)
    {
        for (int i = 0; i < blocks; i++) y[i] = ((short*)x)[i];
    }

    public static void I32(byte* x, float* y, int blocks)
    {
        for (int i = 0; i < blocks; i++) y[i] = ((int*)x)[i];
    }

    public static void I64(byte* x, float* y, int blocks)
    {
        for (int i = 0; i < blocks; i++) y[i] = ((long*)x)[i];
    }
}
