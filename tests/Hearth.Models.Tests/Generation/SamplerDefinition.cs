using Hearth.Models.Generation;

namespace Hearth.Models.Tests.Generation;

/// <summary>What the options of sampling mean, written out in float64 step by step from their definitions, slow and plain.</summary>
internal static class SamplerDefinition
{
    /// <summary>The probability of every token.</summary>
    public static double[] Probabilities(float[] logits, GenerationOptions o, int[] history)
    {
        double[] x = [.. logits.Select(l => (double)l)];
        foreach ((int id, float bias) in o.LogitBias) x[id] += bias;

        int[] seen = o.PenaltyWindow == 0 ? history : [.. history.TakeLast(o.PenaltyWindow)];
        for (int id = 0; id < x.Length; id++)
        {
            int times = seen.Count(t => t == id);
            if (times == 0) continue;
            x[id] = x[id] > 0 ? x[id] / o.RepetitionPenalty : x[id] * o.RepetitionPenalty;
            x[id] -= (times * o.FrequencyPenalty) + o.PresencePenalty;
        }
        if (o.Dry is { } dry)
        {
            for (int id = 0; id < x.Length; id++)
            {
                int length = LongestRepetition(history, id, dry);
                if (length >= dry.AllowedLength) x[id] -= dry.Multiplier * Math.Pow(dry.Base, length - dry.AllowedLength);
            }
        }
        for (int id = o.VocabularyLimit > 0 ? o.VocabularyLimit : x.Length; id < x.Length; id++) x[id] = double.NegativeInfinity;

        double[] p = Softmax([.. x.Select(l => l / o.Temperature)]);
        double most = p.Max();
        int[] order = [.. Enumerable.Range(0, p.Length).OrderByDescending(i => x[i]).ThenBy(i => i)];
        HashSet<int> kept = [.. order.Take(o.TopK > 0 ? o.TopK : p.Length)];
        double all = kept.Sum(i => p[i]), sum = 0;
        foreach (int id in order.Where(kept.Contains).ToArray())
        {
            if (sum >= o.TopP * all) kept.Remove(id);
            sum += p[id];
        }
        kept.RemoveWhere(id => p[id] < o.MinP * most);
        double left = kept.Sum(i => p[i]);
        return [.. p.Select((value, id) => kept.Contains(id) ? value / left : 0)];
    }

    /// <summary>The longest ending of the text that stood before this token earlier.</summary>
    private static int LongestRepetition(int[] text, int id, DryOptions dry)
    {
        int[] t = dry.Window == 0 ? text : [.. text.TakeLast(dry.Window)];
        int longest = 0;
        for (int at = 1; at < t.Length; at++)
        {
            if (t[at] != id || dry.Breakers.Contains(id)) continue;
            int length = 0;
            while (length < at && t[at - 1 - length] == t[^(length + 1)] && !dry.Breakers.Contains(t[at - 1 - length])) length++;
            longest = Math.Max(longest, length);
        }
        return longest;
    }

    private static double[] Softmax(double[] x)
    {
        double most = x.Max();
        double[] e = [.. x.Select(l => Math.Exp(l - most))];
        return [.. e.Select(v => v / e.Sum())];
    }
}
