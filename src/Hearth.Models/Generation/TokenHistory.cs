using System.Runtime.InteropServices;

namespace Hearth.Models.Generation;

/// <summary>The tokens of a prompt and its answer so far, with what the penalties want to know about them.</summary>
public sealed class TokenHistory
{
    private readonly List<int> _tokens = [];
    private readonly Dictionary<int, int> _counts = [];                          // within the window
    private readonly int _window;
    private int[] _matches = [];

    /// <summary>A history.</summary>
    /// <param name="tokens">The first tokens.</param>
    /// <param name="window">How many of the last tokens are counted; 0 for all.</param>
    public TokenHistory(ReadOnlySpan<int> tokens = default, int window = 0)
    {
        _window = window;
        foreach (int token in tokens) Add(token);
    }

    /// <summary>How many tokens there are.</summary>
    public int Count => _tokens.Count;

    /// <summary>The tokens; valid until one is added.</summary>
    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>How often each token stands in the window.</summary>
    internal Dictionary<int, int> Counts => _counts;

    /// <summary>Adds a token at the end.</summary>
    /// <param name="token">The token.</param>
    public void Add(int token)
    {
        _tokens.Add(token);
        CollectionsMarshal.GetValueRefOrAddDefault(_counts, token, out _)++;
        if (_window == 0 || _tokens.Count <= _window) return;
        int gone = _tokens[^(_window + 1)];
        if (--CollectionsMarshal.GetValueRefOrAddDefault(_counts, gone, out _) == 0) _counts.Remove(gone);
    }

    /// <summary>
    /// For every token that once followed what the text now ends in: the longest such ending. Linear in the window, by the Z algorithm
    /// (Gusfield 1997, Algorithms on Strings, Trees, and Sequences, section 1.4) from the last token back.
    /// </summary>
    /// <param name="dry">Window and breakers.</param>
    /// <param name="lengths">Receives the lengths, by token.</param>
    internal void Repeated(DryOptions dry, Dictionary<int, int> lengths)
    {
        lengths.Clear();
        ReadOnlySpan<int> tokens = Tokens;
        int n = dry.Window == 0 ? Count : Math.Min(Count, dry.Window), limit = 0, last = Count - 1;
        while (limit < n && !dry.Breakers.Contains(tokens[last - limit])) limit++;           // no sequence reaches across a breaker
        if (limit < dry.AllowedLength) return;
        if (_matches.Length < n) _matches = new int[Math.Max(n, 2 * _matches.Length)];
        int[] z = _matches;                                                                  // z[k]: how much of the end also ends k tokens earlier
        for (int k = 1, left = 0, right = 0; k < n; k++)
        {
            int match = k < right ? Math.Min(right - k, z[k - left]) : 0;
            while (k + match < n && tokens[last - match] == tokens[last - k - match]) match++;
            z[k] = match;
            if (k + match > right) (left, right) = (k, k + match);
            int length = Math.Min(match, limit), next = tokens[last - k + 1];
            if (length < dry.AllowedLength || dry.Breakers.Contains(next)) continue;
            ref int longest = ref CollectionsMarshal.GetValueRefOrAddDefault(lengths, next, out _);
            longest = Math.Max(longest, length);
        }
    }
}
