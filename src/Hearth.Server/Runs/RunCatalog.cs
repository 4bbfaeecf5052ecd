using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Hearth.Models.Bundles;
using Hearth.Models.Signing;
using Hearth.Numerics;
using Hearth.Server.Hosting;
using Hearth.Training.Forgetting;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Server.Runs;

/// <summary>How a run stands.</summary>
public enum RunState
{
    /// <summary>Somebody trains it now.</summary>
    Running,

    /// <summary>It is complete.</summary>
    Finished,

    /// <summary>It was stopped on the way.</summary>
    Interrupted,
}

/// <summary>A run as it stands at a moment.</summary>
/// <param name="Name">The name of its folder.</param>
/// <param name="Folder">Where it is.</param>
/// <param name="State">How it stands.</param>
/// <param name="Recipe">Its recipe; null when that can not be read.</param>
/// <param name="Ledger">What its ledger says so far.</param>
/// <param name="Changed">When its ledger was last written, UTC.</param>
/// <param name="Seconds">Seconds of training so far, without those of now; 0 when nobody noted it.</param>
/// <param name="Problem">What is wrong with it, in a sentence; null when nothing is.</param>
public sealed record RunEntry(string Name, RunFolder Folder, RunState State, Recipe? Recipe, LedgerView Ledger, DateTime Changed, double Seconds, string? Problem)
{
    /// <summary>The last step; 0 before the first.</summary>
    public int Step => Ledger.Last?.Step ?? 0;

    /// <summary>Steps in all; 0 when the recipe can not be read.</summary>
    public int Steps => Recipe?.Training.Steps ?? 0;
}

/// <summary>A checkpoint that a run has on the disk, or that its ledger names.</summary>
/// <param name="Step">After which step.</param>
/// <param name="State">Digest of the full state.</param>
/// <param name="Bytes">Bytes on the disk; null when it is not there.</param>
/// <param name="IsInLedger">Whether the ledger names it; one that a stopped run went on from need not be.</param>
public sealed record RunCheckpoint(int Step, string State, long? Bytes, bool IsInLedger);

/// <summary>A receipt of what was taken out, as a run carries it.</summary>
/// <param name="File">Its name.</param>
/// <param name="Receipt">What it says; null when it does not hold with the server's own key.</param>
/// <param name="Problem">Why it does not; null when it does.</param>
public sealed record RunReceipt(string File, Receipt? Receipt, string? Problem);

/// <summary>The runs below HEARTH_HOME. Ledgers are read on from where they were left, so a page can ask every second.</summary>
/// <param name="options">Where they are.</param>
public sealed class RunCatalog(ServerOptions options)
{
    private const int MostRuns = 10_000, MostFollowed = 256, MostReceipts = 200, MostCheckpoints = 10_000;

    private readonly ConcurrentDictionary<string, LedgerFollower> _followers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (DateTime Written, Recipe? Recipe, string? Problem)> _recipes = new(StringComparer.Ordinal);

    /// <summary>The runs, the one that was written last first.</summary>
    public IReadOnlyList<RunEntry> List()
    {
        if (!Directory.Exists(options.Runs)) return [];
        return [.. Directory.EnumerateDirectories(options.Runs).Take(MostRuns).Select(d => Find(Path.GetFileName(d))).OfType<RunEntry>()
            .OrderByDescending(r => r.Changed).ThenBy(r => r.Name, StringComparer.Ordinal)];
    }

    /// <summary>A run as it stands now; null when there is none of the name.</summary>
    /// <param name="name">The name of its folder.</param>
    public RunEntry? Find(string name)
    {
        if (Folder(name) is not { Exists: true } run) return null;
        LedgerView ledger = Follower(run).Refresh();
        (Recipe? recipe, string? problem) = RecipeOf(run);
        RunState state = RunLock.IsHeld(run) ? RunState.Running : run.Finished && ledger.End is not null ? RunState.Finished : RunState.Interrupted;
        return new RunEntry(name, run, state, recipe, ledger, File.GetLastWriteTimeUtc(run.Ledger), Seconds(run), ledger.Problem is { } broken ? $"The ledger {broken}." : problem);
    }

    /// <summary>A run.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="RunException">There is none of the name.</exception>
    public RunEntry Require(string name) => Find(name) ?? throw new RunException($"There is no run '{name}' any more. The list of runs has those there are.");

    /// <summary>Lines of a run's ledger.</summary>
    /// <param name="run">The run.</param>
    /// <param name="first">Number of the first one, from 1.</param>
    /// <param name="count">How many.</param>
    public IReadOnlyList<LedgerEntry> Page(RunEntry run, int first, int count) => Follower(run.Folder).Page(first, count);

    /// <summary>Held-out scores with some answers; null when the run was not asked, or its weights are others.</summary>
    /// <param name="run">The run.</param>
    public static SavedScore? Score(RunEntry run) => run.Ledger.End is { } end ? SavedScore.Read(run.Folder, end.Weights) : null;

    /// <summary>The checkpoints, in order.</summary>
    /// <param name="run">The run.</param>
    public static IReadOnlyList<RunCheckpoint> Checkpoints(RunEntry run)
    {
        var found = run.Ledger.Checkpoints.ToDictionary(c => c.Step, c => new RunCheckpoint(c.Step, c.State, null, IsInLedger: true));
        if (Directory.Exists(run.Folder.Checkpoints))
        {
            foreach (string folder in Directory.EnumerateDirectories(run.Folder.Checkpoints, "step-*").Take(MostCheckpoints))
            {
                if (!int.TryParse(Path.GetFileName(folder)["step-".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int step)) continue;
                long bytes = Directory.EnumerateFiles(folder).Sum(f => new FileInfo(f).Length);
                found[step] = found.TryGetValue(step, out RunCheckpoint? named) ? named with { Bytes = bytes } : new RunCheckpoint(step, StateOf(folder), bytes, IsInLedger: false);
            }
        }
        return [.. found.Values.OrderBy(c => c.Step)];
    }

    /// <summary>Receipts of what was taken out to make a run.</summary>
    /// <param name="run">The run.</param>
    public IReadOnlyList<RunReceipt> Receipts(RunEntry run)
    {
        if (!Directory.Exists(run.Folder.Receipts)) return [];
        string own = OwnKey.PublicHalf(OwnKey.PathIn(options.Home));
        return [.. Directory.EnumerateFiles(run.Folder.Receipts, "*.json").Take(MostReceipts).Order(StringComparer.Ordinal).Select(file =>
        {
            try
            {
                return new RunReceipt(Path.GetFileName(file), Receipt.Read(file, VerificationKey.Load(own)), null);
            }
            catch (Exception e) when (e is HearthException or IOException)
            {
                return new RunReceipt(Path.GetFileName(file), null, e.Message);
            }
        })];
    }

    /// <summary>The documents of a run.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="RunException">The list is missing or damaged.</exception>
    public static IReadOnlyList<Material> Documents(RunEntry run)
    {
        try
        {
            return Materials.Read(run.Folder.Materials);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            throw new RunException($"{run.Folder.Materials}: can not be read: {e.Message}", e);
        }
    }

    /// <summary>Whether a finished run's model is there, to talk with.</summary>
    /// <param name="run">The run.</param>
    public static bool HasModel(RunEntry run) => ModelFolder.IsFolder(run.Folder.Path);

    private RunFolder? Folder(string name) =>
        ModelFolder.IsName(name) && Path.Combine(options.Runs, name) is var path && Directory.Exists(path) ? new RunFolder(path) : null;

    private LedgerFollower Follower(RunFolder run)
    {
        if (_followers.Count > MostFollowed) _followers.Clear();
        return _followers.GetOrAdd(run.Ledger, path => new LedgerFollower(path));
    }

    private (Recipe? Recipe, string? Problem) RecipeOf(RunFolder run)
    {
        DateTime written = File.GetLastWriteTimeUtc(run.Recipe);
        if (_recipes.TryGetValue(run.Recipe, out var known) && known.Written == written) return (known.Recipe, known.Problem);
        if (_recipes.Count > MostFollowed) _recipes.Clear();
        try
        {
            known = (written, Recipe.Load(run.Recipe), null);
        }
        catch (Exception e) when (e is HearthException or IOException)
        {
            known = (written, null, e.Message);
        }
        _recipes[run.Recipe] = known;
        return (known.Recipe, known.Problem);
    }

    private static double Seconds(RunFolder run)
    {
        try
        {
            return RunAbout.Read(run)?.TrainSeconds ?? 0;
        }
        catch (Exception e) when (e is HearthException or IOException)
        {
            return 0;
        }
    }

    private static string StateOf(string folder)
    {
        try
        {
            return Checkpoint.Read(folder).State;
        }
        catch (Exception e) when (e is HearthException or IOException)
        {
            return "";
        }
    }
}
