using System.Text.Json.Nodes;

namespace Hearth.Models.Generation.Constraints;

/// <summary>Two schemas that a value must fit both, as one (<c>allOf</c>, and keywords beside <c>anyOf</c> or <c>$ref</c>).</summary>
internal static class SchemaMerge
{
    private static readonly HashSet<string> Annotations = new(StringComparer.Ordinal)
    {
        "title", "description", "default", "examples", "$schema", "$id", "$comment", "$anchor", "$defs", "definitions", "deprecated", "readOnly",
        "writeOnly", "contentEncoding", "contentMediaType", "contentSchema", "strict", "nullable", "discriminator", "$vocabulary", "example",
    };

    /// <summary>Whether a keyword says nothing about values.</summary>
    public static bool SaysNothing(string keyword) => Annotations.Contains(keyword);

    /// <summary>Both schemas as one.</summary>
    /// <exception cref="ConstraintException">They have something that can not be put together.</exception>
    public static JsonObject Both(JsonObject a, JsonObject b, string path)
    {
        var both = new JsonObject();
        foreach ((string key, JsonNode? value) in a) both[key] = value?.DeepClone();
        RefuseClosed(a, b, path);
        RefuseClosed(b, a, path);
        foreach ((string key, JsonNode? value) in b)
        {
            if (SaysNothing(key)) continue;
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
                return (Number(a, path) >= Number(b, path) ? a : b).DeepClone();
            case "maximum" or "exclusiveMaximum" or "maxLength" or "maxItems" when a is JsonValue && b is JsonValue:
                return (Number(a, path) <= Number(b, path) ? a : b).DeepClone();
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
    }

    private static JsonArray Types(JsonNode? a, JsonNode? b, string path)
    {
        HashSet<string> first = Names(a, path), second = Names(b, path);
        var both = new HashSet<string>(first, StringComparer.Ordinal);
        both.IntersectWith(second);
        if ((first.Contains("integer") && second.Contains("number")) || (second.Contains("integer") && first.Contains("number"))) both.Add("integer");
        return new JsonArray([.. both.Order(StringComparer.Ordinal).Select(t => (JsonNode)t)]);
    }

    private static HashSet<string> Names(JsonNode? types, string path)
    {
        try
        {
            return types is JsonArray many ? [.. many.Select(t => t!.GetValue<string>())] : [types!.GetValue<string>()];
        }
        catch (Exception e) when (e is InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new ConstraintException($"{path}.type", "a name or a list of names is expected.", e);
        }
    }

    private static double Number(JsonNode value, string path)
    {
        try
        {
            return value.GetValue<double>();
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new ConstraintException(path, "a bound is not a number.", e);
        }
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
