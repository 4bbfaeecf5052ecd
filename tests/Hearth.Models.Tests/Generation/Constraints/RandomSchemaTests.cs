using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Hearth.Models.Generation.Constraints;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation.Constraints;

/// <summary>Schemas made at random, with a vocabulary of bytes.</summary>
public sealed class RandomSchemaTests
{
    private static readonly TokenVocabulary Bytes = new([.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b })]);

    private static readonly Gen<JsonObject> Leaves = Gen.OneOf(
        Gen.Elements("null", "boolean", "integer", "number", "string").Select(t => Schema(("type", t))),
        Gen.Choose(0, 4).SelectMany(least => Gen.Choose(0, 4).Select(more => Schema(("type", "string"), ("minLength", least), ("maxLength", least + more)))),
        Gen.Choose(-300, 300).SelectMany(low => Gen.Choose(0, 900).Select(more => Schema(("type", "number"), ("minimum", low / 8.0), ("exclusiveMaximum", (low + more + 1) / 8.0)))),
        Gen.Choose(-30, 300).SelectMany(low => Gen.Choose(0, 90).Select(more => Schema(("type", "integer"), ("minimum", low), ("maximum", low + more)))),
        Gen.Elements("^[a-c]{1,3}$", "x", "^(ab|é)+$", "[0-9]$").Select(p => Schema(("type", "string"), ("pattern", p))),
        Gen.Elements("""[1, "a", null]""", """["b", {"c": [true]}]""", "[-2.5]").Select(v => Schema(("enum", JsonNode.Parse(v)))));

    [Fact]
    public void What_is_written_under_any_schema_fits_it_and_what_the_grammar_takes_is_valid()
    {
        int written = 0, taken = 0, left = 0;
        Prop.ForAll(Schemas(4).ToArbitrary(), Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), (schema, seed) =>
        {
            string text = schema.ToJsonString();
            Grammar grammar = Grammar.FromJsonSchema(text);
            var constraint = new TokenConstraint(grammar, Bytes);
            var random = new Random(seed);
            for (int i = 0; i < 3; i++)
            {
                string json = Write(constraint, random);
                if (CountsAlike(json)) Validator.IsValid(text, json).ShouldBeTrue($"{text}: {json}");
                grammar.Matches(json).ShouldBeTrue($"{text}: {json}");
                written++;
                for (int n = 0; n < 6; n++)
                {
                    string other = Fuzz.Mutate(json + " ", ["0", "1", "9", "-", ".", "\"", "a", "é", ", ", "null", "}", "]", "[", "e5", "\\"], random).Trim();
                    other = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(other));      // without halves of characters
                    bool takes = grammar.Matches(other);
                    if (takes && CountsAlike(other)) Validator.IsValid(text, other).ShouldBeTrue($"{text}: {other}");
                    if (takes) taken++;
                    else left++;
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(250));
        written.ShouldBeGreaterThan(700);
        taken.ShouldBeGreaterThan(100);
        left.ShouldBeGreaterThan(1_000);
    }

    /// <summary>The validator counts a letter and its accents as one character, where the standard counts code points.</summary>
    private static bool CountsAlike(string json) => new StringInfo(json).LengthInTextElements == json.EnumerateRunes().Count() && !NamesTwice(json);

    /// <summary>A name that stands twice in an object is JSON, and a grammar allows it for further names; the validator can not read it.</summary>
    private static bool NamesTwice(string json)
    {
        JsonDocument.Parse(json).Dispose();
        try
        {
            JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false }).Dispose();
            return false;
        }
        catch (JsonException)
        {
            return true;
        }
    }

    private static string Write(TokenConstraint constraint, Random random)
    {
        ConstraintState state = constraint.Begin();
        var bytes = new List<byte>();
        while (!state.IsComplete)
        {
            List<int> allowed = Writer.Allowed(state.Mask());
            if (state.MayEnd && (allowed.Count == 0 || random.Next(3) == 0 || bytes.Count > 200)) break;
            int[] closing = [.. allowed.Where(b => b is '"' or '}' or ']')];
            int token = closing.Length > 0 && random.Next(4) < (bytes.Count > 60 ? 3 : 1) ? closing[random.Next(closing.Length)] : allowed[random.Next(allowed.Count)];
            state.Accept(token).ShouldBeTrue();
            bytes.Add((byte)token);
            bytes.Count.ShouldBeLessThan(20_000);
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static Gen<JsonObject> Schemas(int depth) => depth == 0 ? Leaves : Gen.OneOf(
        Leaves,
        Schemas(depth - 1).SelectMany(item => Gen.Choose(0, 3).Select(least => Schema(("type", "array"), ("items", item), ("minItems", least), ("maxItems", least + 2)))),
        Gen.Two(Schemas(depth - 1)).Select(p => Schema(("type", "array"), ("prefixItems", new JsonArray(p.Item1.DeepClone(), p.Item2.DeepClone())), ("items", false))),
        Gen.Two(Schemas(depth - 1)).Select(p => Schema(("anyOf", new JsonArray(p.Item1.DeepClone(), p.Item2.DeepClone())))),
        Gen.Zip(Gen.Three(Schemas(depth - 1)), Gen.Choose(0, 15)).Select(p => Object(p.Item1.Item1, p.Item1.Item2, p.Item1.Item3, p.Item2)),
        Gen.Two(Schemas(depth - 1)).Select(p => Schema(("allOf", new JsonArray(Object(p.Item1, null, null, 1), Schema(("required", new JsonArray("é", "z")), ("properties", new JsonObject { ["z"] = p.Item2.DeepClone() })))))));

    private static JsonObject Object(JsonObject a, JsonObject? b, JsonObject? c, int flags)
    {
        var properties = new JsonObject { ["a\""] = a.DeepClone(), ["é"] = b?.DeepClone() ?? true };
        var required = new JsonArray();
        if ((flags & 1) != 0) required.Add("é");
        if ((flags & 2) != 0) required.Add("a\"");
        JsonObject schema = Schema(("type", "object"), ("properties", properties), ("required", required));
        if (c is not null && (flags & 4) != 0) schema["additionalProperties"] = (flags & 8) != 0 ? c.DeepClone() : false;
        return schema;
    }

    private static JsonObject Schema(params (string Key, object? Value)[] entries)
    {
        var schema = new JsonObject();
        foreach ((string key, object? value) in entries) schema[key] = value is JsonNode node ? node.DeepClone() : JsonSerializer.SerializeToNode(value);
        return schema;
    }
}
