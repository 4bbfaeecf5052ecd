using Hearth.Models.Architectures;
using Hearth.Numerics;

namespace Hearth.Training.Tests.Optimizers;

/// <summary>Parameters with random numbers and random gradients, repeatable.</summary>
internal static class TestParameters
{
    public static Parameter Of(string name, ParameterKind kind, params int[] shape)
    {
        Tensor tensor = Tensor.Parameter(name, shape);
        Fill(tensor.Data, "weights " + name, 0);
        return new Parameter(tensor, kind, 0);
    }

    /// <summary>Gives a parameter the gradient of a step.</summary>
    public static void SetGradient(Parameter parameter, int step, double scale = 1)
    {
        var gradient = new FloatBuffer(parameter.Tensor.Length);
        Fill(gradient.Span, "gradient " + parameter.Tensor.Name, step, scale);
        parameter.Tensor.PlaceGradient(gradient, hasGradient: true);
    }

    public static void Fill(Span<float> data, string purpose, int step, double scale = 1)
    {
        var random = new Philox(77, purpose, step);
        for (int i = 0; i < data.Length; i++) data[i] = (float)(random.Normal(i) * scale);
    }

    public static double[] Doubles(ReadOnlySpan<float> data) => [.. data.ToArray().Select(x => (double)x)];

    public static uint[] Bits(ReadOnlySpan<float> data) => [.. data.ToArray().Select(BitConverter.SingleToUInt32Bits)];
}
