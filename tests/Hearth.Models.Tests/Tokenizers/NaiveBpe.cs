namespace Hearth.Models.Tests.Tokenizers;

/// <summary>Byte-pair encoding and its training as defined, without any cleverness: what the fast forms are compared with.</summary>
internal static class NaiveBpe
{
    /// <summary>Merges the leftmost pair of lowest rank until no pair has a rank.</summary>
    public static List<string> Merge(IEnumerable<string> symbols, Func<string, string, int?> rankOf)
    {
        List<string> parts = [.. symbols];
        while (true)
        {
            int best = -1, bestRank = int.MaxValue;
            for (int i = 0; i + 1 < parts.Count; i++)
                if (rankOf(parts[i], parts[i + 1]) is int rank && rank < bestRank) (best, bestRank) = (i, rank);
            if (best < 0) return parts;
            parts[best] += parts[best + 1];
            parts.RemoveAt(best + 1);
        }
    }

    /// <summary>Counts every pair anew before each merge. Words are lists of ids; ids of merges follow those of the alphabet.</summary>
    public static List<(int Left, int Right)> Train(int alphabet, IEnumerable<(int[] Ids, long Count)> counted, int most)
    {
        int tokens = alphabet;
        List<(List<int> Ids, long Count)> words = [.. counted.Select(w => (w.Ids.ToList(), w.Count))];
        var merges = new List<(int, int)>();
        while (merges.Count < most)
        {
            var counts = new Dictionary<(int Left, int Right), long>();
            foreach ((List<int> ids, long count) in words)
                foreach ((int, int) pair in ids.Zip(ids.Skip(1))) counts[pair] = counts.GetValueOrDefault(pair) + count;
            if (counts.Count == 0) return merges;
            ((int left, int right), long best) = counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key).First();
            if (best < 2) return merges;

            int result = tokens++;
            foreach ((List<int> ids, _) in words)
            {
                for (int i = 0; i + 1 < ids.Count; i++)
                {
                    if (ids[i] != left || ids[i + 1] != right) continue;
                    ids[i] = result;
                    ids.RemoveAt(i + 1);
                }
            }
            merges.Add((left, right));
        }
        return merges;
    }
}
