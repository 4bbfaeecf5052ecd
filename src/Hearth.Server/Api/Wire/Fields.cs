using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Api.Wire;

/// <summary>
/// The fields of a JSON object that a client sent. It remembers which were read, so that what nobody read is an error naming it and is never
/// ignored in silence. A field that is null is as one that is absent.
/// </summary>
internal sealed class Fields
{
    private const int FirstBytes = 1 << 20, PieceBytes = 16 << 10, MostDepth = 96;

    private readonly JsonElement _json;
    private readonly string _path;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    public Fields(JsonElement json, string path = "")
    {
        if (json.ValueKind != JsonValueKind.Object) throw Bad(path.Length == 0 ? "body" : path, json.ValueKind, "an object");
        (_json, _path) = (json, path);
    }

    /// <summary>The object in a request's body.</summary>
    public static async Task<Fields> Of(HttpRequest request)
    {
        if (!request.HasJsonContentType()) throw new ApiException(415, $"The content type is '{request.ContentType}', expected application/json.");
        try
        {
            // Not through the pool of arrays, which would keep what large bodies took for a long time; grown as it comes, since anybody can say a length.
            long length = Math.Min(request.ContentLength ?? 0, int.MaxValue / 2);
            using var body = new MemoryStream((int)Math.Min(length, FirstBytes));
            byte[] piece = new byte[PieceBytes];
            for (int count; (count = await request.Body.ReadAsync(piece, request.HttpContext.RequestAborted).ConfigureAwait(false)) > 0;)
            {
                body.Write(piece, 0, count);
                if (body.Length >= FirstBytes && body.Capacity < length) body.Capacity = (int)length;      // it was not only said
            }
            return new Fields(JsonElement.Parse(body.GetBuffer().AsSpan(0, (int)body.Length), new JsonDocumentOptions { MaxDepth = MostDepth, AllowDuplicateProperties = false }));
        }
        catch (JsonException e)
        {
            throw new ApiException(400, $"The body is not JSON: {e.Message}");
        }
        catch (IOException e) when (e is not BadHttpRequestException)            // a chunk's size that no number holds, or the client has gone
        {
            throw new ApiException(400, "The body could not be read: it ended early, or its chunks are not as HTTP has them.");
        }
    }

    /// <summary>A field's place, for errors.</summary>
    public string At(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    public bool Has(string name) => _json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    public JsonElement? Raw(string name)
    {
        _read.Add(name);
        return _json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    /// <summary>The whole object; large ones are not copied.</summary>
    public JsonNode Whole() => JsonObject.Create(_json)!;

    public string? Text(string name) => Raw(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { } value => throw Bad(At(name), value.ValueKind, "a string"),
    };

    public string Need(string name) => Text(name) ?? throw new ApiException(400, $"The field '{At(name)}' is missing.", At(name), "missing_required_parameter");

    public bool? Flag(string name) => Raw(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Bad(At(name), value.ValueKind, "true or false"),
    };

    public int? Whole(string name, int least, int most) => (int?)Long(name, least, most);

    public long? Long(string name, long least, long most)
    {
        if (Raw(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out long number)) throw Bad(At(name), value.ValueKind, "a whole number");
        return number >= least && number <= most ? number : throw Range(name, value, least, most);
    }

    public double? Number(string name, double least, double most)
    {
        if (Raw(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double number)) throw Bad(At(name), value.ValueKind, "a number");
        return number >= least && number <= most ? number : throw Range(name, value, least, most);
    }

    public string? OneOf(string name, params string[] choices)
    {
        if (Text(name) is not { } text) return null;
        return choices.Contains(text, StringComparer.Ordinal) ? text
            : throw new ApiException(400, $"The field '{At(name)}' is '{Short(text)}', expected {string.Join(", ", choices)}.", At(name), "invalid_value");
    }

    /// <summary>A string, or a list of strings.</summary>
    public string[]? Texts(string name, int most)
    {
        if (Raw(name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.String) return [value.GetString()!];
        if (value.ValueKind != JsonValueKind.Array) throw Bad(At(name), value.ValueKind, "a string or a list of strings");
        if (value.GetArrayLength() > most) throw new ApiException(400, $"The field '{At(name)}' has {value.GetArrayLength()} items, expected at most {most}.", At(name));
        return [.. value.EnumerateArray().Select((v, i) => v.ValueKind == JsonValueKind.String ? v.GetString()! : throw Bad($"{At(name)}[{i}]", v.ValueKind, "a string"))];
    }

    public Fields? Object(string name) => Raw(name) is { } value ? new Fields(value, At(name)) : null;

    public Fields[]? Objects(string name, int most = 10_000)
    {
        if (Raw(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array) throw Bad(At(name), value.ValueKind, "a list");
        if (value.GetArrayLength() > most) throw new ApiException(400, $"The field '{At(name)}' has {value.GetArrayLength()} items, expected at most {most}.", At(name));
        return [.. value.EnumerateArray().Select((v, i) => new Fields(v, $"{At(name)}[{i}]"))];
    }

    /// <summary>Names of the object's fields, for objects that are a table.</summary>
    public IEnumerable<JsonProperty> All() => _json.EnumerateObject();

    /// <summary>Says that a field is known and has no effect here.</summary>
    public Fields Accept(params string[] names)
    {
        foreach (string name in names) _read.Add(name);
        return this;
    }

    /// <summary>Refuses what nobody read.</summary>
    public void Done()
    {
        foreach (JsonProperty property in _json.EnumerateObject())
        {
            if (_read.Contains(property.Name) || property.Value.ValueKind == JsonValueKind.Null) continue;
            string at = At(property.Name);
            throw new ApiException(400, $"The field '{Short(at)}' is not known or not supported here. Leave it out.", Short(at), "unknown_parameter");
        }
    }

    public static ApiException Bad(string at, JsonValueKind found, string expected) =>
        new(400, $"The field '{at}' is {Name(found)}, expected {expected}.", at, "invalid_type");

    private ApiException Range(string name, JsonElement value, double least, double most) => new(400,
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The field '{At(name)}' is {Short(value.GetRawText())}, expected {least} to {most}."), At(name), "invalid_value");

    private static string Short(string text) => Query.Short(text);

    private static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        _ => "nothing",
    };
}
