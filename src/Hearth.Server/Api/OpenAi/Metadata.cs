using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Server.Api.Wire;

namespace Hearth.Server.Api.OpenAi;

/// <summary>What programs note with what is kept: at most 16 texts by name (OpenAI API reference, "metadata").</summary>
internal static class Metadata
{
    private const int Most = 16, LongestName = 64, LongestText = 512;

    /// <summary>Reads the field.</summary>
    /// <returns>Null when it is absent.</returns>
    public static JsonObject? Read(Fields fields)
    {
        const string Field = "metadata";
        if (fields.Object(Field) is not { } table) return null;
        var read = new JsonObject();
        foreach (JsonProperty property in table.All())
        {
            string at = table.At(property.Name);
            if (property.Name.Length is 0 or > LongestName) throw new ApiException(400, $"The field '{Field}' has a name of {property.Name.Length} characters, expected 1 to {LongestName}.", Field);
            if (property.Value.ValueKind != JsonValueKind.String) throw Fields.Bad(at, property.Value.ValueKind, "a string");
            string text = property.Value.GetString()!;
            if (text.Length > LongestText) throw new ApiException(400, $"The field '{at}' has {text.Length:N0} characters, expected at most {LongestText}.", at);
            read[property.Name] = text;
        }
        return read.Count <= Most ? read : throw new ApiException(400, $"The field '{Field}' has {read.Count} names, expected at most {Most}.", Field);
    }
}
