using System.Text.Json;

namespace Hearth.Models.Chat.Tools;

/// <summary>JSON that may not have come to its end.</summary>
internal static class PartialJson
{
    /// <summary>The end of the value that begins at a place.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">Where the value begins.</param>
    /// <param name="complete">Whether the value has ended.</param>
    public static int End(string text, int start, out bool complete)
    {
        complete = false;
        if (start >= text.Length) return text.Length;
        if (text[start] is not ('{' or '[' or '"'))
        {
            int end = start;
            while (end < text.Length && text[end] is not (',' or '}' or ']' or ' ' or '\n' or '\r' or '\t')) end++;
            complete = end < text.Length;
            return end;
        }
        int depth = 0;
        bool inString = false;
        for (int i = start; i < text.Length; i++)
        {
            char c = text[i];
            if (inString)
            {
                if (c == '\\') i++;
                else if (c == '"') inString = false;
            }
            else if (c == '"')
            {
                inString = true;
            }
            else if (c is '{' or '[')
            {
                depth++;
            }
            else if (c is '}' or ']')
            {
                depth--;
            }
            if (depth == 0 && !inString && i < text.Length)
            {
                complete = true;
                return i + 1;
            }
        }
        return text.Length;
    }

    /// <summary>The place of the next character that is not white space.</summary>
    public static int SkipSpace(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
        return at;
    }

    /// <summary>A call written as an object with a name and arguments, which may be called parameters.</summary>
    /// <param name="text">The text.</param>
    /// <param name="at">Where the object begins; moves to its end, or to that of the text.</param>
    /// <param name="complete">Whether the object has ended.</param>
    /// <returns>The call; null while its name is not known.</returns>
    public static PartialCall? Call(string text, ref int at, out bool complete)
    {
        int end = End(text, at, out complete), i = at + 1;
        at = end;
        string? name = null, arguments = null;
        bool whole = false;
        while (i < end)
        {
            i = SkipSpace(text, i);
            if (i >= end || text[i] == '}') break;
            if (text[i] == ',')
            {
                i++;
                continue;
            }
            int keyEnd = End(text, i, out bool keyComplete);
            if (text[i] != '"' || !keyComplete) break;
            string key = text[(i + 1)..(keyEnd - 1)];
            i = SkipSpace(text, keyEnd);
            if (i >= end || text[i] != ':') break;
            i = SkipSpace(text, i + 1);
            int valueEnd = Math.Min(End(text, i, out bool valueComplete), end);
            if (key == "name" && valueComplete) name = AsString(text[i..valueEnd]);
            if (key is "arguments" or "parameters")
            {
                arguments = text[i..valueEnd];
                whole = valueComplete;
                if (arguments.StartsWith('"')) arguments = valueComplete ? AsString(arguments) ?? "" : "";   // arguments as JSON text
            }
            i = valueEnd;
            if (!valueComplete) break;
        }
        return name is null ? null : new PartialCall(name, arguments ?? (complete ? "{}" : ""), whole || complete);
    }

    private static string? AsString(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<string>(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
