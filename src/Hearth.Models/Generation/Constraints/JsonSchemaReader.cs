using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hearth.Models.Generation.Constraints;

/// <summary>Reads JSON schemas (draft 2020-12, and the arrays of earlier drafts) as grammars of the JSON that fits them.</summary>
internal sealed class JsonSchemaReader
{
    private const int LongestSchema = 1 << 19;
    private const int DeepestNesting = 64;
    private const int MostSchemas = 5_000;
    private const int MostMerged = 80_000;

    private static readonly JsonReaderOptions Depth = new() { MaxDepth = DeepestNesting };

    private readonly JsonNode? _root;
    private readonly GrammarRules _rules;
    private readonly JsonGrammar _json;
    private readonly Dictionary<string, Call> _references = new(StringComparer.Ordinal);
    private readonly SchemaOverlap _overlap;
    private int _depth;
    private int _schemas;
    private int _merged;

    private JsonSchemaReader(JsonNode? root, GrammarRules rules)
    {
        (_root, _rules) = (root, rules);
        _json = new JsonGrammar(_rules);
        _overlap = new SchemaOverlap(Resolved);
    }

    /// <summary>The rules of a schema; rule 0 is the whole text.</summary>
    public static GrammarRules Read(string schema)
    {
        var rules = new GrammarRules();
        Add(rules, schema);
        return rules;
    }

    /// <summary>Adds a schema's rules to others; the call of its first.</summary>
    public static Call Add(GrammarRules rules, string schema)
    {
        if (schema.Length > LongestSchema) throw new ConstraintException("$", $"the schema has {schema.Length:N0} characters, expected at most {LongestSchema:N0}.");
        try
        {
            byte[] json = Encoding.UTF8.GetBytes(schema);
            RequireWholeCharacters(json);
            JsonNode? root = JsonNode.Parse(json, null, new JsonDocumentOptions { MaxDepth = DeepestNesting, AllowDuplicateProperties = false });
            var reader = new JsonSchemaReader(root, rules);
            var whole = new Call(rules.Declare("$"));
            reader._references.Add("#", whole);
            rules.Define(whole.Rule, reader.Schema(root, "$"));
            return whole;
        }
        catch (JsonException e)
        {
            throw new ConstraintException("$", $"the schema is not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>Refuses escapes of half a character, which no text can hold.</summary>
    private static void RequireWholeCharacters(byte[] json)
    {
        var reader = new Utf8JsonReader(json, Depth);
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped) continue;
            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException e)
            {
                throw new ConstraintException("$", $"the text at byte {reader.TokenStartIndex:N0} has half of a character. Write the surrogates of a pair together.", e);
            }
        }
    }

    private GrammarNode Schema(JsonNode? schema, string path)
    {
        if (++_schemas > MostSchemas) throw new ConstraintException(path, $"there are more than {MostSchemas:N0} schemas. Use $ref for what is repeated.");
        if (++_depth > DeepestNesting) throw new ConstraintException(path, $"schemas are nested more than {DeepestNesting} deep. Use $ref for what is recursive.");
        GrammarNode node = schema switch
        {
            JsonObject o => Object(o, path),
            JsonValue v when v.TryGetValue(out bool any) => any ? _json.Value : throw SchemaKeywords.Nothing(path),
            _ => throw NoSchema(path),
        };
        _depth--;
        return node;
    }

    private GrammarNode Object(JsonObject schema, string path)
    {
        SchemaKeywords.RequireKept(schema, path);
        if (schema.ContainsKey("$ref")) return Reference(schema, path);
        if (schema["allOf"] is { } all)
        {
            JsonObject both = Without(schema, "allOf");
            foreach ((JsonNode? part, string at) in SchemaKeywords.Parts(all, $"{path}.allOf")) both = Merged(both, Resolved(part, at), at);
            return Schema(both, path);
        }
        if (schema.ContainsKey("anyOf")) return new Choice([.. Alternatives(schema, "anyOf", path).Select(p => Schema(p.Schema, p.Path))]);
        if (schema.ContainsKey("oneOf")) return OneOf(schema, path);
        string[] types = SchemaKeywords.TypesOf(schema, path);
        if (schema.ContainsKey("const") || schema.ContainsKey("enum")) return Literals(schema, types, path);
        return types.Length == 0 ? _json.Value : new Choice([.. types.Select(t => OfType(t, schema, path))]);
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

    /// <summary>The alternatives of a keyword, each together with what stands beside it.</summary>
    private IEnumerable<(JsonNode? Schema, string Path)> Alternatives(JsonObject schema, string keyword, string path)
    {
        JsonObject rest = Without(schema, keyword);
        bool alone = rest.Count == 0;
        foreach ((JsonNode? part, string at) in SchemaKeywords.Parts(schema[keyword], $"{path}.{keyword}"))
        {
            if (!SchemaKeywords.IsFalse(part)) yield return (alone ? part : Merged(rest, Resolved(part, at), at), at);
        }
    }

    /// <summary>Alternatives of which a value must fit one and no other.</summary>
    private Choice OneOf(JsonObject schema, string path)
    {
        (JsonNode? Schema, string Path)[] choices = [.. Alternatives(schema, "oneOf", path)];
        JsonObject[] resolved = [.. choices.Select(p => Resolved(p.Schema, p.Path))];
        for (int i = 0; i < resolved.Length; i++)
        {
            for (int j = i + 1; j < resolved.Length; j++)
            {
                if (_overlap.Apart(resolved[i], resolved[j], $"{path}.oneOf")) continue;
                throw new ConstraintException($"{path}.oneOf",
                    $"a value might fit both [{i}] and [{j}]. Tell them apart by type or by a required property with a 'const', or use anyOf.");
            }
        }
        return new Choice([.. choices.Select(p => Schema(p.Schema, p.Path))]);
    }

    private GrammarNode ObjectOf(JsonObject schema, string path)
    {
        var listed = new List<(string Name, JsonNode? Schema)>();
        if (schema["properties"] is { } given)
        {
            if (given is not JsonObject properties) throw new ConstraintException($"{path}.properties", "an object is expected.");
            listed.AddRange(properties.Select(p => (p.Key, p.Value)));
        }
        bool has = schema.TryGetPropertyValue("additionalProperties", out JsonNode? additional);
        bool closed = SchemaKeywords.IsFalse(has ? additional : schema["unevaluatedProperties"]);
        HashSet<string> required = [], names = [.. listed.Select(p => p.Name)];
        if (schema["required"] is { } wanted)
        {
            foreach ((JsonNode? name, string at) in SchemaKeywords.Parts(wanted, $"{path}.required", mayBeEmpty: true))
            {
                string text = SchemaKeywords.Text(name, at);
                if (!required.Add(text) || !names.Add(text)) continue;
                if (closed) throw new ConstraintException(at, $"the property '{text}' is required and not allowed. Add it to 'properties'.");
                listed.Add((text, has ? additional : JsonValue.Create(true)));
            }
        }

        GrammarNode? pair = null;
        if (!closed && (has || listed.Count == 0))
        {
            GrammarNode value = has ? Schema(additional, $"{path}.additionalProperties") : _json.Value;
            pair = GrammarNode.All(_json.OtherName([.. names], path), _json.Colon, value);
        }
        // From the last property to the first: what may follow when a property was written before, and when none was.
        GrammarNode next = pair is null ? GrammarNode.Empty : _rules.Add(path, GrammarNode.All(_json.Comma, pair)).Repeat(0, null);
        GrammarNode first = pair is null ? GrammarNode.Empty : _json.List(pair, 0, null);
        for (int i = listed.Count - 1; i >= 0; i--)
        {
            (string name, JsonNode? property) = listed[i];
            string at = $"{path}.properties.{name}";
            if (!required.Contains(name) && SchemaKeywords.IsFalse(property)) continue;
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
        (int least, int? most) = SchemaKeywords.Counts(schema, "minItems", "maxItems", path);
        bool old = schema["items"] is JsonArray;
        JsonNode? items = old ? schema["additionalItems"] : schema["items"];
        bool hasItems = schema.ContainsKey(old ? "additionalItems" : "items");
        (JsonNode? Part, string Path)[] prefix = old ? SchemaKeywords.Parts(schema["items"]!, $"{path}.items", mayBeEmpty: true)
            : schema["prefixItems"] is { } given ? SchemaKeywords.Parts(given, $"{path}.prefixItems") : [];
        int listed = Math.Min(prefix.Length, most ?? int.MaxValue);
        bool open = hasItems ? !SchemaKeywords.IsFalse(items) : prefix.Length == 0 || least > prefix.Length;
        if (!open) most = Math.Min(most ?? int.MaxValue, listed);
        if (most < least) throw SchemaKeywords.Nothing(path);

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
        (int least, int? most) = SchemaKeywords.Counts(schema, "minLength", "maxLength", path);
        bool counted = least > 0 || most is not null;
        string? pattern = schema["pattern"] is { } p ? SchemaKeywords.Text(p, $"{path}.pattern") : null;
        string? format = schema["format"] is { } f ? SchemaFormats.Pattern(SchemaKeywords.Text(f, $"{path}.format"), $"{path}.format") : null;
        if (pattern is not null && (counted || format is not null))
            throw new ConstraintException($"{path}.pattern", "a pattern together with a length or a format can not be kept. Put the length into the pattern.");
        if (format is not null && counted)
            throw new ConstraintException($"{path}.format", "a format together with a length can not be kept. Leave the length out.");
        if (format is not null) return JsonGrammar.StringOf(RegexReader.Read(format, $"{path}.format", whole: true));
        return pattern is null ? _json.String(least, most) : JsonGrammar.StringOf(RegexReader.Read(pattern, $"{path}.pattern", whole: false));
    }

    private GrammarNode NumberOf(JsonObject schema, bool whole, string path)
    {
        NumberLimit? least = Limit("minimum", "exclusiveMinimum", 1), most = Limit("maximum", "exclusiveMaximum", -1);
        if (schema["format"] is { } format)
        {
            string name = SchemaKeywords.Text(format, $"{path}.format");
            SchemaFormats.RequireNumber(name, $"{path}.format");
            if (name == "int32")
            {
                whole = true;
                if (least is null or { Value: < int.MinValue }) least = new(int.MinValue, false);
                if (most is null or { Value: > int.MaxValue }) most = new(int.MaxValue, false);
            }
            whole |= name == "int64";
        }
        if (least is null && most is null) return whole ? JsonGrammar.Integer : JsonGrammar.Number;
        _schemas += 4;                                                           // a range takes as much as a few schemas
        return NumberRanges.Between(least, most, whole) ?? throw SchemaKeywords.Nothing(path);

        // The narrower of the two; an excluded bound is narrower than the same one included.
        NumberLimit? Limit(string keyword, string exclusive, int sign)
        {
            decimal? with = SchemaKeywords.Bound(schema, keyword, path), without = SchemaKeywords.Bound(schema, exclusive, path);
            if (without is { } outside && (with is null || outside * sign >= with * sign)) return new NumberLimit(outside, true);
            return with is { } inside ? new NumberLimit(inside, false) : null;
        }
    }

    /// <summary>A reference, with what stands beside it. Each is a rule of its own, so that a schema can refer to what it is in.</summary>
    private Call Reference(JsonObject schema, string path)
    {
        string pointer = SchemaKeywords.Text(schema["$ref"], $"{path}.$ref");
        JsonObject rest = Without(schema, "$ref");
        bool alone = rest.Count == 0;
        string key = alone ? pointer : $"{pointer} {rest.ToJsonString()}";
        if (_references.TryGetValue(key, out Call? known)) return known;
        JsonNode? target = Find(pointer, path);
        int rule = _rules.Declare(pointer);
        _references.Add(key, known = new Call(rule));
        string at = pointer.Replace("#", "$", StringComparison.Ordinal).Replace('/', '.');
        _rules.Define(rule, alone ? Schema(target, at) : Schema(Merged(rest, Resolved(target, path), path), path));
        return known;
    }

    private JsonObject Merged(JsonObject a, JsonObject b, string path)
    {
        foreach ((string key, JsonNode? value) in a.Concat(b))
        {
            if (!SchemaKeywords.SaysNothing(key)) Count(value);
        }
        if (a["enum"] is JsonArray first && b["enum"] is JsonArray second) Spend(first.Count * (long)second.Count / 16);
        return SchemaMerge.Both(a, b, path);

        void Spend(long nodes)
        {
            if ((_merged += (int)Math.Min(nodes, MostMerged)) > MostMerged)
                throw new ConstraintException(path, "putting schemas together takes too long. Write less beside allOf, anyOf, oneOf and $ref.");
        }

        void Count(JsonNode? node)
        {
            Spend(1);
            if (node is JsonObject o) foreach ((_, JsonNode? value) in o) Count(value);
            else if (node is JsonArray items) foreach (JsonNode? item in items) Count(item);
        }
    }

    /// <summary>A schema as an object whose own reference was followed.</summary>
    private JsonObject Resolved(JsonNode? schema, string path)
    {
        for (int i = 0; i < DeepestNesting; i++)
        {
            if (schema is JsonValue v && v.TryGetValue(out bool any)) return any ? [] : throw SchemaKeywords.Nothing(path);
            if (schema is not JsonObject o) throw NoSchema(path);
            if (!o.ContainsKey("$ref")) return o;
            JsonNode? target = Find(SchemaKeywords.Text(o["$ref"], $"{path}.$ref"), path);
            JsonObject rest = Without(o, "$ref");
            schema = rest.Count == 0 ? target : Merged(rest, target as JsonObject ?? Resolved(target, path), path);
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

    /// <summary>The values that <c>const</c> and <c>enum</c> list, those of other types left out.</summary>
    private static Choice Literals(JsonObject schema, string[] types, string path)
    {
        SchemaKeywords.RequireAlone(schema, schema.ContainsKey("enum") ? "enum" : "const", path);
        bool fixedValue = schema.TryGetPropertyValue("const", out JsonNode? one);
        IEnumerable<JsonNode?> values = schema.ContainsKey("enum") ? SchemaKeywords.Parts(schema["enum"], $"{path}.enum").Select(v => v.Part) : [one];
        if (fixedValue) values = values.Where(v => JsonNode.DeepEquals(v, one));
        var literals = new List<GrammarNode>();
        foreach (JsonNode? value in values)
        {
            string type = SchemaKeywords.TypeOf(value);
            if (types.Length == 0 || types.Contains(type) || (types.Contains("number") && type == "integer")) literals.Add(JsonGrammar.Literal(value));
        }
        return literals.Count == 0 ? throw SchemaKeywords.Nothing(path) : new Choice(literals);
    }

    /// <summary>The other keywords that say something.</summary>
    private static JsonObject Without(JsonObject schema, string keyword)
    {
        var rest = new JsonObject();
        foreach ((string key, JsonNode? value) in schema)
        {
            if (key != keyword && !SchemaKeywords.SaysNothing(key)) rest[key] = value?.DeepClone();
        }
        return rest;
    }

    private static ConstraintException NoSchema(string path) => new(path, "a schema is an object, true or false.");
}
