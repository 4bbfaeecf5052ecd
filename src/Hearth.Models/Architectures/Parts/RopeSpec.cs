using Hearth.Numerics;

namespace Hearth.Models.Architectures.Parts;

/// <summary>A model's rotary positions.</summary>
/// <param name="Size">R, numbers of a head that turn, even.</param>
/// <param name="Theta">Base of the angles.</param>
/// <param name="Scaling">How the angles are stretched for a longer context than was trained at first; null for not at all.</param>
public sealed record RopeSpec(int Size, double Theta, RopeScaling? Scaling = null)
{
    /// <summary>The table.</summary>
    /// <param name="positions">Positions from 0.</param>
    public RopeTable Table(int positions)
    {
        var plain = new RopeTable(positions, Size, Theta);
        return Scaling is null ? plain : new RopeTable(positions, Scaling.Frequencies(plain.Frequencies, Theta), Scaling.Magnitude);
    }
}

/// <summary>Changes the angles of rotary positions.</summary>
public abstract record RopeScaling
{
    /// <summary>Factor of cosines and sines.</summary>
    public virtual double Magnitude => 1;

    /// <summary>The changed frequencies.</summary>
    /// <param name="plain">[R/2] frequencies of the plain embedding.</param>
    /// <param name="theta">Their base.</param>
    /// <returns>[R/2]</returns>
    public abstract double[] Frequencies(IReadOnlyList<double> plain, double theta);
}

/// <summary>All positions closer together (Chen et al. 2023, arXiv:2306.15595).</summary>
/// <param name="Factor">How much longer the context is.</param>
public sealed record LinearScaling(double Factor) : RopeScaling
{
    /// <inheritdoc/>
    public override double[] Frequencies(IReadOnlyList<double> plain, double theta) => [.. plain.Select(f => f / Factor)];
}

/// <summary>Each frequency divided by a factor of its own, as Llama 3 files and LongRoPE (Ding et al. 2024, arXiv:2402.13753) store them.</summary>
/// <param name="Factors">[R/2]</param>
/// <param name="AttentionFactor">Factor of cosines and sines.</param>
public sealed record FactorScaling(IReadOnlyList<double> Factors, double AttentionFactor = 1) : RopeScaling
{
    /// <inheritdoc/>
    public override double Magnitude => AttentionFactor;

    /// <inheritdoc/>
    public override double[] Frequencies(IReadOnlyList<double> plain, double theta) => [.. plain.Select((f, i) => f / Factors[i])];

    /// <summary>
    /// The factors of Llama 3.1: wavelengths below original/high stay, above original/low are divided by the factor, between them goes a line in 1/wavelength.
    /// </summary>
    /// <param name="size">R.</param>
    /// <param name="theta">The base.</param>
    /// <param name="factor">How much longer the context is.</param>
    /// <param name="low">Turns within the original context below which a frequency is divided.</param>
    /// <param name="high">Turns above which it stays.</param>
    /// <param name="original">The context trained at first, in tokens.</param>
    public static FactorScaling Llama3(int size, double theta, double factor, double low, double high, double original) => new(
        [.. new RopeTable(0, size, theta).Frequencies.Select(f =>
        {
            double turns = original * f / (2 * Math.PI);
            if (turns > high) return 1;
            if (turns < low) return factor;
            double share = (turns - low) / (high - low);
            return 1 / (((1 - share) / factor) + share);
        })]);
}

/// <summary>YaRN (Peng et al. 2023, arXiv:2309.00071, section 3): fast turns stay, slow ones are stretched, with a ramp between them.</summary>
/// <param name="Factor">How much longer the context is.</param>
/// <param name="Original">The context trained at first, in tokens.</param>
/// <param name="AttentionFactor">Factor of cosines and sines.</param>
/// <param name="Fast">Turns within the original context above which a frequency stays.</param>
/// <param name="Slow">Turns below which it is divided.</param>
/// <param name="WholeBounds">Whether the ramp begins and ends at whole pairs.</param>
public sealed record YarnScaling(double Factor, double Original, double AttentionFactor, double Fast = 32, double Slow = 1, bool WholeBounds = true) : RopeScaling
{
    private const double LeastRamp = 0.001;

    /// <inheritdoc/>
    public override double Magnitude => AttentionFactor;

    /// <summary>The paper's own factor of the attention, 0.1 ln s + 1 (equation 22), as a factor of queries and keys alike.</summary>
    /// <param name="factor">s.</param>
    /// <param name="weight">What stands in place of 1 before the logarithm's 0.1.</param>
    public static double Temperature(double factor, double weight = 1) => factor <= 1 ? 1 : (0.1 * weight * Canonical.Log(factor)) + 1;

    /// <inheritdoc/>
    public override double[] Frequencies(IReadOnlyList<double> plain, double theta)
    {
        int size = 2 * plain.Count;
        double low = PairOf(Fast, size, theta), high = PairOf(Slow, size, theta);
        if (WholeBounds) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        low = Math.Max(low, 0);
        high = Math.Min(high, size - 1);
        return
        [
            .. plain.Select((f, i) =>
            {
                double stretched = Math.Clamp((i - low) / Math.Max(LeastRamp, high - low), 0, 1);
                return (f * (1 - stretched)) + (f / Factor * stretched);
            }),
        ];
    }

    /// <summary>The pair that makes so many turns within the original context.</summary>
    private double PairOf(double turns, int size, double theta) =>
        size * Canonical.Log(Original / (turns * 2 * Math.PI)) / (2 * Canonical.Log(theta));
}
