using System.Runtime.CompilerServices;

namespace Hearth.Models.Generation;

/// <summary>A generator for several callers, one request after the other. It works on threads of the pool, not on the caller's.</summary>
/// <param name="generator">The generator; nobody else uses it meanwhile.</param>
public sealed class SequentialGenerator(Generator generator) : ITokenGenerator, IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    /// <inheritdoc/>
    public async IAsyncEnumerable<GeneratedToken> GenerateAsync(int[] prompt, GenerationOptions options,
        [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            using IEnumerator<GeneratedToken> answer = generator.Stream(prompt, options, cancel).GetEnumerator();
            while (await Task.Run(answer.MoveNext, CancellationToken.None).ConfigureAwait(false)) yield return answer.Current;
            cancel.ThrowIfCancellationRequested();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public Task<GeneratedToken[]> ScoreAsync(int[] tokens, int alternatives = 0, CancellationToken cancel = default) =>
        InTurn(() => generator.Score(tokens, alternatives), cancel);

    /// <inheritdoc/>
    public Task<float[]> EmbedAsync(int[] tokens, CancellationToken cancel = default) => InTurn(() => generator.Embed(tokens), cancel);

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task<T> InTurn<T>(Func<T> work, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            return await Task.Run(work, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }
}
