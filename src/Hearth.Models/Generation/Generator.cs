using Hearth.Models.Architectures;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Generation;

/// <summary>Continues sequences of tokens, one alone or many side by side; company never changes a sequence's bits.</summary>
/// <param name="model">The model.</param>
/// <param name="pool">Threads.</param>
public sealed class Generator(LanguageModel model, WorkerPool pool)
{
    private const long MostPooledBytes = 1L << 28;

    private readonly BlockPool _blocks = new(MostPooledBytes);
    private readonly Stepper _stepper = new(model, pool);

    /// <summary>How caches hold keys and values: F32, F16 or Q8_0. Another type is another arithmetic: answers may differ.</summary>
    public TensorType CacheType { get; init; } = TensorType.F32;

    /// <summary>The most tokens of prompts to read in one pass. It bounds memory and changes no bits.</summary>
    public int PrefillRows
    {
        get => _stepper.PrefillRows;
        init => _stepper.PrefillRows = value;
    }

    /// <summary>Proposes tokens to check several in one pass; null for not. It changes no bits.</summary>
    public Speculation? Speculation
    {
        get => _stepper.Speculation;
        init => _stepper.Speculation = value;
    }

    /// <summary>Tokens that were proposed.</summary>
    public long Proposed { get; private set; }

    /// <summary>Proposed tokens that were right.</summary>
    public long Accepted { get; private set; }

    /// <summary>Continues one prompt, token by token.</summary>
    /// <param name="prompt">Its tokens; at least one.</param>
    /// <param name="options">How to choose and when to stop.</param>
    /// <param name="cancel">Ends the answer early.</param>
    /// <exception cref="ContextException">The prompt leaves no room for an answer.</exception>
    /// <exception cref="GenerationOptionsException">An option has a value that it can not have.</exception>
    public IEnumerable<GeneratedToken> Stream(int[] prompt, GenerationOptions options, CancellationToken cancel = default) =>
        Stream(prompt, options, null, cancel);

    /// <summary>Continues one prompt whose beginning a cache may have already, from an earlier answer or a <see cref="KeyValueCache.Fork"/>.</summary>
    /// <param name="prompt">Its tokens; at least one.</param>
    /// <param name="options">How to choose and when to stop.</param>
    /// <param name="cache">
    /// What it holds are the prompt's first tokens; it goes on to hold the answer's, all but the last. Null for a new one.
    /// </param>
    /// <param name="cancel">Ends the answer early.</param>
    /// <exception cref="ContextException">The prompt leaves no room for an answer.</exception>
    /// <exception cref="GenerationOptionsException">An option has a value that it can not have.</exception>
    public IEnumerable<GeneratedToken> Stream(int[] prompt, GenerationOptions options, KeyValueCache? cache, CancellationToken cancel = default)
    {
        GeneratedSequence sequence = _stepper.Begin(prompt, options, cache ?? NewCache());
        GeneratedSequence[] alone = [sequence];
        int told = 0;
        try
        {
            while (!sequence.Ended && !cancel.IsCancellationRequested)
            {
                _stepper.Step(alone);
                while (told < sequence.Generated.Count && !cancel.IsCancellationRequested) yield return sequence.Generated[told++];
            }
            if (sequence.Failure is { } failure) throw failure;
        }
        finally
        {
            End(sequence, keep: cache is not null);
        }
    }

    /// <summary>Continues many prompts side by side.</summary>
    /// <param name="prompts">Their tokens; at least one each.</param>
    /// <param name="options">How to choose and when to stop.</param>
    /// <param name="atOnce">How many are in memory at a time.</param>
    /// <param name="progress">Told how many are finished.</param>
    /// <returns>The tokens generated for each.</returns>
    public GeneratedToken[][] Complete(IReadOnlyList<int[]> prompts, GenerationOptions options, int atOnce = 64, Action<int>? progress = null) =>
        Complete(prompts.Count, atOnce, options, i => _stepper.Begin(prompts[i], options, NewCache()), progress);

    /// <summary>Several answers to one prompt, which is read once. Answer i is the one that seed + i gives alone.</summary>
    /// <param name="prompt">Its tokens; at least one.</param>
    /// <param name="options">How to choose and when to stop; the seed is the first answer's.</param>
    /// <param name="count">How many answers.</param>
    /// <returns>The tokens generated for each.</returns>
    public GeneratedToken[][] Choices(int[] prompt, GenerationOptions options, int count)
    {
        KeyValueCache shared = NewCache();
        if (prompt.Length > 1 && prompt.Length < model.Config.MaxPositionEmbeddings)
        {
            _stepper.Read(prompt.AsSpan(..^1), shared);
        }
        return Complete(count, count, options, i => _stepper.Begin(prompt, options with { Seed = options.Seed + i }, shared.Fork()), null);
    }

    /// <summary>How likely the model finds each token of a text after those before it.</summary>
    /// <param name="tokens">The text; at most the model's context.</param>
    /// <param name="alternatives">How many of the most likely tokens to report for each place.</param>
    /// <returns>For each token but the first, in order; the same numbers as generation reports.</returns>
    /// <exception cref="ContextException">The text is empty or longer than the context.</exception>
    public GeneratedToken[] Score(int[] tokens, int alternatives = 0)
    {
        ScoredSequence sequence = _stepper.BeginScore(tokens, alternatives, NewCache());
        Read(sequence);
        return sequence.Scores;
    }

    /// <summary>The mean of the residual stream after the last norm over all tokens, scaled to length 1.</summary>
    /// <param name="tokens">The text; at most the model's context.</param>
    /// <returns>[C]</returns>
    /// <exception cref="ContextException">The text is empty or longer than the context.</exception>
    public float[] Embed(int[] tokens)
    {
        EmbeddedSequence sequence = _stepper.BeginEmbed(tokens, NewCache());
        Read(sequence);
        return sequence.Embedding();
    }

    /// <summary>An empty cache of this generator's type, whose blocks it uses again.</summary>
    public KeyValueCache NewCache() => model.NewCache(CacheType, _blocks);

    private void Read(RunningSequence sequence)
    {
        RunningSequence[] alone = [sequence];
        while (!sequence.Ended) _stepper.Step(alone);
        sequence.Cache.Clear();
    }

    private GeneratedToken[][] Complete(int count, int atOnce, GenerationOptions options, Func<int, GeneratedSequence> begin, Action<int>? progress)
    {
        var results = new GeneratedToken[count][];
        var active = new List<(int Index, GeneratedSequence Sequence)>();
        int next = 0, finished = 0;
        while (finished < count)
        {
            while (active.Count < atOnce && next < count) active.Add((next, begin(next++)));
            _stepper.Step([.. active.Select(a => a.Sequence)]);
            foreach ((int index, GeneratedSequence sequence) in active.Where(a => a.Sequence.Ended))
            {
                if (sequence.Failure is { } failure) throw failure;
                results[index] = [.. sequence.Generated];
                End(sequence, keep: false);
                finished++;
            }
            active.RemoveAll(a => a.Sequence.Ended);
            progress?.Invoke(finished);
        }
        return results;
    }

    private void End(GeneratedSequence sequence, bool keep)
    {
        sequence.Close();
        Proposed += sequence.Proposed;
        Accepted += sequence.Accepted;
        int read = sequence.History.Count - 1;
        if (!keep) sequence.Cache.Clear();
        else if (sequence.Cache.Length > read) sequence.Cache.Truncate(read);
    }
}

/// <summary>A prompt is empty or leaves no room in the model's context.</summary>
/// <param name="tokens">Tokens of the prompt.</param>
/// <param name="context">Tokens the model can see.</param>
public sealed class ContextException(int tokens, int context)
    : HearthException(tokens == 0
        ? "The prompt is empty; at least one token is needed."
        : $"The prompt has {tokens:N0} tokens, and the model's context is {context:N0}, answer included. Shorten the prompt, or begin a new conversation.");
