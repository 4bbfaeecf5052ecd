namespace Hearth.Data.Corpora;

/// <summary>Markdown without the block of settings some sites put before it.</summary>
internal static class MarkdownText
{
    /// <summary>
    /// The text after its front matter: a first line "---" up to the next "---" or "..." (YAML), or "+++" up to "+++" (TOML). A block
    /// that does not end, or whose second line is blank (then "---" is a rule across the page), is text.
    /// </summary>
    public static string WithoutFrontMatter(string markdown)
    {
        ReadOnlySpan<char> rest = markdown;
        ReadOnlySpan<char> fence = NextLine(ref rest).TrimEnd();
        if (!fence.SequenceEqual("---") && !fence.SequenceEqual("+++")) return markdown;
        bool first = true;
        while (rest.Length > 0)
        {
            ReadOnlySpan<char> line = NextLine(ref rest).TrimEnd();
            if (first && line.IsEmpty) return markdown;
            if (line.SequenceEqual(fence) || (fence[0] == '-' && line.SequenceEqual("..."))) return rest.TrimStart('\n').ToString();
            first = false;
        }
        return markdown;
    }

    private static ReadOnlySpan<char> NextLine(ref ReadOnlySpan<char> text)
    {
        int end = text.IndexOf('\n');
        ReadOnlySpan<char> line = end < 0 ? text : text[..end];
        text = end < 0 ? [] : text[(end + 1)..];
        return line;
    }
}
