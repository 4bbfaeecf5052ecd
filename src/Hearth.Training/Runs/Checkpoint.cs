using System.Text.Json;
using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Safetensors;
using Hearth.Training.Loading;
using Hearth.Training.Optimizers;

namespace Hearth.Training.Runs;

/// <summary>The full state of a run after a step: enough to go on, byte for byte.</summary>
/// <param name="Step">After which step.</param>
/// <param name="Position">Where the next micro-batch begins.</param>
/// <param name="Weights">Digest of the weights' file.</param>
/// <param name="Optimizer">Digest of the optimizer's file.</param>
/// <param name="LedgerHead">Hash of the ledger's last line.</param>
/// <param name="LedgerLength">Bytes of the ledger.</param>
public sealed record Checkpoint(int Step, DataPosition Position, string Weights, string Optimizer, string LedgerHead, long LedgerLength)
{
    /// <summary>The file of the optimizer's memory.</summary>
    public const string OptimizerName = "optimizer.safetensors";

    /// <summary>The file of the description.</summary>
    public const string StateName = "checkpoint.json";

    private const int MaxStateBytes = 1 << 16;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n" };

    /// <summary>The digest that stands for the full state: of weights, optimizer and position together.</summary>
    public string State => Digest.Of($"{Weights}\n{Optimizer}\n{Step} {Position.Epoch} {Position.Index} {Position.Row}\n");

    /// <summary>Describes the state as it is now; the ledger's part is filled in by <see cref="Save"/>'s caller.</summary>
    /// <param name="step">After which step.</param>
    /// <param name="position">Where the next micro-batch begins.</param>
    /// <param name="model">The model.</param>
    /// <param name="optimizers">The optimizers.</param>
    public static Checkpoint Of(int step, DataPosition position, LanguageModel model, IEnumerable<Optimizer> optimizers) =>
        new(step, position, ModelBundle.WeightsDigest(model), SafetensorsWriter.DigestOf(Tensors(optimizers)), "", 0);

    /// <summary>Writes the checkpoint: everything into a folder of another name, which then gets its own.</summary>
    /// <param name="folder">The checkpoint's folder; one that exists is replaced.</param>
    /// <param name="model">The model.</param>
    /// <param name="optimizers">The optimizers.</param>
    public void Save(string folder, LanguageModel model, IEnumerable<Optimizer> optimizers)
    {
        string partial = folder + AtomicFile.TemporarySuffix;
        try
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
            Directory.CreateDirectory(partial);
            ModelBundle.SaveWeights(Path.Combine(partial, ModelBundle.WeightsName), model);
            SafetensorsWriter.Write(Path.Combine(partial, OptimizerName), Tensors(optimizers));
            AtomicFile.WriteText(Path.Combine(partial, StateName), JsonSerializer.Serialize(this, Options) + "\n");
            if (Directory.Exists(folder)) Replace(folder, partial);
            else Directory.Move(partial, folder);
        }
        catch
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
            throw;
        }
    }

    /// <summary>The checkpoints of a run, oldest first; folders that were not finished are passed over.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="RunException">A checkpoint's description is missing or is not the one that was written.</exception>
    public static IReadOnlyList<(string Folder, Checkpoint Checkpoint)> List(RunFolder run)
    {
        if (!Directory.Exists(run.Checkpoints)) return [];
        var found = new List<(string Folder, Checkpoint Checkpoint)>();
        foreach (string folder in Directory.GetDirectories(run.Checkpoints, "step-*").Order(StringComparer.Ordinal))
        {
            if (!folder.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal)) found.Add((folder, Read(folder)));
        }
        return [.. found.OrderBy(f => f.Checkpoint.Step)];                            // past a million steps, names no longer sort as numbers
    }

    /// <summary>Puts the state into a model and its optimizers, and checks every digest.</summary>
    /// <param name="folder">The checkpoint's folder.</param>
    /// <param name="model">The model.</param>
    /// <param name="optimizers">The optimizers.</param>
    /// <exception cref="RunException">A file is not the one that was written.</exception>
    public void Restore(string folder, LanguageModel model, IReadOnlyList<Optimizer> optimizers)
    {
        Require(Path.Combine(folder, ModelBundle.WeightsName), Weights);
        Require(Path.Combine(folder, OptimizerName), Optimizer);
        using (var weights = SafetensorsModel.Open(folder)) model.Parameters.Load(weights);
        using SafetensorsFile moments = SafetensorsFile.Open(Path.Combine(folder, OptimizerName));
        foreach (OptimizerState state in optimizers.SelectMany(o => o.States))
        {
            moments.Entry(state.Name, state.Shape);
            moments.Read(state.Name, state.Data.Span);
        }
    }

    /// <summary>Copies the checkpoint into another run, checks every digest on the way, and gives it that run's place in the ledger.</summary>
    /// <param name="from">The checkpoint's folder.</param>
    /// <param name="into">The copy's folder; there is none yet.</param>
    /// <param name="ledgerHead">Hash of the other ledger's last line at this step.</param>
    /// <param name="ledgerLength">Bytes of the other ledger at this step.</param>
    /// <exception cref="RunException">A file is not the one that was written.</exception>
    public void CopyTo(string from, string into, string ledgerHead, long ledgerLength)
    {
        string partial = into + AtomicFile.TemporarySuffix;
        Directory.CreateDirectory(partial);
        foreach ((string name, string digest) in ((string, string)[])[(ModelBundle.WeightsName, Weights), (OptimizerName, Optimizer)])
        {
            Require(Path.Combine(from, name), digest);
            File.Copy(Path.Combine(from, name), Path.Combine(partial, name), overwrite: true);
            Require(Path.Combine(partial, name), digest);
        }
        Checkpoint copy = this with { LedgerHead = ledgerHead, LedgerLength = ledgerLength };
        AtomicFile.WriteText(Path.Combine(partial, StateName), JsonSerializer.Serialize(copy, Options) + "\n");
        Directory.Move(partial, into);
    }

    /// <summary>The earlier folder keeps its content until the new one stands in its place.</summary>
    private static void Replace(string folder, string partial)
    {
        string old = folder + ".old" + AtomicFile.TemporarySuffix;
        if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
        Directory.Move(folder, old);
        Directory.Move(partial, folder);
        Directory.Delete(old, recursive: true);
    }

    /// <summary>Reads a checkpoint's description.</summary>
    /// <param name="folder">The checkpoint's folder.</param>
    /// <exception cref="RunException">It is missing or is not the one that was written.</exception>
    public static Checkpoint Read(string folder)
    {
        string path = Path.Combine(folder, StateName);
        try
        {
            var file = new FileInfo(path);
            if (file.Exists && file.Length <= MaxStateBytes)
            {
                using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
                if (json.Deserialize<Checkpoint>(Options) is { } checkpoint && json.RootElement.GetProperty("state").GetString() == checkpoint.State) return checkpoint;
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // told below, like any other damage
        }
        throw new RunException($"{path}: is missing or damaged. Delete the folder {folder}; the run then goes on from the checkpoint before it.");
    }

    private static void Require(string path, string digest)
    {
        string found = File.Exists(path) ? Digest.OfFile(path) : "nothing";
        if (found != digest)
        {
            throw new RunException($"{path}: has digest {Short(found)}, expected {Short(digest)}. The checkpoint was altered or damaged. "
                + $"Delete the folder {System.IO.Path.GetDirectoryName(path)}; the run then goes on from the checkpoint before it.");
        }
    }

    private static string Short(string digest) => digest.Length > 12 ? digest[..12] : digest;

    private static IEnumerable<SafetensorsTensor> Tensors(IEnumerable<Optimizer> optimizers) =>
        optimizers.SelectMany(o => o.States).Select(s => new SafetensorsTensor(s.Name, s.Shape, s.Data.Memory));
}
