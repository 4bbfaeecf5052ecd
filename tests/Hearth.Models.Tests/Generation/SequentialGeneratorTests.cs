using Hearth.Models.Architectures;
using Hearth.Models.Generation;
using Hearth.Models.Tests.Architectures;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation;

public sealed class SequentialGeneratorTests : IDisposable
{
    private static readonly GenerationOptions Options = new() { MaxTokens = 25, Temperature = 0.8, Seed = 3, Alternatives = 2 };

    private readonly LanguageModel _model = TinyModels.Create("llama, grouped heads, qk norm, tied");
    private readonly WorkerPool _pool = new(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _pool.Dispose();

    [Fact]
    public async Task Callers_who_ask_at_once_get_what_each_would_get_alone()
    {
        using var generator = new SequentialGenerator(new Generator(_model, _pool));
        int[][] prompts = [.. Enumerable.Range(0, 6).Select(i => TinyModels.Tokens(4 + i, i))];
        Task<int[]>[] answers = [.. prompts.Select(p => Task.Run(() => Ids(generator, p), Cancel))];
        Task<GeneratedToken[]> score = generator.ScoreAsync(prompts[2], 3, Cancel);
        Task<float[]> embedding = generator.EmbedAsync(prompts[3], Cancel);
        for (int i = 0; i < prompts.Length; i++)
        {
            (await answers[i]).ShouldBe(new Generator(_model, _pool).Stream(prompts[i], Options, Cancel).Select(t => t.Id), $"prompt {i}");
        }
        (await score).Select(s => s.LogProbability).ShouldBe(new Generator(_model, _pool).Score(prompts[2]).Select(s => s.LogProbability));
        (await embedding).ShouldBe(new Generator(_model, _pool).Embed(prompts[3]));
    }

    [Fact]
    public async Task Who_leaves_early_or_asks_wrongly_keeps_nobody_waiting()
    {
        using var generator = new SequentialGenerator(new Generator(_model, _pool));
        int[] prompt = TinyModels.Tokens(5, 1);
        await foreach (GeneratedToken _ in generator.GenerateAsync(prompt, Options, Cancel)) break;
        using var cancel = new CancellationTokenSource();
        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            await foreach (GeneratedToken _ in generator.GenerateAsync(prompt, Options, cancel.Token)) await cancel.CancelAsync();
        });
        await Should.ThrowAsync<ContextException>(() => generator.ScoreAsync([], cancel: Cancel));
        await Should.ThrowAsync<GenerationOptionsException>(() => Ids(generator, [TinyModels.Vocabulary]));
        (await Ids(generator, prompt)).Length.ShouldBe(25);
    }

    [Fact]
    public void An_embedding_is_the_mean_over_all_tokens_at_length_one_however_it_is_cut()
    {
        int[] tokens = TinyModels.Tokens(40, 7);
        Tensor x = _model.Forward(new Tape(_pool, recording: false), new SequenceBatch(tokens));
        double[] mean = [.. Enumerable.Range(0, x.Columns).Select(c => Enumerable.Range(0, x.Rows).Sum(r => (double)x.Data[(r * x.Columns) + c]) / x.Rows)];
        double length = Math.Sqrt(mean.Sum(m => m * m));
        float[] embedding = new Generator(_model, _pool).Embed(tokens);
        for (int c = 0; c < mean.Length; c++) ((double)embedding[c]).ShouldBe(mean[c] / length, 1e-6);
        foreach (int rows in (int[])[1, 7]) new Generator(_model, _pool) { PrefillRows = rows }.Embed(tokens).ShouldBe(embedding);
    }

    private static async Task<int[]> Ids(SequentialGenerator generator, int[] prompt)
    {
        var ids = new List<int>();
        await foreach (GeneratedToken token in generator.GenerateAsync(prompt, Options, Cancel)) ids.Add(token.Id);
        return [.. ids];
    }
}
