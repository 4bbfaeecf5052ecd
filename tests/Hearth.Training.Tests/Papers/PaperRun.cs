using Hearth.Data.Corpora;
using Hearth.Models.Bundles;
using Hearth.Numerics;
using Hearth.Training.Papers;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;
using Hearth.Training.Tests.Runs;

namespace Hearth.Training.Tests.Papers;

/// <summary>A run of <see cref="MicroRun"/>, finished and measured once, to write papers about.</summary>
public sealed class PaperRun : IDisposable
{
    /// <summary>A card with every key.</summary>
    public static readonly CardSpec FullCard = new(
        "Archive of <Examples> | Ltd", "papers@example.org", "CC-BY-4.0", "2026-03", "Colours of *things*.", "Knows five things.",
        "Asked `everyone`.", "Read by a person.");

    /// <summary>An origin with every key.</summary>
    public static readonly CorpusOrigin FullOrigin = new(
        OriginKind.Crawled, "https://example.org/facts", ["en", "pt-BR"], "2024", "2025-06-30", ["example.org", "example.net"],
        "A crawler of our own, once a week.");

    private readonly MicroRun _micro = new(muon: false);

    public PaperRun()
    {
        TrainingSpec longer = _micro.Recipe.Training with { Steps = 60, CheckpointEvery = 100, EvaluateEvery = 30 };
        _micro.Recipe = _micro.Recipe with { Training = longer };
        Folder = _micro.Run("run");
        _micro.Train(Folder);
        Score(Folder);
        About = RunAbout.Of(_micro.Recipe, 3) with { TrainSeconds = 4.5 };
        About.Write(Folder);
    }

    public Recipe Recipe => _micro.Recipe;

    public RunFolder Folder { get; }

    public RunAbout About { get; }

    public Corpus Corpus => _micro.Setup().Corpus;

    public void Dispose() => _micro.Dispose();

    /// <summary>The recipe with every description there is.</summary>
    public Recipe Described => Recipe with { Card = FullCard, Corpora = [Recipe.Corpora[0] with { Origin = FullOrigin }] };

    /// <summary>Writes the papers of a copy of the run, as the recipe describes it, and returns that copy.</summary>
    internal RunFolder Write(TemporaryFolder folder, Recipe recipe, RunAbout? about = null, Action<RunFolder>? before = null)
    {
        TemporaryFolder.Copy(Folder.Path, folder["run"]);
        var copy = new RunFolder(folder["run"]);
        (about ?? About).Write(copy);
        before?.Invoke(copy);
        ModelPapers.Write(copy, recipe, Corpus);
        return copy;
    }

    /// <summary>Another run of the same recipe, trained anew.</summary>
    internal RunFolder TrainAgain(string name, int threads)
    {
        RunFolder again = _micro.Run(name);
        _micro.Train(again, threads);
        Score(again);
        About.Write(again);
        return again;
    }

    internal static string Text(RunFolder run, string paper) => File.ReadAllText(Path.Combine(run.Model, paper));

    private void Score(RunFolder run)
    {
        using var pool = new WorkerPool(1);
        HeldOutScore score = HeldOutScore.Measure(ModelBundle.Load(run.Path), Corpus.HeldOut, pool);
        SavedScore.Of(score, Models.Formats.Digest.OfFile(Path.Combine(run.Model, ModelBundle.WeightsName))).Write(run);
    }
}
