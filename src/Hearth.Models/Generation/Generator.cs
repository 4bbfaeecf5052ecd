using Hearth.Models.Architectures;
using Hearth.Numerics;

namespace Hearth.Models.Generation;

/// <summary>Continues sequences of tokens, one alone or many side by side; company never changes a sequence's bits.</summary>
/// <param name="model">The model.</param>
/// <param name="pool">Threads.</param>
public sealed class Generator(LanguageModel model, WorkerPool pool)
{
    private readonly Tape _tape = new(pool, recording: false);
    private readonly Stack<KeyValueCache> _freeCaches = new();

    /// <summary>Continues one prompt, token by token.</summary>
    /// <param name="prompt">Its tokens; at least one.</param>
    /// <param name="options">How to choose and when to stop.</param>
    /// <param name="cancel">Ends the answer early.</param>
    /// <exception cref="ContextException">The prompt leaves no room for an answer.</exception>
    public IEnumerable<GeneratedToken> Stream(int[] prompt, GenerationOptions options, CancellationToken cancel = default)
    {
        var sequence = new Sequence(prompt, NewCache(), model.Config.MaxPositionEmbeddings, options);
        while (!sequence.Ended && !cancel.IsCancellationRequested)
        {
            Step([sequence], options);
            if (!sequence.Stopped) yield return sequence.Generated[^1];
        }
    }

    /// <summary>Continues many prompts side by side.</summary>
    /// <param name="prompts">Their tokens; at least one each.</param>
    /// <param name="options">How to choose and when to stop.</param>
    /// <param name="atOnce">How many are in memory at a time.</param>
    /// <param name="progress">Told how many are finished.</param>
    /// <returns>The tokens generated for each.</returns>
    public GeneratedToken[][] Complete(IReadOnlyList<int[]> prompts, GenerationOptions options, int atOnce = 64, Action<int>? progress = null)
    {
        var results = new GeneratedToken[prompts.Count][];
        var active = new List<(int Index, Sequence Sequence)>();
        int next = 0, finished = 0;
        while (finished < prompts.Count)
        {
            while (active.Count < atOnce && next < prompts.Count) active.Add((next, new Sequence(prompts[next++], NewCache(), model.Config.MaxPositionEmbeddings, options)));
            Step([.. active.Where(a => !a.Sequence.Ended).Select(a => a.Sequence)], options);
            foreach ((int index, Sequence sequence) in active.Where(a => a.Sequence.Ended))
            {
                results[index] = [.. sequence.Generated];
                sequence.Cache.Truncate(0);
                _freeCaches.Push(sequence.Cache);
                finished++;
            }
            active.RemoveAll(a => a.Sequence.Ended);
            progress?.Invoke(finished);
        }
        return results;
    }

    private KeyValueCache NewCache() => _freeCaches.TryPop(out KeyValueCache? cache) ? cache : model.NewCache();

    private void Step(Sequence[] sequences, GenerationOptions options)
    {
        if (sequences.Length == 0) return;                                       // no token was asked for
        var segments = new Segment[sequences.Length];
        var last = new int[sequences.Length];
        int rows = 0;
        for (int i = 0; i < sequences.Length; i++)
        {
            segments[i] = new Segment(rows, sequences[i].Pending.Length, sequences[i].Cache);
            rows += sequences[i].Pending.Length;
            last[i] = rows - 1;
        }
        Tensor logits = model.Logits(_tape, new SequenceBatch([.. sequences.SelectMany(s => s.Pending)], segments), last);
        for (int i = 0; i < sequences.Length; i++)
        {
            sequences[i].Take(Sampler.Next(logits.Data.Slice(i * logits.Columns, logits.Columns), options, sequences[i].Generated.Count), options);
        }
        _tape.Reset();
    }

    /// <summary>A prompt and what was generated so far.</summary>
    private sealed class Sequence
    {
        private readonly int _room;

        public Sequence(int[] prompt, KeyValueCache cache, int context, GenerationOptions options)
        {
            if (prompt.Length == 0 || prompt.Length >= context) throw new ContextException(prompt.Length, context);
            Pending = prompt;
            Cache = cache;
            _room = Math.Min(options.MaxTokens, context - prompt.Length);
            Ended = _room <= 0;
        }

        public int[] Pending { get; private set; }

        public KeyValueCache Cache { get; }

        public List<GeneratedToken> Generated { get; } = [];

        public bool Stopped { get; private set; }

        public bool Ended { get; private set; }

        public void Take(GeneratedToken token, GenerationOptions options)
        {
            Stopped = options.StopTokens.Contains(token.Id);
            if (!Stopped) Generated.Add(token);
            Ended = Stopped || Generated.Count >= _room;
            Pending = [token.Id];
        }
    }
}

/// <summary>A prompt is empty or leaves no room in the model's context.</summary>
/// <param name="tokens">Tokens of the prompt.</param>
/// <param name="context">Tokens the model can see.</param>
public sealed class ContextException(int tokens, int context)
    : HearthException(tokens == 0
        ? "The prompt is empty; at least one token is needed."
        : $"The prompt has {tokens:N0} tokens, and the model's context is {context:N0}, answer included. Shorten the prompt, or begin a new conversation.");
