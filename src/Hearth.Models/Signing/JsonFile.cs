using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Field = Hearth.Models.Tokenizers.JsonField;

namespace Hearth.Models.Signing;

/// <summary>JSON of signatures: read with bounds, written in one line.</summary>
internal static class JsonFile
{
    public static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const int LongestDigest = 256;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>Reads JSON of another's making.</summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="file">Where it is from, for messages.</param>
    /// <param name="what">What it is, for messages: "a signature bundle".</param>
    /// <param name="read">Reads what is in it.</param>
    /// <exception cref="ModelFileException">It is not JSON, too deep, or has a key twice.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> json, string file, string what, Func<Field, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Strict);
            return read(new Field(file, "", document.RootElement));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)                             // the latter for broken UTF-8 in a text
        {
            throw new ModelFileException(file, $"is not valid JSON: {e.Message} Expected {what}; it is cut short or was altered.", e);
        }
    }

    /// <summary>An object by itself. Texts in it that are not valid Unicode are found here, not later.</summary>
    /// <param name="field">The object.</param>
    public static JsonObject ToObject(this Field field)
    {
        _ = field.Entries(int.MaxValue).Count();
        return JsonNode.Parse(JsonSerializer.SerializeToUtf8Bytes(field.Element))!.AsObject();
    }

    /// <summary>Bytes written as base64, in either alphabet, with or without padding (RFC 4648; both DSSE and Protobuf's JSON allow that).</summary>
    /// <param name="field">The text.</param>
    public static byte[] Base64(this Field field)
    {
        string given = field.Text();
        string text = given.TrimEnd('=').Replace('-', '+').Replace('_', '/');
        string padded = text.PadRight((text.Length + 3) / 4 * 4, '=');
        var bytes = new byte[padded.Length / 4 * 3];
        // Written again it must be the same: no two texts stand for the same bytes, and no character can be changed unseen.
        if (given.Length - text.Length > 2 || !Convert.TryFromBase64String(padded, bytes, out int length) || Convert.ToBase64String(bytes, 0, length) != padded)
            throw field.Bad("is not base64");
        if (length == 0) throw field.Bad("is empty");
        return bytes[..length];
    }

    /// <summary>A digest in lower-case hexadecimal.</summary>
    /// <param name="field">The text.</param>
    public static string HexDigest(this Field field)
    {
        string text = field.Text();
        return text.Length is > 0 and <= LongestDigest && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigitLower)
            ? text
            : throw field.Bad($"is '{Field.Shorten(text)}', expected a digest in lower-case hexadecimal");
    }

    /// <summary>Refuses keys that are not known, which might change what is meant.</summary>
    public static void Only(this Field field, params ReadOnlySpan<string> names)
    {
        foreach ((string name, Field value) in field.Entries(names.Length + 16).ToArray())
            if (!names.Contains(name)) throw value.Bad($"is not known here, expected {string.Join(", ", names)}");
    }
}
