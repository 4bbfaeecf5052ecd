using Hearth.Models.Bundles;
using Hearth.Numerics;
using Hearth.Training.Recipes;
using Hearth.Training.Reports;

namespace Hearth.Training.Runs;

/// <summary>Trains on a person's behalf: says what is coming, shows progress, leaves a report.</summary>
public static class TrainingDriver
{
    private const int ProblemsShown = 20;

    /// <summary>Begins the run, or goes on with it when its folder holds it already.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="recipe">Its recipe.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="display">Where it is shown.</param>
    /// <param name="stopAt">The step to stop after; null for the recipe's last.</param>
    /// <param name="cancel">Asks to stop after the running step.</param>
    public static TrainingResult Run(RunFolder folder, Recipe recipe, WorkerPool pool, ITrainingDisplay display, int? stopAt, CancellationToken cancel) =>
        Run(folder, TrainingSetup.Build(recipe, display.Say), pool, display, stopAt, cancel);

    /// <summary>Begins the run, or goes on with it, when its documents are read already.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="setup">What it trains.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="display">Where it is shown.</param>
    /// <param name="stopAt">The step to stop after; null for the recipe's last.</param>
    /// <param name="cancel">Asks to stop after the running step.</param>
    /// <exception cref="RunException">There is no room, or another trains here.</exception>
    public static TrainingResult Run(RunFolder folder, TrainingSetup setup, WorkerPool pool, ITrainingDisplay display, int? stopAt, CancellationToken cancel)
    {
        Recipe recipe = setup.Recipe;
        foreach (Data.Corpora.CorpusProblem problem in setup.Corpus.Report.Problems.Take(ProblemsShown)) display.Say($"left out: {problem}");
        if (setup.Corpus.Report.Total > ProblemsShown) display.Say($"left out: {setup.Corpus.Report.Total - ProblemsShown:N0} more; see `hearth corpus check`");
        MemoryPlan plan = MemoryPlan.Of(recipe, setup.Tokenizer.VocabularySize, pool.Threads);
        display.Say($"{plan.Weights:N0} weights; about {MemoryPlan.Show(plan.MemoryBytes)} of memory and {plan.Checkpoints:N0} checkpoints of {MemoryPlan.Show(plan.CheckpointBytes)}");
        plan.Require(Nearest(folder.Path));
        using FileStream held = RunLock.Take(folder);
        bool resume = folder.Exists;
        RunAbout about = (resume ? RunAbout.Read(folder) : null) ?? RunAbout.Of(recipe, pool.Threads);
        using Trainer trainer = resume ? Trainer.Resume(folder, setup, pool) : Trainer.Begin(folder, setup, pool);
        about.Write(folder);
        EnergyMeter? energy = EnergyMeter.Start();
        TrainingResult result = display.Train(recipe.Name, progress =>
        {
            trainer.Progress = done =>
            {
                energy?.Read();                                                  // often enough that no counter begins again unseen
                progress(done);
            };
            return trainer.Train(stopAt, cancel);
        });
        about = about with { Threads = pool.Threads, TrainSeconds = about.TrainSeconds + result.Seconds };
        if (energy?.Read() is { } joules) about = about with { EnergyJoules = about.EnergyJoules + joules, EnergySeconds = about.EnergySeconds + result.Seconds };
        about.Write(folder);
        if (result.Finished) Reporting.Write(folder, setup, about);
        return result;
    }

    /// <summary>Reads the documents of a run again, for its held-out questions.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="recipe">Its recipe.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="display">Where it is shown.</param>
    public static HeldOutScore Score(RunFolder folder, Recipe recipe, WorkerPool pool, ITrainingDisplay display) =>
        Score(folder, TrainingSetup.Build(recipe), pool, display);

    /// <summary>Asks the held-out questions of documents that are read already.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="setup">What it trained.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="display">Where it is shown.</param>
    public static HeldOutScore Score(RunFolder folder, TrainingSetup setup, WorkerPool pool, ITrainingDisplay display)
    {
        ModelBundle bundle = ModelBundle.Load(folder.Model);
        HeldOutScore score = display.Share("asking what was held out", share => HeldOutScore.Measure(bundle, setup.Corpus.HeldOut, pool, share));
        Reporting.Write(folder, setup, RunAbout.Read(folder) ?? RunAbout.Of(setup.Recipe, pool.Threads), score);
        return score;
    }

    private static string Nearest(string folder)
    {
        string at = Path.GetFullPath(folder);
        while (!Directory.Exists(at)) at = Path.GetDirectoryName(at)!;
        return at;
    }
}
