using System.Text;
using Hearth.Models;

namespace Hearth.Training.Recipes;

/// <summary>Gathers what is wrong with a recipe, so that all of it can be said at once.</summary>
/// <param name="file">What messages call the recipe.</param>
internal sealed class RecipeProblems(string file)
{
    private const int MostSaid = 100;
    private const int LongestQuote = 40;

    private readonly List<(long Line, long Column, string Text)> _problems = [];
    private int _unsaid;

    /// <summary>Whether a further problem would be counted only; spares working out its message.</summary>
    public bool Full => _problems.Count >= MostSaid;

    /// <summary>Whether there is none so far.</summary>
    public bool None => _problems.Count == 0;

    /// <summary>Notes a problem.</summary>
    /// <param name="line">Where, from 1.</param>
    /// <param name="column">Where, from 1.</param>
    /// <param name="keyPath">The key, as in <c>model.layers</c>; empty for the recipe as a whole.</param>
    /// <param name="text">What was found and expected.</param>
    public void Add(long line, long column, string keyPath, string text)
    {
        if (Full) _unsaid++;
        else _problems.Add((line, column, keyPath.Length > 0 ? $"{keyPath}: {text}" : text));
    }

    /// <summary>Throws when there is any problem.</summary>
    /// <exception cref="RecipeException">All of them, in the order of the file.</exception>
    public void ThrowIfAny()
    {
        if (_problems.Count > 0) throw ToException(null);
    }

    /// <summary>All problems, in the order of the file.</summary>
    /// <param name="inner">The cause.</param>
    public RecipeException ToException(Exception? inner)
    {
        List<string> lines = [.. _problems.OrderBy(p => p.Line).ThenBy(p => p.Column).Select(p => $"{file}:{p.Line}:{p.Column}: {p.Text}")];
        if (_unsaid > 0) lines.Add($"{file}: and {_unsaid:N0} more problems");
        return new RecipeException(lines, inner);
    }

    /// <summary>A text from outside, made fit for a message: one line, printable, short.</summary>
    /// <param name="text">The text.</param>
    public static string Quote(string text)
    {
        var shown = new StringBuilder("'");
        foreach (Rune rune in text.AsSpan(0, Math.Min(text.Length, LongestQuote)).EnumerateRunes())
        {
            shown.Append(Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029 ? " " : rune.ToString());
        }
        return shown.Append(text.Length > LongestQuote ? "...'" : "'").ToString();
    }

    /// <summary>" (did you mean 'x'?)", or nothing when no name is near.</summary>
    /// <param name="found">What was written.</param>
    /// <param name="names">The valid names.</param>
    public static string Hint(string found, IEnumerable<string> names) =>
        NearestName.Of(found, names) is { } nearest ? $" (did you mean '{nearest}'?)" : "";
}
