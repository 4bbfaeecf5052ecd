using Hearth.Models.Generation.Constraints;
using Hearth.Numerics;

namespace Hearth.Models.Generation;

/// <summary>A prompt, what was generated so far, and what the model has yet to read.</summary>
internal sealed class GeneratedSequence
{
    private readonly GenerationOptions _options;
    private readonly ConstraintState? _constraint;
    private readonly Proposer? _proposer;
    private readonly int _room;
    private int[] _proposed = [];

    public GeneratedSequence(int[] prompt, KeyValueCache cache, int context, GenerationOptions options, Proposer? proposer)
    {
        if (prompt.Length == 0 || prompt.Length >= context) throw new ContextException(prompt.Length, context);
        _options = options;
        _proposer = proposer;
        Cache = cache;
        History = new TokenHistory(prompt, options.PenaltyWindow);
        _constraint = options.Constraint?.Begin();
        _room = Math.Min(options.MaxTokens, context - prompt.Length);
        Ended = _room <= 0 || _constraint?.IsComplete == true;
    }

    public TokenHistory History { get; }

    public KeyValueCache Cache { get; }

    public List<GeneratedToken> Generated { get; } = [];

    public bool Ended { get; private set; }

    public long Proposed { get; private set; }

    public long Accepted { get; private set; }

    /// <summary>Tokens to read before the next can be chosen.</summary>
    public int Unread => History.Count - Cache.Length;

    /// <summary>The next tokens to read; with what was proposed after them when all others are read.</summary>
    public int[] Take(int most)
    {
        int count = Math.Min(Unread, most);
        bool last = count == Unread;
        int room = _room - Generated.Count - 1;
        _proposed = last && Unread == 1 && room > 0 && most > 1 && _proposer is not null
            ? _proposer.Propose(History, _options, Generated.Count, Math.Min(room, most - 1)) : [];
        return [.. History.Tokens.Slice(Cache.Length, count), .. _proposed];
    }

    /// <summary>Rows at the end of what was taken whose logits are wanted.</summary>
    public int Wanted => _proposed.Length + 1;

    /// <summary>Chooses tokens from the logits after the last token and after each proposal, as far as the proposals were right.</summary>
    public void Choose(Sampler sampler, ReadOnlySpan<float> logits, int columns)
    {
        Proposed += _proposed.Length;
        for (int i = 0; i <= _proposed.Length && !Ended; i++)
        {
            GeneratedToken token = sampler.Next(logits.Slice(i * columns, columns), _options, Generated.Count, History, _constraint?.Mask());
            Add(token);
            if (i == _proposed.Length || token.Id != _proposed[i]) break;
            Accepted++;
        }
        int read = History.Count - 1;                                            // all but the newest token
        if (!Ended && Cache.Length > read) Cache.Truncate(read);
    }

    private void Add(GeneratedToken token)
    {
        if (_options.StopTokens.Contains(token.Id))
        {
            Ended = true;
            return;
        }
        Generated.Add(token);
        History.Add(token.Id);
        _constraint?.Accept(token.Id);
        Ended = Generated.Count >= _room || _constraint?.IsComplete == true;
    }

    public void Close()
    {
        Ended = true;
        _proposer?.End();
    }
}
