namespace Hearth.Models.Generation;

/// <summary>
/// Continues, scores and embeds sequences of tokens: a <see cref="Generator"/> alone, or a server's scheduler that does the same for many at
/// once. The same prompt, options and seed give the same tokens from either. Safe for use by several threads.
/// </summary>
public interface ITokenGenerator
{
    /// <summary>Continues a prompt, token by token. A stop token ends the answer and is not part of it.</summary>
    /// <param name="prompt">Its tokens; at least one.</param>
    /// <param name="options">How to choose and when to stop.</param>
    /// <param name="cancel">Ends the answer early.</param>
    /// <exception cref="ContextException">The prompt leaves no room for an answer.</exception>
    /// <exception cref="GenerationOptionsException">An option has a value that it can not have.</exception>
    IAsyncEnumerable<GeneratedToken> GenerateAsync(int[] prompt, GenerationOptions options, CancellationToken cancel = default);

    /// <summary>How likely the model finds each token of a text after those before it; the same numbers as generation reports.</summary>
    /// <param name="tokens">The text; at most the model's context.</param>
    /// <param name="alternatives">How many of the most likely tokens to report for each place.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>For each token but the first, in order.</returns>
    /// <exception cref="ContextException">The text is empty or longer than the context.</exception>
    Task<GeneratedToken[]> ScoreAsync(int[] tokens, int alternatives = 0, CancellationToken cancel = default);

    /// <summary>The mean of the residual stream after the last norm over all tokens, scaled to length 1.</summary>
    /// <param name="tokens">The text; at most the model's context.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>[C]</returns>
    /// <exception cref="ContextException">The text is empty or longer than the context.</exception>
    Task<float[]> EmbedAsync(int[] tokens, CancellationToken cancel = default);
}
