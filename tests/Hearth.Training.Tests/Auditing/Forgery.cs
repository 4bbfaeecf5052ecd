using System.Text.Json;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Safetensors;
using Hearth.Training.Ledger;
using Hearth.Training.Runs;
using Hearth.Training.Tests.Runs;

namespace Hearth.Training.Tests.Auditing;

/// <summary>What someone does who wants a run to look other than it was: alters files, then makes every hash agree again.</summary>
internal static class Forgery
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Writes a number into a tensor of a checkpoint.</summary>
    public static void Alter(RunFolder run, int step, string file, string tensor, int element, Func<float, float> value)
    {
        string path = Path.Combine(run.Checkpoint(step), file);
        long at;
        using (SafetensorsFile opened = SafetensorsFile.Open(path)) at = opened.Entry(tensor).Offset + (4L * element);
        byte[] bytes = File.ReadAllBytes(path);
        BitConverter.TryWriteBytes(bytes.AsSpan((int)at), value(BitConverter.ToSingle(bytes, (int)at)));
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Writes the ledger anew around the checkpoints' files as they are, so that every hash agrees; lines may be altered or dropped on the way.</summary>
    public static void Mend(RunFolder run, Func<LedgerLine, LedgerLine?>? alter = null)
    {
        Dictionary<int, Checkpoint> checkpoints = Checkpoint.List(run).ToDictionary(c => c.Checkpoint.Step, c => c.Checkpoint with
        {
            Weights = Digest.OfFile(Path.Combine(c.Folder, "model.safetensors")),
            Optimizer = Digest.OfFile(Path.Combine(c.Folder, "optimizer.safetensors")),
        });
        LedgerLine[] lines = [.. LedgerFile.Read(run.Ledger).Lines];
        using (LedgerFile ledger = LedgerFile.Create(run.Ledger))
        {
            foreach (LedgerLine line in lines)
            {
                LedgerLine agreeing = line switch
                {
                    StepLine s when checkpoints.TryGetValue(s.Step, out Checkpoint? c) => s with { Weights = c.Weights },
                    CheckpointLine s when checkpoints.TryGetValue(s.Step, out Checkpoint? c) => s with { Weights = c.Weights, State = c.State },
                    EndLine s when checkpoints.TryGetValue(s.Step, out Checkpoint? c) => s with { Weights = c.Weights },
                    _ => line,
                };
                if ((alter is null ? agreeing : alter(agreeing)) is not { } written) continue;
                ledger.Add(written);
                if (written is not CheckpointLine at) continue;
                Checkpoint described = checkpoints[at.Step] with { LedgerHead = ledger.Head, LedgerLength = ledger.Length };
                File.WriteAllText(Path.Combine(run.Checkpoint(at.Step), "checkpoint.json"), JsonSerializer.Serialize(described, Options) + "\n");
            }
        }
        if (!Directory.Exists(run.Model)) return;
        if (checkpoints.Count > 0) File.Copy(Path.Combine(run.Checkpoint(checkpoints.Keys.Max()), "model.safetensors"), Path.Combine(run.Model, "model.safetensors"), true);
        run.CarryProvenance();
    }

    /// <summary>Makes every hash agree up to a checkpoint and trains on from its altered state, honestly, so that only the state itself is a lie.</summary>
    public static void MendAndTrainOn(MicroRun micro, RunFolder run, int step)
    {
        foreach (string folder in Directory.GetDirectories(run.Checkpoints).Where(f => string.CompareOrdinal(f, run.Checkpoint(step)) > 0)) Directory.Delete(folder, true);
        Directory.Delete(run.Model, recursive: true);
        bool over = false;
        Mend(run, line =>
        {
            bool drop = over;
            over |= line is CheckpointLine c && c.Step == step;
            return drop ? null : line;
        });
        micro.Resume(run);
    }

    /// <summary>Swaps a checkpoint's weights for those of a run of another seed, and makes all later steps follow from them.</summary>
    public static void SwapWeights(MicroRun micro, RunFolder run, int step)
    {
        RunFolder other = micro.Run($"other-{step}");
        var recipe = micro.Recipe;
        micro.Recipe = recipe with { Seed = recipe.Seed + 1 };
        micro.Train(other, stopAt: step);
        micro.Recipe = recipe;
        File.Copy(Path.Combine(other.Checkpoint(step), "model.safetensors"), Path.Combine(run.Checkpoint(step), "model.safetensors"), overwrite: true);
        MendAndTrainOn(micro, run, step);
    }
}
