using System.Buffers;

namespace Hearth.Models.Tokenizers;

/// <summary>Finds special tokens written in a text: the leftmost, and of those that begin there the longest.</summary>
internal sealed class SpecialTokenFinder
{
    private readonly Dictionary<(int Node, char Letter), int> _trie = [];
    private readonly List<SpecialToken?> _tokenAt = [null];
    private readonly SearchValues<char> _firstLetters;

    public SpecialTokenFinder(IEnumerable<SpecialToken> tokens)
    {
        var firstLetters = new List<char>();
        foreach (SpecialToken token in tokens)
        {
            int node = 0;
            foreach (char c in token.Content)
            {
                if (!_trie.TryGetValue((node, c), out int child))
                {
                    child = _tokenAt.Count;
                    _trie.Add((node, c), child);
                    _tokenAt.Add(null);
                }
                node = child;
            }
            _tokenAt[node] = token;
            firstLetters.Add(token.Content[0]);
        }
        _firstLetters = SearchValues.Create([.. firstLetters]);
    }

    /// <summary>The first special token at or after <paramref name="from"/> and where it begins, or null.</summary>
    public SpecialToken? Find(ReadOnlySpan<char> text, int from, out int start)
    {
        for (start = from; start < text.Length; start++)
        {
            int skip = text[start..].IndexOfAny(_firstLetters);
            if (skip < 0) break;
            start += skip;
            if (LongestAt(text[start..]) is { } token) return token;
        }
        start = text.Length;
        return null;
    }

    private SpecialToken? LongestAt(ReadOnlySpan<char> text)
    {
        SpecialToken? longest = null;
        int node = 0;
        for (int i = 0; i < text.Length && _trie.TryGetValue((node, text[i]), out node); i++) longest = _tokenAt[node] ?? longest;
        return longest;
    }
}
