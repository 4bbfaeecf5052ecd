using System.Text.Json.Nodes;
using Hearth.Models.Generation.Constraints;
using Json.Schema;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation.Constraints;

public sealed class JsonSchemaTests
{
    public static TheoryData<string, string[], string[]> Schemas
    {
        get
        {
            var data = new TheoryData<string, string[], string[]>();
            foreach (SchemaCases.Case c in SchemaCases.All) data.Add(c.Schema, c.Fits, c.Others);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Schemas))]
    public void A_schema_takes_what_fits_and_nothing_else(string schema, string[] fits, string[] others)
    {
        Grammar grammar = Grammar.FromJsonSchema(schema);
        foreach (string fit in fits)
        {
            Validator.IsValid(schema, fit).ShouldBeTrue($"the case itself is wrong: {fit}");
            grammar.Matches(fit).ShouldBeTrue(fit);
        }
        foreach (string other in others)
        {
            Validator.IsValid(schema, other).ShouldBeFalse($"the case itself is wrong: {other}");
            grammar.Matches(other).ShouldBeFalse(other);
        }
    }

    [Theory]
    [InlineData("{", "$", "not valid JSON")]
    [InlineData("[]", "$", "a schema is an object, true or false")]
    [InlineData("false", "$", "no value fits")]
    [InlineData("""{"a": 1, "a": 2}""", "$", "not valid JSON")]
    [InlineData("""{"title": "\ud800"}""", "$", "half of a character")]
    [InlineData("""{"\udc00": 1}""", "$", "half of a character")]
    [InlineData("""{"type": "text"}""", "$.type", "'text' is no type")]
    [InlineData("""{"type": 3}""", "$.type", "found 3, expected a text")]
    [InlineData("""{"type": []}""", "$", "no value fits")]
    [InlineData("""{"not": {}}""", "$.not", "can not be kept")]
    [InlineData("""{"if": {}, "then": {}}""", "$.if", "can not be kept")]
    [InlineData("""{"type": "object", "properties": {"x": {"type": "object", "patternProperties": {"^a": {}}}}}""", "$.properties.x.patternProperties", "can not be kept")]
    [InlineData("""{"type": "array", "uniqueItems": true}""", "$.uniqueItems", "can not be kept")]
    [InlineData("""{"type": "array", "contains": {}}""", "$.contains", "can not be kept")]
    [InlineData("""{"type": "integer", "multipleOf": 3}""", "$.multipleOf", "can not be kept")]
    [InlineData("""{"type": "object", "minProperties": 2}""", "$.minProperties", "can not be kept")]
    [InlineData("""{"type": "object", "dependentRequired": {"a": ["b"]}}""", "$.dependentRequired", "can not be kept")]
    [InlineData("""{"type": "integer", "minimun": 3}""", "$.minimun", "not known")]
    [InlineData("""{"type": "string", "format": "idn-email"}""", "$.format", "'idn-email'")]
    [InlineData("""{"type": "number", "format": "date"}""", "$.format", "'date' of a number")]
    [InlineData("""{"type": "string", "pattern": "(?=a)"}""", "$.pattern", "looking ahead")]
    [InlineData("""{"type": "string", "pattern": "a", "maxLength": 3}""", "$.pattern", "together with a length")]
    [InlineData("""{"type": "string", "format": "date", "maxLength": 3}""", "$.format", "together with a length")]
    [InlineData("""{"enum": ["a", "b"], "minLength": 2}""", "$.minLength", "beside 'enum'")]
    [InlineData("""{"const": 3, "minimum": 2}""", "$.minimum", "beside 'const'")]
    [InlineData("""{"enum": []}""", "$.enum", "a list with something in it")]
    [InlineData("""{"enum": ["a"], "type": "integer"}""", "$", "no value fits")]
    [InlineData("""{"const": 1, "enum": [2]}""", "$", "no value fits")]
    [InlineData("""{"type": "integer", "minimum": 5, "maximum": 4}""", "$", "no value fits")]
    [InlineData("""{"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 6}""", "$", "no value fits")]
    [InlineData("""{"type": "integer", "minimum": 1e400}""", "$.minimum", "a number of at most 28 digits")]
    [InlineData("""{"type": "integer", "minimum": "3"}""", "$.minimum", "expected a number")]
    [InlineData("""{"type": "integer", "minimum": 1, "exclusiveMinimum": true}""", "$.exclusiveMinimum", "found true, expected a number")]
    [InlineData("""{"type": "array", "minItems": -1}""", "$.minItems", "found -1, expected a whole number")]
    [InlineData("""{"type": "array", "minItems": 3, "maxItems": 2}""", "$", "no value fits")]
    [InlineData("""{"type": "array", "prefixItems": [{}], "items": false, "minItems": 2}""", "$", "no value fits")]
    [InlineData("""{"properties": []}""", "$.properties", "an object is expected")]
    [InlineData("""{"required": [1]}""", "$.required[0]", "expected a text")]
    [InlineData("""{"properties": {"a": {}}, "required": ["b"], "additionalProperties": false}""", "$.required[0]", "required and not allowed")]
    [InlineData("""{"properties": {"a": 3}}""", "$.properties.a", "a schema is an object")]
    [InlineData("""{"$ref": "other.json"}""", "$.$ref", "outside the schema")]
    [InlineData("""{"$ref": "#/$defs/x"}""", "$.$ref", "leads nowhere")]
    [InlineData("""{"$ref": "#anchor"}""", "$.$ref", "no path from the schema's root")]
    [InlineData("""{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}""", "", "")]
    [InlineData("""{"$ref": "#", "type": "object"}""", "$", "")]
    [InlineData("""{"oneOf": [{"type": "integer"}, {"type": "number"}]}""", "$.oneOf", "both [0] and [1]")]
    [InlineData("""{"oneOf": [{"type": "string"}, {"enum": ["a"]}]}""", "$.oneOf", "both [0] and [1]")]
    [InlineData("""{"oneOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"type": "object", "properties": {"b": {"type": "integer"}}}]}""", "$.oneOf", "both [0] and [1]")]
    [InlineData("""{"allOf": [{"pattern": "a"}, {"pattern": "b"}]}""", "$.allOf[1]", "'pattern' can not be put together")]
    [InlineData("""{"allOf": [{"type": "object", "properties": {"a": {}}, "additionalProperties": false}, {"properties": {"b": {}}}]}""", "$.allOf[1]", "meets the property 'b'")]
    [InlineData("""{"anyOf": []}""", "$.anyOf", "a list with something in it")]
    [InlineData("""{"allOf": {}}""", "$.allOf", "found an object, expected a list")]
    public void What_can_not_be_kept_is_refused_with_keyword_and_path(string schema, string place, string problem)
    {
        ConstraintException error = Should.Throw<ConstraintException>(() => Grammar.FromJsonSchema(schema));
        if (place.Length > 0) error.Where.ShouldBe(place);
        error.Message.ShouldContain(problem);
    }

    [Fact]
    public void Properties_come_in_the_schema_s_order_and_white_space_is_bounded()
    {
        Grammar grammar = Grammar.FromJsonSchema("""{"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}""");
        grammar.Matches("""{"a": 1, "b": 2}""").ShouldBeTrue();
        grammar.Matches("{\n  \"a\": 1,\n  \"b\": 2\n}").ShouldBeTrue();
        grammar.Matches("""{"b": 2, "a": 1}""").ShouldBeFalse();
        grammar.Matches("""{"a":   1}""").ShouldBeFalse();
        grammar.Matches(" {}").ShouldBeFalse();
        grammar.Matches("""{"a": 1, "c": 3}""").ShouldBeFalse("what the schema does not list is not written unless it asks for more");
    }

    [Fact]
    public void Any_JSON_and_any_object_have_grammars_of_their_own()
    {
        Grammar.Json.Matches("[1, \"a\", {\"b\": null}]").ShouldBeTrue();
        Grammar.Json.Matches("[1, ]").ShouldBeFalse();
        Grammar.JsonObject.Matches("{\"b\\u00e9\": [null]}").ShouldBeTrue();
        Grammar.JsonObject.Matches("[1]").ShouldBeFalse();
    }
}

/// <summary>Validates with JsonSchema.Net.</summary>
internal static class Validator
{
    private static readonly EvaluationOptions Options = new() { RequireFormatValidation = true, EvaluateAs = SpecVersion.Draft202012 };

    public static bool IsValid(string schema, string json)
    {
        JsonNode? value;
        try
        {
            value = JsonNode.Parse(json);
            value?.ToJsonString();                       // reads every escape
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException)
        {
            return false;
        }
        if (schema.Contains("\"hostname\"")) return Uri.CheckHostName(value!.GetValue<string>()) == UriHostNameType.Dns;   // JsonSchema.Net asks for a domain
        try
        {
            return JsonSchema.FromText(schema).Evaluate(value, Options).IsValid;
        }
        catch (FormatException)
        {
            return true;                                 // a number such as 1e50, which JsonSchema.Net can not read; such are written only where any number fits
        }
    }
}
