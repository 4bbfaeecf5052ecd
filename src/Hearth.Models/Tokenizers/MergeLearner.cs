using System.Text;

namespace Hearth.Models.Tokenizers;

/// <summary>
/// Learns merges from counted words. Every pair of neighbouring tokens knows how often it occurs and where it has occurred, so a merge
/// touches only the places it changes; a queue gives the most frequent pair.
/// </summary>
/// <remarks>
/// A merge is applied wherever it can be, so what becomes of a stretch of bytes between two token boundaries depends on those bytes alone.
/// Hence no two merges spell the same token; and a pair is only ever added to in the one step that makes the newer of its two tokens:
/// after that step its count only falls, and its places stay in ascending order.
/// </remarks>
internal sealed class MergeLearner
{
    // A pair that occurs once saves one token in one place: it says nothing about the language.
    private const long FewestOccurrences = 2;
    private const int None = -1;

    private readonly HashSet<string> _reserved;
    private readonly Dictionary<long, Pair> _pairs = [];
    private readonly PriorityQueue<long, (long Count, long Key)> _queue = new(MostFrequentFirst.Instance);
    private readonly HashSet<long> _risen = [];

    // All words' tokens, one after another; a merge takes the second token out of the chain of its word.
    private readonly int[] _token, _next, _previous, _wordOf;
    private readonly List<long> _wordCounts;

    /// <summary>Counts the pairs of the words' bytes.</summary>
    /// <param name="alphabet">The single-byte tokens, by id; every byte of the words is among them.</param>
    /// <param name="reserved">What no merge may spell.</param>
    /// <param name="words">Bytes of each word.</param>
    /// <param name="wordCounts">How often each occurs.</param>
    public MergeLearner(IReadOnlyList<byte[]> alphabet, IEnumerable<byte[]> reserved, List<byte[]> words, List<long> wordCounts)
    {
        Tokens = [.. alphabet];
        _reserved = reserved.Select(Name).ToHashSet(StringComparer.Ordinal);
        _wordCounts = wordCounts;
        int length = checked(words.Sum(w => w.Length));
        (_token, _next, _previous, _wordOf) = (new int[length], new int[length], new int[length], new int[length]);

        var byteId = new int[256];
        for (int id = 0; id < alphabet.Count; id++) byteId[alphabet[id][0]] = id;
        int at = 0;
        for (int word = 0; word < words.Count; word++)
        {
            int first = at, last = at + words[word].Length - 1;
            foreach (byte b in words[word])
            {
                (_token[at], _previous[at], _next[at], _wordOf[at]) =
                    (byteId[b], at == first ? None : at - 1, at == last ? None : at + 1, word);
                if (at > first) Add(at - 1, _token[at - 1], _token[at]);
                at++;
            }
        }
        EnqueueRisen();
    }

    /// <summary>Every token's bytes, by id.</summary>
    public List<byte[]> Tokens { get; }

    /// <summary>The merges learned, in order.</summary>
    public List<Merge> Merges { get; } = [];

    /// <summary>Learns merges until there are <paramref name="size"/> tokens or no pair occurs often enough.</summary>
    public void Learn(int size)
    {
        while (Tokens.Count < size && _queue.TryDequeue(out long key, out (long Count, long Key) entry))
        {
            Pair pair = _pairs[key];
            if (pair.Count != entry.Count)
            {
                Enqueue(key, pair); // it has fallen since, and waits for its turn at the lower count
                continue;
            }
            _pairs.Remove(key);
            int left = (int)(key >> 32), right = (int)key;
            byte[] bytes = [.. Tokens[left], .. Tokens[right]];
            if (_reserved.Contains(Name(bytes))) continue;

            Merges.Add(new Merge(left, right, Tokens.Count));
            Apply(left, right, Tokens.Count, pair.Places);
            Tokens.Add(bytes);
            EnqueueRisen();
        }
    }

    private void Apply(int left, int right, int result, List<int> places)
    {
        foreach (int at in places) // ascending, so that in a run of equal tokens the leftmost two merge first
        {
            if (_token[at] != left || _next[at] == None || _token[_next[at]] != right) continue; // changed since it was noted
            int second = _next[at], before = _previous[at], after = _next[second];
            if (before != None) Remove(before, _token[before], left);
            if (after != None) Remove(second, right, _token[after]);

            (_token[at], _token[second], _next[at]) = (result, None, after);
            if (before != None) Add(before, _token[before], result);
            if (after == None) continue;
            _previous[after] = at;
            Add(at, result, _token[after]);
        }
    }

    private void Add(int at, int left, int right)
    {
        long key = Merge.Key(left, right);
        if (!_pairs.TryGetValue(key, out Pair? pair)) _pairs.Add(key, pair = new Pair());
        pair.Count += _wordCounts[_wordOf[at]];
        pair.Places.Add(at);
        _risen.Add(key);
    }

    /// <summary>Counts one occurrence less. A pair that was merged or may not be is no longer counted.</summary>
    private void Remove(int at, int left, int right)
    {
        if (_pairs.TryGetValue(Merge.Key(left, right), out Pair? pair)) pair.Count -= _wordCounts[_wordOf[at]];
    }

    private void EnqueueRisen()
    {
        foreach (long key in _risen) Enqueue(key, _pairs[key]);
        _risen.Clear();
    }

    private void Enqueue(long key, Pair pair)
    {
        if (pair.Count >= FewestOccurrences) _queue.Enqueue(key, (pair.Count, key));
    }

    private static string Name(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    private sealed class Pair
    {
        /// <summary>How often the pair occurs, words counted as often as they do.</summary>
        public long Count;

        /// <summary>Where the pair's first token stood when it was noted; some of these places have changed since.</summary>
        public readonly List<int> Places = [];
    }

    /// <summary>A total order, so that which pair comes out never depends on when it went in.</summary>
    private sealed class MostFrequentFirst : IComparer<(long Count, long Key)>
    {
        public static readonly MostFrequentFirst Instance = new();

        public int Compare((long Count, long Key) x, (long Count, long Key) y) =>
            x.Count != y.Count ? y.Count.CompareTo(x.Count) : x.Key.CompareTo(y.Key);
    }
}
