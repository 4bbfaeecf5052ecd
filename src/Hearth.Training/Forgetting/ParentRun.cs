using Hearth.Models.Formats;
using Hearth.Numerics;
using Hearth.Training.Ledger;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Training.Forgetting;

/// <summary>A finished run that documents are to be taken out of. It is only read.</summary>
/// <param name="Folder">Where it is.</param>
/// <param name="Recipe">Its recipe, with its documents where they are on this machine.</param>
/// <param name="Lines">Its ledger.</param>
/// <param name="Head">Hash of the ledger's last line.</param>
/// <param name="Materials">Its documents, with where each was used.</param>
public sealed record ParentRun(RunFolder Folder, Recipe Recipe, IReadOnlyList<LedgerLine> Lines, string Head,
    IReadOnlyList<Material> Materials)
{
    /// <summary>What it was made from.</summary>
    public StartLine Start => (StartLine)Lines[0];

    /// <summary>Digest of its weights.</summary>
    public string Weights => ((EndLine)Lines[^1]).Weights;

    /// <summary>
    /// Reads a run and checks that it is whole: its ledger's chain, and that recipe and list of documents are those that the ledger
    /// names.
    /// </summary>
    /// <param name="folder">The run.</param>
    /// <param name="recipe">Its recipe.</param>
    /// <exception cref="RunException">It is not finished, or a file is not the one that the ledger names.</exception>
    /// <exception cref="LedgerException">The ledger does not hold together.</exception>
    public static ParentRun Read(RunFolder folder, Recipe recipe)
    {
        (IReadOnlyList<LedgerLine> lines, string head) = LedgerFile.Read(folder.Ledger);
        StartLine start = LedgerFile.Start(folder.Ledger);
        if (lines[^1] is not EndLine)
        {
            throw new RunException($"{folder.Path}: is not finished, and only a finished run can be made to forget. Go on with it by "
                + $"`hearth train --resume {folder.Path}`.");
        }
        if (start.Numerics != NumericsVersion.Current)
        {
            throw new RunException($"{folder.Path}: was trained with Numerics.Version {start.Numerics}, this is "
                + $"{NumericsVersion.Current}. Use the Hearth that trained it, or train again.");
        }
        if (start.Recipe != recipe.IdentityDigest())
        {
            throw new RunException($"{folder.Recipe}: is not the recipe that the ledger names. Put it back as it was.");
        }
        if (!File.Exists(folder.Materials) || start.Materials != Digest.OfFile(folder.Materials))
        {
            throw new RunException($"{folder.Materials}: is not the list of documents that the ledger names. Copy it again from where the "
                + "run was trained.");
        }
        int[] steps = [.. lines.OfType<StepLine>().Select(s => s.Step)];
        if (!steps.SequenceEqual(Enumerable.Range(1, recipe.Training.Steps)))
        {
            throw new RunException($"{folder.Ledger}: does not hold the {recipe.Training.Steps:N0} steps of the recipe, each once and in "
                + "order. Train the run again.");
        }
        return new ParentRun(folder, recipe, lines, head, Runs.Materials.Read(folder.Materials));
    }
}
