using System.Text.Json.Nodes;

namespace Hearth.Models.Generation.Constraints;

/// <summary>Two schemas that a value must fit both, as one (<c>allOf</c>, and keywords beside <c>anyOf</c> or <c>$ref</c>).</summary>
internal static class SchemaMerge
{
    /// <summary>Both schemas as one.</summary>
    /// <exception cref="ConstraintException">They have something that can not be put together.</exception>
    public static JsonObject Both(JsonObject a, JsonObject b, string path)
    {
        var both = new JsonObject();
        foreach ((string key, JsonNode? value) in a)
        {
            if (!SchemaKeywords.SaysNothing(key)) both[key] = value?.DeepClone();
        }
        RefuseClosed(a, b, path);
        RefuseClosed(b, a, path);
        foreach ((string key, JsonNode? value) in b)
        {
            if (SchemaKeywords.SaysNothing(key)) continue;
            both[key] = both.ContainsKey(key) ? One(key, both[key], value, path) : value?.DeepClone();
        }
        return both;
    }

    private static JsonNode? One(string key, JsonNode? a, JsonNode? b, string path)
    {
        if (JsonNode.DeepEquals(a, b)) return a?.DeepClone();
        switch (key)
        {
            case "minimum" or "exclusiveMinimum" or "minLength" or "minItems" when a is JsonValue && b is JsonValue:
                return (Bound(a) >= Bound(b) ? a : b).DeepClone();
            case "maximum" or "exclusiveMaximum" or "maxLength" or "maxItems" when a is JsonValue && b is JsonValue:
                return (Bound(a) <= Bound(b) ? a : b).DeepClone();
            case "allOf" when a is JsonArray first && b is JsonArray second:
                return new JsonArray([.. first.Concat(second).Select(n => n?.DeepClone())]);
            case "required" when a is JsonArray first && b is JsonArray second:
                return new JsonArray([.. first.Concat(second).Select(n => n?.DeepClone())]);
            case "enum" when a is JsonArray first && b is JsonArray second:
                return new JsonArray([.. first.Where(n => second.Any(m => JsonNode.DeepEquals(n, m))).Select(n => n?.DeepClone())]);
            case "type":
                return Types(a, b, path);
            case "properties" when a is JsonObject first && b is JsonObject second:
                var properties = (JsonObject)first.DeepClone();
                foreach ((string name, JsonNode? value) in second)
                {
                    properties[name] = properties.ContainsKey(name)
                        ? new JsonObject { ["allOf"] = new JsonArray(properties[name]?.DeepClone(), value?.DeepClone()) }
                        : value?.DeepClone();
                }
                return properties;
            case "items":
                return new JsonObject { ["allOf"] = new JsonArray(a?.DeepClone(), b?.DeepClone()) };
            default:
                throw new ConstraintException(path, $"two schemas with '{key}' can not be put together. Write them as one schema.");
        }

        decimal? Bound(JsonNode value) => SchemaKeywords.Bound(new JsonObject { [key] = value.DeepClone() }, key, path);
    }

    private static JsonArray Types(JsonNode? a, JsonNode? b, string path)
    {
        string[] first = Names(a), second = Names(b);
        IEnumerable<string> both = first.Where(t => second.Contains(t) || (t == "integer" && second.Contains("number")))
            .Concat(second.Where(t => t == "integer" && first.Contains("number")));
        return new JsonArray([.. both.Distinct().Order(StringComparer.Ordinal).Select(t => (JsonNode)t)]);

        string[] Names(JsonNode? types) => SchemaKeywords.TypesNamed(new JsonObject { ["type"] = types?.DeepClone() }, path) ?? [];
    }

    /// <summary>A schema that allows no other properties does not know those of the second.</summary>
    private static void RefuseClosed(JsonObject closed, JsonObject other, string path)
    {
        if (!closed.ContainsKey("additionalProperties") || other["properties"] is not JsonObject more) return;
        var known = closed["properties"] as JsonObject;
        foreach ((string name, _) in more)
        {
            if (known?.ContainsKey(name) != true)
                throw new ConstraintException(path, $"'additionalProperties' of one schema meets the property '{name}' of another. Write them as one schema.");
        }
    }
}
