using System.Runtime.CompilerServices;

namespace Hearth.Numerics.Kernels;

/// <summary>
/// What a tile of <see cref="PanelTiles512"/> and its kin has to do in a step; constants, so that the compiler leaves out the rest. A widened
/// step of 32 rows is: for each group of four columns the lower plane (4 bytes a row), then the upper one; for each half a vector of scales for
/// the lower plane and one for the upper, each scale twice as a 16-bit integer; the rows' d, then their minima, as singles.
/// </summary>
internal interface ITileShape
{
    /// <summary>True when the two halves of a step have scales of their own, or their sums need to be kept apart.</summary>
    static abstract bool Halves { get; }

    /// <summary>True when a weight is l + 16·h with four bits l.</summary>
    static abstract bool Planes { get; }

    /// <summary>Minima of a step.</summary>
    static abstract int Minima { get; }

    /// <summary>Where a record says what the weights' offset (that of h, for two planes) adds too much; 0 for none.</summary>
    static abstract int Start { get; }
}

internal readonly struct WholeMinimum : ITileShape
{
    public static bool Halves => false;
    public static bool Planes => false;
    public static int Minima => 1;
    public static int Start => 0;
}

internal readonly struct WholeEight : ITileShape
{
    public static bool Halves => false;
    public static bool Planes => false;
    public static int Minima => 0;
    public static int Start => QuantizedActivations.Offset8;
}

internal readonly struct WholeSixteen : ITileShape
{
    public static bool Halves => false;
    public static bool Planes => false;
    public static int Minima => 0;
    public static int Start => QuantizedActivations.Offset16;
}

internal readonly struct HalvesMinimum : ITileShape
{
    public static bool Halves => true;
    public static bool Planes => false;
    public static int Minima => 1;
    public static int Start => 0;
}

internal readonly struct HalvesTwoMinima : ITileShape
{
    public static bool Halves => true;
    public static bool Planes => false;
    public static int Minima => 2;
    public static int Start => 0;
}

internal readonly struct HalvesThirtyTwo : ITileShape
{
    public static bool Halves => true;
    public static bool Planes => false;
    public static int Minima => 0;
    public static int Start => QuantizedActivations.Offset32;
}

internal readonly struct PlanesWhole : ITileShape
{
    public static bool Halves => false;
    public static bool Planes => true;
    public static int Minima => 0;
    public static int Start => QuantizedActivations.Offset8;
}

internal readonly struct PlanesHalves : ITileShape
{
    public static bool Halves => true;
    public static bool Planes => true;
    public static int Minima => 0;
    public static int Start => QuantizedActivations.Offset32;
}

/// <summary>Places in a widened step.</summary>
internal static class WideStep
{
    /// <summary>Bytes of a vector for all rows of a panel: four a row.</summary>
    public const int RowBytes = 4 * Quantization.PanelFormat.Rows;

    /// <summary>Groups of four columns in a step.</summary>
    public const int Groups = QuantizedActivations.Step / 4;

    /// <summary>Bytes of a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int GroupBytes<T>() where T : ITileShape => T.Planes ? 2 * RowBytes : RowBytes;

    /// <summary>The scales of the first half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Scales<T>() where T : ITileShape => Groups * GroupBytes<T>();

    /// <summary>The rows' d.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int D<T>() where T : ITileShape => Scales<T>() + ((T.Halves ? 2 : 1) * GroupBytes<T>());

    /// <summary>The rows' minima.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Minima<T>() where T : ITileShape => D<T>() + RowBytes;

    /// <summary>Bytes of a step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Bytes<T>() where T : ITileShape => Minima<T>() + (T.Minima * RowBytes);
}
