using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hearth.Models.Generation.Constraints;

/// <summary>The keywords of JSON schema, and their values read with errors that name the path.</summary>
internal static class SchemaKeywords
{
    /// <summary>Keywords that a grammar from left to right can not keep.</summary>
    private static readonly HashSet<string> Refused = new(StringComparer.Ordinal)
    {
        "not", "if", "then", "else", "patternProperties", "propertyNames", "dependentRequired", "dependentSchemas", "dependencies", "minProperties",
        "maxProperties", "contains", "minContains", "maxContains", "uniqueItems", "multipleOf", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef",
        "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor",
    };

    private static readonly HashSet<string> Kept = new(StringComparer.Ordinal)
    {
        "$ref", "allOf", "anyOf", "oneOf", "type", "enum", "const", "properties", "required", "additionalProperties", "items", "prefixItems",
        "additionalItems", "minItems", "maxItems", "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    };

    private static readonly HashSet<string> Annotations = new(StringComparer.Ordinal)
    {
        "title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "contentEncoding", "contentMediaType", "contentSchema",
        "$schema", "$id", "id", "$comment", "$anchor", "$defs", "definitions", "$vocabulary", "strict", "nullable", "discriminator", "xml", "externalDocs",
    };

    private static readonly string[] Types = ["object", "array", "string", "integer", "number", "boolean", "null"];

    /// <summary>Whether a keyword says nothing about values, or only allows more of them.</summary>
    public static bool SaysNothing(string keyword) => Annotations.Contains(keyword) || keyword.StartsWith("x-", StringComparison.Ordinal);

    /// <summary>Refuses keywords that can not be kept and keywords that are not known.</summary>
    public static void RequireKept(JsonObject schema, string path)
    {
        foreach ((string keyword, JsonNode? value) in schema)
        {
            if (Kept.Contains(keyword) || SaysNothing(keyword) || Harmless(keyword, value, schema)) continue;
            throw new ConstraintException($"{path}.{keyword}", Refused.Contains(keyword)
                ? "this keyword can not be kept while a text is generated. Leave it out, and check the answer afterwards."
                : "this keyword is not known. Correct its name, or leave it out.");
        }
    }

    /// <summary>Refuses what stands beside a list of values: each value would have to be judged by it.</summary>
    public static void RequireAlone(JsonObject schema, string keyword, string path)
    {
        foreach ((string other, JsonNode? value) in schema)
        {
            if (other is not ("const" or "enum" or "type") && !SaysNothing(other) && !Harmless(other, value, schema))
                throw new ConstraintException($"{path}.{other}", $"it can not be kept beside '{keyword}'. Leave it out, and list only values that fit it.");
        }
    }

    /// <summary>The types a schema names; null when it names none.</summary>
    public static string[]? TypesNamed(JsonObject schema, string path)
    {
        if (schema["type"] is not { } type) return null;
        string[] named = [.. (type is JsonArray many ? many : [type.DeepClone()]).Select(t => t is null ? "" : Text(t, $"{path}.type")).Distinct()];
        foreach (string name in named)
        {
            if (!Types.Contains(name)) throw new ConstraintException($"{path}.type", $"'{name}' is no type; types are {string.Join(", ", Types)}.");
        }
        return named.Length == 0 ? throw Nothing(path) : named;
    }

    /// <summary>The types a schema allows; from its other keywords when it names none, and none when they do not say either.</summary>
    public static string[] TypesOf(JsonObject schema, string path)
    {
        if (TypesNamed(schema, path) is { } named) return named;
        bool Has(params ReadOnlySpan<string> keywords)
        {
            foreach (string keyword in keywords)
            {
                if (schema.ContainsKey(keyword)) return true;
            }
            return false;
        }
        if (Has("properties", "required", "additionalProperties")) return ["object"];
        if (Has("items", "prefixItems", "minItems", "maxItems")) return ["array"];
        if (Has("pattern", "minLength", "maxLength", "format")) return ["string"];
        return Has("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum") ? ["number"] : [];
    }

    /// <summary>A JSON value's type; a number without decimals is an integer.</summary>
    public static string TypeOf(JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => value.AsValue().TryGetValue(out decimal d) && decimal.Floor(d) == d ? "integer" : "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => "null",
    };

    /// <summary>A least and a most count.</summary>
    public static (int Least, int? Most) Counts(JsonObject schema, string minimum, string maximum, string path)
    {
        int least = Count(minimum) ?? 0;
        int? most = Count(maximum);
        return most < least ? throw Nothing(path) : (least, most);

        int? Count(string keyword)
        {
            if (Bound(schema, keyword, path) is not { } count) return null;
            return count >= 0 && count <= int.MaxValue && decimal.Floor(count) == count
                ? (int)count
                : throw new ConstraintException($"{path}.{keyword}", $"found {schema[keyword]!.ToJsonString()}, expected a whole number of 0 to {int.MaxValue:N0}.");
        }
    }

    /// <summary>A number; null when the keyword is absent.</summary>
    public static decimal? Bound(JsonObject schema, string keyword, string path)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node)) return null;
        return node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out decimal bound)
            ? bound
            : throw new ConstraintException($"{path}.{keyword}", $"found {Shown(node)}, expected a number of at most 28 digits.");
    }

    public static bool IsFalse(JsonNode? node) => node is JsonValue value && value.TryGetValue(out bool b) && !b;

    /// <summary>The entries of a list and where each stands.</summary>
    public static (JsonNode? Part, string Path)[] Parts(JsonNode? list, string path, bool mayBeEmpty = false) => list is JsonArray array && (array.Count > 0 || mayBeEmpty)
        ? [.. array.Select((part, i) => (part, $"{path}[{i}]"))]
        : throw new ConstraintException(path, $"found {Shown(list)}, expected a list{(mayBeEmpty ? "" : " with something in it")}.");

    public static string Text(JsonNode? node, string path) => node is JsonValue value && value.TryGetValue(out string? text)
        ? text
        : throw new ConstraintException(path, $"found {Shown(node)}, expected a text.");

    public static ConstraintException Nothing(string path) => new(path, "no value fits it.");

    private static string Shown(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "an object",
        JsonArray => "a list",
        _ => node.ToJsonString() is { Length: <= 60 } text ? text : "a long text",
    };

    private static bool Harmless(string keyword, JsonNode? value, JsonObject schema) => keyword switch
    {
        "uniqueItems" => IsFalse(value),
        "then" or "else" => !schema.ContainsKey("if"),
        "minProperties" => value?.ToJsonString() == "0",
        "patternProperties" or "dependentRequired" or "dependentSchemas" => value is JsonObject { Count: 0 },
        "unevaluatedProperties" or "unevaluatedItems" => value is JsonValue v && (v.TryGetValue(out bool any) && (any || keyword == "unevaluatedProperties")),
        _ => false,
    };
}
