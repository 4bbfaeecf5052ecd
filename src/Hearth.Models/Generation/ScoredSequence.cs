using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Models.Generation;

/// <summary>A text whose tokens are being scored, each after those before it. Made by <see cref="Stepper.BeginScore"/>.</summary>
public sealed class ScoredSequence : RunningSequence
{
    private readonly int[] _tokens;
    private readonly int _alternatives;
    private int _first, _done;

    internal ScoredSequence(int[] tokens, int alternatives, KeyValueCache cache)
        : base(cache)
    {
        (_tokens, _alternatives) = (tokens, alternatives);
        Scores = new GeneratedToken[tokens.Length - 1];
        Ended = Scores.Length == 0;
    }

    /// <summary>A score for each token but the first, in order; whole when it has ended.</summary>
    public GeneratedToken[] Scores { get; }

    /// <inheritdoc/>
    public override ReadOnlySpan<int> Tokens => _tokens;

    /// <inheritdoc/>
    public override int Unread => Scores.Length - Cache.Length;

    /// <inheritdoc/>
    public override bool IsReading => true;

    internal override int Wanted => _done - _first;

    internal override bool IsRowByRow => true;

    internal override void Take(int most, List<int> tokens)
    {
        int from = Cache.Length, count = Math.Min(Unread, most);
        _first = Math.Max(_done, from);                                          // what was scored before the cache was emptied is not again
        _done = Math.Max(_done, from + count);
        tokens.AddRange(_tokens.AsSpan(from, count));
    }

    internal override void Choose(Sampler sampler, ReadOnlySpan<float> logits, int columns, int row)
    {
        float logSum = Softmax.LogSum(logits);
        int next = _tokens[_first + row + 1];
        Scores[_first + row] = new GeneratedToken(next, logits[next] - logSum) { Alternatives = Sampler.Alternatives(logits, logSum, _alternatives) };
    }

    internal override void Finish() => Ended = Unread == 0;
}
