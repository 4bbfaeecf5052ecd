using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Models.Generation;

/// <summary>Chooses the next token from logits.</summary>
public static class Sampler
{
    /// <summary>The most likely token at temperature 0 (the lowest id among equals), else one drawn from softmax(logits / temperature).</summary>
    /// <param name="logits">[V]</param>
    /// <param name="options">Temperature and seed.</param>
    /// <param name="index">How many tokens were generated before; keys the random number.</param>
    public static GeneratedToken Next(ReadOnlySpan<float> logits, GenerationOptions options, int index)
    {
        int token = options.Temperature <= 0 ? MostLikely(logits) : Draw(logits, options, index);
        return new GeneratedToken(token, logits[token] - Softmax.LogSum(logits));
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

    private static int Draw(ReadOnlySpan<float> logits, GenerationOptions options, int index)
    {
        var weights = new float[logits.Length];
        Elementwise.Scale(logits, (float)(1 / options.Temperature), weights);
        Softmax.Forward(weights, weights);
        double total = 0;
        foreach (float weight in weights) total += weight;
        double left = new Philox(options.Seed, "sample").Uniform(index) * total;
        for (int i = 0; i < weights.Length; i++)
        {
            left -= weights[i];
            if (left < 0) return i;
        }
        return MostLikely(logits);
    }
}
