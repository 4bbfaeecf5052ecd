namespace Hearth.Models.Hub;

/// <summary>The licence that a model card names in its front matter: <c>license</c>, or <c>license_name</c> where that is "other".</summary>
public static class ModelCardLicence
{
    private const int MostBytes = 4 << 20;
    private const int LongestLicence = 200;
    private const string Fence = "---";

    /// <summary>Reads a folder's README.md.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The licence, or null when there is no card or it names none.</returns>
    public static string? Read(string folder)
    {
        string path = Path.Combine(folder, "README.md");
        try
        {
            if (!File.Exists(path) || new FileInfo(path).Length > MostBytes) return null;
            string? id = null, name = null;
            foreach (string line in File.ReadLines(path).TakeWhile((l, i) => i == 0 ? l.TrimEnd() == Fence : l.TrimEnd() != Fence))
            {
                id ??= Value(line, "license:");
                name ??= Value(line, "license_name:");
            }
            return id is null or "other" ? name ?? id : id;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Value(string line, string key)
    {
        if (!line.StartsWith(key, StringComparison.Ordinal)) return null;
        string value = line[key.Length..].Trim().Trim('"', '\'');
        return value.Length is > 0 and <= LongestLicence ? Formats.Show.Name(value) : null;
    }
}
