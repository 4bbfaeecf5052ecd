using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Numerics;
using Hearth.Training.Ledger;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Training.Forgetting;

/// <summary>
/// Begins the run that never saw the documents: what it shares with its parent is copied, the rest is left to
/// <see cref="Trainer.Resume"/>.
/// </summary>
public static class Removal
{
    private const int ShownDigits = 8;

    /// <summary>The digits that name a removal: of the digest of the documents' ids.</summary>
    /// <param name="ids">The ids, in ordinal order.</param>
    public static string ShortName(IEnumerable<string> ids) => Digest.Of(string.Join('\n', ids))[..ShownDigits];

    /// <summary>True when a folder holds this very removal, begun or finished.</summary>
    /// <param name="plan">The removal.</param>
    /// <param name="folder">The folder.</param>
    public static bool IsBegun(RemovalPlan plan, RunFolder folder)
    {
        if (!folder.Exists) return false;
        (StartLine start, ForgetLine? forget, _, _) = LedgerFile.Preamble(folder.Ledger);
        return start.Recipe == plan.Setup.Recipe.IdentityDigest() && forget?.Parent == plan.Parent.Head
            && forget.Removed.SequenceEqual(plan.Ids, StringComparer.Ordinal);
    }

    /// <summary>
    /// Writes the new run up to the checkpoint that training goes on from. Its ledger comes last, so that a run begun by halves is none.
    /// </summary>
    /// <param name="plan">The removal.</param>
    /// <param name="folder">The new run; what an earlier, broken-off attempt left there is written again.</param>
    /// <param name="threads">Threads that will train.</param>
    /// <exception cref="RunException">A checkpoint was altered, or there is no room.</exception>
    public static void Begin(RemovalPlan plan, RunFolder folder, int threads)
    {
        (string Folder, Checkpoint Checkpoint)[] checkpoints = [.. Kept(plan)];
        string ledger = folder.Ledger + AtomicFile.TemporarySuffix;
        try
        {
            Directory.CreateDirectory(folder.Path);
            DropBrokenOff(folder, ledger);
            RequireRoom(folder, checkpoints);
            Dictionary<int, (string Head, long Length)> marks = WriteLedger(plan, ledger);
            foreach ((string from, Checkpoint checkpoint) in checkpoints)
            {
                (string head, long length) = marks[checkpoint.Step];
                checkpoint.CopyTo(from, folder.Checkpoint(checkpoint.Step), head, length);
            }
            RunFolder.CopyFiles(plan.Parent.Folder.Receipts, folder.Receipts);
            RunFolder.CopyFiles(plan.Parent.Folder.Ancestors, folder.Ancestors);
            Directory.CreateDirectory(folder.Ancestors);
            File.Copy(plan.Parent.Folder.Ledger, folder.Ancestor(plan.Parent.Head), overwrite: true);
            AtomicFile.WriteText(folder.Materials, Materials.ToJson(Materials.Of(plan.Setup)));
            plan.Setup.Tokenizer.Save(folder.Tokenizer);
            RunAbout.Of(plan.Setup.Recipe, threads).Write(folder);
            AtomicFile.WriteText(folder.Recipe, (Recipe.Load(plan.Parent.Folder.Recipe) with { Removed = plan.Setup.Recipe.Removed })
                .ToYaml());
            File.Move(ledger, folder.Ledger, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunException($"{folder.Path}: can not be written: {e.Message} The run {plan.Parent.Folder.Path} is untouched; free "
                + "some room or permit writing, then do the same again.", e);
        }
    }

    /// <summary>Deletes what an earlier attempt copied. Only a folder in which a ledger was being written is one.</summary>
    private static void DropBrokenOff(RunFolder folder, string ledger)
    {
        if (!Directory.Exists(folder.Checkpoints)) return;
        if (!File.Exists(ledger))
        {
            throw new RunException($"{folder.Checkpoints}: holds checkpoints of another run. Give another folder with --out.");
        }
        Directory.Delete(folder.Checkpoints, recursive: true);
    }

    /// <summary>The parent's checkpoints that hold without the documents too.</summary>
    private static IEnumerable<(string Folder, Checkpoint Checkpoint)> Kept(RemovalPlan plan)
    {
        HashSet<(int, string)> named = [.. plan.Parent.Lines.OfType<CheckpointLine>().Select(c => (c.Step, c.State))];
        return Checkpoint.List(plan.Parent.Folder).Where(c => c.Checkpoint.Step <= plan.ReplayFrom
            && named.Contains((c.Checkpoint.Step, c.Checkpoint.State)));
    }

    private static void RequireRoom(RunFolder folder, (string Folder, Checkpoint)[] checkpoints)
    {
        long copies = checkpoints.Sum(c => Directory.GetFiles(c.Folder).Sum(f => new FileInfo(f).Length));
        long free = new DriveInfo(Path.GetFullPath(folder.Path)).AvailableFreeSpace;
        if (copies < free) return;
        throw new RunException($"{folder.Path}: the {checkpoints.Length:N0} checkpoints before the first use take "
            + $"{MemoryPlan.Show(copies)} and the disk has {MemoryPlan.Show(free)} left. "
            + "Free some room, or give another disk with --out.");
    }

    /// <summary>Writes what the ledger shares with the parent's; gives its hash and length after each checkpoint's line.</summary>
    private static Dictionary<int, (string Head, long Length)> WriteLedger(RemovalPlan plan, string path)
    {
        Recipe recipe = plan.Setup.Recipe;
        var marks = new Dictionary<int, (string Head, long Length)>();
        using LedgerFile ledger = LedgerFile.Create(path);
        string weights = ModelBundle.WeightsDigest(plan.Setup.NewModel());
        if (plan.ReplayFrom > 0 && weights != plan.Parent.Start.Weights)
        {
            throw new RunException($"{plan.Parent.Folder.Ledger}: names other first weights than its recipe gives. `hearth reproduce` "
                + "finds where it was altered.");
        }
        ledger.Add(new StartLine(NumericsVersion.Current, recipe.IdentityDigest(), Digest.Of(Materials.ToJson(Materials.Of(plan.Setup))),
            Digest.Of(plan.Setup.Tokenizer.ToJson()), weights));
        ledger.Add(new ForgetLine(plan.Parent.Head, plan.Ids, plan.FirstUse, plan.ReplayFrom, plan.From?.State ?? "", plan.Measured));
        foreach (LedgerLine line in Lineage.Shared(plan.Parent.Lines, plan.ReplayFrom, plan.Measured))
        {
            ledger.Add(line);
            if (line is CheckpointLine c) marks[c.Step] = (ledger.Head, ledger.Length);
        }
        ledger.FlushToDisk();
        return marks;
    }
}
