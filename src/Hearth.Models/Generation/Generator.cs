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
    private const int MostScoredLogits = 1 << 23;                                // 32 MB

    private readonly Tape _tape = new(pool, recording: false);
    private readonly BlockPool _blocks = new(MostPooledBytes);
    private readonly Sampler _sampler = new();

    /// <summary>How caches hold keys and values: F32, F16 or Q8_0. Another type is another arithmetic: answers may differ.</summary>
    public TensorType CacheType { get; init; } = TensorType.F32;

    /// <summary>The most tokens of prompts to read in one pass. It bounds memory and changes no bits.</summary>
    public int PrefillRows { get; init; } = 512;

    /// <summary>Proposes tokens to check several in one pass; null for not. It changes no bits.</summary>
    public Speculation? Speculation { get; init; }

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
        options.Check(model.Config.VocabularySize);
        GeneratedSequence sequence = Begin(prompt, options, cache);
        int told = 0;
        try
        {
            while (!sequence.Ended && !cancel.IsCancellationRequested)
            {
                Step([sequence]);
                while (told < sequence.Generated.Count && !cancel.IsCancellationRequested) yield return sequence.Generated[told++];
            }
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
        Complete(prompts.Count, atOnce, options, i => Begin(prompts[i], options, null), progress);

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
            foreach (int[] piece in prompt[..^1].Chunk(PrefillRows)) Read(new SequenceBatch(piece, shared));
        }
        return Complete(count, count, options, i => Begin(prompt, options with { Seed = options.Seed + i }, shared.Fork()), null);
    }

    /// <summary>How likely the model finds each token of a text after those before it. No more than a few rows of logits are in memory at a time.</summary>
    /// <param name="tokens">The text; at most the model's context.</param>
    /// <param name="alternatives">How many of the most likely tokens to report for each place.</param>
    /// <returns>For each token but the first, in order; the same numbers as generation reports.</returns>
    /// <exception cref="ContextException">The text is empty or longer than the context.</exception>
    public GeneratedToken[] Score(int[] tokens, int alternatives = 0)
    {
        if (tokens.Length == 0 || tokens.Length > model.Config.MaxPositionEmbeddings) throw new ContextException(tokens.Length, model.Config.MaxPositionEmbeddings);
        var scores = new GeneratedToken[tokens.Length - 1];
        KeyValueCache cache = NewCache();
        int rows = Math.Clamp(MostScoredLogits / model.Config.VocabularySize, 1, PrefillRows), done = 0;
        foreach (int[] piece in tokens[..^1].Chunk(rows))
        {
            Tensor logits = model.Logits(_tape, new SequenceBatch(piece, cache));
            for (int i = 0; i < piece.Length; i++, done++)
            {
                ReadOnlySpan<float> row = logits.Data.Slice(i * logits.Columns, logits.Columns);
                float logSum = Hearth.Numerics.Kernels.Softmax.LogSum(row);
                scores[done] = new GeneratedToken(tokens[done + 1], row[tokens[done + 1]] - logSum) { Alternatives = Sampler.Alternatives(row, logSum, alternatives) };
            }
            _tape.Reset();
        }
        cache.Clear();
        return scores;
    }

    /// <summary>An empty cache of this generator's type, whose blocks it uses again.</summary>
    public KeyValueCache NewCache() => model.NewCache(CacheType, _blocks);

    private GeneratedToken[][] Complete(int count, int atOnce, GenerationOptions options, Func<int, GeneratedSequence> begin, Action<int>? progress)
    {
        options.Check(model.Config.VocabularySize);
        var results = new GeneratedToken[count][];
        var active = new List<(int Index, GeneratedSequence Sequence)>();
        int next = 0, finished = 0;
        while (finished < count)
        {
            while (active.Count < atOnce && next < count) active.Add((next, begin(next++)));
            Step([.. active.Where(a => !a.Sequence.Ended).Select(a => a.Sequence)]);
            foreach ((int index, GeneratedSequence sequence) in active.Where(a => a.Sequence.Ended))
            {
                results[index] = [.. sequence.Generated];
                End(sequence, keep: false);
                finished++;
            }
            active.RemoveAll(a => a.Sequence.Ended);
            progress?.Invoke(finished);
        }
        return results;
    }

    private GeneratedSequence Begin(int[] prompt, GenerationOptions options, KeyValueCache? cache)
    {
        cache ??= NewCache();
        if (cache.Length >= prompt.Length && prompt.Length > 0) cache.Truncate(cache.CanTruncate(prompt.Length - 1) ? prompt.Length - 1 : 0);
        return new GeneratedSequence(prompt, cache, model.Config.MaxPositionEmbeddings, options, Speculation?.Begin(pool));
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

    /// <summary>Reads some of what the sequences have not read, prompts within the limit of rows, and chooses a token for those that are through.</summary>
    private void Step(GeneratedSequence[] sequences)
    {
        if (sequences.Length == 0) return;                                       // no token was asked for
        var tokens = new List<int>();
        var segments = new List<Segment>();
        var last = new List<int>();
        var through = new List<GeneratedSequence>();
        int left = PrefillRows;
        foreach (GeneratedSequence sequence in sequences)
        {
            bool prompt = sequence.Unread > 1;
            int most = prompt ? left : 1 + Math.Min(Speculation?.MaxTokens ?? 0, KeyValueCache.Slack - 1);
            if (most <= 0) continue;                                             // its turn comes
            int unread = sequence.Unread;
            int[] take = sequence.Take(most);
            segments.Add(new Segment(tokens.Count, take.Length, sequence.Cache));
            tokens.AddRange(take);
            if (prompt) left -= take.Length;
            if (take.Length < unread) continue;
            through.Add(sequence);
            for (int i = sequence.Wanted; i > 0; i--) last.Add(tokens.Count - i);
        }
        var batch = new SequenceBatch([.. tokens], [.. segments]);
        if (last.Count == 0)
        {
            Read(batch);
            return;
        }
        Tensor logits = model.Logits(_tape, batch, [.. last]);
        int row = 0;
        foreach (GeneratedSequence sequence in through)
        {
            int rows = sequence.Wanted;
            sequence.Choose(_sampler, logits.Data.Slice(row * logits.Columns, rows * logits.Columns), logits.Columns);
            row += rows;
        }
        _tape.Reset();
    }

    private void Read(SequenceBatch batch)
    {
        model.Forward(_tape, batch);
        _tape.Reset();
    }
}

/// <summary>A prompt is empty or leaves no room in the model's context.</summary>
/// <param name="tokens">Tokens of the prompt.</param>
/// <param name="context">Tokens the model can see.</param>
public sealed class ContextException(int tokens, int context)
    : HearthException(tokens == 0
        ? "The prompt is empty; at least one token is needed."
        : $"The prompt has {tokens:N0} tokens, and the model's context is {context:N0}, answer included. Shorten the prompt, or begin a new conversation.");
