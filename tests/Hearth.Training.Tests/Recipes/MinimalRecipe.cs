namespace Hearth.Training.Tests.Recipes;

/// <summary>A recipe with required keys only, for tests that change one thing.</summary>
internal static class MinimalRecipe
{
    public const string Yaml = """
        name: small
        model:
          layers: 2
          hiddenSize: 64
          heads: 4
          intermediateSize: 96
          context: 32
        tokenizer:
          vocabularySize: 300
        corpora:
          - name: notes
            path: notes.csv
            source: Written for tests
            licence: Public domain
            records:
              name: title
              questions:
                - field: colour
                  ask: ["What colour is {title}?", "Colour of {title}?"]
                  answer: "{title} is {colour}."
        training:
          steps: 10
          microBatchTokens: 64
          optimizer:
            learningRate: 0.001

        """;

    /// <summary>The recipe with one passage replaced; the passage is there exactly once.</summary>
    public static string With(string passage, string replacement)
    {
        int at = Yaml.IndexOf(passage, StringComparison.Ordinal);
        if (at < 0 || Yaml.IndexOf(passage, at + 1, StringComparison.Ordinal) >= 0)
            throw new ArgumentException($"'{passage}' is not there once");
        return Yaml.Replace(passage, replacement, StringComparison.Ordinal);
    }
}
