using Hearth.Numerics;

namespace Hearth.Models.Generation;

/// <summary>
/// A sequence that passes read, piece by piece, to continue, score or embed it. How it is cut, and whether its cache is emptied and read
/// again on the way, changes no bits.
/// </summary>
/// <param name="cache">What it holds are the sequence's first tokens.</param>
public abstract class RunningSequence(KeyValueCache cache)
{
    /// <summary>Keys and values of what was read.</summary>
    public KeyValueCache Cache { get; } = cache;

    /// <summary>The tokens known so far.</summary>
    public abstract ReadOnlySpan<int> Tokens { get; }

    /// <summary>Tokens to read before the next result.</summary>
    public abstract int Unread { get; }

    /// <summary>Whether the next piece may be of any size; else it is the newest token, with what may be proposed after it.</summary>
    public abstract bool IsReading { get; }

    /// <summary>Whether nothing more will come.</summary>
    public bool Ended { get; protected set; }

    /// <summary>What ended it before its time, such as a constraint that no token fits; null for nothing.</summary>
    public HearthException? Failure { get; protected set; }

    /// <summary>Rows at the end of what was taken whose logits are wanted.</summary>
    internal abstract int Wanted { get; }

    /// <summary>Whether each wanted row is chosen from alone, in any order and by any thread.</summary>
    internal virtual bool IsRowByRow => false;

    /// <summary>Ends it early, and lets go of what it holds beside the cache.</summary>
    public virtual void Close() => Ended = true;

    /// <summary>Adds the next tokens to read to a list.</summary>
    /// <param name="most">The most tokens.</param>
    /// <param name="tokens">The list.</param>
    internal abstract void Take(int most, List<int> tokens);

    /// <summary>Sees the residual stream of what was taken.</summary>
    /// <param name="rows">[taken, C]</param>
    internal virtual void See(ReadOnlySpan<float> rows)
    {
    }

    /// <summary>Sees the logits of some wanted rows.</summary>
    /// <param name="sampler">Chooses tokens.</param>
    /// <param name="logits">[rows, V]</param>
    /// <param name="columns">V.</param>
    /// <param name="row">The first of them among the wanted rows.</param>
    internal virtual void Choose(Sampler sampler, ReadOnlySpan<float> logits, int columns, int row)
    {
    }

    /// <summary>The pass is over, and the cache holds what was taken.</summary>
    internal virtual void Finish()
    {
    }
}
