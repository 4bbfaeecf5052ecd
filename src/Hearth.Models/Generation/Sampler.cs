using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Models.Generation;

/// <summary>Chooses the next token from logits. It keeps memory from one token to the next and no other state: not for several threads at once.</summary>
public sealed class Sampler
{
    private static readonly Philox Random = new(0, "sample");

    private readonly Dictionary<int, int> _repeated = [];
    private float[] _logits = [];
    private float[] _weights = [];
    private int[] _kept = [];

    /// <summary>
    /// The most likely token at temperature 0 (the lowest id among equals), else one drawn from softmax(logits / temperature), after what
    /// <see cref="GenerationOptions"/> lists.
    /// </summary>
    /// <param name="logits">[V]</param>
    /// <param name="options">How to choose.</param>
    /// <param name="index">How many tokens were generated before; keys the random number.</param>
    /// <param name="history">Prompt and answer so far, for penalties; null for none.</param>
    /// <param name="allowed">The tokens that the constraint allows; null for all.</param>
    public GeneratedToken Next(ReadOnlySpan<float> logits, GenerationOptions options, int index, TokenHistory? history = null, TokenMask? allowed = null)
    {
        int count = options.VocabularyLimit > 0 ? Math.Min(options.VocabularyLimit, logits.Length) : logits.Length;
        ReadOnlySpan<float> adjusted = Adjusted(logits[..count], options, history, allowed);
        int token = options.Temperature <= 0 ? MostLikely(adjusted) : Draw(adjusted, options, index);
        if (allowed is { } mask && float.IsNegativeInfinity(adjusted[token])) token = mask.First(options.StopTokens);
        float logSum = Softmax.LogSum(logits);
        return new GeneratedToken(token, logits[token] - logSum) { Alternatives = Alternatives(logits, logSum, options.Alternatives) };
    }

    /// <summary>A token that is not for the model to choose, with the log-probability that the model gives it.</summary>
    internal static GeneratedToken Given(ReadOnlySpan<float> logits, int token, GenerationOptions options)
    {
        float logSum = Softmax.LogSum(logits);
        return new GeneratedToken(token, logits[token] - logSum) { Alternatives = Alternatives(logits, logSum, options.Alternatives) };
    }

    /// <summary>The most likely tokens, likeliest first; null when none are wanted.</summary>
    internal static TokenProbability[]? Alternatives(ReadOnlySpan<float> logits, float logSum, int count)
    {
        if (count == 0) return null;
        int[] best = new int[Math.Min(count, logits.Length)];
        Candidates.Best(logits, best);
        var alternatives = new TokenProbability[best.Length];
        for (int i = 0; i < best.Length; i++) alternatives[i] = new TokenProbability(best[i], logits[best[i]] - logSum);
        return alternatives;
    }

    /// <summary>The logits after bias, penalties and constraint.</summary>
    private ReadOnlySpan<float> Adjusted(ReadOnlySpan<float> logits, GenerationOptions options, TokenHistory? history, TokenMask? allowed)
    {
        bool penalizes = history is not null && (options.Penalizes || options.Dry is not null);
        if (options.LogitBias.Count == 0 && !penalizes && allowed is null) return logits;

        if (_logits.Length < logits.Length) _logits = new float[logits.Length];
        Span<float> x = _logits.AsSpan(0, logits.Length);
        logits.CopyTo(x);
        if (options.LogitBias.Count > 0) AddBias(x, options.LogitBias);
        if (penalizes) Penalize(x, options, history!);
        allowed?.Apply(x, options.StopTokens);
        return x;
    }

    private static void AddBias(Span<float> x, IReadOnlyDictionary<int, float> biases)
    {
        foreach ((int id, float bias) in biases)
        {
            if (id < x.Length) x[id] += bias;
        }
    }

    private void Penalize(Span<float> x, GenerationOptions options, TokenHistory history)
    {
        if (options.Penalizes)
        {
            var repetition = (float)options.RepetitionPenalty;
            foreach ((int id, int times) in history.Counts)
            {
                if (id >= x.Length) continue;
                x[id] = x[id] < 0 ? x[id] * repetition : x[id] / repetition;
                x[id] -= (float)((times * options.FrequencyPenalty) + options.PresencePenalty);
            }
        }
        if (options.Dry is not { } dry) return;
        history.Repeated(dry, _repeated);
        foreach ((int id, int length) in _repeated)
        {
            if (id >= x.Length) continue;
            double penalty = dry.Multiplier;
            for (int i = dry.AllowedLength; i < length && penalty < 1e30; i++) penalty *= dry.Base;
            x[id] -= (float)Math.Min(penalty, 1e30);
        }
    }

    private static int MostLikely(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best]) best = i;
        }
        return best;
    }

    private int Draw(ReadOnlySpan<float> logits, GenerationOptions options, int index)
    {
        if (_weights.Length < logits.Length) (_weights, _kept) = (new float[logits.Length], new int[logits.Length]);
        Span<float> weights = _weights.AsSpan(0, logits.Length);
        Elementwise.Scale(logits, (float)(1 / options.Temperature), weights);
        Softmax.Forward(weights, weights);
        double uniform = Random.WithSeed(options.Seed).Uniform(index), total = 0;
        bool all = options.TopK == 0 && options.TopP >= 1 && options.MinP <= 0;
        Span<int> kept = all ? [] : Keep(logits, weights, options);
        if (all)
        {
            foreach (float weight in weights) total += weight;
            double left = uniform * total;
            for (int i = 0; i < weights.Length; i++)
            {
                left -= weights[i];
                if (left < 0) return i;
            }
        }
        else
        {
            kept.Sort();                                                         // the draw goes through them in the order of their ids
            foreach (int id in kept) total += weights[id];
            double left = uniform * total;
            foreach (int id in kept)
            {
                left -= weights[id];
                if (left < 0) return id;
            }
        }
        return MostLikely(logits);
    }

    /// <summary>The tokens that top-k, top-p and min-p leave, in no order.</summary>
    private Span<int> Keep(ReadOnlySpan<float> logits, ReadOnlySpan<float> weights, GenerationOptions options)
    {
        int kept;
        if (options.TopK > 0)
        {
            kept = Math.Min(options.TopK, logits.Length);
            Candidates.Best(logits, _kept.AsSpan(0, kept));
            if (options.TopP < 1) kept = Reach(weights, _kept.AsSpan(0, kept), options.TopP);
        }
        else if (options.TopP < 1)
        {
            kept = Nucleus(weights, options.TopP);
        }
        else
        {
            kept = weights.Length;
            for (int i = 0; i < kept; i++) _kept[i] = i;
        }
        if (options.MinP <= 0) return _kept.AsSpan(0, kept);

        float most = 0;
        foreach (float weight in weights) most = Math.Max(most, weight);
        int enough = 0;
        for (int i = 0; i < kept; i++)
        {
            if (weights[_kept[i]] >= options.MinP * most) _kept[enough++] = _kept[i];
        }
        return _kept.AsSpan(0, enough);
    }

    /// <summary>How many of some tokens, likeliest first, reach a part of their probability together.</summary>
    private static int Reach(ReadOnlySpan<float> weights, ReadOnlySpan<int> ids, double part)
    {
        double total = 0, sum = 0;
        foreach (int id in ids) total += weights[id];
        int count = 0;
        while (count < ids.Length && (count == 0 || sum < part * total)) sum += weights[ids[count++]];
        return count;
    }

    /// <summary>The fewest tokens that have a part of all probability together, moved to the front; how many they are.</summary>
    private int Nucleus(ReadOnlySpan<float> weights, double part)
    {
        double total = 0;
        foreach (float weight in weights) total += weight;
        double negligible = (1 - part) * total / (2.0 * weights.Length);         // all tokens below it together are not missed
        int count = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] >= negligible) _kept[count++] = i;
        }
        Span<int> heap = _kept.AsSpan(0, count);
        Candidates.MakeHeap(weights, heap, worstFirst: false);
        double sum = 0;
        int taken = 0;
        while (taken < count && (taken == 0 || sum < part * total))
        {
            sum += weights[Candidates.Pop(weights, heap[..(count - taken)])];
            taken++;
        }
        heap[(count - taken)..].CopyTo(_kept);
        return taken;
    }
}
