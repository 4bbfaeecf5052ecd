namespace Hearth.Models.Hub;

/// <summary>A model on a hub.</summary>
/// <param name="Repository">Its name there, such as <c>Qwen/Qwen3-0.6B</c>.</param>
/// <param name="Revision">A branch, tag or commit.</param>
public sealed record HubAddress(string Repository, string Revision = "main")
{
    private const int LongestPart = 96;
    private const int LongestRevision = 256;

    /// <summary>The last part of the name.</summary>
    public string Name => Repository[(Repository.IndexOf('/') + 1)..];

    /// <summary>Reads <c>OWNER/NAME</c> or <c>OWNER/NAME@REVISION</c>.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="HubException">It is of another form.</exception>
    public static HubAddress Parse(string text)
    {
        int at = text.IndexOf('@');
        string repository = at < 0 ? text : text[..at], revision = at < 0 ? "main" : text[(at + 1)..];
        string[] parts = repository.Split('/');
        if (parts.Length is 1 or 2 && parts.All(IsPart) && IsRevision(revision)) return new HubAddress(repository, revision);
        throw new HubException($"'{Formats.Show.Name(text)}' is not a model on a hub. Expected OWNER/NAME or OWNER/NAME@REVISION, such as Qwen/Qwen3-0.6B@main.");
    }

    /// <summary>Letters, digits and '-', '_', '.'; neither a dot at an end nor two in a row, so that no part of a path is named.</summary>
    internal static bool IsPart(string part) => part.Length is > 0 and <= LongestPart && part[0] != '.' && part[^1] != '.'
        && !part.Contains("..", StringComparison.Ordinal) && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static bool IsRevision(string revision) => revision.Length is > 0 and <= LongestRevision && revision.Split('/').All(IsPart);

    /// <inheritdoc/>
    public override string ToString() => $"{Repository}@{Revision}";
}
