using Hearth.Cli.Terminal;
using Hearth.Models.Bundles;
using Hearth.Numerics;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Cli;

/// <summary>Trains on the command line's behalf: says what is coming, shows progress, leaves a report.</summary>
internal static class TrainingDriver
{
    private const int ProblemsShown = 20;

    /// <summary>Begins the run, or goes on with it when its folder holds it already.</summary>
    public static TrainingResult Run(RunFolder folder, Recipe recipe, WorkerPool pool, TrainingDisplay display, int? stopAt) =>
        Run(folder, TrainingSetup.Build(recipe, display.Say), pool, display, stopAt);

    /// <summary>Begins the run, or goes on with it, when its documents are read already.</summary>
    public static TrainingResult Run(RunFolder folder, TrainingSetup setup, WorkerPool pool, TrainingDisplay display, int? stopAt)
    {
        Recipe recipe = setup.Recipe;
        foreach (Data.Corpora.CorpusProblem problem in setup.Corpus.Report.Problems.Take(ProblemsShown)) display.Say($"left out: {problem}");
        if (setup.Corpus.Report.Total > ProblemsShown) display.Say($"left out: {setup.Corpus.Report.Total - ProblemsShown:N0} more; see `hearth corpus check`");
        MemoryPlan plan = MemoryPlan.Of(recipe, setup.Tokenizer.VocabularySize, pool.Threads);
        display.Say($"{plan.Weights:N0} weights; about {MemoryPlan.Show(plan.MemoryBytes)} of memory and {plan.Checkpoints:N0} checkpoints of {MemoryPlan.Show(plan.CheckpointBytes)}");
        plan.Require(Nearest(folder.Path));
        using FileStream held = Lock(folder);
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
            return trainer.Train(stopAt, Common.Stopping);
        });
        about = about with { Threads = pool.Threads, TrainSeconds = about.TrainSeconds + result.Seconds };
        if (energy?.Read() is { } joules) about = about with { EnergyJoules = about.EnergyJoules + joules, EnergySeconds = about.EnergySeconds + result.Seconds };
        about.Write(folder);
        if (result.Finished) Reporting.Write(folder, setup, about);
        return result;
    }

    /// <summary>Reads the documents of a run again, for its held-out questions.</summary>
    public static HeldOutScore Score(RunFolder folder, Recipe recipe, WorkerPool pool, TrainingDisplay display) =>
        Score(folder, TrainingSetup.Build(recipe), pool, display);

    /// <summary>Asks the held-out questions of documents that are read already.</summary>
    public static HeldOutScore Score(RunFolder folder, TrainingSetup setup, WorkerPool pool, TrainingDisplay display)
    {
        ModelBundle bundle = ModelBundle.Load(folder.Model);
        HeldOutScore score = display.Share("asking what was held out", share => HeldOutScore.Measure(bundle, setup.Corpus.HeldOut, pool, share));
        Reporting.Write(folder, setup, RunAbout.Read(folder) ?? RunAbout.Of(setup.Recipe, pool.Threads), score);
        return score;
    }

    /// <summary>Two programs must not write one run.</summary>
    public static FileStream Lock(RunFolder folder)
    {
        try
        {
            Directory.CreateDirectory(folder.Path);
            return new FileStream(Path.Combine(folder.Path, "run.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunException($"{folder.Path}: can not be written, or another hearth is training here: {e.Message} Wait for it, or give another folder with --out.", e);
        }
    }

    private static string Nearest(string folder)
    {
        string at = Path.GetFullPath(folder);
        while (!Directory.Exists(at)) at = Path.GetDirectoryName(at)!;
        return at;
    }
}
