using System.Buffers;

namespace Hearth.Models.Tokenizers;

/// <summary>
/// Byte-pair encoding of characters: SentencePiece's (Kudo and Richardson 2018, arXiv:1808.06226), whose merges are ranked by the scores
/// of what they make, and the form of it in tokenizer.json, which lists them.
/// </summary>
internal sealed class CharacterBpe : TokenModel
{
    private readonly Dictionary<int, int> _characters = []; // by code point; ids from _size on are characters without a token of their own
    private readonly List<int> _loose = [];                 // their code points
    private readonly int _size;
    private readonly Merger _merger;
    private readonly HashSet<long> _inside = [];            // pairs of neighbouring code points that some token holds
    private readonly Dictionary<string, int>? _wholeWords;
    private readonly Fallback _fallback;

    private CharacterBpe(IReadOnlyList<string?> pieces, Fallback fallback, bool ignoreMerges, Func<Dictionary<string, int>, CharacterBpe, MergeTable> merges)
    {
        _size = pieces.Count;
        _fallback = fallback;
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < pieces.Count; id++)
        {
            if (pieces[id] is not { Length: > 0 } piece || !ids.TryAdd(piece, id)) continue;
            int first = CodePoints.Read(piece, 0, out int at);
            if (at == piece.Length) _characters.TryAdd(first, id);
            for (int before = first; at < piece.Length;)
            {
                int code = CodePoints.Read(piece, at, out at);
                _inside.Add(Merge.Key(before, code));
                before = code;
            }
        }
        if (ignoreMerges) _wholeWords = ids;
        _merger = new Merger(merges(ids, this));
    }

    /// <summary>Merges as a tokenizer.json lists them.</summary>
    /// <param name="pieces">By id; null where ordinary text has no token.</param>
    /// <param name="merges">By rank.</param>
    /// <param name="fallback">For what the vocabulary does not have.</param>
    /// <param name="ignoreMerges">A piece that is a token is never built by merges.</param>
    public static CharacterBpe Ranked(IReadOnlyList<string?> pieces, IReadOnlyList<Merge> merges, Fallback fallback, bool ignoreMerges) =>
        new(pieces, fallback, ignoreMerges, (_, _) => new MergeTable(merges));

    /// <summary>Every pair of tokens that makes a third may merge; the pair whose result has the highest score goes first.</summary>
    /// <param name="pieces">By id; null where ordinary text has no token.</param>
    /// <param name="scores">By id.</param>
    /// <param name="fallback">For what the vocabulary does not have.</param>
    public static CharacterBpe Scored(IReadOnlyList<string?> pieces, IReadOnlyList<float> scores, Fallback fallback) =>
        new(pieces, fallback, ignoreMerges: false, (ids, model) => model.MergesOf(pieces, scores, ids));

    public override void Encode(ReadOnlySpan<char> piece, List<int> tokens)
    {
        if (_wholeWords is not null && _wholeWords.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(piece, out int whole))
        {
            tokens.Add(whole);
            return;
        }
        bool pooled = piece.Length <= Merger.LongestPooled;
        int[] ids = pooled ? ArrayPool<int>.Shared.Rent(piece.Length + 1) : new int[piece.Length + 1];
        int count = 0, before = -1;
        bool afterUnknown = false;
        for (int at = 0; at < piece.Length;)
        {
            int code = CodePoints.Read(piece, at, out at);
            if (before >= 0 && !_inside.Contains(Merge.Key(before, code)))
            {
                Append(ids.AsSpan(0, count), tokens, ref afterUnknown); // no token spans this place
                count = 0;
            }
            ids[count++] = _characters.TryGetValue(code, out int id) ? id : _size + _loose.Count + code;
            before = code;
        }
        Append(ids.AsSpan(0, count), tokens, ref afterUnknown);
        if (pooled) ArrayPool<int>.Shared.Return(ids);
    }

    private void Append(Span<int> ids, List<int> tokens, ref bool afterUnknown)
    {
        foreach (int id in ids[.._merger.Merge(ids)])
        {
            if (id < _size)
            {
                tokens.Add(id);
                afterUnknown = false;
                continue;
            }
            int loose = id - _size;
            _fallback.Append(loose < _loose.Count ? _loose[loose] : loose - _loose.Count, tokens, ref afterUnknown);
        }
    }

    /// <summary>The merges of a scored vocabulary, those of the highest scores first; what tokenizer.json can not write is left out.</summary>
    public IReadOnlyList<Merge> Listed { get; private set; } = [];

    private MergeTable MergesOf(IReadOnlyList<string?> pieces, IReadOnlyList<float> scores, Dictionary<string, int> ids)
    {
        foreach (string piece in ids.Keys)
        {
            for (int at = 0; at < piece.Length;)
            {
                int code = CodePoints.Read(piece, at, out at);
                if (_characters.TryAdd(code, _size + _loose.Count)) _loose.Add(code);
            }
        }
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new List<Merge>();
        foreach ((string piece, int id) in ids)
        {
            for (int at = 0; at < piece.Length;)
            {
                CodePoints.Read(piece, at, out at);
                if (at == piece.Length) break;
                if (Find(piece.AsSpan(0, at)) is { } left && Find(piece.AsSpan(at)) is { } right) merges.Add(new Merge(left, right, id));
            }
        }
        Merge[] ordered = [.. merges.OrderByDescending(m => scores[m.Result])];
        var ranks = new int[ordered.Length];
        for (int i = 1; i < ranks.Length; i++)
            ranks[i] = scores[ordered[i].Result].Equals(scores[ordered[i - 1].Result]) ? ranks[i - 1] : i;
        Listed = [.. ordered.Where(m => m.Left < _size && m.Right < _size)];
        return new MergeTable(ordered, ranks);

        int? Find(ReadOnlySpan<char> part)
        {
            if (lookup.TryGetValue(part, out int id)) return id;
            int code = CodePoints.Read(part, 0, out int next);
            return next == part.Length && _characters.TryGetValue(code, out id) ? id : null;
        }
    }
}
