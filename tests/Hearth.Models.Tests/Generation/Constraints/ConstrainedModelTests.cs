using System.Text;
using System.Text.Json;
using Hearth.Models.Architectures;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Hearth.Models.Tests.Architectures;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation.Constraints;

/// <summary>A model of random weights at a high temperature, which would write nonsense without its constraint.</summary>
public sealed class ConstrainedModelTests : IDisposable
{
    private const int Stop = 0;

    // What the tiny models' tokens are in this test: an end, then pieces of JSON.
    private static readonly string[] Pieces =
    [
        "", "{", "}", "[", "]", "\"", ",", ":", " ", "{\"", "\":", "\": ", "\",", "\"}", ", \"", "true", "false", "null", "na", "me", "name", "age", "ag", "e", "1", "2", "3", "0", "-", ".", "12", "true}", "}]", "a", "b", "c", "g", "n", "m", "t", "r", "u", "l", "f", "s", "ü",
    ];

    private readonly LanguageModel _model = TinyModels.Create(TinyModels.All["llama, grouped heads, qk norm, tied"] with { VocabularySize = 64 });
    private readonly WorkerPool _pool = new(1);

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void What_a_model_writes_under_a_schema_fits_it()
    {
        const string schema = """
            {"type": "object", "properties": {"name": {"type": "string", "maxLength": 6}, "age": {"type": "integer", "minimum": 0, "maximum": 120}, "ab": {"type": "array", "items": {"type": "boolean"}, "maxItems": 3}},
             "required": ["name", "age"], "additionalProperties": false}
            """;
        var vocabulary = new TokenVocabulary([.. Enumerable.Range(0, _model.Config.VocabularySize).Select(i => i < Pieces.Length ? Encoding.UTF8.GetBytes(Pieces[i]) : null)]);
        var constraint = new TokenConstraint(Grammar.FromJsonSchema(schema), vocabulary);
        var texts = new HashSet<string>();
        int[][] prompts = [.. Enumerable.Range(0, 12).Select(i => TinyModels.Tokens(3 + i, 40 + i))];
        for (int seed = 0; seed < 4; seed++)
        {
            var options = new GenerationOptions { MaxTokens = 100, Temperature = 5, Seed = seed, StopTokens = [Stop], Constraint = constraint };
            GeneratedToken[][] answers = new Generator(_model, _pool).Complete(prompts, options, 5);
            for (int i = 0; i < prompts.Length; i++)
            {
                string text = string.Concat(answers[i].Select(t => Pieces[t.Id]));
                Should.NotThrow(() => JsonDocument.Parse(text).Dispose(), text);
                Validator.IsValid(schema, text).ShouldBeTrue(text);
                texts.Add(text);
                answers[i].Select(t => t.Id).ShouldBe(new Generator(_model, _pool).Stream(prompts[i], options, TestContext.Current.CancellationToken).Select(t => t.Id));
            }
        }
        texts.Count.ShouldBeGreaterThan(30);
    }
}
