namespace Hearth.Training.Auditing;

/// <summary>What an audit checked, what it found, and what it did not check.</summary>
/// <param name="Checked">What was checked without training and is as it should be.</param>
/// <param name="Problems">What is not.</param>
/// <param name="NotChecked">What was not checked, and why.</param>
/// <param name="Segments">Segments of the run.</param>
/// <param name="Results">What came of each segment that was executed again.</param>
/// <param name="Finished">True when the run is finished; otherwise what there is was audited.</param>
/// <param name="Interrupted">True when it was asked to stop before every chosen segment was executed.</param>
public sealed record AuditReport(
    IReadOnlyList<string> Checked, IReadOnlyList<string> Problems, IReadOnlyList<string> NotChecked, IReadOnlyList<RunSegment> Segments,
    IReadOnlyList<SegmentResult> Results, bool Finished, bool Interrupted)
{
    /// <summary>True when nothing that was checked is other than it should be.</summary>
    public bool Sound => Problems.Count == 0 && Results.All(r => r.Equal);

    /// <summary>The probability that as many segments, drawn at random, meet one altered segment.</summary>
    public double CaughtIfOneAltered => RunSegment.Caught(Segments.Count, Results.Count, 1);
}
