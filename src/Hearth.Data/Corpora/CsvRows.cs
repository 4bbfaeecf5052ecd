using System.Text;

namespace Hearth.Data.Corpora;

/// <summary>One row of a CSV file.</summary>
/// <param name="Line">The line it begins on, from 1.</param>
/// <param name="Columns">Its fields, at most <see cref="CsvRows.MostColumns"/> and one; null when the row is broken.</param>
/// <param name="Problem">What is wrong with a broken row.</param>
internal sealed record CsvRow(long Line, IReadOnlyList<string>? Columns, string? Problem);

/// <summary>Reads CSV as RFC 4180 has it. Blank lines are no rows; a quote in a field that does not begin with one is a letter.</summary>
internal static class CsvRows
{
    /// <summary>More columns than this are counted but not kept.</summary>
    public const int MostColumns = 4096;

    /// <summary>The rows of a text whose line ends are "\n", broken ones among them: reading goes on at the next line.</summary>
    public static IEnumerable<CsvRow> Of(string text)
    {
        int at = 0;
        long line = 1;
        while (at < text.Length)
        {
            if (text[at] == '\n')
            {
                at++;
                line++;
                continue;
            }
            CsvRow row = ReadRow(text, ref at, ref line);
            yield return row;
        }
    }

    private static CsvRow ReadRow(string text, ref int at, ref long line)
    {
        long first = line;
        var columns = new List<string>();
        while (true)
        {
            string? field = at < text.Length && text[at] == '"' ? Quoted(text, ref at, ref line) : Bare(text, ref at);
            if (field is null) return new CsvRow(first, null, "the quote that begins a field is never closed");
            if (columns.Count <= MostColumns) columns.Add(field);

            char next = at < text.Length ? text[at] : '\n';
            at++;
            if (next == ',') continue;
            if (next == '\n')
            {
                line++;
                return new CsvRow(first, columns, null);
            }
            int end = text.IndexOf('\n', at);
            at = end < 0 ? text.Length : end + 1;
            line++;
            return new CsvRow(first, null, $"found '{next}' after a closing quote, expected a comma or the end of the line");
        }
    }

    private static string Bare(string text, ref int at)
    {
        int length = text.AsSpan(at).IndexOfAny(',', '\n');
        if (length < 0) length = text.Length - at;
        at += length;
        return text.Substring(at - length, length);
    }

    private static string? Quoted(string text, ref int at, ref long line)
    {
        var field = new StringBuilder();
        long lines = 0;
        for (int i = at + 1; i < text.Length; i++)
        {
            if (text[i] == '\n') lines++;
            if (text[i] != '"')
            {
                field.Append(text[i]);
            }
            else if (i + 1 < text.Length && text[i + 1] == '"')
            {
                field.Append('"');
                i++;
            }
            else
            {
                at = i + 1;
                line += lines;
                return field.ToString();
            }
        }

        // Left open: only this line is lost, or every later row would be.
        int end = text.IndexOf('\n', at);
        at = end < 0 ? text.Length : end + 1;
        line++;
        return null;
    }
}
