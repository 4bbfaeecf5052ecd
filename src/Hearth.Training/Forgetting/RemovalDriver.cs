using Hearth.Models.Signing;
using Hearth.Numerics;
using Hearth.Training.Ledger;
using Hearth.Training.Runs;

namespace Hearth.Training.Forgetting;

/// <summary>What came of taking documents out.</summary>
/// <param name="Weights">Digest of the weights that never saw them.</param>
/// <param name="Receipt">The receipt in the model.</param>
/// <param name="ReceiptInRun">The receipt in the run.</param>
/// <param name="Proof">What training from nothing without them gave; null when that was not asked for.</param>
public sealed record RemovalResult(string Weights, string Receipt, string ReceiptInRun, Reproduction? Proof);

/// <summary>Takes documents out on a person's behalf: says what is coming, trains, measures, signs the receipt, proves.</summary>
public static class RemovalDriver
{
    private const int ShownDigits = 12, MostShown = 20;

    /// <summary>Makes the run that never saw the documents, or goes on with it.</summary>
    /// <param name="plan">What has to be done.</param>
    /// <param name="into">The new run.</param>
    /// <param name="prove">Whether to train from nothing as well, and compare every byte.</param>
    /// <param name="key">Signs the receipt.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="display">Where it is shown.</param>
    /// <param name="cancel">Asks to stop; the same call goes on.</param>
    /// <returns>Null when it was stopped before the run was finished.</returns>
    /// <exception cref="OperationCanceledException">It was stopped while it proved.</exception>
    public static RemovalResult? Run(RemovalPlan plan, RunFolder into, bool prove, SigningKey key, WorkerPool pool, ITrainingDisplay display,
        CancellationToken cancel)
    {
        if (!into.Exists)
        {
            using FileStream held = RunLock.Take(into);
            Removal.Begin(plan, into, pool.Threads);
        }
        if (!into.Finished && !TrainingDriver.Run(into, plan.Setup, pool, display, stopAt: null, cancel).Finished) return null;
        string weights = LedgerFile.Read(into.Ledger).Lines.OfType<EndLine>().Last().Weights;
        if (SavedScore.Read(into, weights) is null) TrainingDriver.Score(into, plan.Setup, pool, display);
        (string receipt, string copy) = Receipt.Paths(into, plan.Ids);
        if (!File.Exists(receipt)) Sign(into, key, proved: null);
        Reproduction? proof = prove ? Prove(plan, into, pool, display, cancel) : null;
        if (proof is { Equal: true }) Sign(into, key, proof.WeightsDigest);
        return new RemovalResult(weights, receipt, copy, proof);
    }

    /// <summary>What a proof shows, in words.</summary>
    /// <param name="proof">The proof.</param>
    public static string Verdict(Reproduction proof) => proof.Equal
        ? "equal: trained from nothing without them, every ledger line and every byte"
        : $"DIFFERENT, first at {proof.Difference}";

    /// <summary>What will happen, as names and texts; what has no name is about one document.</summary>
    /// <param name="plan">The plan.</param>
    public static IEnumerable<(string Name, string Text)> Describe(RemovalPlan plan)
    {
        int steps = plan.Setup.Recipe.Training.Steps;
        foreach (Material m in plan.Documents.Take(MostShown))
        {
            string use = m.FirstStep == 0 ? "no step saw it" : $"first seen in step {m.FirstStep:N0}, in {m.Steps:N0} of {steps:N0} steps";
            yield return ("", $"{m.Name} ({m.Id[..ShownDigits]}): {m.Texts:N0} texts; {use}");
        }
        if (plan.Documents.Count > MostShown) yield return ("", $"and {plan.Documents.Count - MostShown:N0} more documents");
        if (plan.StatedElsewhere is { Count: > 0 } others)
        {
            yield return ("stays known", $"some of the same texts come from {string.Join(", ", others.Take(MostShown))}{(others.Count > MostShown ? ", ..." : "")}");
        }
        if (plan.IsNothing) yield break;
        yield return ("tokenizer", plan.TokenizerDiffers ? "was shaped by it and is made anew, so training begins anew"
            : plan.Setup.Recipe.Tokenizer.File is null ? "the same without it"
            : "was given to the run as a file, and is kept");
        yield return ("first change", $"step {plan.FirstDifference:N0}");
        string from = plan.ReplayFrom == 0 ? "the beginning" : $"the checkpoint after step {plan.ReplayFrom:N0}";
        string time = plan.Estimate is { } left ? $", about {TimeText.Show(left)}" : "";
        yield return ("to train", $"{steps - plan.ReplayFrom:N0} of {steps:N0} steps, from {from}{time}");
    }

    /// <summary>Where the new run is when nobody says: beside the old one; in the folder of runs when that is only what a model carries with it.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="runs">The folder of runs.</param>
    public static string DefaultFolder(RemovalPlan plan, string runs)
    {
        string run = plan.Parent.Folder.Path.TrimEnd('/', Path.DirectorySeparatorChar);
        string name = Directory.Exists(plan.Parent.Folder.Checkpoints) ? run : Path.Combine(runs, plan.Setup.Recipe.Name);
        return $"{name}-forget-{Removal.ShortName(plan.Ids)}";
    }

    /// <summary>The run's documents that hold some words, in the order of the corpora.</summary>
    /// <param name="parent">The run.</param>
    /// <param name="words">The words.</param>
    public static IReadOnlyList<Material> Containing(ParentRun parent, string words)
    {
        Dictionary<string, Material> materials = parent.Materials.ToDictionary(m => m.Id, StringComparer.Ordinal);
        return [.. DocumentChoice.Containing(words, parent.Recipe.ReadDocuments()).Select(s => materials.GetValueOrDefault(s.Id)).OfType<Material>()];
    }

    private static void Sign(RunFolder into, SigningKey key, string? proved) => Receipt.Of(into, DateTimeOffset.UtcNow, proved).Write(into, key);

    private static Reproduction Prove(RemovalPlan plan, RunFolder into, WorkerPool pool, ITrainingDisplay display, CancellationToken cancel)
    {
        display.Say("training from nothing without the documents, to compare");
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("hearth-prove-");
        try
        {
            return display.Train("proof", progress =>
                Reproduction.Of(into, plan.Setup, new RunFolder(Path.Combine(scratch.FullName, "run")), pool, progress, cancel));
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }
}
