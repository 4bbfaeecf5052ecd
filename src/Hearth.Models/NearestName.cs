namespace Hearth.Models;

/// <summary>Finds the name a person most likely meant.</summary>
public static class NearestName
{
    private const int LongestName = 100;

    /// <summary>The candidate with the fewest changed, added or dropped letters, upper case or lower, or null when none is near.</summary>
    /// <param name="found">What was written.</param>
    /// <param name="candidates">The valid names; the first of equally near ones is returned.</param>
    public static string? Of(string found, IEnumerable<string> candidates)
    {
        if (found.Length is 0 or > LongestName) return null;
        string? nearest = null;
        int least = Math.Max(1, found.Length / 3) + 1;
        foreach (string candidate in candidates)
        {
            if (candidate.Length > LongestName || Math.Abs(candidate.Length - found.Length) >= least) continue;
            int distance = Distance(found.ToLowerInvariant(), candidate.ToLowerInvariant());
            if (distance < least) (nearest, least) = (candidate, distance);
        }
        return nearest;
    }

    /// <summary>"(Did you mean 'name'?)" with a space before it, or nothing when no candidate is near.</summary>
    /// <param name="found">What was written.</param>
    /// <param name="candidates">The valid names.</param>
    public static string Hint(string found, IEnumerable<string> candidates) =>
        Of(found, candidates) is { } nearest ? $" (Did you mean '{nearest}'?)" : "";

    // Levenshtein's distance, one row at a time.
    private static int Distance(string a, string b)
    {
        int[] row = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++) row[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}
