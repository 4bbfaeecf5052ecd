using System.Text.Json.Nodes;

namespace Hearth.Models.Generation.Constraints;

/// <summary>
/// Whether two alternatives of a <c>oneOf</c> can be told apart: by type, by the values they list, by a required property that differs so, or by a property
/// that one requires and the other does not have.
/// </summary>
/// <param name="resolve">Follows references.</param>
internal sealed class SchemaOverlap(Func<JsonNode?, string, JsonObject> resolve)
{
    private const int Deepest = 8;
    private const int MostWork = 100_000;

    private int _work;

    /// <summary>Whether no value that is written for one fits the other.</summary>
    /// <exception cref="ConstraintException">A schema is malformed, or there is too much to compare.</exception>
    public bool Apart(JsonObject a, JsonObject b, string path, int depth = 0)
    {
        if (++_work > MostWork) throw new ConstraintException(path, "its alternatives take too long to compare. Use anyOf.");
        if (Listed(a) is { } first)
        {
            if (Listed(b) is { } second) return !first.Any(v => second.Any(w => JsonNode.DeepEquals(v, w)));
            return SchemaKeywords.TypesNamed(b, path) is { } others && !first.Any(v => Holds(others, SchemaKeywords.TypeOf(v)));
        }
        if (Listed(b) is not null) return Apart(b, a, path, depth);
        string[]? types = SchemaKeywords.TypesNamed(a, path), otherTypes = SchemaKeywords.TypesNamed(b, path);
        if (types is null || otherTypes is null) return false;
        if (!types.Any(t => Holds(otherTypes, t)) && !otherTypes.Any(t => Holds(types, t))) return true;
        return types is ["object"] && otherTypes is ["object"] && ObjectsApart(a, b, path, depth);
    }

    private bool ObjectsApart(JsonObject a, JsonObject b, string path, int depth)
    {
        HashSet<string> required = Required(a, path), otherRequired = Required(b, path);
        _work += required.Count + otherRequired.Count;
        bool aLacks = Lacks(a, required, otherRequired), bLacks = Lacks(b, otherRequired, required);
        if (aLacks && (bLacks || SchemaKeywords.IsFalse(a["additionalProperties"]))) return true;
        if (bLacks && SchemaKeywords.IsFalse(b["additionalProperties"])) return true;
        if (depth == Deepest) return false;
        foreach (string name in required.Where(otherRequired.Contains))
        {
            if ((a["properties"] as JsonObject)?[name] is JsonObject mine && (b["properties"] as JsonObject)?[name] is JsonObject other
                && Apart(resolve(mine, $"{path}.properties.{name}"), resolve(other, $"{path}.properties.{name}"), path, depth + 1))
                return true;
        }
        return false;
    }

    /// <summary>Whether the values written for a schema never have something that another requires.</summary>
    private static bool Lacks(JsonObject schema, HashSet<string> required, HashSet<string> wanted)
    {
        var properties = schema["properties"] as JsonObject;
        bool open = schema.TryGetPropertyValue("additionalProperties", out JsonNode? additional)
            ? !SchemaKeywords.IsFalse(additional) : properties is null or { Count: 0 };
        return !open && wanted.Any(name => properties?.ContainsKey(name) != true && !required.Contains(name));
    }

    private static HashSet<string> Required(JsonObject schema, string path) => schema["required"] is { } names
        ? [.. SchemaKeywords.Parts(names, $"{path}.required", mayBeEmpty: true).Select(n => SchemaKeywords.Text(n.Part, n.Path))]
        : [];

    private IReadOnlyList<JsonNode?>? Listed(JsonObject schema)
    {
        if (schema.TryGetPropertyValue("const", out JsonNode? one)) return [one];
        if (schema["enum"] is not JsonArray values) return null;
        _work += values.Count;
        return [.. values];
    }

    private static bool Holds(string[] types, string type) => types.Contains(type) || (type == "integer" && types.Contains("number"));
}
