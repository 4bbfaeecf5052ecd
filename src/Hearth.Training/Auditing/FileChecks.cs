using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Numerics;
using Hearth.Training.Ledger;
using Hearth.Training.Loading;
using Hearth.Training.Runs;

namespace Hearth.Training.Auditing;

/// <summary>Checkpoints and the finished model against the ledger.</summary>
/// <param name="run">The run.</param>
/// <param name="recorded">Its ledger.</param>
/// <param name="findings">Told what is found.</param>
internal sealed class FileChecks(RunFolder run, RecordedRun recorded, Findings findings)
{
    /// <summary>Checkpoints that are there and are those that the ledger names.</summary>
    public SortedDictionary<int, Checkpoint> Checkpoints { get; } = [];

    public void RunChecks(IReadOnlyList<DataPosition> positions, ModelConfig expected)
    {
        string[] folders = Directory.Exists(run.Checkpoints)
            ? [.. Directory.GetDirectories(run.Checkpoints, "step-*").Where(f => !f.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)]
            : [];
        findings.Pass($"{folders.Length:N0} checkpoints: their files, their place in the ledger and in the data as the ledger names them", () =>
        {
            foreach (string folder in folders) OneCheckpoint(folder, positions);
        });
        int[] missing = [.. recorded.Checkpoints.Keys.Where(s => !folders.Contains(run.Checkpoint(s), StringComparer.Ordinal))];
        if (missing.Length > 0) findings.NotChecked.Add($"checkpoints after step {string.Join(", ", missing)}: they are not in the folder");
        TheModel(expected);
    }

    private void OneCheckpoint(string folder, IReadOnlyList<DataPosition> positions)
    {
        Checkpoint checkpoint;
        try
        {
            checkpoint = Checkpoint.Read(folder);
        }
        catch (RunException)
        {
            findings.Problem($"{Path.Combine(folder, Checkpoint.StateName)}: is missing or damaged.");
            return;
        }
        int before = findings.Count, step = checkpoint.Step;
        if (folder != run.Checkpoint(step)) findings.Problem($"{folder}: holds the checkpoint after step {step:N0}.");
        Require(Path.Combine(folder, ModelBundle.WeightsName), checkpoint.Weights, "its own description");
        Require(Path.Combine(folder, Checkpoint.OptimizerName), checkpoint.Optimizer, "its own description");
        if (recorded.Checkpoints.TryGetValue(step, out CheckpointLine? line) && (line.State != checkpoint.State || line.Weights != checkpoint.Weights))
        {
            findings.Problem($"{folder}: holds state {Findings.Short(checkpoint.State)} with weights {Findings.Short(checkpoint.Weights)}, and the ledger names {Findings.Short(line.State)} with weights {Findings.Short(line.Weights)}.");
        }
        if (recorded.WeightsAfter(step) is not { } weights) findings.Problem($"{folder}: is of step {step:N0}, which the ledger does not have.");
        else if (weights != checkpoint.Weights) findings.Problem($"{folder}: has weights {Findings.Short(checkpoint.Weights)}, and the ledger has {Findings.Short(weights)} after step {step:N0}.");
        if (!recorded.HasMark(step, checkpoint.LedgerHead, checkpoint.LedgerLength)) findings.Problem($"{folder}: names {Findings.Short(checkpoint.LedgerHead)} and {checkpoint.LedgerLength:N0} bytes as the ledger's end after step {step:N0}, which it did not have there.");
        if (step < positions.Count && positions[step] != checkpoint.Position) findings.Problem($"{folder}: goes on at {Words(checkpoint.Position)}, and the order of documents is at {Words(positions[step])} after step {step:N0}.");
        if (findings.Count == before && line is not null) Checkpoints.Add(step, checkpoint);
    }

    private void TheModel(ModelConfig expected)
    {
        string weights = Path.Combine(run.Model, ModelBundle.WeightsName), config = Path.Combine(run.Model, ModelBundle.ConfigName);
        if (recorded.End is not { } end || !File.Exists(weights) || !File.Exists(config))
        {
            findings.NotChecked.Add(recorded.End is null ? $"the model: the run is not finished; its last step is {recorded.Steps.Count:N0}" : $"the model: it is not in {run.Model}");
            return;
        }
        findings.Pass("the model: weights, shape and provenance as the ledger names them", () =>
        {
            Require(weights, end.Weights, "the ledger");
            try
            {
                if (ConfigJson.Read(config) != expected) findings.Problem($"{config}: describes another model than the recipe.");
            }
            catch (HearthException e)
            {
                findings.Problem(e.Message);
            }
            RunFolder carried = RunFolder.OfModel(run.Model);
            if (carried.Path == run.Path) return;
            foreach ((string copy, string own) in ((string, string)[])[(carried.Recipe, run.Recipe), (carried.Materials, run.Materials), (carried.Ledger, run.Ledger)])
            {
                if (File.Exists(own)) Require(copy, Digest.OfFile(own), own);
            }
        });
        findings.NotChecked.Add("other files of the model's folder");
    }

    private void Require(string path, string digest, string by)
    {
        string? found = File.Exists(path) ? Digest.OfFile(path) : null;
        if (found != digest) findings.Problem($"{path}: has digest {Findings.Short(found)}, expected {Findings.Short(digest)} by {by}.");
    }

    private static string Words(DataPosition p) => $"epoch {p.Epoch:N0}, document {p.Index:N0}, row {p.Row:N0}";
}
