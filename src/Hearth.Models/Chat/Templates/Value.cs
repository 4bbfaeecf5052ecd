using System.Numerics;
using System.Text.Json;

namespace Hearth.Models.Chat.Templates;

/// <summary>A value in a template, with Python's meaning. Lists and dicts do not change once made.</summary>
public abstract class Value
{
    /// <summary><c>none</c>.</summary>
    public static Value None { get; } = new NoneValue();

    /// <summary><c>true</c>.</summary>
    public static Value True { get; } = new BoolValue(true);

    /// <summary><c>false</c>.</summary>
    public static Value False { get; } = new BoolValue(false);

    /// <summary>Python's name of the type, as messages show it.</summary>
    internal abstract string TypeName { get; }

    /// <summary>What <c>if</c> makes of it.</summary>
    internal virtual bool IsTrue => true;

    /// <summary>A text.</summary>
    /// <param name="text">The text.</param>
    public static Value Of(string text) => new StringValue(text);

    /// <summary>A whole number.</summary>
    /// <param name="number">The number.</param>
    public static Value Of(long number) => new IntegerValue(number);

    /// <summary>A number with a fraction.</summary>
    /// <param name="number">The number.</param>
    public static Value Of(double number) => new FloatValue(number);

    /// <summary>True or false.</summary>
    /// <param name="truth">Which.</param>
    public static Value Of(bool truth) => truth ? True : False;

    /// <summary>A list.</summary>
    /// <param name="items">Its items.</param>
    public static Value List(params IEnumerable<Value> items) => new SequenceValue(SequenceKind.List, [.. items]);

    /// <summary>A dict; its keys keep their order, the last of equal ones wins.</summary>
    /// <param name="entries">Its keys and values.</param>
    public static Value Dict(params IEnumerable<KeyValuePair<string, Value>> entries)
    {
        var dict = new DictValue();
        foreach ((string key, Value value) in entries) dict.Set(new StringValue(key), value);
        return dict;
    }

    /// <summary>The value a JSON document describes.</summary>
    /// <param name="json">The document.</param>
    /// <param name="file">Its name, for errors.</param>
    /// <exception cref="ModelFileException">A text is not valid Unicode, or a number too long.</exception>
    public static Value FromJson(JsonElement json, string file) => json.ValueKind switch
    {
        JsonValueKind.Object => FromObject(json, file),
        JsonValueKind.Array => List(json.EnumerateArray().Select(item => FromJson(item, file))),
        JsonValueKind.String => Of(TextFromJson(json, file)),
        JsonValueKind.Number => FromNumber(json, file),
        JsonValueKind.True => True,
        JsonValueKind.False => False,
        _ => None,
    };

    /// <summary>The text of a JSON string.</summary>
    /// <param name="json">The string.</param>
    /// <param name="file">Its document's name, for errors.</param>
    /// <exception cref="ModelFileException">It is not valid Unicode.</exception>
    public static string TextFromJson(JsonElement json, string file) => Decoded(() => json.GetString()!, file);

    private static DictValue FromObject(JsonElement json, string file)
    {
        var dict = new DictValue();
        foreach (JsonProperty property in json.EnumerateObject())
        {
            dict.Set(new StringValue(Decoded(() => property.Name, file)), FromJson(property.Value, file));
        }
        return dict;
    }

    private static Value FromNumber(JsonElement json, string file)
    {
        string digits = json.GetRawText();
        if (digits.AsSpan().ContainsAny('.', 'e', 'E')) return Of(json.GetDouble());
        return digits.Length <= IntegerValue.MaxDigits ? new IntegerValue(BigInteger.Parse(digits))
            : throw new ModelFileException(file, $"holds a number of {digits.Length:N0} digits; at most {IntegerValue.MaxDigits:N0} are read.");
    }

    private static string Decoded(Func<string> read, string file)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException e)
        {
            throw new ModelFileException(file, "holds text that is not valid Unicode (half of a surrogate pair). Correct or leave out that text.", e);
        }
    }
}

/// <summary>What a name without a value gives: prints nothing, is false, and is an error in everything else.</summary>
/// <param name="problem">Why there is no value, as a sentence.</param>
internal sealed class UndefinedValue(string problem) : Value
{
    public string Problem { get; } = problem;

    internal override string TypeName => "undefined";

    internal override bool IsTrue => false;
}

internal sealed class NoneValue : Value
{
    internal override string TypeName => "none";

    internal override bool IsTrue => false;
}

internal sealed class BoolValue(bool truth) : Value
{
    internal override string TypeName => "bool";

    internal override bool IsTrue { get; } = truth;
}

internal sealed class IntegerValue(BigInteger number) : Value
{
    /// <summary>The most decimal digits of a whole number; Python prints no more either.</summary>
    public const int MaxDigits = 4_300;

    /// <summary>The most bits of a whole number, a little over <see cref="MaxDigits"/>.</summary>
    public const int MaxBits = 14_284;

    public BigInteger Number { get; } = number;

    internal override string TypeName => "int";

    internal override bool IsTrue => !Number.IsZero;
}

internal sealed class FloatValue(double number) : Value
{
    public double Number { get; } = number;

    internal override string TypeName => "float";

    internal override bool IsTrue => Number != 0;
}

/// <summary>A text. Its positions count characters (code points), as Python's do.</summary>
internal sealed class StringValue(string text) : Value
{
    public static readonly StringValue Empty = new("");

    private int _length = -1;

    public string Text { get; } = text;

    /// <summary>Characters, a surrogate pair being one.</summary>
    public int Length
    {
        get
        {
            if (_length >= 0) return _length;
            int pairs = 0;
            if (Text.AsSpan().ContainsAnyInRange('\ud800', '\udbff'))
            {
                for (int i = 0; i + 1 < Text.Length; i++)
                {
                    if (char.IsSurrogatePair(Text[i], Text[i + 1])) (pairs, i) = (pairs + 1, i + 1);
                }
            }
            return _length = Text.Length - pairs;
        }
    }

    internal override string TypeName => "str";

    internal override bool IsTrue => Text.Length > 0;

    /// <summary>Where a character begins in <see cref="Text"/>.</summary>
    public int Offset(int character)
    {
        if (Length == Text.Length) return character;
        int at = 0;
        for (; character > 0 && at < Text.Length; character--) at += at + 1 < Text.Length && char.IsSurrogatePair(Text[at], Text[at + 1]) ? 2 : 1;
        return at;
    }

    /// <summary>The characters, each a text.</summary>
    public List<Value> Characters()
    {
        var characters = new List<Value>(Length);
        for (int i = 0; i < Text.Length; i++)
        {
            int size = i + 1 < Text.Length && char.IsSurrogatePair(Text[i], Text[i + 1]) ? 2 : 1;
            characters.Add(new StringValue(Text.Substring(i, size)));
            i += size - 1;
        }
        return characters;
    }
}

/// <summary>What kind of sequence it is in Python, which decides how it prints and what it can do.</summary>
internal enum SequenceKind
{
    /// <summary>A list.</summary>
    List,

    /// <summary>A tuple.</summary>
    Tuple,

    /// <summary>A dict's keys.</summary>
    Keys,

    /// <summary>A dict's values.</summary>
    Values,

    /// <summary>A dict's pairs.</summary>
    Items,

    /// <summary>A range of whole numbers.</summary>
    Range,

    /// <summary>What a filter such as map gives: it can be gone through once.</summary>
    Generator,
}

internal sealed class SequenceValue(SequenceKind kind, List<Value> items) : Value
{
    public SequenceKind Kind { get; } = kind;

    /// <summary>The items; of a generator, those that nobody has taken yet.</summary>
    public List<Value> Items { get; private set; } = items;

    /// <summary>A tuple's names for its items, where it has some (groupby).</summary>
    public string[]? Names { get; init; }

    /// <summary>How a range prints.</summary>
    public string? Shown { get; init; }

    /// <summary>Positions have a meaning.</summary>
    public bool IsIndexed => Kind is SequenceKind.List or SequenceKind.Tuple or SequenceKind.Range;

    internal override string TypeName => Kind switch
    {
        SequenceKind.List => "list",
        SequenceKind.Tuple => "tuple",
        SequenceKind.Keys => "dict_keys",
        SequenceKind.Values => "dict_values",
        SequenceKind.Items => "dict_items",
        SequenceKind.Range => "range",
        _ => "generator",
    };

    internal override bool IsTrue => Kind == SequenceKind.Generator || Items.Count > 0;

    /// <summary>Takes all items; a generator has none afterwards.</summary>
    public List<Value> Take()
    {
        List<Value> taken = Items;
        if (Kind == SequenceKind.Generator) Items = [];
        return taken;
    }

    /// <summary>Takes the first item, if there is one.</summary>
    public Value? TakeFirst()
    {
        if (Items.Count == 0) return null;
        Value first = Items[0];
        if (Kind == SequenceKind.Generator) Items = Items[1..];
        return first;
    }
}

/// <summary>A dict, in the order its keys came.</summary>
internal sealed class DictValue : Value
{
    private readonly Dictionary<Value, int> _places = new(KeyComparer.Instance);

    /// <summary>Keys and values.</summary>
    public List<KeyValuePair<Value, Value>> Entries { get; } = [];

    internal override string TypeName => "dict";

    internal override bool IsTrue => Entries.Count > 0;

    /// <summary>The value of a key, or null.</summary>
    public Value? Find(Value key) => KeyComparer.CanBeKey(key) && _places.TryGetValue(key, out int place) ? Entries[place].Value : null;

    /// <summary>Sets a key while the dict is being made.</summary>
    public void Set(Value key, Value value)
    {
        if (_places.TryGetValue(key, out int place)) Entries[place] = new(Entries[place].Key, value);
        else
        {
            _places.Add(key, Entries.Count);
            Entries.Add(new(key, value));
        }
    }
}

/// <summary>Keys of dicts: texts, numbers, true, false and none; 1, 1.0 and true are the same key.</summary>
internal sealed class KeyComparer : IEqualityComparer<Value>
{
    public static readonly KeyComparer Instance = new();

    public static bool CanBeKey(Value value) => value is StringValue or IntegerValue or BoolValue or FloatValue or NoneValue;

    public bool Equals(Value? x, Value? y) => (x, y) switch
    {
        (StringValue a, StringValue b) => a.Text == b.Text,
        (NoneValue, NoneValue) => true,
        (StringValue or NoneValue, _) or (_, StringValue or NoneValue) => false,
        _ => Numbers.Compare(x!, y!) == 0,
    };

    public int GetHashCode(Value obj) => obj switch
    {
        StringValue s => s.Text.GetHashCode(StringComparison.Ordinal),
        NoneValue => 1,
        BoolValue b => BigInteger.One.GetHashCode() * (b.IsTrue ? 1 : 0),
        IntegerValue i => i.Number.GetHashCode(),
        FloatValue f when double.IsFinite(f.Number) && double.IsInteger(f.Number) => new BigInteger(f.Number).GetHashCode(),
        FloatValue f => f.Number.ToString("R").GetHashCode(StringComparison.Ordinal),   // seeded: crafted numbers can not all meet in one place
        _ => 0,
    };
}
