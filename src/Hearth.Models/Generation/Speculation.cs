using Hearth.Models.Architectures;
using Hearth.Numerics;

namespace Hearth.Models.Generation;

/// <summary>
/// Proposes what may come next, for the model to check several tokens in one pass. Each place is sampled as it would be without proposals, with the
/// same random number, and a proposal counts only where it is the token sampled: the answer's bytes are those of plain decoding.
/// </summary>
public abstract class Speculation
{
    /// <summary>The most tokens to propose at once; at most <see cref="KeyValueCache.Slack"/> - 1.</summary>
    public int MaxTokens { get; init; } = 4;

    /// <summary>A proposer for one sequence.</summary>
    internal abstract Proposer Begin(WorkerPool pool);
}

/// <summary>Proposals for one sequence.</summary>
internal abstract class Proposer
{
    /// <summary>Tokens that may follow.</summary>
    /// <param name="history">Prompt and answer so far.</param>
    /// <param name="options">How tokens are chosen.</param>
    /// <param name="index">How many tokens were generated.</param>
    /// <param name="most">The most tokens wanted.</param>
    public abstract int[] Propose(TokenHistory history, GenerationOptions options, int index, int most);

    /// <summary>The sequence has ended.</summary>
    public virtual void End()
    {
    }
}

/// <summary>
/// Proposes what followed when prompt or answer last had the present ending (prompt lookup decoding, Saxena 2023; Yang et al. 2023,
/// arXiv:2304.04487). Good where answers quote: summaries, code, extraction.
/// </summary>
public sealed class PromptLookup : Speculation
{
    /// <summary>The longest ending to look for.</summary>
    public int LongestEnding { get; init; } = 4;

    /// <summary>The shortest ending to look for.</summary>
    public int ShortestEnding { get; init; } = 2;

    internal override Proposer Begin(WorkerPool pool) => new Lookup(LongestEnding, ShortestEnding);

    private sealed class Lookup(int longest, int shortest) : Proposer
    {
        public override int[] Propose(TokenHistory history, GenerationOptions options, int index, int most)
        {
            ReadOnlySpan<int> tokens = history.Tokens;
            for (int length = Math.Min(longest, tokens.Length - 1); length >= shortest; length--)
            {
                int at = tokens[..^1].LastIndexOf(tokens[^length..]);
                if (at < 0) continue;
                int start = at + length;
                return tokens.Slice(start, Math.Min(most, tokens.Length - start)).ToArray();
            }
            return [];
        }
    }
}

/// <summary>
/// Proposes what a smaller model with the same tokenizer would answer (Leviathan et al. 2023, arXiv:2211.17192; Chen et al. 2023,
/// arXiv:2302.01318). It draws with the answer's own random numbers, so that two models that agree draw the same token.
/// </summary>
/// <param name="draft">The smaller model.</param>
public sealed class DraftModel(LanguageModel draft) : Speculation
{
    internal override Proposer Begin(WorkerPool pool) => new Draft(draft, pool);

    private sealed class Draft(LanguageModel model, WorkerPool pool) : Proposer
    {
        private const int Rows = 512;

        private readonly Tape _tape = new(pool, recording: false);
        private readonly KeyValueCache _cache = model.NewCache();
        private readonly Sampler _sampler = new();
        private readonly List<int> _seen = [];

        public override int[] Propose(TokenHistory history, GenerationOptions options, int index, int most)
        {
            ReadOnlySpan<int> tokens = history.Tokens;
            int common = tokens[..^1].CommonPrefixLength(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_seen));
            if (!_cache.CanTruncate(common)) common = 0;
            _cache.Truncate(common);
            _seen.RemoveRange(common, _seen.Count - common);
            most = Math.Min(most, model.Config.MaxPositionEmbeddings - tokens.Length);
            if (most <= 0) return [];

            GenerationOptions plain = options with { Constraint = null, Dry = null, Alternatives = 0, VocabularyLimit = Math.Min(options.VocabularyLimit, model.Config.VocabularySize) };
            List<int> proposed = [];
            int[] pending = tokens[common..].ToArray();
            foreach (int token in pending)
            {
                if (token >= model.Config.VocabularySize) return [];
            }
            while (proposed.Count < most)
            {
                foreach (int[] piece in pending[..^1].Chunk(Rows)) Read(piece);
                int token = Read(pending[^1..], options: plain, index + proposed.Count);
                proposed.Add(token);
                pending = [token];
                if (options.StopTokens.Contains(token)) break;
            }
            return [.. proposed];
        }

        public override void End() => _cache.Clear();

        private int Read(int[] tokens, GenerationOptions? options = null, int index = 0)
        {
            var batch = new SequenceBatch(tokens, _cache);
            int token = 0;
            if (options is null) model.Forward(_tape, batch);
            else token = _sampler.Next(model.Logits(_tape, batch).Data, options, index).Id;
            _seen.AddRange(tokens);
            _tape.Reset();
            return token;
        }
    }
}
