using System.Runtime.InteropServices;
using Hearth.Models.Architectures;
using Hearth.Numerics;
using Hearth.Numerics.Operations;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Generation;

/// <summary>A sequence's part of a pass.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="Most">The most tokens to read of it, at least 1.</param>
public readonly record struct PassPiece(RunningSequence Sequence, int Most);

/// <summary>
/// Runs passes over sequences, each at its own place: reads some of what every sequence has not read, and chooses tokens for those that are
/// through. Which sequences share a pass, and how prompts are cut, changes no bits. Sequences may be begun by any thread; passes are not for
/// several threads at once.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="pool">Threads.</param>
public sealed class Stepper(LanguageModel model, WorkerPool pool)
{
    private const int MostLogits = 1 << 23;                                      // 32 MB at a time

    private readonly Tape _tape = new(pool, recording: false) { ReusesTensors = true };
    private readonly List<int> _tokens = [], _wanted = [];
    private readonly List<Segment> _segments = [];
    private readonly List<PassPiece> _pieces = [];
    private readonly List<Choice> _choices = [];
    private readonly Stack<Sampler> _samplers = new();
    private SequenceBatch? _batch;
    private int[] _rows = [];

    /// <summary>The most tokens of prompts to read in one pass. It bounds memory and changes no bits.</summary>
    public int PrefillRows { get; set; } = 256;

    /// <summary>Proposes tokens to check several in one pass; null for not. It changes no bits.</summary>
    public Speculation? Speculation { get; set; }

    /// <summary>The most tokens that a sequence which is not reading takes in a pass: the newest, and proposals.</summary>
    public int DecodeRows => 1 + Math.Min(Speculation?.MaxTokens ?? 0, KeyValueCache.Slack - 1);

    /// <summary>Bytes of working memory.</summary>
    public long BytesHeld => _tape.BytesHeld;

    /// <summary>An empty cache for the model.</summary>
    /// <param name="type">How it holds keys and values: F32, F16 or Q8_0.</param>
    /// <param name="blocks">Where its blocks come from and go back to.</param>
    public KeyValueCache NewCache(TensorType type, BlockPool blocks) => model.NewCache(type, blocks);

    /// <summary>A sequence at its beginning, to be given to passes until it has ended, and to be closed then.</summary>
    /// <param name="prompt">Its tokens; at least one.</param>
    /// <param name="options">How to choose and when to stop.</param>
    /// <param name="cache">What it holds are the prompt's first tokens. It goes on to hold the rest and the answer's, all but the last.</param>
    /// <exception cref="ContextException">The prompt leaves no room for an answer.</exception>
    /// <exception cref="GenerationOptionsException">An option has a value that it can not have.</exception>
    public GeneratedSequence Begin(int[] prompt, GenerationOptions options, KeyValueCache cache)
    {
        options.Check(model.Config.VocabularySize);
        RequireTokens(prompt);
        if (cache.Length >= prompt.Length && prompt.Length > 0) cache.Truncate(cache.CanTruncate(prompt.Length - 1) ? prompt.Length - 1 : 0);
        return new GeneratedSequence(prompt, cache, model.Config.MaxPositionEmbeddings, options, Speculation?.Begin(pool));
    }

    /// <summary>A text to be scored, at its beginning.</summary>
    /// <param name="tokens">The text; at most the model's context.</param>
    /// <param name="alternatives">How many of the most likely tokens to report for each place.</param>
    /// <param name="cache">Empty; holds the text afterwards, all but the last token.</param>
    /// <exception cref="ContextException">The text is empty or longer than the context.</exception>
    public ScoredSequence BeginScore(int[] tokens, int alternatives, KeyValueCache cache)
    {
        new GenerationOptions { Alternatives = alternatives }.Check(model.Config.VocabularySize);
        RequireFit(tokens);
        return new ScoredSequence(tokens, alternatives, cache);
    }

    /// <summary>A text to be embedded, at its beginning.</summary>
    /// <param name="tokens">The text; at most the model's context.</param>
    /// <param name="cache">Empty; holds the text afterwards.</param>
    /// <exception cref="ContextException">The text is empty or longer than the context.</exception>
    public EmbeddedSequence BeginEmbed(int[] tokens, KeyValueCache cache)
    {
        RequireFit(tokens);
        return new EmbeddedSequence(tokens, model.Config.HiddenSize, cache);
    }

    /// <summary>One pass. Sequences that have ended are left out; of prompts, so much is read as <see cref="PrefillRows"/> allows, first come first served.</summary>
    /// <param name="sequences">The sequences.</param>
    /// <returns>Rows that the pass had; 0 when there was nothing to do.</returns>
    public int Step(IReadOnlyList<RunningSequence> sequences)
    {
        _pieces.Clear();
        int left = PrefillRows;
        for (int i = 0; i < sequences.Count; i++)
        {
            RunningSequence sequence = sequences[i];
            if (sequence.Ended || (sequence.IsReading && left == 0)) continue;   // its turn comes
            int most = sequence.IsReading ? Math.Min(sequence.Unread, left) : DecodeRows;
            if (sequence.IsReading) left -= most;
            _pieces.Add(new PassPiece(sequence, most));
        }
        return Step(CollectionsMarshal.AsSpan(_pieces));
    }

    /// <summary>One pass over pieces of sequences that have not ended.</summary>
    /// <param name="pieces">The pieces, each of another sequence.</param>
    /// <returns>Rows that the pass had; 0 when there was nothing to do.</returns>
    public int Step(ReadOnlySpan<PassPiece> pieces)
    {
        _tokens.Clear();
        _wanted.Clear();
        _segments.Clear();
        _choices.Clear();
        foreach (PassPiece piece in pieces) Take(piece);
        if (_tokens.Count == 0) return 0;
        try
        {
            _batch = SequenceBatch.Of(_batch, CollectionsMarshal.AsSpan(_tokens), CollectionsMarshal.AsSpan(_segments));
            Tensor x = model.Forward(_tape, _batch);
            for (int i = 0; i < pieces.Length; i++)
            {
                pieces[i].Sequence.See(x.Data.Slice(_segments[i].Start * x.Columns, _segments[i].Count * x.Columns));
            }
            Choose(x);
        }
        finally
        {
            _tape.Reset();
        }
        foreach (PassPiece piece in pieces) piece.Sequence.Finish();
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

    private void Take(PassPiece piece)
    {
        (RunningSequence sequence, int most) = piece;
        int start = _tokens.Count;
        sequence.Take(most, _tokens);
        _segments.Add(new Segment(start, _tokens.Count - start, sequence.Cache));
        int wanted = sequence.Wanted, first = _wanted.Count;
        for (int row = _tokens.Count - wanted; row < _tokens.Count; row++) _wanted.Add(row);
        if (wanted > 0 && !sequence.IsRowByRow) _choices.Add(new Choice(sequence, first, 0, wanted));
        for (int row = 0; row < wanted && sequence.IsRowByRow; row++) _choices.Add(new Choice(sequence, first + row, row, 1));
    }

    /// <summary>Chooses from the wanted rows, no more of their logits in memory at a time than a bound allows.</summary>
    private void Choose(Tensor x)
    {
        int most = Math.Max(1, MostLogits / model.Config.VocabularySize);
        for (int from = 0, to; from < _choices.Count; from = to)
        {
            int first = _choices[from].Row, rows = 0;
            for (to = from; to < _choices.Count && (to == from || rows + _choices[to].Rows <= most); to++) rows += _choices[to].Rows;
            int since = _tape.Activations;
            if (_rows.Length != rows) _rows = new int[rows];
            CollectionsMarshal.AsSpan(_wanted).Slice(first, rows).CopyTo(_rows);
            Choose(_tape.Embed(x, _rows).Linear(model.Head), first, from, to);
            _tape.KeepOnly(x, since);
        }
    }

    /// <summary>Chooses tokens, each by a sampler of its own thread.</summary>
    private void Choose(Tensor logits, int first, int from, int to)
    {
        pool.For(to - from, 1, logits.Data.Length, (this, logits, first, from), static (s, a, b) => s.Item1.ChooseSome(s.logits, s.first, s.from + a, s.from + b));
    }

    private void ChooseSome(Tensor logits, int first, int from, int to)
    {
        Sampler? sampler;
        lock (_samplers) _samplers.TryPop(out sampler);
        sampler ??= new Sampler();
        foreach (Choice choice in CollectionsMarshal.AsSpan(_choices)[from..to])
        {
            ReadOnlySpan<float> rows = logits.Data.Slice((choice.Row - first) * logits.Columns, choice.Rows * logits.Columns);
            choice.Sequence.Choose(sampler, rows, logits.Columns, choice.Offset);
        }
        lock (_samplers) _samplers.Push(sampler);
    }

    private void RequireFit(int[] tokens)
    {
        if (tokens.Length == 0 || tokens.Length > model.Config.MaxPositionEmbeddings) throw new ContextException(tokens.Length, model.Config.MaxPositionEmbeddings);
        RequireTokens(tokens);
    }

    /// <summary>A stranger among the tokens would be found in the middle of a pass, which others share.</summary>
    private void RequireTokens(int[] tokens)
    {
        int last = model.Config.VocabularySize - 1, at = tokens.AsSpan().IndexOfAnyExceptInRange(0, last);
        if (at >= 0) throw new GenerationOptionsException($"Prompt[{at}]", $"{tokens[at]}", $"ids of 0 to {last:N0}, the model's vocabulary");
    }

    /// <summary>Rows whose logits one sequence sees together.</summary>
    /// <param name="Sequence">The sequence.</param>
    /// <param name="Row">The first among all wanted rows.</param>
    /// <param name="Offset">The first among the sequence's wanted rows.</param>
    /// <param name="Rows">How many.</param>
    private readonly record struct Choice(RunningSequence Sequence, int Row, int Offset, int Rows);
}
