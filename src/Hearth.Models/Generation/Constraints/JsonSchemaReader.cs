using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hearth.Models.Generation.Constraints;

/// <summary>Reads JSON schemas (draft 2020-12, and the arrays of earlier drafts) as grammars of the JSON that fits them.</summary>
internal sealed class JsonSchemaReader
{
    private const int LongestSchema = 1 << 20;
    private const int DeepestNesting = 64;
    private const int MostSchemas = 5_000;
    private const int MostDecimals = 12;

    /// <summary>Keywords that a grammar from left to right can not keep.</summary>
    private static readonly string[] Refused =
    [
        "not", "if", "then", "else", "patternProperties", "propertyNames", "dependentRequired", "dependentSchemas", "dependencies", "minProperties",
        "maxProperties", "contains", "minContains", "maxContains", "uniqueItems", "multipleOf", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef",
    ];

    private static readonly string[] Types = ["object", "array", "string", "integer", "number", "boolean", "null"];

    private readonly JsonNode? _root;
    private readonly GrammarRules _rules = new();
    private readonly JsonGrammar _json;
    private readonly Dictionary<string, Call> _references = new(StringComparer.Ordinal);
    private int _depth;
    private int _schemas;

    private JsonSchemaReader(JsonNode? root)
    {
        _root = root;
        _json = new JsonGrammar(_rules);
    }

    /// <summary>The rules of a schema; rule 0 is the whole text.</summary>
    public static GrammarRules Read(string schema)
    {
        if (schema.Length > LongestSchema) throw new ConstraintException("$", $"the schema has {schema.Length:N0} characters, expected at most {LongestSchema:N0}.");
        try
        {
            JsonNode? root = JsonNode.Parse(schema, null, new JsonDocumentOptions { MaxDepth = DeepestNesting, AllowDuplicateProperties = false });
            var reader = new JsonSchemaReader(root);
            int rule = reader._rules.Declare("$");
            reader._references.Add("#", new Call(rule));
            reader._rules.Define(rule, reader.Schema(root, "$"));
            return reader._rules;
        }
        catch (JsonException e)
        {
            throw new ConstraintException("$", $"the schema is not valid JSON: {e.Message}", e);
        }
    }

    private GrammarNode Schema(JsonNode? schema, string path)
    {
        if (++_schemas > MostSchemas) throw new ConstraintException(path, $"there are more than {MostSchemas:N0} schemas. Use $ref for what is repeated.");
        if (++_depth > DeepestNesting) throw new ConstraintException(path, $"schemas are nested more than {DeepestNesting} deep. Use $ref for what is recursive.");
        GrammarNode node = schema switch
        {
            JsonObject o => Object(o, path),
            JsonValue v when v.TryGetValue(out bool any) => any ? _json.Value : throw Nothing(path),
            _ => throw new ConstraintException(path, "a schema is an object, true or false."),
        };
        _depth--;
        return node;
    }

    private GrammarNode Object(JsonObject schema, string path)
    {
        foreach (string keyword in Refused)
        {
            if (schema.TryGetPropertyValue(keyword, out JsonNode? value) && !Harmless(keyword, value))
                throw new ConstraintException($"{path}.{keyword}", "this keyword can not be kept while a text is generated. Leave it out, and check the answer afterwards.");
        }
        if (schema["$ref"] is { } reference) return Reference(schema, Text(reference, $"{path}.$ref"), path);
        if (schema["allOf"] is { } all)
        {
            JsonObject both = Without(schema, "allOf");
            foreach ((JsonNode? part, string at) in Parts(all, $"{path}.allOf")) both = SchemaMerge.Both(both, Resolved(part, at), at);
            return Schema(both, path);
        }
        foreach (string keyword in (ReadOnlySpan<string>)["anyOf", "oneOf"])
        {
            if (schema[keyword] is not { } choices) continue;
            JsonObject rest = Without(schema, keyword);
            bool alone = rest.All(p => SchemaMerge.SaysNothing(p.Key));
            return new Choice([.. Parts(choices, $"{path}.{keyword}").Select(p => Schema(alone ? p.Part : SchemaMerge.Both(rest, Resolved(p.Part, p.Path), p.Path), p.Path))]);
        }
        string[] types = TypesOf(schema, path);
        if (schema.ContainsKey("const")) return Literals([schema["const"]], types, $"{path}.const");
        if (schema["enum"] is { } values) return Literals([.. Parts(values, $"{path}.enum").Select(v => v.Part)], types, $"{path}.enum");
        if (types.Length == 0) return _json.Value;
        return new Choice([.. types.Select(t => OfType(t, schema, path))]);
    }

    private GrammarNode OfType(string type, JsonObject schema, string path) => type switch
    {
        "object" => ObjectOf(schema, path),
        "array" => ArrayOf(schema, path),
        "string" => StringOf(schema, path),
        "integer" or "number" => NumberOf(schema, type == "integer", path),
        "boolean" => GrammarNode.Any(GrammarNode.Text("true"), GrammarNode.Text("false")),
        _ => GrammarNode.Text("null"),
    };

    /// <summary>The types a schema allows; from its other keywords when it does not say, and none when they do not either.</summary>
    private static string[] TypesOf(JsonObject schema, string path)
    {
        if (schema["type"] is { } type)
        {
            string[] named = [.. (type is JsonArray many ? many : [type.DeepClone()]).Select(t => t is null ? "" : Text(t, $"{path}.type")).Distinct()];
            foreach (string name in named)
            {
                if (!Types.Contains(name)) throw new ConstraintException($"{path}.type", $"'{name}' is no type; types are {string.Join(", ", Types)}.");
            }
            if (named.Length == 0) throw Nothing(path);
            return named;
        }
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
        if (Has("pattern", "minLength", "maxLength")) return ["string"];
        return Has("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum") ? ["number"] : [];
    }

    private GrammarNode ObjectOf(JsonObject schema, string path)
    {
        var listed = new List<(string Name, JsonNode? Schema)>();
        if (schema["properties"] is { } given)
        {
            if (given is not JsonObject properties) throw new ConstraintException($"{path}.properties", "an object is expected.");
            listed.AddRange(properties.Select(p => (p.Key, p.Value)));
        }
        bool has = schema.TryGetPropertyValue("additionalProperties", out JsonNode? additional), closed = IsFalse(additional);
        HashSet<string> required = [];
        if (schema["required"] is { } names)
        {
            foreach ((JsonNode? name, string at) in Parts(names, $"{path}.required"))
            {
                string text = name is null ? "" : Text(name, at);
                if (!required.Add(text) || listed.Any(p => p.Name == text)) continue;
                if (closed) throw new ConstraintException(at, $"the property '{text}' is required and not allowed. Add it to 'properties'.");
                listed.Add((text, has ? additional : JsonValue.Create(true)));
            }
        }

        GrammarNode? pair = null;
        if (has ? !closed : listed.Count == 0)
        {
            GrammarNode value = has ? Schema(additional, $"{path}.additionalProperties") : _json.Value;
            pair = GrammarNode.All(_json.OtherName([.. listed.Select(p => p.Name)]), _json.Colon, value);
        }
        // From the last property to the first: what may follow when a property was written before, and when none was.
        GrammarNode next = pair is null ? GrammarNode.Empty : _rules.Add(path, GrammarNode.All(_json.Comma, pair)).Repeat(0, null);
        GrammarNode first = pair is null ? GrammarNode.Empty : _json.List(pair, 0, null);
        for (int i = listed.Count - 1; i >= 0; i--)
        {
            (string name, JsonNode? property) = listed[i];
            string at = $"{path}.properties.{name}";
            if (!required.Contains(name) && IsFalse(property)) continue;
            GrammarNode item = _rules.Add(at, GrammarNode.All(JsonGrammar.Name(name), _json.Colon, Schema(property, at)));
            GrammarNode written = GrammarNode.All(item, next), following = GrammarNode.All(_json.Comma, written);
            bool optional = !required.Contains(name);
            first = _rules.Add(at, optional ? GrammarNode.Any(written, first) : written);
            next = _rules.Add(at, optional ? GrammarNode.Any(following, next) : following);
        }
        return _json.Object(first);
    }

    private GrammarNode ArrayOf(JsonObject schema, string path)
    {
        (int least, int? most) = Counts(schema, "minItems", "maxItems", path);
        bool old = schema["items"] is JsonArray;
        JsonNode? items = old ? schema["additionalItems"] : schema["items"];
        bool hasItems = schema.ContainsKey(old ? "additionalItems" : "items");
        (JsonNode? Part, string Path)[] prefix = old ? Parts(schema["items"]!, $"{path}.items")
            : schema["prefixItems"] is { } given ? Parts(given, $"{path}.prefixItems") : [];
        int listed = Math.Min(prefix.Length, most ?? int.MaxValue);
        bool open = hasItems ? !IsFalse(items) : prefix.Length == 0 || least > prefix.Length;
        if (!open) most = Math.Min(most ?? int.MaxValue, listed);
        if (most < least) throw Nothing(path);

        GrammarNode? item = open && !(most <= listed) ? (hasItems ? Schema(items, $"{path}.items") : _json.Value) : null;
        if (listed == 0) return _json.Array(item is null ? GrammarNode.Empty : _json.List(item, least, most));
        GrammarNode rest = item is null ? GrammarNode.Empty
            : _rules.Add(path, GrammarNode.All(_json.Comma, item)).Repeat(Math.Max(0, least - listed), most - listed);
        for (int i = listed - 1; i >= 0; i--)
        {
            GrammarNode value = Schema(prefix[i].Part, prefix[i].Path);
            rest = GrammarNode.All(i == 0 ? value : GrammarNode.All(_json.Comma, value), rest);
            rest = _rules.Add(path, i >= least ? rest.Maybe() : rest);
        }
        return _json.Array(rest);
    }

    private GrammarNode StringOf(JsonObject schema, string path)
    {
        (int least, int? most) = Counts(schema, "minLength", "maxLength", path);
        bool counted = least > 0 || most is not null;
        string? pattern = schema["pattern"] is { } p ? Text(p, $"{path}.pattern") : null;
        string? format = schema["format"] is { } f ? SchemaFormats.Pattern(Text(f, $"{path}.format")) : null;
        if (pattern is not null && (counted || format is not null))
            throw new ConstraintException($"{path}.pattern", "a pattern together with a length or a format can not be kept. Put the length into the pattern.");
        if (format is not null && !counted) return JsonGrammar.StringOf(RegexReader.Read(format, $"{path}.format", whole: true));
        if (format is not null) throw new ConstraintException($"{path}.format", "a format together with a length can not be kept. Leave the length out.");
        return pattern is null ? _json.String(least, most) : JsonGrammar.StringOf(RegexReader.Read(pattern, $"{path}.pattern", whole: false));
    }

    private static GrammarNode NumberOf(JsonObject schema, bool whole, string path)
    {
        decimal? minimum = Bound(schema, "minimum", path), maximum = Bound(schema, "maximum", path);
        decimal? above = Bound(schema, "exclusiveMinimum", path), below = Bound(schema, "exclusiveMaximum", path);
        decimal?[] bounds = [minimum, maximum, above, below];
        if (bounds.All(b => b is null)) return whole ? JsonGrammar.Integer : JsonGrammar.Number;
        int decimals = Math.Max(2, bounds.Max(b => (int)(b?.Scale ?? 0)));
        if (decimals > MostDecimals) throw new ConstraintException(path, $"a bound has more than {MostDecimals} decimals. Round it.");
        GrammarNode?[] choices = [Range(0), whole ? null : Range(decimals)];
        return choices.Any(c => c is not null) ? new Choice([.. choices.OfType<GrammarNode>()]) : throw Nothing(path);

        GrammarNode? Range(int scale)
        {
            BigInteger unit = BigInteger.Pow(10, scale);
            BigInteger? Least(decimal? bound, bool exclusive) => bound is not { } b ? null : Floor(b, unit) is var f && (exclusive || !Exact(b, unit)) ? f + 1 : f;
            BigInteger? Most(decimal? bound, bool exclusive) => bound is not { } b ? null : Floor(b, unit) is var f && exclusive && Exact(b, unit) ? f - 1 : f;
            return NumberRanges.Scaled(Larger(Least(minimum, false), Least(above, true)), Smaller(Most(maximum, false), Most(below, true)), scale);
        }
    }

    private static BigInteger? Larger(BigInteger? a, BigInteger? b) => a is null ? b : b is null ? a : BigInteger.Max(a.Value, b.Value);

    private static BigInteger? Smaller(BigInteger? a, BigInteger? b) => a is null ? b : b is null ? a : BigInteger.Min(a.Value, b.Value);

    private static BigInteger Floor(decimal bound, BigInteger unit)
    {
        decimal whole = decimal.Floor(bound), part = bound - whole;
        return (new BigInteger(whole) * unit) + new BigInteger(decimal.Floor(part * (decimal)unit));
    }

    private static bool Exact(decimal bound, BigInteger unit)
    {
        decimal part = (bound - decimal.Floor(bound)) * (decimal)unit;
        return decimal.Floor(part) == part;
    }

    private GrammarNode Reference(JsonObject schema, string pointer, string path)
    {
        if (schema.Any(p => p.Key != "$ref" && !SchemaMerge.SaysNothing(p.Key)))
            return Schema(SchemaMerge.Both(Without(schema, "$ref"), Resolved(Find(pointer, path), path), path), path);
        if (_references.TryGetValue(pointer, out Call? known)) return known;
        int rule = _rules.Declare(pointer);
        _references.Add(pointer, known = new Call(rule));
        _rules.Define(rule, Schema(Find(pointer, path), pointer.Replace("#", "$", StringComparison.Ordinal).Replace('/', '.')));
        return known;
    }

    /// <summary>A schema as an object whose own reference, if it is nothing else, was followed.</summary>
    private JsonObject Resolved(JsonNode? schema, string path)
    {
        for (int i = 0; i < DeepestNesting; i++)
        {
            if (schema is JsonValue v && v.TryGetValue(out bool any)) return any ? [] : throw Nothing(path);
            if (schema is not JsonObject o) throw new ConstraintException(path, "a schema is an object, true or false.");
            if (o["$ref"] is not { } reference) return o;
            JsonNode? target = Find(Text(reference, $"{path}.$ref"), path);
            JsonObject rest = Without(o, "$ref");
            schema = rest.Count == 0 ? target : SchemaMerge.Both(rest, Resolved(target, path), path);
        }
        throw new ConstraintException(path, "its $ref leads to itself.");
    }

    /// <summary>What a JSON pointer (RFC 6901) leads to.</summary>
    private JsonNode? Find(string pointer, string path)
    {
        if (!pointer.StartsWith('#')) throw new ConstraintException($"{path}.$ref", $"'{pointer}' is outside the schema. Put it under $defs.");
        JsonNode? at = _root;
        foreach (string part in pointer.Split('/').Skip(1))
        {
            string name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            JsonNode? next = null;
            bool found = at is JsonObject o ? o.TryGetPropertyValue(name, out next)
                : at is JsonArray a && int.TryParse(name, out int index) && index >= 0 && index < a.Count && (next = a[index]) is not null;
            if (!found) throw new ConstraintException($"{path}.$ref", $"'{pointer}' leads nowhere. Define it under $defs.");
            at = next;
        }
        return pointer is "#" || pointer.StartsWith("#/", StringComparison.Ordinal) ? at
            : throw new ConstraintException($"{path}.$ref", $"'{pointer}' is no path from the schema's root. Write it as #/$defs/name.");
    }

    private static Choice Literals(IReadOnlyList<JsonNode?> values, string[] types, string path)
    {
        var literals = new List<GrammarNode>();
        foreach (JsonNode? value in values)
        {
            using JsonDocument json = JsonDocument.Parse(value?.ToJsonString() ?? "null");
            if (types.Length == 0 || types.Contains(TypeName(json.RootElement)) || (types.Contains("number") && TypeName(json.RootElement) == "integer"))
                literals.Add(JsonGrammar.Literal(json.RootElement));
        }
        return literals.Count == 0 ? throw Nothing(path) : new Choice(literals);
    }

    private static string TypeName(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => value.TryGetDecimal(out decimal d) && decimal.Floor(d) == d ? "integer" : "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => "null",
    };

    private static (int Least, int? Most) Counts(JsonObject schema, string minimum, string maximum, string path)
    {
        int least = Count(minimum) ?? 0;
        int? most = Count(maximum);
        return most < least ? throw Nothing(path) : (least, most);

        int? Count(string keyword)
        {
            if (schema[keyword] is not { } node) return null;
            return Bound(schema, keyword, path) is { } count && count >= 0 && count <= int.MaxValue && decimal.Floor(count) == count
                ? (int)count
                : throw new ConstraintException($"{path}.{keyword}", $"found {node.ToJsonString()}, expected a whole number of 0 or more.");
        }
    }

    private static decimal? Bound(JsonObject schema, string keyword, string path)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node)) return null;
        return node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out decimal bound)
            ? bound
            : throw new ConstraintException($"{path}.{keyword}", $"found {node?.ToJsonString() ?? "null"}, expected a number of at most 28 digits.");
    }

    private static bool Harmless(string keyword, JsonNode? value) =>
        (keyword == "uniqueItems" && IsFalse(value)) || (keyword is "then" or "else") || (keyword == "minProperties" && value?.ToJsonString() == "0")
        || (keyword is "patternProperties" or "dependentRequired" or "dependentSchemas" && value is JsonObject { Count: 0 });

    private static bool IsFalse(JsonNode? node) => node is JsonValue value && value.TryGetValue(out bool b) && !b;

    private static (JsonNode? Part, string Path)[] Parts(JsonNode list, string path) => list is JsonArray array && array.Count > 0
        ? [.. array.Select((part, i) => (part, $"{path}[{i}]"))]
        : list is JsonArray && path.EndsWith(".required", StringComparison.Ordinal) ? []
        : throw new ConstraintException(path, "a list with something in it is expected.");

    private static string Text(JsonNode node, string path) => node is JsonValue value && value.TryGetValue(out string? text)
        ? text
        : throw new ConstraintException(path, $"found {node.ToJsonString()}, expected a text.");

    private static JsonObject Without(JsonObject schema, string keyword)
    {
        var rest = (JsonObject)schema.DeepClone();
        rest.Remove(keyword);
        return rest;
    }

    private static ConstraintException Nothing(string path) => new(path, "no value fits it.");
}
