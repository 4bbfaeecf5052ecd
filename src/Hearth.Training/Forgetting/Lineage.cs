using Hearth.Models.Formats;
using Hearth.Training.Ledger;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Training.Forgetting;

/// <summary>
/// Whether what a ledger says of its parent is true, as far as can be seen without the documents that were taken out: the parent's
/// ledger, which is carried along, has to hold together, to end in the hash named, to go the same way up to the step named and another
/// way after it.
/// </summary>
public static class Lineage
{
    /// <summary>The lines of a parent that are true of the run without the documents as well.</summary>
    /// <param name="parent">The parent's ledger.</param>
    /// <param name="upTo">The step they end with.</param>
    /// <param name="measured">Whether its measurements are among them.</param>
    public static IEnumerable<LedgerLine> Shared(IEnumerable<LedgerLine> parent, int upTo, bool measured) => parent.Where(line => line switch
    {
        StepLine s => s.Step <= upTo,
        CheckpointLine c => c.Step <= upTo,
        EvaluationLine e => measured && e.Step <= upTo,
        _ => false,
    });

    /// <summary>Checks the forget line of a run.</summary>
    /// <param name="run">The run, for its recipe and the ledgers before it.</param>
    /// <param name="lines">Its ledger; null for what is no ledger line.</param>
    /// <returns>What is not true; null when all is, or when there is no such line.</returns>
    public static string? Problem(RunFolder run, IReadOnlyList<LedgerLine?> lines)
    {
        if (!lines.Any(l => l is ForgetLine)) return null;
        if (lines[0] is not StartLine start || lines[1] is not ForgetLine forget || lines.Count(l => l is ForgetLine) > 1)
        {
            return "has a forget line that does not stand alone after the start line.";
        }
        if (forget is not { Removed: { Count: > 0 } ids, Parent: not null, State: not null })
        {
            return "has a forget line without the documents, the parent or the state.";
        }
        if (!IsSorted(ids) || ids.Except(Recipe.Load(run.Recipe).Removed, StringComparer.Ordinal).Any())
        {
            return "names removed documents that the recipe does not leave out.";
        }
        LedgerLine[] own = [.. Shared(lines.OfType<LedgerLine>(), forget.ReplayedFrom, measured: true)];
        if (forget.ReplayedFrom < 0 || (forget.FirstUse != 0 && forget.FirstUse <= forget.ReplayedFrom))
        {
            return $"says that it goes on from step {forget.ReplayedFrom:N0}, and the documents were seen before.";
        }
        string state = own.OfType<CheckpointLine>().FirstOrDefault(c => c.Step == forget.ReplayedFrom)?.State ?? "";
        if (state != forget.State || state.Length == 0 != (forget.ReplayedFrom == 0))
        {
            return $"says that it goes on from step {forget.ReplayedFrom:N0}, which has no checkpoint of that state.";
        }

        (IReadOnlyList<LedgerLine>? parent, string? problem) = Ancestor(run, forget.Parent);
        return problem ?? AgainstParent(start, forget, own, lines, parent!);
    }

    /// <summary>Reads the ledger of an earlier run that is carried along.</summary>
    /// <param name="run">The run that carries it.</param>
    /// <param name="head">Hash of its last line.</param>
    /// <returns>Its lines, or why they can not be believed.</returns>
    public static (IReadOnlyList<LedgerLine>? Lines, string? Problem) Ancestor(RunFolder run, string head)
    {
        if (!Digest.IsDigest(head)) return (null, "names a parent by something that is no digest.");
        string path = run.Ancestor(head);
        if (!File.Exists(path)) return (null, $"names a parent whose ledger is not there: {path} is missing.");
        try
        {
            (IReadOnlyList<LedgerLine> lines, string found) = LedgerFile.Read(path);
            if (found != head) return (null, $"names a parent whose ledger was altered: {path} ends in {found[..12]}.");
            return lines is [StartLine, .., EndLine] ? (lines, null) : (null, $"names a parent that was not finished: {path}.");
        }
        catch (LedgerException e)
        {
            return (null, $"names a parent whose ledger was altered: {e.Message}");
        }
    }

    private static string? AgainstParent(StartLine start, ForgetLine forget, LedgerLine[] own, IReadOnlyList<LedgerLine?> lines,
        IReadOnlyList<LedgerLine> parent)
    {
        var before = (StartLine)parent[0];
        bool sameBeginning = before.Numerics == start.Numerics && before.Tokenizer == start.Tokenizer && before.Weights == start.Weights;
        if (forget.ReplayedFrom > 0 && !sameBeginning)
        {
            return "goes on from a parent with another tokenizer, other first weights or another Numerics.Version.";
        }
        if (before.Recipe == start.Recipe || before.Materials == start.Materials)
        {
            return "names a parent that was made from the same documents.";
        }
        LedgerLine[] theirs = [.. Shared(parent, forget.ReplayedFrom, forget.Measured)];
        for (int i = 0; i < Math.Max(own.Length, theirs.Length); i++)
        {
            LedgerLine? mine = i < own.Length ? own[i] with { Previous = "" } : null;
            LedgerLine? its = i < theirs.Length ? theirs[i] with { Previous = "" } : null;
            if (mine != its) return $"has other lines than its parent before step {forget.ReplayedFrom:N0}: {mine ?? its}";
        }
        if (before.Tokenizer != start.Tokenizer) return null;                    // no step can be compared
        StepLine[] steps = [.. lines.OfType<StepLine>()], earlier = [.. parent.OfType<StepLine>()];
        int same = steps.Zip(earlier).TakeWhile(p => p.First.Documents == p.Second.Documents).Count();
        return forget.FirstUse != 0 && forget.FirstUse <= same && same < steps.Length
            ? $"says that step {forget.FirstUse:N0} of its parent saw the documents, and that step saw the same without them."
            : null;
    }

    private static bool IsSorted(IReadOnlyList<string> ids) => ids.Zip(ids.Skip(1)).All(p => string.CompareOrdinal(p.First, p.Second) < 0);
}
