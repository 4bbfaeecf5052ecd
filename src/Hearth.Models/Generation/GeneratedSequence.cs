using Hearth.Models.Generation.Constraints;
using Hearth.Numerics;

namespace Hearth.Models.Generation;

/// <summary>A prompt, what was generated so far, and what the model has yet to read. Made by <see cref="Stepper.Begin"/>.</summary>
public sealed class GeneratedSequence : RunningSequence
{
    private readonly GenerationOptions _options;
    private readonly ConstraintState? _constraint;
    private readonly Proposer? _proposer;
    private readonly ReasoningState? _reasoning;
    private readonly int _room;
    private readonly List<GeneratedToken> _generated = [];
    private int[] _proposed = [];
    private bool _isThrough;

    internal GeneratedSequence(int[] prompt, KeyValueCache cache, int context, GenerationOptions options, Proposer? proposer)
        : base(cache)
    {
        if (prompt.Length == 0 || prompt.Length >= context) throw new ContextException(prompt.Length, context);
        _options = options;
        _proposer = proposer;
        History = new TokenHistory(prompt, options.PenaltyWindow);
        _constraint = options.Constraint?.Begin();
        _reasoning = options.Reasoning is null ? null : new ReasoningState(options.Reasoning);
        _room = Math.Min(options.MaxTokens, context - prompt.Length);
        Ended = _room <= 0 || _constraint?.IsComplete == true;
    }

    /// <summary>Prompt and answer so far.</summary>
    public TokenHistory History { get; }

    /// <inheritdoc/>
    public override ReadOnlySpan<int> Tokens => History.Tokens;

    /// <summary>The answer so far.</summary>
    public IReadOnlyList<GeneratedToken> Generated => _generated;

    /// <summary>Tokens that were proposed.</summary>
    public long Proposed { get; private set; }

    /// <summary>Proposed tokens that were right.</summary>
    public long Accepted { get; private set; }

    /// <inheritdoc/>
    public override int Unread => History.Count - Cache.Length;

    /// <inheritdoc/>
    public override bool IsReading => Unread > 1;

    internal override int Wanted => _isThrough ? _proposed.Length + 1 : 0;

    /// <summary>Adds the next tokens to read to a list, with what is proposed after them when all others are read.</summary>
    internal override void Take(int most, List<int> tokens)
    {
        int unread = Unread, count = Math.Min(unread, most);
        int room = _room - Generated.Count - 1;
        _isThrough = count == unread;
        _proposed = unread == 1 && room > 0 && most > 1 && _proposer is not null
            ? _proposer.Propose(History, _options, Generated.Count, Math.Min(room, most - 1)) : [];
        tokens.AddRange(History.Tokens.Slice(Cache.Length, count));
        tokens.AddRange(_proposed);
    }

    /// <summary>Chooses tokens from the logits after the last token and after each proposal, as far as the proposals were right.</summary>
    internal override void Choose(Sampler sampler, ReadOnlySpan<float> logits, int columns, int row)
    {
        Proposed += _proposed.Length;
        try
        {
            for (int i = 0; i <= _proposed.Length && !Ended; i++)
            {
                GeneratedToken token = Next(sampler, logits.Slice(i * columns, columns));
                Add(token);
                if (i == _proposed.Length || token.Id != _proposed[i]) break;
                Accepted++;
            }
        }
        catch (HearthException e)                                                // its own failure, not that of its company
        {
            (Failure, Ended) = (e, true);
        }
        int read = History.Count - 1;                                            // all but the newest token
        if (!Ended && Cache.Length > read) Cache.Truncate(read);
    }

    private GeneratedToken Next(Sampler sampler, ReadOnlySpan<float> logits)
    {
        if (_reasoning?.Forced is { } forced) return Sampler.Given(logits, forced, _options);
        TokenMask? mask = _constraint is null ? null : _reasoning?.Inside == true ? TokenMask.AllButEnds(logits.Length) : _constraint.Mask();
        if (mask is { } m && Generated.Count == 0 && _options.Reasoning?.Begin is { } begin) mask = m with { Also = begin };
        return sampler.Next(logits, _options, Generated.Count, History, mask);
    }

    private void Add(GeneratedToken token)
    {
        if (_options.StopTokens.Contains(token.Id))
        {
            Ended = true;
            return;
        }
        _generated.Add(token);
        History.Add(token.Id);
        if (_reasoning is null || !_reasoning.Takes(token.Id)) _constraint?.Accept(token.Id);
        Ended = Generated.Count >= _room || _constraint?.IsComplete == true;
    }

    /// <inheritdoc/>
    public override void Close()
    {
        base.Close();
        _proposer?.End();
    }
}
