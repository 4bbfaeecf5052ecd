using System.Runtime.CompilerServices;
using Hearth.Models.Generation;

namespace Hearth.Server.Scheduling;

/// <summary>A model and an owner's share of a scheduler.</summary>
public sealed class ScheduledGenerator : ITokenGenerator
{
    private readonly Scheduler _scheduler;
    private readonly string _model;
    private readonly Caller _caller;

    internal ScheduledGenerator(Scheduler scheduler, string model, Caller caller) => (_scheduler, _model, _caller) = (scheduler, model, caller);

    /// <inheritdoc/>
    public IAsyncEnumerable<GeneratedToken> GenerateAsync(int[] prompt, GenerationOptions options, CancellationToken cancel = default) =>
        GenerateAsync(prompt, options, new RequestReport(), cancel);

    /// <summary>Continues a prompt, and says what became of the request.</summary>
    /// <param name="prompt">Its tokens; at least one.</param>
    /// <param name="options">How to choose and when to stop.</param>
    /// <param name="report">Is filled in.</param>
    /// <param name="cancel">Ends the answer early.</param>
    /// <exception cref="ContextException">The prompt leaves no room for an answer.</exception>
    /// <exception cref="GenerationOptionsException">An option has a value that it can not have.</exception>
    /// <exception cref="BusyException">Too many requests wait.</exception>
    /// <exception cref="MemoryBudgetException">The sequence is larger than the memory for keys and values.</exception>
    public async IAsyncEnumerable<GeneratedToken> GenerateAsync(int[] prompt, GenerationOptions options, RequestReport report,
        [EnumeratorCancellation] CancellationToken cancel = default)
    {
        (GenerateRequest request, Action end) = await _scheduler.SubmitAsync(_caller, _model, prompt.Length,
            lane => new GenerateRequest(_caller, lane.Stepper.Begin(prompt, options, lane.NewCache()), report), cancel).ConfigureAwait(false);
        try
        {
            using CancellationTokenRegistration registration = cancel.Register(end);
            await foreach (GeneratedToken token in request.Tokens.ReadAllAsync(cancel).ConfigureAwait(false)) yield return token;
        }
        finally
        {
            end();                                                               // the reader has gone, or nothing happens
        }
    }

    /// <inheritdoc/>
    public Task<GeneratedToken[]> ScoreAsync(int[] tokens, int alternatives = 0, CancellationToken cancel = default) =>
        WholeAsync(tokens, (lane, report) =>
        {
            ScoredSequence sequence = lane.Stepper.BeginScore(tokens, alternatives, lane.NewCache());
            return new WholeRequest<GeneratedToken[]>(_caller, sequence, () => sequence.Scores, report);
        }, cancel);

    /// <inheritdoc/>
    public Task<float[]> EmbedAsync(int[] tokens, CancellationToken cancel = default) =>
        WholeAsync(tokens, (lane, report) =>
        {
            EmbeddedSequence sequence = lane.Stepper.BeginEmbed(tokens, lane.NewCache());
            return new WholeRequest<float[]>(_caller, sequence, sequence.Embedding, report);
        }, cancel);

    private async Task<T> WholeAsync<T>(int[] tokens, Func<ModelLane, RequestReport, WholeRequest<T>> begin, CancellationToken cancel)
    {
        (WholeRequest<T> request, Action end) = await _scheduler.SubmitAsync(_caller, _model, tokens.Length,
            lane => begin(lane, new RequestReport()), cancel).ConfigureAwait(false);
        using CancellationTokenRegistration registration = cancel.Register(end);
        return await request.Result.WaitAsync(cancel).ConfigureAwait(false);
    }
}
