using System.Text;
using System.Text.Json;

namespace Hearth.Data.Corpora;

/// <summary>JSON objects from bytes, and the canonical form of a row.</summary>
internal static class JsonText
{
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>One value of a file.</summary>
    /// <param name="Start">Where it begins, in bytes.</param>
    /// <param name="Length">How many bytes it has.</param>
    internal readonly record struct Slice(int Start, int Length);

    /// <summary>The elements of an array, or the one value that is not an array.</summary>
    /// <exception cref="JsonException">The bytes are not one well-formed JSON value.</exception>
    public static (List<Slice> Values, bool IsArray) Values(ReadOnlySpan<byte> json)
    {
        var values = new List<Slice>();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = s_options.MaxDepth });
        reader.Read();
        bool isArray = reader.TokenType == JsonTokenType.StartArray;
        if (isArray) reader.Read();
        while (!isArray || reader.TokenType != JsonTokenType.EndArray)
        {
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            values.Add(new Slice(start, (int)reader.BytesConsumed - start));
            if (!isArray) break;
            reader.Read();
        }
        reader.Read();
        return (values, isArray);
    }

    /// <summary>The fields of an object: those of inner objects as <c>outer.inner</c>, lists of plain values joined by ", ".</summary>
    /// <exception cref="JsonException">Not well-formed, a name twice, or not an object.</exception>
    public static List<(string Name, string Value)> Fields(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, s_options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new JsonException($"found {Word(document.RootElement.ValueKind)}, expected an object");
            var fields = new List<(string, string)>();
            Collect(document.RootElement, "", fields, new HashSet<string>(StringComparer.Ordinal));
            return fields;
        }
        catch (InvalidOperationException e)
        {
            // How the platform says that an escape is half of a surrogate pair.
            throw new JsonException("a text holds half of a surrogate pair", e);
        }
    }

    /// <summary>The object with no white space, names in the given order, and only the escapes RFC 8785 has.</summary>
    public static byte[] Canonical(IReadOnlyList<(string Name, string Value)> fields)
    {
        var json = new StringBuilder("{");
        foreach ((string name, string value) in fields)
        {
            if (json.Length > 1) json.Append(',');
            Quote(json, name);
            json.Append(':');
            Quote(json, value);
        }
        return Encoding.UTF8.GetBytes(json.Append('}').ToString());
    }

    /// <summary>Where and why reading stopped, for a message.</summary>
    public static string Problem(JsonException e)
    {
        string message = e.Message;
        int tail = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        if (tail < 0) tail = message.IndexOf(" Path:", StringComparison.Ordinal);
        return "not readable as JSON: " + (tail < 0 ? message : message[..tail]);
    }

    private static void Collect(JsonElement element, string prefix, List<(string, string)> fields, HashSet<string> names)
    {
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string name = prefix + property.Name;
            if (property.Value.ValueKind == JsonValueKind.Object) Collect(property.Value, name + ".", fields, names);
            else if (Plain(property.Value) is { } value && names.Add(name)) fields.Add((name, value));
        }
    }

    private static string? Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Null => "",
        JsonValueKind.Array when value.EnumerateArray().All(e => e.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object)) =>
            string.Join(", ", value.EnumerateArray().Select(Plain)),
        _ => null,
    };

    private static string Word(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        _ => kind.ToString().ToLowerInvariant(),
    };

    private static void Quote(StringBuilder json, string text)
    {
        json.Append('"');
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append("\\\\"),
                '\b' => json.Append("\\b"),
                '\f' => json.Append("\\f"),
                '\n' => json.Append("\\n"),
                '\r' => json.Append("\\r"),
                '\t' => json.Append("\\t"),
                < ' ' => json.Append("\\u").Append(((int)c).ToString("x4", System.Globalization.CultureInfo.InvariantCulture)),
                _ => json.Append(c),
            };
        }
        json.Append('"');
    }
}
