using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Quantization;

/// <summary>Which integers of a type stand in a panel, and how they become the unsigned bytes that tiles multiply.</summary>
internal enum PanelCodes
{
    /// <summary>Two bits.</summary>
    Two,

    /// <summary>Three bits, made q + 28.</summary>
    Three,

    /// <summary>Four bits.</summary>
    Four,

    /// <summary>Four bits, made q + 7: ternary numbers.</summary>
    Ternary,

    /// <summary>Four bits that number E2M1's values.</summary>
    E2M1,

    /// <summary>Four bits that number the values of IQ4_NL, two planes.</summary>
    Uneven,

    /// <summary>Five bits.</summary>
    Five,

    /// <summary>Six bits.</summary>
    Six,

    /// <summary>Signed bytes, two planes.</summary>
    Eight,
}

/// <summary>How a tile works with a type.</summary>
internal enum TileShape
{
    /// <summary>Up to four bits, a minimum for 32.</summary>
    WholeMinimum,

    /// <summary>An offset of 8.</summary>
    WholeEight,

    /// <summary>An offset of 16.</summary>
    WholeSixteen,

    /// <summary>Scales for 16, a minimum for 32.</summary>
    HalvesMinimum,

    /// <summary>Scales and minima for 16.</summary>
    HalvesTwoMinima,

    /// <summary>Scales for 16, an offset of 32.</summary>
    HalvesThirtyTwo,

    /// <summary>Signed bytes cut into a lower plane of four bits and an upper one with an offset of 8.</summary>
    Planes,

    /// <summary>The same with scales for 16 and an offset of 32 in the upper plane.</summary>
    PlanesHalves,
}

/// <summary>
/// How a type lies in a panel of 32 rows. Rows are cut into blocks of one or eight steps of 32 columns. A block is a header (the rows' scales,
/// then their minima, where there are any, as halves; one byte a row for <see cref="TensorType.MXFP4"/>) and its steps; a step is the rows'
/// small scales, then their small minima, a byte each, then the codes. Codes go in groups of four columns: the bytes 4r to 4r + 3 of a group
/// belong to row r.
/// </summary>
/// <param name="Codes">The integers.</param>
/// <param name="Shape">The tiles that multiply them.</param>
/// <param name="Steps">Steps of a block, 1 or 8.</param>
/// <param name="Scales">Small scales of a row in a step: 0, or 1 for each of the shape's halves.</param>
/// <param name="Minimum">True when a block has a minimum.</param>
/// <param name="Minima">Small minima of a row in a step, beside those that share a byte with a scale.</param>
/// <param name="Factor">What the stored scale is multiplied with, a power of two.</param>
internal sealed record PanelFormat(
    PanelCodes Codes, TileShape Shape, int Steps, int Scales = 0, bool Minimum = false, int Minima = 0, float Factor = 1f)
{
    /// <summary>Rows of a panel.</summary>
    public const int Rows = 32;

    /// <summary>True when the scale is a power of two, a byte.</summary>
    public bool Power => Codes == PanelCodes.E2M1;

    /// <summary>What is added to each integer, or to its upper plane, to make it unsigned.</summary>
    public int Offset => Shape switch
    {
        TileShape.WholeEight or TileShape.Planes => 8,
        TileShape.WholeSixteen => 16,
        TileShape.HalvesThirtyTwo or TileShape.PlanesHalves => 32,
        _ => 0,
    };

    /// <summary>Bytes before a block's first step.</summary>
    public int HeaderBytes { get; } = Rows * (Codes == PanelCodes.E2M1 ? 1 : Minimum ? 4 : 2);

    /// <summary>Bytes of a step before its codes.</summary>
    public int SmallBytes { get; } = Rows * (Scales + Minima);

    /// <summary>Bytes of a step.</summary>
    public int StepBytes { get; } = (Rows * (Scales + Minima)) + (Rows * QuantizedActivations.Step / 8 * Bits(Codes));

    /// <summary>Bytes of a block.</summary>
    public int BlockBytes => HeaderBytes + (Steps * StepBytes);

    private static int Bits(PanelCodes codes) => codes switch
    {
        PanelCodes.Two => 2,
        PanelCodes.Three => 3,
        PanelCodes.Five => 5,
        PanelCodes.Six => 6,
        PanelCodes.Eight => 8,
        _ => 4,
    };

    /// <summary>The format of a type; null for types whose products are made with singles.</summary>
    public static PanelFormat? Of(TensorType type) => type switch
    {
        TensorType.Q4_0 => new(PanelCodes.Four, TileShape.WholeEight, 1),
        TensorType.Q4_1 => new(PanelCodes.Four, TileShape.WholeMinimum, 1, Minimum: true),
        TensorType.Q5_0 => new(PanelCodes.Five, TileShape.WholeSixteen, 1),
        TensorType.Q5_1 => new(PanelCodes.Five, TileShape.HalvesMinimum, 1, Minimum: true),
        TensorType.Q8_0 => new(PanelCodes.Eight, TileShape.Planes, 1),
        TensorType.IQ4_NL => new(PanelCodes.Uneven, TileShape.Planes, 1),
        TensorType.MXFP4 => new(PanelCodes.E2M1, TileShape.WholeSixteen, 1),
        TensorType.Q2_K => new(PanelCodes.Two, TileShape.HalvesTwoMinima, 8, Scales: 2, Minimum: true),
        TensorType.Q3_K => new(PanelCodes.Three, TileShape.HalvesThirtyTwo, 8, Scales: 2),
        TensorType.Q4_K => new(PanelCodes.Four, TileShape.WholeMinimum, 8, Scales: 1, Minimum: true, Minima: 1),
        TensorType.Q5_K => new(PanelCodes.Five, TileShape.HalvesMinimum, 8, Scales: 1, Minimum: true, Minima: 1),
        TensorType.Q6_K => new(PanelCodes.Six, TileShape.HalvesThirtyTwo, 8, Scales: 2),
        TensorType.IQ4_XS => new(PanelCodes.Uneven, TileShape.Planes, 8, Scales: 1),
        TensorType.TQ1_0 or TensorType.TQ2_0 => new(PanelCodes.Ternary, TileShape.WholeEight, 8),
        TensorType.IQ1_S => new(PanelCodes.Five, TileShape.WholeSixteen, 8, Scales: 1, Factor: 0.125f),
        TensorType.IQ1_M => new(PanelCodes.Six, TileShape.HalvesThirtyTwo, 8, Scales: 2, Factor: 0.125f),
        TensorType.IQ2_XXS => new(PanelCodes.Eight, TileShape.Planes, 8, Scales: 1, Factor: 0.125f),
        TensorType.IQ2_XS or TensorType.IQ2_S => new(PanelCodes.Eight, TileShape.PlanesHalves, 8, Scales: 2, Factor: 0.125f),
        TensorType.IQ3_XXS => new(PanelCodes.Eight, TileShape.Planes, 8, Scales: 1, Factor: 0.25f),
        TensorType.IQ3_S => new(PanelCodes.Five, TileShape.WholeSixteen, 8, Scales: 1),
        _ => null,
    };
}
