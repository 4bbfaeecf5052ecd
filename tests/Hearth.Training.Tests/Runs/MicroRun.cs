using Hearth.Models.Formats;
using Hearth.Numerics;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;
using Xunit;

namespace Hearth.Training.Tests.Runs;

/// <summary>A recipe of one layer and six steps over a few lines written here, in a folder of its own.</summary>
internal sealed class MicroRun : IDisposable
{
    public const int Steps = 6;

    private const string Yaml = """
        name: micro
        seed: 4
        model: { layers: 1, hiddenSize: 16, heads: 2, intermediateSize: 24, context: 24, activation: ACTIVATION,
            architecture: ARCHITECTURE }
        tokenizer: { vocabularySize: 270 }
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
        packing: { documents: PACKING, conversationTurns: 3 }
        training:
          steps: 6
          microBatches: 2
          microBatchTokens: 40
          lossOn: all
          optimizer: { kind: OPTIMIZER, learningRate: 0.01 }
          schedule: { kind: cosine, warmupSteps: 2 }
          checkpointEvery: 2
          evaluateEvery: 3

        """;

    private readonly TemporaryFolder _folder = new();

    public MicroRun(bool muon = true, bool split = false, bool gpt2 = false)
    {
        File.WriteAllText(_folder["facts.csv"], "thing,colour\nsky,blue\ngrass,green\nsun,gold\nsnow,white\ncoal,black\n");
        File.WriteAllText(_folder["unknown.txt"], "blim\nzorp\nfrob\nquux\nplugh\nxyzzy\n");
        File.WriteAllText(_folder["recipe.yaml"], Yaml.Replace("OPTIMIZER", muon ? "muon" : "adamw", StringComparison.Ordinal)
            .Replace("PACKING", split ? "split" : "whole", StringComparison.Ordinal)
            .Replace("ACTIVATION", gpt2 ? "relu2" : "swiglu", StringComparison.Ordinal)
            .Replace("ARCHITECTURE", gpt2 ? "gpt2" : "llama", StringComparison.Ordinal));
        Recipe = Recipe.Load(_folder.Root);
    }

    public Recipe Recipe { get; set; }

    /// <summary>The file of facts.</summary>
    public string Facts => _folder["facts.csv"];

    public TrainingSetup Setup() => TrainingSetup.Build(Recipe);

    /// <summary>A folder for a run, below this one.</summary>
    public RunFolder Run(string name) => new(_folder[name]);

    /// <summary>Trains a run from its beginning.</summary>
    public TrainingResult Train(RunFolder run, int threads = 1, int? stopAt = null, Action<TrainingProgress>? progress = null)
    {
        using var pool = new WorkerPool(threads);
        using Trainer trainer = Trainer.Begin(run, Setup(), pool);
        trainer.Progress = progress;
        return trainer.Train(stopAt, TestContext.Current.CancellationToken);
    }

    /// <summary>Goes on with a run.</summary>
    public TrainingResult Resume(RunFolder run, int threads = 1, int? stopAt = null)
    {
        using var pool = new WorkerPool(threads);
        using Trainer trainer = Trainer.Resume(run, Setup(), pool);
        return trainer.Train(stopAt, TestContext.Current.CancellationToken);
    }

    /// <summary>Digests of the files that prove a run, by name.</summary>
    public static IReadOnlyList<string> Proof(RunFolder run) =>
    [
        .. Directory.GetFiles(run.Path, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(run.Path, path))
            .Where(name => !name.StartsWith("checkpoints", StringComparison.Ordinal) || IsScheduled(name))
            .Order(StringComparer.Ordinal)
            .Select(name => $"{name} {Digest.OfFile(Path.Combine(run.Path, name))}"),
    ];

    public void Dispose() => _folder.Dispose();

    private static bool IsScheduled(string name) => name.Contains("000002", StringComparison.Ordinal)
        || name.Contains("000004", StringComparison.Ordinal) || name.Contains("000006", StringComparison.Ordinal);
}
