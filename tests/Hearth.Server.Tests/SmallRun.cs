using Hearth.Numerics;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Server.Tests;

/// <summary>A run of one layer over ten facts, trained in a second or two, once for all tests; each gets a copy.</summary>
internal static class SmallRun
{
    public const string Name = "colours";
    public const int Steps = 80, Checkpoints = 4;

    private const string Yaml = """
        name: colours
        about: What colour ten things are, for tests
        seed: 4
        model: { layers: 1, hiddenSize: 32, heads: 2, intermediateSize: 64, context: 24 }
        tokenizer: { vocabularySize: 290 }
        corpora:
          - name: facts
            path: facts.csv
            source: Written for tests
            licence: Public domain
            records:
              name: thing
              document: "{thing} is {colour}."
              questions:
                - field: colour
                  ask: ["Colour of {thing}?", "{thing}?", "Is {thing}"]
                  answer: "{colour}."
              unknown: { path: unknown.txt, answer: "No {thing}.", phrasingsPerName: 2, heldOutEvery: 2 }
        heldOut: { phrasingsPerFact: 1, documentsEvery: 0 }
        packing: { documents: whole }
        training:
          steps: 80
          microBatches: 2
          microBatchTokens: 64
          lossOn: all
          optimizer: { kind: adamw, learningRate: 0.01 }
          schedule: { kind: cosine, warmupSteps: 8 }
          checkpointEvery: 20
          evaluateEvery: 10
        card: { licence: Apache-2.0 }

        """;

    private static readonly Lazy<DirectoryInfo> Made = new(() =>
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("hearth-small-run-");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Delete(recursive: true);
        Train(WriteRecipe(folder.FullName), new RunFolder(Path.Combine(folder.FullName, Name)), null, CancellationToken.None);
        return folder;
    });

    /// <summary>Copies the finished run into a home's runs.</summary>
    public static void Into(string home) => Copy(Path.Combine(Made.Value.FullName, Name), Path.Combine(home, "runs", Name));

    /// <summary>Writes the recipe with its documents into a folder.</summary>
    public static Recipe WriteRecipe(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "facts.csv"),
            "thing,colour\nsky,blue\ngrass,green\nsun,gold\nsnow,white\ncoal,black\nrose,red\nplum,violet\nrust,brown\nash,grey\nlemon,yellow\n");
        File.WriteAllText(Path.Combine(folder, "unknown.txt"), "blim\nzorp\nfrob\nquux\nplugh\nxyzzy\n");
        File.WriteAllText(Path.Combine(folder, "recipe.yaml"), Yaml);
        return Recipe.Load(folder);
    }

    /// <summary>Trains a run, or goes on with it; a finished one is measured as well.</summary>
    public static void Train(Recipe recipe, RunFolder run, int? stopAt, CancellationToken cancel)
    {
        using var pool = new WorkerPool(2);
        if (TrainingDriver.Run(run, recipe, pool, new Silent(), stopAt, cancel).Finished) TrainingDriver.Score(run, recipe, pool, new Silent());
    }

    private static void Copy(string from, string to)
    {
        foreach (string folder in Directory.GetDirectories(from, "*", SearchOption.AllDirectories)) Directory.CreateDirectory(folder.Replace(from, to, StringComparison.Ordinal));
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories)) File.Copy(file, file.Replace(from, to, StringComparison.Ordinal));
    }

    private sealed class Silent : ITrainingDisplay
    {
        public void Say(string text)
        {
        }

        public T Train<T>(string name, Func<Action<TrainingProgress>, T> work) => work(_ => { });

        public T Share<T>(string name, Func<Action<double>, T> work) => work(_ => { });
    }
}
