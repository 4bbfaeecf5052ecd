using System.Text;

namespace Hearth.Server.State;

/// <summary>Texts as both databases can keep them: PostgreSQL has no NUL, and neither has halves of characters.</summary>
internal static class StorableText
{
    /// <summary>The text, with U+FFFD for what can not be kept.</summary>
    public static string Of(string text)
    {
        bool isPlain = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 && !text.Contains('\0', StringComparison.Ordinal);
        return isPlain ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');
    }
}
