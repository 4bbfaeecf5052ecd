using Hearth.Numerics.Kernels;

namespace Hearth.Numerics.Operations;

/// <summary>How scores of experts become weights.</summary>
public enum ExpertGate
{
    /// <summary>Softmax over all experts, before the choice.</summary>
    Softmax,

    /// <summary>A sigmoid of each score.</summary>
    Sigmoid,

    /// <summary>Softmax over the chosen ones alone.</summary>
    SoftmaxOfChosen,
}

/// <summary>How a mixture of experts chooses some of them for each token.</summary>
/// <param name="Experts">E, how many there are.</param>
/// <param name="Chosen">How many a token uses.</param>
/// <param name="Gate">How scores become weights.</param>
/// <param name="Normalised">Whether a token's weights are divided by their sum.</param>
/// <param name="Factor">Factor of every weight.</param>
/// <param name="Groups">Groups of neighbouring experts; 1 for none.</param>
/// <param name="ChosenGroups">Groups that a token may choose from; their worth is the sum of their two best (DeepSeek-V3, arXiv:2412.19437, section 2.1.2).</param>
public sealed record ExpertRouting(int Experts, int Chosen, ExpertGate Gate, bool Normalised, float Factor = 1f, int Groups = 1, int ChosenGroups = 1)
{
    private const int MostOnStack = 512;
    private const float LeastSum = 6.103515625e-5f;                              // the smallest normal half, below which a sum counts as that

    /// <summary>Chooses experts for every row. Of equals the one with the lower number is chosen.</summary>
    /// <param name="logits">[N, E]</param>
    /// <param name="bias">[E], added to the weights for the choice alone; null for none.</param>
    /// <returns>The rows that each expert works on, ascending, with their weights; good until the tape routes again.</returns>
    /// <exception cref="ShapeException">There are other columns than experts.</exception>
    public ExpertRoutes Route(Tensor logits, Tensor? bias)
    {
        ShapeException.Require(logits.Columns == Experts, logits, $"[{logits.Rows}, {Experts}]");
        ExpertRoutes routes = logits.Tape!.Routes;
        routes.Begin(Experts, logits.Rows, Chosen);
        Span<float> room = Experts <= MostOnStack ? stackalloc float[2 * Experts] : new float[2 * Experts];
        Span<float> scores = room[..Experts], worth = room[Experts..];
        for (int r = 0; r < logits.Rows; r++)
        {
            ReadOnlySpan<float> row = logits.Data.Slice(r * Experts, Experts);
            if (Gate == ExpertGate.Softmax) Softmax.Forward(row, scores);
            else if (Gate == ExpertGate.Sigmoid) Activations.Sigmoid(row, scores);
            else row.CopyTo(scores);
            scores.CopyTo(worth);
            if (bias is not null) Elementwise.Add(worth, bias.Data, worth);
            if (Groups > 1) CloseGroups(worth);
            Span<int> chosen = routes.Chosen(r);
            Best(worth, chosen);
            Span<float> shares = routes.Shares(r);
            for (int i = 0; i < chosen.Length; i++) shares[i] = scores[chosen[i]];
            if (Gate == ExpertGate.SoftmaxOfChosen) Softmax.Forward(shares, shares);
            if (Normalised) Normalise(shares);
            if (Factor != 1f) Elementwise.Scale(shares, Factor, shares);
        }
        routes.Finish(logits.Rows);
        return routes;
    }

    private static void Normalise(Span<float> shares)
    {
        float sum = 0f;
        foreach (float share in shares) sum += share;
        if (!(sum > LeastSum)) sum = LeastSum;
        for (int i = 0; i < shares.Length; i++) shares[i] /= sum;
    }

    /// <summary>Numbers of the largest, ascending.</summary>
    private static void Best(ReadOnlySpan<float> worth, Span<int> best)
    {
        int found = 0;
        for (int e = 0; e < worth.Length; e++)
        {
            int at = found;
            while (at > 0 && worth[e] > worth[best[at - 1]]) at--;
            if (at == best.Length) continue;
            if (found < best.Length) found++;
            for (int i = found - 1; i > at; i--) best[i] = best[i - 1];
            best[at] = e;
        }
        best.Sort();
    }

    private void CloseGroups(Span<float> worth)
    {
        int size = Experts / Groups;
        Span<float> groups = Groups <= MostOnStack ? stackalloc float[Groups] : new float[Groups];
        Span<int> two = stackalloc int[Math.Min(2, size)];
        groups.Clear();
        for (int g = 0; g < Groups; g++)
        {
            Span<float> group = worth.Slice(g * size, size);
            Best(group, two);
            foreach (int e in two) groups[g] += group[e];
        }
        Span<int> open = ChosenGroups <= MostOnStack ? stackalloc int[ChosenGroups] : new int[ChosenGroups];
        Best(groups, open);
        for (int g = 0; g < Groups; g++)
        {
            if (!open.Contains(g)) worth.Slice(g * size, size).Fill(float.NegativeInfinity);
        }
    }
}
