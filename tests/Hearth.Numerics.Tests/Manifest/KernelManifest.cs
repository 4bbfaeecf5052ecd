namespace Hearth.Numerics.Tests.Manifest;

/// <summary>One case for every line of kernels.txt.</summary>
internal static class KernelManifest
{
    public static KernelCase[] Cases { get; } =
    [
        .. LanesCases.All,
        .. CanonicalCases.All,
        .. PhiloxCases.All,
        .. ElementwiseCases.All,
        .. ActivationCases.All,
        .. NormCases.All,
        .. SoftmaxCases.All,
        .. PositionCases.All,
        .. MatrixProductCases.All,
        .. AttentionCases.All,
        .. UpdateCases.All,
        .. ConversionCases.All,
        .. QuantizedCases.All,
        .. StoredProductCases.All,
    ];

    public static KernelCase Named(string name) => Cases.Single(c => c.Name == name);
}
