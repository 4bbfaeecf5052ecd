namespace Hearth.Numerics;

/// <summary>The version of canonical arithmetic. Bits depend on model, data, recipe, seed and this number, and on nothing else.</summary>
public static class NumericsVersion
{
    /// <summary>Raised whenever the same inputs may give other bits. Part of every run's ledger.</summary>
    public const int Current = 1;
}
