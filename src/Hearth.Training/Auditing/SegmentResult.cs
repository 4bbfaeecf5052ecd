using Hearth.Training.Runs;

namespace Hearth.Training.Auditing;

/// <summary>What came of executing a segment again.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="FirstDifferentStep">The first step of it whose record is not what executing it again gives; null when all are.</param>
/// <param name="Difference">What differs there, in words; empty when nothing does.</param>
/// <param name="Number">The first number of the recorded state at the segment's end that differs; null when none does or there is no such state.</param>
/// <param name="EndsEqual">True when the full state at the end is the recorded one, bit for bit.</param>
public sealed record SegmentResult(RunSegment Segment, int? FirstDifferentStep, string Difference, StateDifference? Number, bool EndsEqual)
{
    /// <summary>True when every step and the state at the end are as recorded.</summary>
    public bool Equal => FirstDifferentStep is null;

    /// <summary>What is proven, in words.</summary>
    public string Verdict
    {
        get
        {
            if (Equal) return "equal: every step's line, and the full state at the end";
            string begin = Segment.From == 0 ? "the recipe's first weights" : $"the run's own state after step {Segment.From}";
            string end = EndsEqual
                ? $" The state after step {Segment.To} is the recorded one, bit for bit: the ledger's lines were altered, the weights are what training gives from there."
                : Number is null ? "" : $" State after step {Segment.To}: {Number}.";
            return $"step {FirstDifferentStep}: {Difference}. From {begin}, recipe and documents do not lead to what is recorded.{end}";
        }
    }
}
