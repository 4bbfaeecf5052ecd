using System.Text.Json;

namespace Hearth.Models.Tokenizers;

/// <summary>A JSON value of an untrusted file that knows where it stands, so that every complaint names file and key.</summary>
/// <param name="file">The file's name, for messages.</param>
/// <param name="parent">The place of what the value is in, or its own place, such as <c>model.vocab</c>; empty for the whole file.</param>
/// <param name="element">The value; undefined when the key is absent.</param>
/// <param name="index">The value's index in an array, or -1.</param>
/// <param name="entry">The value's name in an object of many, or null.</param>
internal readonly struct JsonField(string file, string parent, JsonElement element, int index = -1, string? entry = null)
{
    private const int LongestShown = 60;

    // Put together only for messages: a vocabulary has hundreds of thousands of places.
    private string Key => index >= 0 ? $"{parent}[{index}]" : entry is not null ? $"{parent}['{Shorten(entry)}']" : parent;

    /// <summary>The value as the file writes it, less white space between its parts.</summary>
    public string Compact() => JsonSerializer.Serialize(element, Unescaped);

    private static readonly JsonSerializerOptions Unescaped = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The key is absent or null.</summary>
    public bool IsMissing => element.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    /// <summary>The value is a JSON string.</summary>
    public bool IsString => element.ValueKind == JsonValueKind.String;

    /// <summary>The value itself; undefined when the key is absent.</summary>
    public JsonElement Element => element;

    /// <summary>The value of a key of this object; missing when the key is.</summary>
    public JsonField this[string name]
    {
        get
        {
            Require(JsonValueKind.Object, "an object");
            element.TryGetProperty(name, out JsonElement value);
            string key = Key;
            return new JsonField(file, key.Length == 0 ? name : $"{key}.{name}", value);
        }
    }

    /// <summary>The text of a string.</summary>
    public string Text()
    {
        Require(JsonValueKind.String, "a string");
        return Decode(element.GetString);
    }

    /// <summary>True or false; <paramref name="otherwise"/> when missing.</summary>
    public bool Flag(bool otherwise) => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ when IsMissing => otherwise,
        _ => throw Bad("is not true or false"),
    };

    /// <summary>A whole number from 0 to <paramref name="highest"/>.</summary>
    public int Number(int highest)
    {
        Require(JsonValueKind.Number, $"a whole number from 0 to {highest:N0}");
        return element.TryGetInt32(out int value) && value >= 0 && value <= highest
            ? value
            : throw Bad($"is {Shorten(element.GetRawText())}, expected a whole number from 0 to {highest:N0}");
    }

    /// <summary>A number.</summary>
    public double Real()
    {
        Require(JsonValueKind.Number, "a number");
        return element.TryGetDouble(out double value) && double.IsFinite(value) ? value : throw Bad("is too large for a number");
    }

    /// <summary>The values of an array; none when it is missing.</summary>
    /// <param name="most">More than this many are refused.</param>
    public List<JsonField> Items(int most)
    {
        var items = new List<JsonField>(Length(most));
        items.AddRange(Each());
        return items;
    }

    /// <summary>How many entries an array has; none when missing.</summary>
    /// <param name="most">More than this many are refused.</param>
    public int Length(int most)
    {
        if (IsMissing) return 0;
        Require(JsonValueKind.Array, "an array");
        int length = element.GetArrayLength();
        return length <= most ? length : throw Bad($"has {length:N0} entries, at most {most:N0} are read");
    }

    /// <summary>The entries of an array whose <see cref="Length"/> was asked for, one at a time.</summary>
    public IEnumerable<JsonField> Each()
    {
        if (IsMissing) yield break;
        string place = Key;
        int at = 0;
        foreach (JsonElement item in element.EnumerateArray()) yield return new JsonField(file, place, item, at++);
    }

    /// <summary>The keys and values of an object.</summary>
    /// <param name="most">More than this many are refused.</param>
    public IEnumerable<(string Name, JsonField Value)> Entries(int most)
    {
        Require(JsonValueKind.Object, "an object");
        int count = element.GetPropertyCount();
        if (count > most) throw Bad($"has {count:N0} entries, at most {most:N0} are read");
        string place = Key;
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string name = Decode(() => property.Name);
            yield return (name, new JsonField(file, place, property.Value, entry: name));
        }
    }

    /// <summary>An error about this value.</summary>
    /// <param name="problem">What is wrong and what was expected; follows the key's name.</param>
    public ModelFileException Bad(string problem) =>
        new(file, $"{(Key is { Length: > 0 } key ? $"key '{key}'" : "the file")} {problem}.");

    /// <summary>A name found in a file, cut to what a message can show.</summary>
    public static string Shorten(string text) => text.Length <= LongestShown ? text : text[..LongestShown] + "…";

    private void Require(JsonValueKind kind, string expected)
    {
        if (element.ValueKind == kind) return;
        throw Bad(IsMissing ? $"is missing, expected {expected}" : $"is {Describe(element.ValueKind)}, expected {expected}");
    }

    private string Decode(Func<string?> read)
    {
        try
        {
            return read()!;
        }
        catch (InvalidOperationException e)
        {
            throw new ModelFileException(file, $"key '{Key}' holds text that is not valid Unicode. The file is damaged.", e);
        }
    }

    private static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        _ => "true or false",
    };
}
