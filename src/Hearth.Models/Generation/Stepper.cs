using System.Runtime.InteropServices;
using Hearth.Models.Architectures;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Models.Generation;

/// <summary>
/// Runs passes over sequences, each at its own place: reads some of what every sequence has not read, and chooses tokens for those that are
/// through. Which sequences share a pass, and how prompts are cut, changes no bits. Not for several threads at once.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="pool">Threads.</param>
public sealed class Stepper(LanguageModel model, WorkerPool pool)
{
    private const int MostScoredLogits = 1 << 23;                                // 32 MB

    private readonly Tape _tape = new(pool, recording: false);
    private readonly List<int> _tokens = [], _wanted = [];
    private readonly List<Segment> _segments = [];
    private readonly List<(GeneratedSequence Sequence, int Row)> _through = [];
    private readonly Stack<Sampler> _samplers = new();

    /// <summary>The most tokens of prompts to read in one pass. It bounds memory and changes no bits.</summary>
    public int PrefillRows { get; set; } = 512;

    /// <summary>Proposes tokens to check several in one pass; null for not. It changes no bits.</summary>
    public Speculation? Speculation { get; set; }

    /// <summary>Bytes of working memory.</summary>
    public long BytesHeld => _tape.BytesHeld;

    /// <summary>A sequence at its beginning, to be given to <see cref="Step"/> until it has ended, and to be closed then.</summary>
    /// <param name="prompt">Its tokens; at least one.</param>
    /// <param name="options">How to choose and when to stop.</param>
    /// <param name="cache">What it holds are the prompt's first tokens. It goes on to hold the rest and the answer's, all but the last.</param>
    /// <exception cref="ContextException">The prompt leaves no room for an answer.</exception>
    /// <exception cref="GenerationOptionsException">An option has a value that it can not have.</exception>
    public GeneratedSequence Begin(int[] prompt, GenerationOptions options, KeyValueCache cache)
    {
        options.Check(model.Config.VocabularySize);
        if (cache.Length >= prompt.Length && prompt.Length > 0) cache.Truncate(cache.CanTruncate(prompt.Length - 1) ? prompt.Length - 1 : 0);
        return new GeneratedSequence(prompt, cache, model.Config.MaxPositionEmbeddings, options, Speculation?.Begin(pool));
    }

    /// <summary>One pass. Sequences that have ended are left out; of prompts, so much is read as <see cref="PrefillRows"/> allows, first come first served.</summary>
    /// <param name="sequences">The sequences, from <see cref="Begin"/>.</param>
    /// <returns>Rows that the pass had; 0 when there was nothing to do.</returns>
    public int Step(IReadOnlyList<GeneratedSequence> sequences)
    {
        _tokens.Clear();
        _wanted.Clear();
        _segments.Clear();
        _through.Clear();
        int left = PrefillRows;
        for (int i = 0; i < sequences.Count; i++)
        {
            GeneratedSequence sequence = sequences[i];
            if (sequence.Ended) continue;
            int unread = sequence.Unread;
            int most = unread > 1 ? left : 1 + Math.Min(Speculation?.MaxTokens ?? 0, KeyValueCache.Slack - 1);
            if (most <= 0) continue;                                             // its turn comes
            int start = _tokens.Count, read = sequence.Take(most, _tokens);
            _segments.Add(new Segment(start, _tokens.Count - start, sequence.Cache));
            if (unread > 1) left -= read;
            if (read < unread) continue;
            _through.Add((sequence, _wanted.Count));
            for (int row = _tokens.Count - sequence.Wanted; row < _tokens.Count; row++) _wanted.Add(row);
        }
        if (_tokens.Count == 0) return 0;
        var batch = new SequenceBatch([.. _tokens], [.. _segments]);
        if (_wanted.Count == 0) model.Forward(_tape, batch);
        else Choose(model.Logits(_tape, batch, [.. _wanted]));
        _tape.Reset();
        return _tokens.Count;
    }

    /// <summary>Reads tokens without choosing any.</summary>
    /// <param name="tokens">The next tokens of the cache's sequence.</param>
    /// <param name="cache">Holds them afterwards too.</param>
    public void Read(ReadOnlySpan<int> tokens, KeyValueCache cache)
    {
        for (int from = 0; from < tokens.Length; from += PrefillRows)
        {
            model.Forward(_tape, new SequenceBatch(tokens[from..Math.Min(from + PrefillRows, tokens.Length)].ToArray(), cache));
            _tape.Reset();
        }
    }

    /// <summary>How likely the model finds each token of a text after those before it. No more than some rows of logits are in memory at a time.</summary>
    /// <param name="tokens">The text; at most the model's context.</param>
    /// <param name="cache">Empty; holds the text afterwards, all but the last token.</param>
    /// <param name="alternatives">How many of the most likely tokens to report for each place.</param>
    /// <returns>For each token but the first, in order, as its piece of the text has been read; the same numbers as generation reports.</returns>
    /// <exception cref="ContextException">The text is empty or longer than the context.</exception>
    public IEnumerable<GeneratedToken> Score(int[] tokens, KeyValueCache cache, int alternatives = 0)
    {
        if (tokens.Length == 0 || tokens.Length > model.Config.MaxPositionEmbeddings) throw new ContextException(tokens.Length, model.Config.MaxPositionEmbeddings);
        int rows = Math.Clamp(MostScoredLogits / model.Config.VocabularySize, 1, PrefillRows), done = 0;
        foreach (int[] piece in tokens[..^1].Chunk(rows))
        {
            Tensor logits = model.Logits(_tape, new SequenceBatch(piece, cache));
            var scores = new GeneratedToken[piece.Length];
            pool.For(piece.Length, 1, (long)piece.Length * logits.Columns, (from, to) =>
            {
                for (int i = from; i < to; i++)
                {
                    ReadOnlySpan<float> row = logits.Data.Slice(i * logits.Columns, logits.Columns);
                    float logSum = Softmax.LogSum(row);
                    int next = tokens[done + i + 1];
                    scores[i] = new GeneratedToken(next, row[next] - logSum) { Alternatives = Sampler.Alternatives(row, logSum, alternatives) };
                }
            });
            _tape.Reset();
            done += piece.Length;
            foreach (GeneratedToken score in scores) yield return score;
        }
    }

    /// <summary>The mean of the residual stream after the last norm over all tokens, scaled to length 1; tokens are added in order, in float64.</summary>
    /// <param name="tokens">The text; at most the model's context.</param>
    /// <param name="cache">Empty.</param>
    /// <returns>[C]</returns>
    /// <exception cref="ContextException">The text is empty or longer than the context.</exception>
    public float[] Embed(int[] tokens, KeyValueCache cache)
    {
        if (tokens.Length == 0 || tokens.Length > model.Config.MaxPositionEmbeddings) throw new ContextException(tokens.Length, model.Config.MaxPositionEmbeddings);
        var sum = new double[model.Config.HiddenSize];
        foreach (int[] piece in tokens.Chunk(PrefillRows))
        {
            ReadOnlySpan<float> x = model.Forward(_tape, new SequenceBatch(piece, cache)).Data;
            for (int i = 0; i < x.Length; i++) sum[i % sum.Length] += x[i];
            _tape.Reset();
        }
        double squares = 0;
        foreach (double s in sum) squares += s * s;
        double scale = squares > 0 ? 1 / Math.Sqrt(squares) : 0;
        return Array.ConvertAll(sum, s => (float)(s * scale));
    }

    /// <summary>Chooses tokens for the sequences that are through, each by a sampler of its own thread.</summary>
    private void Choose(Tensor logits)
    {
        if (_through.Count == 1)
        {
            Choose(logits, 0, 1);
            return;
        }
        pool.For(_through.Count, 1, logits.Data.Length, (from, to) => Choose(logits, from, to));
    }

    private void Choose(Tensor logits, int from, int to)
    {
        Sampler? sampler;
        lock (_samplers) _samplers.TryPop(out sampler);
        sampler ??= new Sampler();
        foreach ((GeneratedSequence sequence, int row) in CollectionsMarshal.AsSpan(_through)[from..to])
        {
            sequence.Choose(sampler, logits.Data.Slice(row * logits.Columns, sequence.Wanted * logits.Columns), logits.Columns);
        }
        lock (_samplers) _samplers.Push(sampler);
    }
}
