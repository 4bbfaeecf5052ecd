using System.Text;
using Hearth.Models.Tokenizers;

namespace Hearth.Models.Generation;

/// <summary>
/// Text of tokens as they come, up to the first stop string. What could still become a stop string is held back; the stop string itself and what
/// follows never come out. How the text is cut into tokens makes no difference: the stop string that ends first counts, and of those that
/// end together the longest.
/// </summary>
public sealed class TextStream
{
    private readonly StreamingDecoder _decoder;
    private readonly StopStrings _stops;

    /// <summary>A stream at its beginning.</summary>
    /// <param name="tokenizer">Whose tokens they are.</param>
    /// <param name="stops">Strings that end the text; empty ones are ignored.</param>
    /// <param name="showSpecial">Writes hidden special tokens out too.</param>
    public TextStream(Tokenizer tokenizer, IEnumerable<string> stops, bool showSpecial = false)
    {
        _decoder = new StreamingDecoder(tokenizer, showSpecial);
        _stops = new StopStrings(stops);
    }

    /// <summary>The stop string that ended the text; null while none has.</summary>
    public string? Stop => _stops.Found;

    /// <summary>The text that has become certain with one more token; empty when the text has ended.</summary>
    /// <param name="token">The next token's id.</param>
    public string Push(int token) => Stop is null ? _stops.Push(_decoder.Push(token)) : "";

    /// <summary>Ends the text: what was held back, when no stop string came.</summary>
    public string Flush() => Stop is null ? _stops.Push(_decoder.Flush()) + _stops.Flush() : "";
}

/// <summary>Finds the first of some strings in text that comes in pieces (Knuth, Morris and Pratt 1977).</summary>
internal sealed class StopStrings
{
    private readonly string[] _strings;
    private readonly int[][] _borders;
    private readonly int[] _matched;
    private readonly StringBuilder _held = new();

    public StopStrings(IEnumerable<string> strings)
    {
        _strings = [.. strings.Where(s => s.Length > 0)];
        _borders = [.. _strings.Select(Borders)];
        _matched = new int[_strings.Length];
    }

    /// <summary>The string that was found.</summary>
    public string? Found { get; private set; }

    /// <summary>What came after the string that was found.</summary>
    public string Rest { get; private set; } = "";

    /// <summary>Goes on looking after a string was found.</summary>
    public void Restart()
    {
        (Found, Rest) = (null, "");
        Array.Clear(_matched);
    }

    /// <summary>Text that is certain not to be the beginning of one of the strings.</summary>
    public string Push(string text)
    {
        for (int at = 0; at < text.Length; at++)
        {
            char c = text[at];
            _held.Append(c);
            int found = -1;
            for (int i = 0; i < _strings.Length; i++)
            {
                int matched = _matched[i];
                while (matched > 0 && _strings[i][matched] != c) matched = _borders[i][matched - 1];
                if (_strings[i][matched] == c) matched++;
                _matched[i] = matched;
                if (matched == _strings[i].Length && (found < 0 || matched > _strings[found].Length)) found = i;
            }
            if (found < 0) continue;
            Found = _strings[found];
            Rest = text[(at + 1)..];
            return Out(_held.Length - Found.Length, drop: true);
        }
        int held = 0;
        foreach (int matched in _matched) held = Math.Max(held, matched);
        return Out(_held.Length - held, drop: false);
    }

    /// <summary>What is held back; the strings will not come.</summary>
    public string Flush()
    {
        Array.Clear(_matched);
        return Out(_held.Length, drop: true);
    }

    private string Out(int length, bool drop)
    {
        string text = _held.ToString(0, length);
        _held.Remove(0, drop ? _held.Length : length);
        return text;
    }

    /// <summary>For each prefix, its longest proper ending that is also its beginning.</summary>
    private static int[] Borders(string text)
    {
        int[] borders = new int[text.Length];
        for (int i = 1, length = 0; i < text.Length; i++)
        {
            while (length > 0 && text[i] != text[length]) length = borders[length - 1];
            if (text[i] == text[length]) length++;
            borders[i] = length;
        }
        return borders;
    }
}
