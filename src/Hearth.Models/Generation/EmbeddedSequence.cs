using Hearth.Numerics;

namespace Hearth.Models.Generation;

/// <summary>
/// A text that is being embedded: the mean of the residual stream after the last norm over all tokens, scaled to length 1; tokens are added in
/// order, in float64. Made by <see cref="Stepper.BeginEmbed"/>.
/// </summary>
public sealed class EmbeddedSequence : RunningSequence
{
    private readonly int[] _tokens;
    private readonly double[] _sum;
    private int _seen;

    internal EmbeddedSequence(int[] tokens, int hiddenSize, KeyValueCache cache)
        : base(cache) => (_tokens, _sum) = (tokens, new double[hiddenSize]);

    /// <inheritdoc/>
    public override ReadOnlySpan<int> Tokens => _tokens;

    /// <inheritdoc/>
    public override int Unread => _tokens.Length - Cache.Length;

    /// <inheritdoc/>
    public override bool IsReading => true;

    internal override int Wanted => 0;

    /// <summary>The embedding, [C], when it has ended.</summary>
    public float[] Embedding()
    {
        double squares = 0;
        foreach (double s in _sum) squares += s * s;
        double scale = squares > 0 ? 1 / Math.Sqrt(squares) : 0;
        return Array.ConvertAll(_sum, s => (float)(s * scale));
    }

    internal override void Take(int most, List<int> tokens) => tokens.AddRange(_tokens.AsSpan(Cache.Length, Math.Min(Unread, most)));

    internal override void See(ReadOnlySpan<float> rows)
    {
        int first = Cache.Length - (rows.Length / _sum.Length);                  // the pass has moved the cache on
        for (int i = Math.Max(0, _seen - first) * _sum.Length; i < rows.Length; i++) _sum[i % _sum.Length] += rows[i];
        _seen = Math.Max(_seen, Cache.Length);
    }

    internal override void Finish() => Ended = Unread == 0;
}
