namespace Hearth.Models.Hub;

/// <summary>A file of a model on a hub.</summary>
/// <param name="Path">Its path there, with '/' between folders; one that is safe to write below a folder.</param>
/// <param name="Bytes">Its length; null when the hub's list does not say.</param>
/// <param name="Sha256">The digest of a large file (Git LFS), else null.</param>
/// <param name="GitSha1">The digest of a small file as Git makes it: of "blob", its length and its bytes.</param>
public sealed record HubFile(string Path, long? Bytes, string? Sha256, string? GitSha1)
{
    internal const int Sha256Digits = 64, Sha1Digits = 40;
    private const int LongestPath = 1024;
    private const int LongestName = 200;

    private static readonly string[] DeviceNames =
        ["CON", "PRN", "AUX", "NUL", .. Enumerable.Range(0, 10).SelectMany(i => (string[])[$"COM{i}", $"LPT{i}"])];

    /// <summary>Its name without folders.</summary>
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>The file with what a tag says of it: a SHA-256, or Git's digest.</summary>
    internal HubFile WithTag(string? tag) => tag?.Length switch
    {
        Sha256Digits when IsHex(tag) => this with { Sha256 = tag },
        Sha1Digits when IsHex(tag) => this with { GitSha1 = tag },
        _ => this,
    };

    internal static bool IsHex(string text) => text.All(char.IsAsciiHexDigitLower);

    /// <summary>
    /// Whether a path can be written below a folder on every system: no way out of it, no drive, no device, no name that another program would
    /// read as something else.
    /// </summary>
    /// <param name="path">A path as a hub lists it.</param>
    internal static bool IsSafe(string path) => path.Length is > 0 and <= LongestPath && path.Split('/').All(IsSafeName);

    private static bool IsSafeName(string name) => name.Length is > 0 and <= LongestName && name[^1] is not ('.' or ' ') && name[0] != ' '
        && !name.Any(c => char.IsControl(c) || char.IsSurrogate(c) || c is '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|')
        && !DeviceNames.Contains(name.Split('.')[0], StringComparer.OrdinalIgnoreCase);
}
