using Hearth.Models.Generation.Constraints;
using Hearth.Numerics;

namespace Hearth.Models.Generation;

/// <summary>
/// How to choose tokens, and when to stop. A token's logit passes, in this order: bias, penalties, <see cref="Dry"/>, <see cref="Constraint"/>,
/// temperature, top-k, top-p, min-p; then a token is drawn.
/// </summary>
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

    /// <summary>Draws from so many of the most likely tokens, lower ids first among equals; 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>Draws from the fewest likely tokens that have this probability together (Holtzman et al. 2020, arXiv:1904.09751); 1 for all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Draws from tokens that have at least this part of the likeliest one's probability (arXiv:2407.01082); 0 for all.</summary>
    public double MinP { get; init; }

    /// <summary>
    /// Divides positive and multiplies negative logits of tokens that prompt or answer has (Keskar et al. 2019, arXiv:1909.05858, section 4.1); 1 for none.
    /// </summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Taken from a token's logit once for each time that prompt or answer has it.</summary>
    public double FrequencyPenalty { get; init; }

    /// <summary>Taken from a token's logit once when prompt or answer has it.</summary>
    public double PresencePenalty { get; init; }

    /// <summary>How many of the last tokens the penalties look at; 0 for all.</summary>
    public int PenaltyWindow { get; init; }

    /// <summary>Makes the going on of repeated sequences unlikely; null for not.</summary>
    public DryOptions? Dry { get; init; }

    /// <summary>Added to tokens' logits.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = new Dictionary<int, float>();

    /// <summary>Ids from here on are never chosen: rows of the embedding that no token has. 0 for none.</summary>
    public int VocabularyLimit { get; init; }

    /// <summary>How many of the model's most likely tokens to report beside each chosen one.</summary>
    public int Alternatives { get; init; }

    /// <summary>What the answer must be like; null for anything.</summary>
    public TokenConstraint? Constraint { get; init; }

    /// <summary>How the model marks reasoning, which comes before what <see cref="Constraint"/> holds for; null for a model without.</summary>
    public ReasoningMarks? Reasoning { get; init; }

    internal bool Penalizes => RepetitionPenalty != 1 || FrequencyPenalty != 0 || PresencePenalty != 0;

    /// <summary>Checks the numbers against each other and the model's vocabulary.</summary>
    /// <param name="vocabulary">V.</param>
    /// <exception cref="GenerationOptionsException">One is outside what it may be.</exception>
    public void Check(int vocabulary)
    {
        Require(!double.IsNaN(Temperature), nameof(Temperature), Temperature, "a number");
        Require(TopK >= 0, nameof(TopK), TopK, "0 or more");
        Require(TopP is > 0 and <= 1, nameof(TopP), TopP, "above 0, at most 1");
        Require(MinP is >= 0 and <= 1, nameof(MinP), MinP, "0 to 1");
        Require(RepetitionPenalty > 0 && double.IsFinite(RepetitionPenalty), nameof(RepetitionPenalty), RepetitionPenalty, "above 0");
        Require(double.IsFinite(FrequencyPenalty), nameof(FrequencyPenalty), FrequencyPenalty, "a finite number");
        Require(double.IsFinite(PresencePenalty), nameof(PresencePenalty), PresencePenalty, "a finite number");
        Require(PenaltyWindow >= 0, nameof(PenaltyWindow), PenaltyWindow, "0 or more");
        Require(VocabularyLimit >= 0 && VocabularyLimit <= vocabulary, nameof(VocabularyLimit), VocabularyLimit, $"0 to {vocabulary:N0}, the model's vocabulary");
        Require(Alternatives >= 0 && Alternatives <= vocabulary, nameof(Alternatives), Alternatives, $"0 to {vocabulary:N0}, the model's vocabulary");
        foreach ((int id, float bias) in LogitBias)
        {
            Require(id >= 0 && id < vocabulary, nameof(LogitBias), id, $"token ids of 0 to {vocabulary - 1:N0}");
            Require(!float.IsNaN(bias) && !float.IsPositiveInfinity(bias), nameof(LogitBias), bias, "finite numbers");
        }
        if (Dry is null) return;
        Require(double.IsFinite(Dry.Multiplier), nameof(Dry), Dry.Multiplier, "a finite multiplier");
        Require(Dry.Base >= 1 && double.IsFinite(Dry.Base), nameof(Dry), Dry.Base, "a base of 1 or more");
        Require(Dry.AllowedLength >= 1, nameof(Dry), Dry.AllowedLength, "an allowed length of 1 or more");
        Require(Dry.Window >= 0, nameof(Dry), Dry.Window, "a window of 0 or more");
    }

    private static void Require(bool holds, string option, double found, string expected)
    {
        if (!holds) throw new GenerationOptionsException(option, FormattableString.Invariant($"{found}"), expected);
    }
}

/// <summary>
/// "Don't repeat yourself" (p-e-w 2024, text-generation-webui pull request 5677): a token that would go on with a sequence that stood there before loses
/// multiplier · base^(length - allowed length).
/// </summary>
public sealed record DryOptions
{
    /// <summary>Factor of the penalty.</summary>
    public double Multiplier { get; init; } = 0.8;

    /// <summary>How fast the penalty grows with the length of the repeated sequence.</summary>
    public double Base { get; init; } = 1.75;

    /// <summary>The longest repeated sequence that costs nothing to go on with, plus one.</summary>
    public int AllowedLength { get; init; } = 2;

    /// <summary>How many of the last tokens to look at; 0 for all.</summary>
    public int Window { get; init; }

    /// <summary>Tokens that no repeated sequence reaches across, such as new lines and quotation marks.</summary>
    public IReadOnlySet<int> Breakers { get; init; } = new HashSet<int>();

    /// <summary>Tokens that hold a new line, a colon, a quotation mark or an asterisk, and the special ones: what llama.cpp breaks at too.</summary>
    /// <param name="tokenizer">Whose tokens.</param>
    public static IReadOnlySet<int> UsualBreakers(Tokenizers.Tokenizer tokenizer)
    {
        HashSet<int> breakers = [.. tokenizer.SpecialTokens.Select(t => t.Id)];
        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            if (tokenizer.Bytes(id).ContainsAny("\n:\"*"u8)) breakers.Add(id);
        }
        return breakers;
    }
}

/// <summary>How a model marks its reasoning, in tokens.</summary>
/// <param name="End">The tokens after which the answer begins.</param>
public sealed record ReasoningMarks(IReadOnlyList<int> End)
{
    /// <summary>The token that reasoning begins with, where an answer may begin with it; null for none.</summary>
    public int? Begin { get; init; }

    /// <summary>Whether the prompt ended inside reasoning.</summary>
    public bool Began { get; init; }

    /// <summary>The most tokens of reasoning; then <see cref="Closing"/> is said for the model. Null for any number.</summary>
    public int? MostTokens { get; init; }

    /// <summary>What ends reasoning that is too long; it ends in <see cref="End"/>.</summary>
    public IReadOnlyList<int> Closing { get; init; } = [];
}

/// <summary>A token and how likely the model finds it.</summary>
/// <param name="Id">The token.</param>
/// <param name="LogProbability">Its log-probability in nats under the model, before anything else.</param>
public readonly record struct TokenProbability(int Id, float LogProbability);

/// <summary>A token that was generated.</summary>
/// <param name="Id">The token.</param>
/// <param name="LogProbability">Its log-probability in nats under the model, before bias, penalties, constraint and temperature.</param>
public readonly record struct GeneratedToken(int Id, float LogProbability)
{
    /// <summary>The model's most likely tokens in this place, likeliest first; null where none were asked for.</summary>
    public IReadOnlyList<TokenProbability>? Alternatives { get; init; }
}

/// <summary>An option of generation has a value that it can not have.</summary>
/// <param name="option">The option.</param>
/// <param name="found">Its value.</param>
/// <param name="expected">What it may be.</param>
public sealed class GenerationOptionsException(string option, string found, string expected)
    : HearthException($"{option} is {found}, expected {expected}.")
{
    /// <summary>The option.</summary>
    public string Option { get; } = option;
}
