using System.Text;

namespace Hearth.Models.Chat.Templates;

/// <summary>The filter wordwrap: each line on its own, filled up to a width like Python's textwrap.</summary>
internal static class WordWrap
{
    public static string Wrap(TemplateContext c, string text, Bound a)
    {
        int width = a.Whole(0, 79);
        if (width <= 0) throw c.Fail($"{a.What}: 'width' is {width}, expected at least 1");
        string newLine = a.TextOrNone(2) ?? "\n";
        IEnumerable<string> lines = StringMethods.Lines(text).Select(line => string.Join(newLine, Line(c, line, width, a.Flag(1, true), a.Flag(3, true))));
        string result = string.Join(newLine, lines);
        c.TakeText(result.Length);
        return result;
    }

    private static List<string> Line(TemplateContext c, string line, int width, bool breakLong, bool breakHyphens)
    {
        var chunks = new Stack<string>(Chunks(line, breakHyphens).AsEnumerable().Reverse());
        var lines = new List<string>();
        c.TakeElements(chunks.Count);
        while (chunks.Count > 0)
        {
            var current = new List<string>();
            int length = 0;
            if (lines.Count > 0 && string.IsNullOrWhiteSpace(chunks.Peek())) chunks.Pop();
            while (chunks.Count > 0 && length + chunks.Peek().Length <= width)
            {
                length += chunks.Peek().Length;
                current.Add(chunks.Pop());
            }
            if (chunks.Count > 0 && chunks.Peek().Length > width)
            {
                int room = Math.Max(1, width - length);
                if (breakLong)
                {
                    string chunk = chunks.Pop();
                    c.TakeText(chunk.Length);
                    int end = room;
                    int hyphen = breakHyphens && chunk.Length > room ? chunk.LastIndexOf('-', room - 1) : -1;
                    if (hyphen > 0 && chunk[..hyphen].Any(ch => ch != '-')) end = hyphen + 1;
                    current.Add(chunk[..end]);
                    chunks.Push(chunk[end..]);
                }
                else if (current.Count == 0) current.Add(chunks.Pop());
            }
            if (current.Count > 0 && string.IsNullOrWhiteSpace(current[^1])) current.RemoveAt(current.Count - 1);
            if (current.Count > 0) lines.Add(string.Concat(current));
        }
        return lines;
    }

    /// <summary>Words and the spaces between them; with hyphens, a word ends after one that stands between letters.</summary>
    private static List<string> Chunks(string line, bool breakHyphens)
    {
        var chunks = new List<string>();
        var chunk = new StringBuilder();
        for (int i = 0; i < line.Length; i++)
        {
            bool space = char.IsWhiteSpace(line[i]);
            if (chunk.Length > 0 && space != char.IsWhiteSpace(chunk[^1])) End();
            chunk.Append(line[i]);
            bool hyphen = breakHyphens && line[i] == '-' && i >= 2 && i + 2 < line.Length && char.IsLetter(line[i - 1]) && char.IsLetterOrDigit(line[i - 2])
                && char.IsLetter(line[i + 1]) && char.IsLetterOrDigit(line[i + 2]);
            if (hyphen) End();
        }
        End();
        return chunks;

        void End()
        {
            if (chunk.Length > 0) chunks.Add(chunk.ToString());
            chunk.Clear();
        }
    }
}
