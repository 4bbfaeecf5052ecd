namespace Hearth.Models.Tests.Generation.Constraints;

/// <summary>JSON schemas with JSON that fits, written as the grammars write it, and JSON that does not.</summary>
internal static class SchemaCases
{
    public sealed record Case(string Schema, string[] Fits, string[] Others);

    public static IReadOnlyList<Case> All { get; } =
    [
        new("true", ["1", "\"a\"", "null", "[1, {\"a\": [true]}]", "{}"], ["", "tru", "[1,", "{a: 1}", "01", "\"\\x\"", "\"\n\""]),
        new("""{"type": "object"}""", ["{}", """{"a": 1}""", """{"a\n": {"b": [1, 2]}, "c": "\ud83d\ude00é世"}"""], ["[]", "1", """{"a"}"""]),
        new("""{"type": "string"}""", ["\"\"", "\"é世😀\"", """ "a\"\\\/\b\u00e9" """.Trim()], ["a", "\"", "\"\\ud800\"", "1"]),
        new("""{"type": "string", "minLength": 2, "maxLength": 4}""", ["\"ab\"", "\"é世😀x\"", """ "\u00e9\n" """.Trim(), """ "\ud83d\ude00a" """.Trim()], ["\"a\"", "\"abcde\"", "\"😀\""]),
        new("""{"type": "string", "pattern": "^[a-z]+$"}""", ["\"abc\""], ["\"\"", "\"aB\""]),
        new("""{"type": "string", "pattern": "b+"}""", ["\"b\"", "\"xbby\\n\""], ["\"a\""]),
        new("""{"type": "string", "pattern": "^\"\\\\$"}""", ["\"\\\"\\\\\""], ["\"\\\"\""]),
        new("""{"type": "string", "format": "date"}""", ["\"2026-01-31\"", "\"2024-02-29\""], ["\"2026-02-29\"", "\"2026-13-01\"", "\"26-01-01\"", "\"2026-04-31\""]),
        new("""{"type": "string", "format": "date-time"}""", ["\"2026-01-31T23:59:59Z\"", "\"2026-01-31T23:59:59.25+01:00\""], ["\"2026-01-31 23:59:59\"", "\"2026-01-31\""]),
        new("""{"type": "string", "format": "time"}""", ["\"23:59:59Z\""], ["\"25:00:00Z\""]),
        new("""{"type": "string", "format": "duration"}""", ["\"P1Y2M3DT4H5M6S\"", "\"PT30M\"", "\"P2W\""], ["\"P\"", "\"1Y\"", "\"P1H\""]),
        new("""{"type": "string", "format": "uuid"}""", ["\"123e4567-e89b-12d3-a456-426614174000\""], ["\"123e4567e89b12d3a456426614174000\""]),
        new("""{"type": "string", "format": "ipv4"}""", ["\"192.168.0.1\"", "\"255.255.255.255\""], ["\"256.1.1.1\""]),
        new("""{"type": "string", "format": "ipv6"}""", ["\"::\"", "\"::1\"", "\"2001:db8::ff00:42:8329\"", "\"1:2:3:4:5:6:7:8\""], ["\"1:2:3\"", "\"1::2::3\"", "\"12345::\""]),
        new("""{"type": "string", "format": "email"}""", ["\"ada.l@example.org\""], ["\"ada\"", "\"@example.org\""]),
        new("""{"type": "string", "format": "hostname"}""", ["\"www.example.org\""], ["\"-a.org\"", "\"a b\""]),
        new("""{"type": "string", "format": "uri"}""", ["\"https://example.org/a/b?x=1#y\"", "\"http://localhost:8080\""], ["\"example\"", "\"https://a b\""]),
        new("""{"type": "boolean"}""", ["true", "false"], ["1", "\"true\"", "null"]),
        new("""{"type": "null"}""", ["null"], ["0", "\"\""]),
        new("""{"type": ["string", "null"]}""", ["null", "\"a\""], ["1", "{}"]),
        new("""{"type": ["integer", "boolean"], "minimum": 3}""", ["true", "3", "17"], ["2", "3.5"]),
        new("""{"enum": ["red", 1, null, true, [1, "a"], {"b": 2}]}""", ["\"red\"", "1", "null", "true", "[1, \"a\"]", "{\"b\": 2}"], ["\"blue\"", "2", "false", "[1]", "{}"]),
        new("""{"type": "string", "enum": ["a", "b", 3]}""", ["\"a\"", "\"b\""], ["3", "\"c\""]),
        new("""{"const": "a\n\"\u0001"}""", ["\"a\\n\\\"\\u0001\""], ["\"a\""]),
        new("""{"const": 2, "enum": [1, 2]}""", ["2"], ["1"]),
        new("""{"type": "array", "items": {"type": "integer"}}""", ["[]", "[1]", "[1, 2, -3]", "[1,2]", "[\n  1\n]"], ["[\"a\"]", "[1.5]"]),
        new("""{"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 3}""", ["[true, false]", "[true, true, true]"], ["[]", "[true]", "[true, true, true, true]"]),
        new("""{"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": false}""", ["[]", "[1]", "[1, \"a\"]"], ["[\"a\"]", "[1, \"a\", 2]"]),
        new("""{"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "null"}, "minItems": 2}""", ["[1, null]", "[1, null, null]"], ["[1]", "[1, 2]"]),
        new("""{"type": "array", "maxItems": 0}""", ["[]"], ["[1]"]),
        new("""
            {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0, "maximum": 150}, "tags": {"type": "array", "items": {"type": "string"}}},
             "required": ["name", "tags"], "additionalProperties": false}
            """, ["""{"name": "Ada", "tags": []}""", """{"name": "Ada", "age": 36, "tags": ["x", "y"]}""", """{"name":"Ada","tags":[]}"""],
            ["""{"name": "Ada"}""", """{"name": "Ada", "age": 151, "tags": []}""", """{"name": "Ada", "tags": [], "x": 1}""", """{"name": 1, "tags": []}"""]),
        new("""{"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "null"}, "c": {"type": "null"}}, "additionalProperties": false}""",
            ["{}", """{"a": null}""", """{"b": null}""", """{"a": null, "c": null}""", """{"a": null, "b": null, "c": null}"""], ["""{"d": null}""", """{"a": null,}""", """{,"a": null}"""]),
        new("""{"type": "object", "properties": {"ab": {"type": "null"}}, "required": ["ab"], "additionalProperties": {"type": "integer"}}""",
            ["""{"ab": null}""", """{"ab": null, "a": 1, "abc": 2, "é": 3}"""], ["""{"ab": 1}""", """{"a": 1}""", """{"ab": null, "x": "y"}"""]),
        new("""{"type": "object", "additionalProperties": {"type": "boolean"}, "minProperties": 0}""", ["{}", """{"x\ty": true}"""], ["""{"x": 1}"""]),
        new("""{"required": ["x"], "type": "object"}""", ["""{"x": [1]}"""], ["{}"]),
        new("""{"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 1}]}""", ["1", "\"a\""], ["\"ab\"", "true"]),
        new("""{"type": "object", "required": ["x"], "properties": {"x": {"type": "integer"}}, "anyOf": [{"properties": {"y": {"type": "null"}}, "required": ["y"]}, {"properties": {"z": {"type": "null"}}, "required": ["z"]}]}""",
            ["""{"x": 1, "y": null}""", """{"x": 1, "z": null}"""], ["""{"x": 1}""", """{"y": null}"""]),
        new("""{"oneOf": [{"type": "integer"}, {"type": "string"}, {"const": null}]}""", ["1", "\"a\"", "null"], ["true", "1.5"]),
        new("""
            {"oneOf": [{"type": "object", "properties": {"kind": {"const": "circle"}, "r": {"type": "number"}}, "required": ["kind", "r"], "additionalProperties": false},
                       {"type": "object", "properties": {"kind": {"const": "square"}, "side": {"type": "number"}}, "required": ["kind", "side"], "additionalProperties": false}]}
            """, ["""{"kind": "circle", "r": 1.5}""", """{"kind": "square", "side": 2}"""], ["""{"kind": "circle", "side": 2}""", """{"kind": "cube"}"""]),
        new("""{"oneOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"type": "object", "properties": {"b": {"type": "integer"}}, "required": ["b"]}]}""",
            ["""{"a": 1}""", """{"b": 1}"""], ["{}", """{"a": 1, "b": 1}"""]),
        new("""{"allOf": [{"type": "integer", "minimum": 2}, {"maximum": 5}, {"exclusiveMaximum": 5}]}""", ["2", "4"], ["1", "5"]),
        new("""{"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"type": "object", "properties": {"b": {"type": "integer"}}, "required": ["b"]}], "unevaluatedProperties": false}""",
            ["""{"a": 1, "b": 2}"""], ["""{"a": 1}""", """{"a": 1, "b": 2, "c": 3}"""]),
        new("""
            {"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "properties": {"value": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
             "required": ["value", "next"], "additionalProperties": false}}}
            """, ["""{"value": 1, "next": null}""", """{"value": 1, "next": {"value": 2, "next": {"value": 3, "next": null}}}"""],
            ["""{"value": 1}""", """{"value": 1, "next": {"value": 2}}"""]),
        new("""{"type": "array", "items": {"$ref": "#"}}""", ["[]", "[[], [[]]]"], ["[1]", "[[1]]"]),
        new("""
            {"type": "object", "properties": {"child": {"$ref": "#/definitions/t~1é", "description": "d", "type": "object"}}, "required": ["child"],
             "definitions": {"t/é": {"type": "object", "properties": {"child": {"$ref": "#/definitions/t~1%C3%A9", "type": "object"}}, "additionalProperties": false}}}
            """, ["""{"child": {}}""", """{"child": {"child": {"child": {}}}}"""], ["""{"child": 1}""", """{"child": {"x": 1}}"""]),
        new("""
            {"type": "object", "properties": {"steps": {"type": "array", "items": {"type": "object", "properties": {"explanation": {"type": "string"}, "output": {"type": "string"}},
             "required": ["explanation", "output"], "additionalProperties": false}}, "final_answer": {"type": "string"}}, "required": ["steps", "final_answer"], "additionalProperties": false, "strict": true, "title": "t", "default": {}}
            """, ["""{"steps": [{"explanation": "a", "output": "b"}], "final_answer": "c"}""", """{"steps": [], "final_answer": ""}"""], ["""{"steps": []}""", """{"steps": [{}], "final_answer": ""}"""]),
    ];
}
