namespace Hearth.Numerics;

/// <summary>Some consecutive tokens of one sequence inside a batch.</summary>
/// <param name="Start">Row of the first of them.</param>
/// <param name="Count">How many.</param>
/// <param name="Cache">Keys and values of the tokens before these; null when there are none and none are to be kept.</param>
public readonly record struct Segment(int Start, int Count, KeyValueCache? Cache = null)
{
    /// <summary>Tokens of the sequence that came before these.</summary>
    public int Past => Cache?.Length ?? 0;
}

/// <summary>
/// Tokens of several sequences, one after the other, without padding. A sequence sees itself alone: positions count from its own
/// beginning and attention never crosses from one segment to the next, so its results do not depend on its company.
/// </summary>
public sealed class SequenceBatch
{
    /// <summary>Puts sequences side by side.</summary>
    /// <param name="tokens">The tokens of all segments, [N].</param>
    /// <param name="segments">The segments, in row order, covering every row once.</param>
    public SequenceBatch(int[] tokens, Segment[] segments)
    {
        Tokens = tokens;
        Segments = segments;
        Positions = new int[tokens.Length];
        Place();
    }

    /// <summary>A batch of one sequence.</summary>
    /// <param name="tokens">Its tokens.</param>
    /// <param name="cache">Keys and values of the tokens before these.</param>
    public SequenceBatch(int[] tokens, KeyValueCache? cache = null)
        : this(tokens, [new Segment(0, tokens.Length, cache)])
    {
    }

    /// <summary>Token ids, [N].</summary>
    public int[] Tokens { get; }

    /// <summary>The segments, in row order.</summary>
    public Segment[] Segments { get; }

    /// <summary>Each token's position in its own sequence, [N].</summary>
    public int[] Positions { get; }

    /// <summary>A batch in the memory of another that has as many tokens and segments and is not used any more, else a new one.</summary>
    /// <param name="used">The other batch; null for none.</param>
    /// <param name="tokens">The tokens of all segments, [N].</param>
    /// <param name="segments">The segments, in row order, covering every row once.</param>
    public static SequenceBatch Of(SequenceBatch? used, ReadOnlySpan<int> tokens, ReadOnlySpan<Segment> segments)
    {
        if (used is null || used.Tokens.Length != tokens.Length || used.Segments.Length != segments.Length)
            return new SequenceBatch(tokens.ToArray(), segments.ToArray());
        tokens.CopyTo(used.Tokens);
        segments.CopyTo(used.Segments);
        used.Place();
        return used;
    }

    private void Place()
    {
        int row = 0;
        foreach (Segment segment in Segments)
        {
            if (segment.Start != row) throw new ArgumentException($"A segment starts at row {segment.Start}, expected {row}.");
            for (int i = 0; i < segment.Count; i++) Positions[row++] = segment.Past + i;
        }
        if (row != Tokens.Length) throw new ArgumentException($"Segments cover {row} rows of {Tokens.Length}.");
    }

    /// <summary>Counts these tokens as past in every cache, once all layers have seen them.</summary>
    public void Commit()
    {
        foreach (Segment segment in Segments) segment.Cache?.Advance(segment.Count);
    }
}
