using System.Text;

namespace Hearth.Data.Corpora;

/// <summary>Text in which <c>{field}</c> stands for a field's value; <c>{{</c> and <c>}}</c> stand for the braces themselves.</summary>
public sealed class Template
{
    private readonly List<(bool IsField, string Text)> _parts;

    private Template(List<(bool, string)> parts)
    {
        _parts = parts;
        Fields = [.. parts.Where(p => p.Item1).Select(p => p.Item2).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The fields the template names, in the order of their first use.</summary>
    public IReadOnlyList<string> Fields { get; }

    /// <summary>Reads a template, or says what is wrong with it.</summary>
    /// <param name="text">The template.</param>
    /// <param name="problem">What is wrong, as the end of "found ..."; null when nothing is.</param>
    public static Template? Parse(string text, out string? problem)
    {
        var parts = new List<(bool, string)>();
        var literal = new StringBuilder();
        problem = null;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            bool doubled = i + 1 < text.Length && text[i + 1] == c;
            if (c is not ('{' or '}'))
            {
                literal.Append(c);
            }
            else if (doubled)
            {
                literal.Append(c);
                i++;
            }
            else if (c == '}')
            {
                problem = "a '}' that closes nothing";
                return null;
            }
            else
            {
                int end = text.AsSpan(i + 1).IndexOfAny('{', '}', '\n');
                if (end <= 0 || text[i + 1 + end] != '}')
                {
                    problem = end == 0 && text[i + 1] == '}' ? "'{}', which names no field" : "a '{' that is not closed";
                    return null;
                }
                if (literal.Length > 0) parts.Add((false, literal.ToString()));
                literal.Clear();
                parts.Add((true, text.Substring(i + 1, end)));
                i += end + 1;
            }
        }
        if (literal.Length > 0) parts.Add((false, literal.ToString()));
        return new Template(parts);
    }

    /// <summary>The text with every field's value in place.</summary>
    /// <param name="value">The value of a field by its name.</param>
    public string Render(Func<string, string> value) => string.Concat(_parts.Select(p => p.IsField ? value(p.Text) : p.Text));

    /// <summary>Whether the template names a field that has no value.</summary>
    /// <param name="value">The value of a field by its name; empty for none.</param>
    public bool HasHole(Func<string, string> value) => Fields.Any(f => value(f).Length == 0);
}
