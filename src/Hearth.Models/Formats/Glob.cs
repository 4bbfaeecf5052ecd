namespace Hearth.Models.Formats;

/// <summary>
/// Patterns over file names: <c>?</c> is one character and <c>*</c> any number of them within a folder's or file's name, <c>**</c> any
/// number across folders. A pattern without '/' is matched against the file's name in whatever folder, one with '/' against its whole path.
/// </summary>
public static class Glob
{
    /// <summary>Whether the pattern matches. Letter case counts. Time is bounded by the product of the two lengths.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="path">A path below the folder, with '/' between folders.</param>
    public static bool Matches(string pattern, string path)
    {
        if (!pattern.Contains('/', StringComparison.Ordinal)) path = path[(path.LastIndexOf('/') + 1)..];

        // reached[i]: the pattern read so far can have consumed the first i characters of the path.
        bool[] reached = new bool[path.Length + 1];
        reached[0] = true;
        for (int p = 0; p < pattern.Length; p++)
        {
            bool[] next = new bool[path.Length + 1];
            if (pattern[p] == '*')
            {
                bool acrossFolders = p + 1 < pattern.Length && pattern[p + 1] == '*';
                bool wholeFolders = acrossFolders && p + 2 < pattern.Length && pattern[p + 2] == '/';
                p += wholeFolders ? 2 : acrossFolders ? 1 : 0;
                bool open = false;
                for (int i = 0; i <= path.Length; i++)
                {
                    if (!acrossFolders && i > 0 && path[i - 1] == '/') open = false;
                    open |= reached[i];
                    next[i] = wholeFolders ? reached[i] || (open && i > 0 && path[i - 1] == '/') : open;
                }
            }
            else
            {
                for (int i = 0; i < path.Length; i++)
                    next[i + 1] = reached[i] && (pattern[p] == '?' ? path[i] != '/' : pattern[p] == path[i]);
            }
            reached = next;
        }
        return reached[path.Length];
    }
}
