namespace Hearth.Models.Tokenizers;

/// <summary>
/// The unigram language model (Kudo 2018, arXiv:1804.10959): of all ways to cut a text into tokens, the one whose scores add up to the
/// most (Viterbi). Equal sums keep the way found first, as the reference implementations do.
/// </summary>
internal sealed class Unigram : TokenModel
{
    /// <summary>The longest token allowed, in characters; it bounds the time for each place of a text.</summary>
    public const int LongestPiece = 256;

    /// <summary>The most characters all tokens together may have; they bound the memory of the tree of tokens.</summary>
    public const int MostCharacters = 1 << 21;

    private const double UnknownPenalty = 10;
    private const int NotReached = -1;

    private readonly MergeTable _trie; // (node, next character) -> node
    private readonly int[] _tokenAt;   // by node; -1 where no token ends
    private readonly double[] _scores;
    private readonly double _unknownScore;
    private readonly Fallback _fallback;

    /// <param name="pieces">By id; null where ordinary text has no token.</param>
    /// <param name="scores">By id: logarithms of probabilities.</param>
    /// <param name="lowest">The lowest score of an ordinary token, to which the unknown token is compared.</param>
    /// <param name="fallback">For what the vocabulary does not have.</param>
    public Unigram(IReadOnlyList<string?> pieces, IReadOnlyList<double> scores, double lowest, Fallback fallback)
    {
        _scores = [.. scores];
        _unknownScore = lowest - UnknownPenalty;
        _fallback = fallback;
        int[] order = [.. Enumerable.Range(0, pieces.Count).Where(id => pieces[id] is { Length: > 0 })];
        Array.Sort(order, (a, b) => string.CompareOrdinal(pieces[a], pieces[b]) is not 0 and var difference ? difference : a.CompareTo(b));
        var edges = new List<Merge>();
        var tokens = new List<int> { NotReached };
        int[] path = new int[LongestPiece + 1];                                  // the nodes of the piece before: pieces that begin alike follow each other
        string before = "";
        foreach (int id in order)
        {
            string piece = pieces[id]!;
            for (int at = before.AsSpan().CommonPrefixLength(piece); at < piece.Length; at++)
            {
                edges.Add(new Merge(path[at], piece[at], tokens.Count));
                path[at + 1] = tokens.Count;
                tokens.Add(NotReached);
            }
            int node = path[piece.Length];
            if (tokens[node] < 0) tokens[node] = id;
            before = piece;
        }
        _tokenAt = [.. tokens];
        _trie = new MergeTable(edges);
    }

    public override void Encode(ReadOnlySpan<char> piece, List<int> tokens)
    {
        var best = new double[piece.Length + 1];
        var from = new int[piece.Length + 1];
        var token = new int[piece.Length + 1];
        Array.Fill(from, NotReached);
        for (int at = 0; at < piece.Length;)
        {
            CodePoints.Read(piece, at, out int next);
            bool hasOne = false;
            (int Rank, int Node) step = _trie.Find(0, piece[at]);
            for (int end = at + 1; step != MergeTable.NoPair; end++)
            {
                if (_tokenAt[step.Node] is var id && id >= 0)
                {
                    hasOne |= end == next;
                    Offer(at, end, id, _scores[id]);
                }
                if (end == piece.Length) break;
                step = _trie.Find(step.Node, piece[end]);
            }
            if (!hasOne) Offer(at, next, -1, _unknownScore);
            at = next;
        }

        var path = new List<int>();
        for (int end = piece.Length; end > 0; end = from[end]) path.Add(end);
        bool afterUnknown = false;
        for (int i = path.Count - 1; i >= 0; i--)
        {
            if (token[path[i]] < 0)
            {
                _fallback.Append(CodePoints.Read(piece, from[path[i]], out _), tokens, ref afterUnknown);
                continue;
            }
            tokens.Add(token[path[i]]);
            afterUnknown = false;
        }

        void Offer(int start, int end, int id, double score)
        {
            double sum = best[start] + score;
            if (from[end] != NotReached && !(sum > best[end])) return;
            (best[end], from[end], token[end]) = (sum, start, id);
        }
    }
}
