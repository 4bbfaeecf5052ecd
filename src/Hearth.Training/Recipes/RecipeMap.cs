using System.Globalization;
using Hearth.Data;

namespace Hearth.Training.Recipes;

/// <summary>
/// Reads the keys of a map. A value that is missing or wrong is reported and a stand-in within bounds returned, so that reading goes on;
/// <see cref="Close"/> reports the keys that were never asked for. <c>otherwise</c> is the value of an absent key; null makes it required.
/// </summary>
internal sealed class RecipeMap
{
    private readonly RecipeNode _node;
    private readonly (long Line, long Column) _at;
    private readonly Dictionary<string, RecipeNode> _values = new(StringComparer.Ordinal);
    private readonly List<string> _asked = [];
    private readonly HashSet<string> _wrong = new(StringComparer.Ordinal);

    /// <summary>Begins to read a map; anything else is reported and read as a map about whose keys nothing is said.</summary>
    /// <param name="node">The map.</param>
    /// <param name="at">Where to look when a key is missing.</param>
    public RecipeMap(RecipeNode node, (long Line, long Column) at)
    {
        (_node, _at) = (node, at);
        if (node.Kind != RecipeNodeKind.Map) node.Refuse("a map of keys");
        foreach ((string key, _, RecipeNode value) in node.Entries) _values[key] = value;
    }

    private delegate bool Read<T>(RecipeNode node, out T value);

    /// <summary>Whether the recipe states the key.</summary>
    public bool Has(string key)
    {
        Ask(key);
        return _values.ContainsKey(key);
    }

    /// <summary>Text of any number of lines, with something in it.</summary>
    public string Text(string key, string? otherwise = null) =>
        Scalar(key, "text", otherwise is null, otherwise ?? "", (RecipeNode n, out string v) => IsText(n, out v) && v.Length > 0);

    /// <summary>Text in one line; empty only where <paramref name="otherwise"/> is.</summary>
    public string Line(string key, string? otherwise = null) =>
        Scalar(key, "text in one line", otherwise is null, otherwise ?? "", (RecipeNode n, out string v) =>
            IsLine(n, out v) && (v.Length > 0 || otherwise?.Length == 0));

    /// <summary>Text in one line that fits a rule.</summary>
    public string Line(string key, string expected, Func<string, bool> fits) =>
        Scalar(key, expected, true, "", (RecipeNode n, out string v) => IsLine(n, out v) && fits(v));

    /// <summary>A whole number within bounds, both included; the lower one stands in for a wrong value.</summary>
    public long Long(string key, long least, long most, long? otherwise = null)
    {
        string expected = $"a whole number from {least} to {most}";
        long value = Scalar(key, expected, otherwise is null, otherwise ?? least, (RecipeNode n, out long v) =>
            IsInteger(n, out v) && v >= least && v <= most);
        return IsWrong(key) ? least : value;
    }

    /// <summary>A whole number within bounds, both included.</summary>
    public int Whole(string key, int least, int most, int? otherwise = null) => (int)Long(key, least, most, otherwise);

    /// <summary>A number within bounds, both included.</summary>
    public double Number(string key, double least, double most, double? otherwise = null) =>
        Scalar(key, $"a number from {least} to {most}", otherwise is null, otherwise ?? least, (RecipeNode n, out double v) =>
            IsNumber(n, out v) && v >= least && v <= most);

    /// <summary>A number up to a bound and above 0, also in single precision.</summary>
    public double Positive(string key, double most, double? otherwise = null) =>
        Scalar(key, $"a number above 0, up to {most}", otherwise is null, otherwise ?? most, (RecipeNode n, out double v) =>
            IsNumber(n, out v) && (float)v > 0 && v <= most);

    /// <summary>A number from 0 to below 1, also in single precision.</summary>
    public double Fraction(string key, double otherwise) =>
        Scalar(key, "a number from 0 to below 1", false, otherwise, (RecipeNode n, out double v) =>
            IsNumber(n, out v) && v >= 0 && (float)v < 1);

    /// <summary>True or false.</summary>
    public bool Flag(string key, bool otherwise) =>
        Scalar(key, "true or false", false, otherwise, (RecipeNode n, out bool v) =>
        {
            v = n.Text == "true";
            return n.IsPlain && n.Text is "true" or "false";
        });

    /// <summary>One of a few names.</summary>
    public T Choice<T>(string key, IReadOnlyList<(string Name, T Value)> choices, T otherwise)
    {
        string[] names = [.. choices.Select(c => c.Name)];
        string expected = names.Length == 1 ? names[0] : $"one of {string.Join(", ", names)}";
        if (_values.TryGetValue(key, out RecipeNode? node)) expected += RecipeProblems.Hint(node.Text, names);
        return Scalar(key, expected, false, otherwise, (RecipeNode n, out T v) =>
        {
            int index = Array.IndexOf(names, n.Text);
            v = index < 0 ? otherwise : choices[index].Value;
            return index >= 0;
        });
    }

    /// <summary>The map below a key; one without keys when <paramref name="required"/> is not set and the key is absent.</summary>
    public RecipeMap Map(string key, bool required) => MapOrNull(key) ?? Absent(key, required);

    /// <summary>The map below a key, or null when the key is absent.</summary>
    public RecipeMap? MapOrNull(string key)
    {
        Ask(key);
        return _values.TryGetValue(key, out RecipeNode? node) ? new RecipeMap(node, At(key)) : null;
    }

    /// <summary>A list of maps.</summary>
    public List<RecipeMap> Maps(string key, int least, int most, bool required) =>
        [.. Items(key, $"a list of {least} to {most} maps", least, most, required).Select(n => new RecipeMap(n, (n.Line, n.Column)))];

    /// <summary>A list of texts in one line each.</summary>
    /// <param name="key">The key.</param>
    /// <param name="least">Fewest; an absent key is an error unless this is 0.</param>
    /// <param name="most">Most.</param>
    /// <param name="emptyToo">Whether a text may be empty.</param>
    public ValueList<string> Lines(string key, int least, int most, bool emptyToo = false)
    {
        var texts = new List<string>();
        foreach (RecipeNode node in Items(key, $"a list of {least} to {most} texts", least, most, least > 0))
        {
            if (IsLine(node, out string text) && (text.Length > 0 || emptyToo))
            {
                texts.Add(text);
                continue;
            }
            node.Refuse("text in one line");
            _wrong.Add(key);
        }
        return [.. texts];
    }

    /// <summary>Reports a key whose value can not be, given others. Says nothing when one of them was reported already.</summary>
    /// <param name="fits">Whether it can be.</param>
    /// <param name="key">The key.</param>
    /// <param name="expected">What it should be.</param>
    /// <param name="others">The others.</param>
    public void Check(bool fits, string key, string expected, params ReadOnlySpan<string> others)
    {
        if (fits || _wrong.Contains(key) || _node.Kind != RecipeNodeKind.Map) return;
        foreach (string other in others)
        {
            if (_wrong.Contains(other)) return;
        }
        _wrong.Add(key);
        if (_values.TryGetValue(key, out RecipeNode? node)) node.Refuse(expected);
        else _node.Report(key, _at, $"not given, expected {expected}");
    }

    /// <summary>What stands below a key that is there.</summary>
    public RecipeNode Value(string key) => _values[key];

    /// <summary>Whether the key was reported as missing or wrong.</summary>
    public bool IsWrong(string key) => _wrong.Contains(key);

    /// <summary>Whether the key is there and was not reported.</summary>
    public bool IsSound(string key) => _values.ContainsKey(key) && !IsWrong(key);

    /// <summary>Reports the keys that were never asked for.</summary>
    public void Close()
    {
        foreach ((string key, (long, long) at, _) in _node.Entries)
        {
            if (_asked.Contains(key)) continue;
            _node.Report(key, at, $"found an unknown key, expected one of {string.Join(", ", _asked)}{RecipeProblems.Hint(key, _asked)}");
        }
    }

    private static bool IsText(RecipeNode node, out string text)
    {
        text = node.Text;
        return node.Kind == RecipeNodeKind.Scalar && !node.IsNothing && IsWhole(text);
    }

    // The line break that ends a block of text is not part of a line.
    private static bool IsLine(RecipeNode node, out string text)
    {
        bool fits = IsText(node, out text);
        text = text.TrimEnd('\n');
        return fits && !text.Any(char.IsControl);
    }

    private static bool IsInteger(RecipeNode node, out long value)
    {
        value = 0;
        return node.IsPlain && long.TryParse(node.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }

    private static bool IsNumber(RecipeNode node, out double value)
    {
        value = 0;
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (!node.IsPlain || !double.TryParse(node.Text, Style, CultureInfo.InvariantCulture, out value)) return false;
        value += 0.0; // -0 is 0, so that equal recipes are written alike
        return double.IsFinite(value);
    }

    // Half of a surrogate pair, which an escape can write, has no UTF-8.
    private static bool IsWhole(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])) return false;
            i++;
        }
        return true;
    }

    private T Scalar<T>(string key, string expected, bool required, T absent, Read<T> read)
    {
        Ask(key);
        if (!_values.TryGetValue(key, out RecipeNode? node))
        {
            if (required) Missing(key, expected);
            return absent;
        }
        if (node.Kind == RecipeNodeKind.Scalar && read(node, out T value)) return value;
        node.Refuse(expected);
        _wrong.Add(key);
        return absent;
    }

    private List<RecipeNode> Items(string key, string expected, int least, int most, bool required)
    {
        Ask(key);
        if (!_values.TryGetValue(key, out RecipeNode? node))
        {
            if (required) Missing(key, expected);
            return [];
        }
        if (node.Kind == RecipeNodeKind.List && node.Items.Count >= least && node.Items.Count <= most) return node.Items;
        _wrong.Add(key);
        if (node.Kind == RecipeNodeKind.List) node.Report($"found a list of {node.Items.Count}, expected {expected}");
        else node.Refuse(expected);
        return [];
    }

    private RecipeMap Absent(string key, bool required)
    {
        if (required) Missing(key, "a map of keys");
        RecipeNodeKind kind = required || _node.Kind != RecipeNodeKind.Map ? RecipeNodeKind.Refused : RecipeNodeKind.Map;
        return new RecipeMap(_node.Child(kind, key, _at), _at);
    }

    private void Missing(string key, string expected)
    {
        _wrong.Add(key);
        if (_node.Kind == RecipeNodeKind.Map) _node.Report(key, _at, $"missing, expected {expected}");
    }

    private (long Line, long Column) At(string key) => _node.Entries.Find(e => e.Key == key).At;

    private void Ask(string key)
    {
        if (!_asked.Contains(key)) _asked.Add(key);
    }
}
