using Hearth.Numerics;
using Hearth.Training.Forgetting;
using Hearth.Training.Ledger;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;
using Hearth.Training.Tests.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Forgetting;

/// <summary>Runs over tables written for a test, what is left of them without some rows, and the same made by never having the
/// rows.</summary>
internal sealed class Forgotten : IDisposable
{
    private readonly MicroRun _micro = new();
    private readonly string[] _rows;
    private int _runs;

    /// <summary>Trains a run on a table of things and colours.</summary>
    /// <param name="rows">The rows, such as "sky,blue".</param>
    /// <param name="change">Changes the recipe first.</param>
    public Forgotten(string[] rows, Func<Recipe, Recipe>? change = null)
    {
        _rows = rows;
        Write(rows);
        Recipe = change?.Invoke(_micro.Recipe) ?? _micro.Recipe;
        Run = NewFolder();
        Train(Run, Recipe);
    }

    /// <summary>Rows of made-up words, more than the micro run's steps can see.</summary>
    public static string[] ManyRows { get; } =
        [.. Enumerable.Range(0, 40)
            .Select(i => $"{(char)('a' + (i % 26))}{(char)('a' + (i * 7 % 26))}{(char)('n' + (i / 26))},{"red blue gold grey pink".Split(' ')[i % 5]}")];

    public Recipe Recipe { get; }

    public RunFolder Run { get; }

    public string Facts => _micro.Facts;

    public ParentRun Parent => ParentRun.Read(Run, Recipe);

    public RunFolder NewFolder() => _micro.Run($"run{_runs++}");

    public void Write(IEnumerable<string> rows) => File.WriteAllText(_micro.Facts, "thing,colour\n" + string.Join('\n', rows) + "\n");

    public static Material Document(ParentRun run, string thing) => run.Materials.Single(m =>
        m.Name.EndsWith("#" + thing, StringComparison.Ordinal));

    /// <summary>Takes documents out of a run.</summary>
    public (RemovalPlan Plan, RunFolder Run) Forget(ParentRun parent, params Material[] documents)
    {
        var plan = RemovalPlan.Of(parent, documents);
        RunFolder folder = NewFolder();
        Removal.Begin(plan, folder, threads: 1);
        Resume(folder, plan.Setup).Finished.ShouldBeTrue();
        return (plan, folder);
    }

    public static TrainingResult Resume(RunFolder folder, TrainingSetup setup, int? stopAt = null)
    {
        using var pool = new WorkerPool(1);
        using Trainer trainer = Trainer.Resume(folder, setup, pool);
        return trainer.Train(stopAt, TestContext.Current.CancellationToken);
    }

    /// <summary>Trains on a table that never had some rows; the table is put back.</summary>
    public RunFolder TrainWithout(params string[] things)
    {
        Write(_rows.Where(r => !things.Contains(r.Split(',')[0], StringComparer.Ordinal)));
        RunFolder folder = NewFolder();
        Train(folder, Recipe);
        Write(_rows);
        return folder;
    }

    public Reproduction Reproduce(RunFolder run)
    {
        using var pool = new WorkerPool(1);
        return Reproduction.Of(run, TrainingSetup.Build(RunAbout.Recipe(run)), NewFolder(), pool,
            cancel: TestContext.Current.CancellationToken);
    }

    /// <summary>Every step and checkpoint, and the weights, as a run's ledger names them.</summary>
    public static string[] Course(RunFolder run) =>
        [.. LedgerFile.Read(run.Ledger).Lines.Where(l => l is StepLine or CheckpointLine or EndLine)
            .Select(l => (l with { Previous = "" }).ToString())];

    public void Dispose() => _micro.Dispose();

    private static void Train(RunFolder folder, Recipe recipe)
    {
        using var pool = new WorkerPool(1);
        using Trainer trainer = Trainer.Begin(folder, TrainingSetup.Build(recipe), pool);
        RunAbout.Of(recipe, 1).Write(folder);
        trainer.Train(cancel: TestContext.Current.CancellationToken);
    }
}
