using System.Globalization;
using Hearth.Models.Formats;

namespace Hearth.Training.Auditing;

/// <summary>The steps between two states that the ledger names: from the beginning or a checkpoint to the next checkpoint or the end.</summary>
/// <param name="From">The step after which it begins; 0 for the beginning.</param>
/// <param name="To">Its last step.</param>
public sealed record RunSegment(int From, int To)
{
    /// <summary>Steps in it.</summary>
    public int Steps => To - From;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{From}..{To}");

    /// <summary>
    /// Some segments, drawn without putting back: the first ones by SHA-256 of seed, their number and their place. A pure function, so that others
    /// can draw the same; a larger draw of the same seed holds the smaller one.
    /// </summary>
    /// <param name="all">All segments.</param>
    /// <param name="count">How many; all when there are fewer.</param>
    /// <param name="seed">The auditor's seed.</param>
    /// <returns>The drawn ones in the order of their steps.</returns>
    public static IReadOnlyList<RunSegment> Draw(IReadOnlyList<RunSegment> all, int count, long seed) =>
    [
        .. all.OrderBy(s => Digest.Of(string.Create(CultureInfo.InvariantCulture, $"audit\n{seed}\n{all.Count}\n{s.From}\n{s.To}\n")), StringComparer.Ordinal)
            .Take(count).OrderBy(s => s.From),
    ];

    /// <summary>
    /// The probability that a draw meets an altered segment: 1 - C(N - k, n) / C(N, n), the hypergeometric distribution's chance of not drawing none.
    /// </summary>
    /// <param name="total">N, segments of the run.</param>
    /// <param name="drawn">n, segments drawn.</param>
    /// <param name="altered">k, segments altered.</param>
    public static double Caught(int total, int drawn, int altered)
    {
        double missed = 1;
        for (int i = 0; i < drawn; i++) missed *= Math.Max(0, total - altered - i) / (double)(total - i);
        return 1 - missed;
    }
}
