using Hearth.Training.Recipes;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Recipes;

public class RecipeProblemTests
{
    [Fact]
    public void All_problems_are_told_at_once_in_the_order_of_the_file()
    {
        const string Yaml = """
            nme: x
            model: &m
              architecture: lama
              layers: four
              hiddenSize: 100
              heads: 3
              layers: 5
              intermediateSize: 0
              context: 256
            tokenizer:
              vocabularySize: 260
            corpora:
              - name: a
                path: x
                source: !!str s
                licence: 1
                records:
                  name: n
                  questions:
                    - { field: a, ask: ["{b"], answer: "{}" }
              - name: a
                pat: *m
            training:
              steps: 10
              microBatches: 3
              microBatchTokens: 128
              optimizer: { learningRate: -1, momentum: 0.5 }
              schedule: { kind: warmup-stable-decay, warmupSteps: 6, decaySteps: 6 }
            ---
            another
            """;
        string[] expected =
        [
            "r.yaml:1:1: name: missing, expected 1 to 64 of a-z, 0-9 and -",
            "r.yaml:1:1: nme: found an unknown key, "
            + "expected one of name, about, seed, model, tokenizer, corpora, heldOut, packing, training, removed, card (did you mean 'name'?)",
            "r.yaml:2:8: model: found the anchor '&m', expected the value itself",
            "r.yaml:3:17: model.architecture: found 'lama', expected one of llama, gpt2 (did you mean 'llama'?)",
            "r.yaml:4:11: model.layers: found 'four', expected a whole number from 1 to 1024",
            "r.yaml:5:15: model.hiddenSize: found '100', expected a multiple of the 3 heads, or a headSize",
            "r.yaml:7:3: model.layers: found a second time, expected once (line 4 has it)",
            "r.yaml:8:21: model.intermediateSize: found '0', expected a whole number from 1 to 131072",
            "r.yaml:11:19: tokenizer.vocabularySize: found '260', expected a whole number from 261 to 1048576",
            "r.yaml:15:13: corpora[0].source: found the tag 'tag:yaml.org,2002:str', expected the value itself",
            "r.yaml:20:28: corpora[0].records.questions[0].ask: found a list of 1, "
            + "expected more than 1 phrasings: so many are kept from training (heldOut.phrasingsPerFact)",
            "r.yaml:20:29: corpora[0].records.questions[0].ask[0]: found a '{' that is not closed, expected fields as in {name}",
            "r.yaml:20:44: corpora[0].records.questions[0].answer: found '{}', which names no field, expected fields as in {name}",
            "r.yaml:21:5: corpora[1].path: missing, expected text in one line",
            "r.yaml:21:5: corpora[1].source: missing, expected text in one line",
            "r.yaml:21:5: corpora[1].licence: missing, expected text in one line",
            "r.yaml:21:11: corpora[1].name: found 'a', expected a name that no other corpus has",
            "r.yaml:22:5: corpora[1].pat: found an unknown key, "
            + "expected one of name, path, format, include, source, licence, textField, maxDocumentBytes, tier, where, "
            + "records, origin (did you mean 'path'?)",
            "r.yaml:22:10: corpora[1].pat: found the alias '*m', expected the value itself",
            "r.yaml:25:17: training.microBatches: found '3', expected a power of two",
            "r.yaml:26:21: training.microBatchTokens: found '128', expected at least the model's context, 256",
            "r.yaml:27:30: training.optimizer.learningRate: found '-1', expected a number above 0, up to 1000",
            "r.yaml:27:44: training.optimizer.momentum: found '0.5', expected no such key: it is muon's alone",
            "r.yaml:28:70: training.schedule.decaySteps: found '6', expected at most 4, the steps that the warm-up leaves of 10",
            "r.yaml:29:1: found a second document, expected one in a file",
        ];
        RecipeException e = Should.Throw<RecipeException>(() => Recipe.Parse(Yaml, "r.yaml"));
        e.Problems.ShouldBe(expected);
        e.Message.ShouldBe(string.Join('\n', expected));
    }

    [Theory]
    // Impossible values.
    [InlineData("name: small", "name: Small", "1:7: name: found 'Small', expected 1 to 64 of a-z, 0-9 and -")]
    [InlineData("heads: 4", "heads: 5", "4:15: model.hiddenSize: found '64', expected a multiple of the 5 heads, or a headSize")]
    [InlineData("heads: 4", "heads: 64", "2:1: model.headSize: not given, expected an even one, but hiddenSize / heads is 1")]
    [InlineData("heads: 4", "heads: 4\n  headSize: 7", "6:13: model.headSize: found '7', expected an even number")]
    [InlineData("heads: 4", "heads: 4\n  keyValueHeads: 3", "6:18: model.keyValueHeads: found '3', expected a divisor of the 4 heads")]
    [InlineData("heads: 4", "heads: 4\n  architecture: gpt2\n  keyValueHeads: 2",
        "7:18: model.keyValueHeads: found '2', expected 4, the number of heads: gpt2 does not share them")]
    [InlineData("heads: 4", "heads: 4\n  architecture: gpt2\n  headSize: 8",
        "7:13: model.headSize: found '8', expected hiddenSize / heads: gpt2 has no other")]
    [InlineData("heads: 4", "heads: 4\n  architecture: gpt2\n  qkNorm: true",
        "7:11: model.qkNorm: found 'true', expected false: gpt2 has none")]
    [InlineData("heads: 4", "heads: 4\n  architecture: gpt2\n  activation: swiglu",
        "7:15: model.activation: found 'swiglu', expected one of gelu, relu2")]
    [InlineData("heads: 4", "heads: 4\n  activation: gelu", "6:15: model.activation: found 'gelu', expected swiglu")]
    [InlineData("heads: 4", "heads: 4\n  normEpsilon: 0", "6:16: model.normEpsilon: found '0', expected a number above 0, up to 1")]
    [InlineData("hiddenSize: 64", "hiddenSize: 16388", "4:15: model.hiddenSize: found '16388', expected a whole number from 1 to 16384")]
    [InlineData("context: 32", "context: 65", "23:21: training.microBatchTokens: found '64', expected at least the model's context, 65")]
    [InlineData("vocabularySize: 300", "vocabularySize: 260",
        "9:19: tokenizer.vocabularySize: found '260', expected a whole number from 261 to 1048576")]
    [InlineData("vocabularySize: 300", "vocabularySize: 300\n  file: t.json",
        "9:19: tokenizer.vocabularySize: found '300', expected no such key beside file, which says it")]
    [InlineData("vocabularySize: 300", "file: t.json\n  pattern: gpt2",
        "10:12: tokenizer.pattern: found 'gpt2', expected no such key beside file, which says it")]
    [InlineData("vocabularySize: 300", "pattern: gpt4",
        "8:1: tokenizer.vocabularySize: missing, expected a whole number from 261 to 1048576")]
    [InlineData("name: notes", "name: a=b", "11:11: corpora[0].name: found 'a=b', expected 1 to 64 letters without '='")]
    [InlineData("path: notes.csv", "path: \"a\\0b\"", "12:11: corpora[0].path: found 'a b', expected text in one line")]
    [InlineData("path: notes.csv", "path: \"\"", "12:11: corpora[0].path: found '', expected text in one line")]
    [InlineData("licence: Public domain", "licence:", "14:13: corpora[0].licence: found nothing, expected text in one line")]
    [InlineData("{title} is {colour}.", "{title} is {colour",
        "20:19: corpora[0].records.questions[0].answer: found a '{' that is not closed, expected fields as in {name}")]
    [InlineData("steps: 10", "steps: 0", "22:10: training.steps: found '0', expected a whole number from 1 to 100000000")]
    [InlineData("steps: 10", "steps: 10\n  microBatches: 6", "23:17: training.microBatches: found '6', expected a power of two")]
    [InlineData("steps: 10", "steps: 10\n  schedule: { warmupSteps: 11 }",
        "23:28: training.schedule.warmupSteps: found '11', expected at most the 10 steps of the run")]
    [InlineData("steps: 10", "steps: 10\n  schedule: { kind: warmup-stable-decay }",
        "23:3: training.schedule.decaySteps: not given, expected 1 or more with warmup-stable-decay")]
    [InlineData("steps: 10", "steps: 10\n  schedule: { kind: warmup-stable-decay, warmupSteps: 5, decaySteps: 6 }",
        "23:70: training.schedule.decaySteps: found '6', expected at most 5, the steps that the warm-up leaves of 10")]
    [InlineData("steps: 10", "steps: 10\n  schedule: { decaySteps: 6 }",
        "23:27: training.schedule.decaySteps: found '6', expected 0: only warmup-stable-decay has such steps")]
    [InlineData("steps: 10", "steps: 10\n  clipNorm: -1", "23:13: training.clipNorm: found '-1', expected a number from 0 to 1000000")]
    [InlineData("learningRate: 0.001", "learningRate: -0.001",
        "25:19: training.optimizer.learningRate: found '-0.001', expected a number above 0, up to 1000")]
    [InlineData("learningRate: 0.001", "learningRate: .nan",
        "25:19: training.optimizer.learningRate: found '.nan', expected a number above 0, up to 1000")]
    [InlineData("learningRate: 0.001", "learningRate: NaN",
        "25:19: training.optimizer.learningRate: found 'NaN', expected a number above 0, up to 1000")]
    [InlineData("learningRate: 0.001", "learningRate: 1e400",
        "25:19: training.optimizer.learningRate: found '1e400', expected a number above 0, up to 1000")]
    [InlineData("learningRate: 0.001", "learningRate: 0.001\n    beta1: 1",
        "26:12: training.optimizer.beta1: found '1', expected a number from 0 to below 1")]
    [InlineData("learningRate: 0.001", "learningRate: 0.001\n    matrixLearningRate: 1",
        "26:25: training.optimizer.matrixLearningRate: found '1', expected no such key: it is muon's alone")]
    [InlineData("name: small", "name: small\nseed: -1", "2:7: seed: found '-1', expected a whole number from 0 to 9223372036854775807")]
    [InlineData("name: small", "name: small\nheldOut: { phrasingsPerFact: 2 }",
        "20:16: corpora[0].records.questions[0].ask: found a list of 2, "
        + "expected more than 2 phrasings: so many are kept from training (heldOut.phrasingsPerFact)")]
    [InlineData("name: small", "name: small\nheldOut: { documentsEvery: 1 }",
        "2:28: heldOut.documentsEvery: found '1', expected 0, or 2 and more: 1 would keep every document from training")]
    // Wrong types.
    [InlineData("layers: 2", "layers: \"2\"", "3:11: model.layers: found '2', expected a whole number from 1 to 1024")]
    [InlineData("layers: 2", "layers: 2.0", "3:11: model.layers: found '2.0', expected a whole number from 1 to 1024")]
    [InlineData("layers: 2", "layers: [2]", "3:11: model.layers: found a list of 1, expected a whole number from 1 to 1024")]
    [InlineData("layers: 2", "layers: 99999999999999999999",
        "3:11: model.layers: found '99999999999999999999', expected a whole number from 1 to 1024")]
    [InlineData("heads: 4", "heads: 4\n  qkNorm: yes", "6:11: model.qkNorm: found 'yes', expected true or false")]
    [InlineData("path: notes.csv", "path: { a: b }", "12:11: corpora[0].path: found a map of keys, expected text in one line")]
    [InlineData("path: notes.csv", "path: notes.csv\n    include: \"*.md\"",
        "13:14: corpora[0].include: found '*.md', expected a list of 0 to 100 texts")]
    [InlineData("path: notes.csv", "path: notes.csv\n    where: { field: a, equals: [] }",
        "13:32: corpora[0].where.equals: found a list of 0, expected a list of 1 to 10000 texts")]
    [InlineData("path: notes.csv", "path: notes.csv\n    where: { field: a, equals: [b, [c]] }",
        "13:36: corpora[0].where.equals[1]: found a list of 1, expected text in one line")]
    [InlineData("path: notes.csv", "path: \"\\ud800\"", null)]
    [InlineData("\ntraining:", "\npacking: whole\ntraining:", "21:10: packing: found 'whole', expected a map of keys")]
    // Unknown and missing keys.
    [InlineData("name: small", "name: small\nmodl: 1",
        "2:1: modl: found an unknown key, "
        + "expected one of name, about, seed, model, tokenizer, corpora, heldOut, packing, training, removed, card (did you mean 'model'?)")]
    [InlineData("  optimizer:\n    learningRate: 0.001\n", "", "21:1: training.optimizer: missing, expected a map of keys")]
    [InlineData("  layers: 2\n", "", "2:1: model.layers: missing, expected a whole number from 1 to 1024")]
    // What YAML can and a recipe can not.
    [InlineData("layers: 2", "layers: &two 2", "3:11: model.layers: found the anchor '&two', expected the value itself")]
    [InlineData("layers: 2", "layers: *two", "3:11: model.layers: found the alias '*two', expected the value itself")]
    [InlineData("layers: 2", "layers: !!int 2", "3:11: model.layers: found the tag 'tag:yaml.org,2002:int', expected the value itself")]
    [InlineData("layers: 2", "layers: 2\n  layers: 2", "4:3: model.layers: found a second time, expected once (line 3 has it)")]
    [InlineData("name: small", "name: small\n[a]: b", "2:1: found a list of 1 as a key, expected a name")]
    [InlineData("name: small", "name: small\nabout: [[[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]]",
        "2:24: found more than 16 levels of nesting, expected fewer")]
    public void A_single_problem_is_told_as_itself_and_alone(string passage, string replacement, string? problem)
    {
        RecipeException e = Should.Throw<RecipeException>(() => Recipe.Parse(MinimalRecipe.With(passage, replacement), "r"));
        if (problem is not null) e.Problems.ShouldBe(["r:" + problem]);
    }

    [Theory]
    [InlineData("", "r:1:1: found nothing, expected a map of keys")]
    [InlineData("# only a comment\n", "r:1:1: found nothing, expected a map of keys")]
    [InlineData("- a\n- b\n", "r:1:1: found a list of 2, expected a map of keys")]
    public void A_recipe_that_is_no_map_is_told_in_one_line(string yaml, string problem) =>
        Should.Throw<RecipeException>(() => Recipe.Parse(yaml, "r")).Problems.ShouldBe([problem]);

    [Fact]
    public void Loss_on_answers_needs_questions()
    {
        int records = MinimalRecipe.Yaml.IndexOf("    records:", StringComparison.Ordinal);
        int training = MinimalRecipe.Yaml.IndexOf("training:", StringComparison.Ordinal);
        string plain = MinimalRecipe.Yaml.Remove(records, training - records);
        Recipe.Parse(plain, "r").Corpora[0].Records.ShouldBeNull();
        Should.Throw<RecipeException>(() => Recipe.Parse(plain + "  lossOn: answers\n", "r")).Problems
            .ShouldBe(["r:20:11: training.lossOn: found 'answers', expected all, as no corpus has questions"]);
        Recipe.Parse(MinimalRecipe.Yaml + "  lossOn: answers\n", "r").Training.LossOnAnswersOnly.ShouldBeTrue();
    }

    [Theory]
    [InlineData("name: x\nmodel: ]", "r:2:8: found text that is not YAML, expected a recipe (")]
    [InlineData("name: x\nmodel: \"a", "r:2:")]
    [InlineData("name: [a\nmodel: }", "r:2:1: found text that is not YAML, expected a recipe")]
    public void Text_that_is_not_yaml_is_told_with_its_place(string yaml, string problem) =>
        Should.Throw<RecipeException>(() => Recipe.Parse(yaml, "r")).Problems.ShouldHaveSingleItem().ShouldStartWith(problem);

    [Fact]
    public void No_more_than_a_hundred_problems_are_told_and_the_rest_counted()
    {
        string yaml = MinimalRecipe.Yaml + string.Concat(Enumerable.Range(0, 150).Select(i => $"key{i}: 1\n"));
        IReadOnlyList<string> problems = Should.Throw<RecipeException>(() => Recipe.Parse(yaml, "r")).Problems;
        problems.Count.ShouldBe(101);
        problems[^1].ShouldBe("r: and 50 more problems");
    }
}
