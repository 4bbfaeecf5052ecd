namespace Hearth.Training.Papers;

/// <summary>
/// The 95 % interval of a share, by Wilson's score: it holds for few trials too, and never leaves 0 to 1 (E. B. Wilson, "Probable
/// inference, the law of succession, and statistical inference", Journal of the American Statistical Association 22, 1927, pages 209 to 212).
/// </summary>
/// <param name="Lower">The lower bound.</param>
/// <param name="Upper">The upper bound.</param>
public readonly record struct WilsonInterval(double Lower, double Upper)
{
    /// <summary>Share of a normal distribution's mass within this many deviations: 95 %.</summary>
    private const double Z = 1.959963984540054;

    /// <summary>The interval of a share.</summary>
    /// <param name="hits">How many trials hit.</param>
    /// <param name="trials">How many trials there were, 1 or more.</param>
    public static WilsonInterval Of(long hits, long trials)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(trials);
        double n = trials, share = hits / n, weight = Z * Z / n;
        double middle = (share + (weight / 2)) / (1 + weight);
        double half = Z * Math.Sqrt((share * (1 - share) / n) + (weight / (4 * n))) / (1 + weight);
        return new WilsonInterval(hits == 0 ? 0 : middle - half, hits == trials ? 1 : middle + half);
    }
}
