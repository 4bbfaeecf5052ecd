using System.Buffers;

namespace Hearth.Models.Tokenizers;

/// <summary>A special token found in a text.</summary>
/// <param name="Token">The token.</param>
/// <param name="Start">Where it begins, with the white space that belongs to it.</param>
/// <param name="End">Where it ends, likewise.</param>
internal readonly record struct FoundToken(SpecialToken Token, int Start, int End);

/// <summary>Finds special tokens written in a text: the leftmost, and of those that begin there the longest.</summary>
internal sealed class SpecialTokenFinder
{
    private readonly Dictionary<(int Node, char Letter), int> _trie = [];
    private readonly List<SpecialToken?> _tokenAt = [null];
    private readonly SearchValues<char> _firstLetters;

    private SpecialTokenFinder(IEnumerable<(string Written, SpecialToken Token)> tokens)
    {
        var firstLetters = new List<char>();
        foreach ((string written, SpecialToken token) in tokens)
        {
            int node = 0;
            foreach (char c in written)
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
            firstLetters.Add(written[0]);
        }
        _firstLetters = SearchValues.Create([.. firstLetters]);
    }

    /// <summary>A finder of some tokens, or null when there are none to find.</summary>
    /// <param name="tokens">How each is written in the text, and the token.</param>
    public static SpecialTokenFinder? Of(IEnumerable<(string Written, SpecialToken Token)> tokens)
    {
        (string Written, SpecialToken Token)[] all = [.. tokens.Where(t => t.Written.Length > 0)];
        return all.Length == 0 ? null : new SpecialTokenFinder(all);
    }

    /// <summary>The first special token at or after <paramref name="from"/>, or null.</summary>
    public FoundToken? Find(ReadOnlySpan<char> text, int from)
    {
        for (int start = from; start < text.Length; start++)
        {
            int skip = text[start..].IndexOfAny(_firstLetters);
            if (skip < 0) break;
            start += skip;
            if (LongestAt(text, start, out int end) is not { } token) continue;
            if (token.WholeWord && (CodePoints.IsWord(text, start - 1) || CodePoints.IsWord(text, end))) continue;
            while (token.StripsLeft && start > from && CodePoints.KindAt(text, start - 1, out _).Is(Kind.Space)) start--;
            return new FoundToken(token, start, token.StripsRight ? CodePoints.RunOf(text, end, Kind.Space) : end);
        }
        return null;
    }

    private SpecialToken? LongestAt(ReadOnlySpan<char> text, int start, out int end)
    {
        SpecialToken? longest = null;
        int node = 0;
        end = start;
        for (int i = start; i < text.Length && _trie.TryGetValue((node, text[i]), out node); i++)
        {
            if (_tokenAt[node] is not { } token) continue;
            (longest, end) = (token, i + 1);
        }
        return longest;
    }
}
