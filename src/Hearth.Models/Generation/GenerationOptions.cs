namespace Hearth.Models.Generation;

/// <summary>How to choose tokens, and when to stop.</summary>
public sealed record GenerationOptions
{
    /// <summary>The most tokens to generate.</summary>
    public int MaxTokens { get; init; } = 256;

    /// <summary>0 takes the most likely token; above, the larger the more varied.</summary>
    public double Temperature { get; init; }

    /// <summary>Keys the random numbers; the same prompt, options and seed give the same tokens.</summary>
    public long Seed { get; init; }

    /// <summary>Tokens that end the answer and are not part of it.</summary>
    public IReadOnlyCollection<int> StopTokens { get; init; } = [];
}

/// <summary>A token that was generated.</summary>
/// <param name="Id">The token.</param>
/// <param name="LogProbability">Its log-probability in nats under the model, before temperature.</param>
public readonly record struct GeneratedToken(int Id, float LogProbability);
