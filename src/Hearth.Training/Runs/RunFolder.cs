using Hearth.Models.Bundles;
using Hearth.Models.Formats;

namespace Hearth.Training.Runs;

/// <summary>Where a run keeps what.</summary>
/// <param name="Path">The run's folder.</param>
public sealed record RunFolder(string Path)
{
    private const string ProvenanceName = "provenance";

    /// <summary>The recipe as given, normalised.</summary>
    public string Recipe => In("recipe.yaml");

    /// <summary>The documents, with source, licence and where they were used.</summary>
    public string Materials => In("materials.json");

    /// <summary>The ledger.</summary>
    public string Ledger => In("ledger.jsonl");

    /// <summary>What is not part of the run's identity: folders, times, threads.</summary>
    public string About => In("run.json");

    /// <summary>The tokenizer that the run trains with.</summary>
    public string Tokenizer => In(ModelBundle.TokenizerName);

    /// <summary>Checkpoints, a folder each.</summary>
    public string Checkpoints => In("checkpoints");

    /// <summary>The finished model.</summary>
    public string Model { get; init; } = System.IO.Path.Combine(Path, "model");

    /// <summary>The run that a model carries with it: its provenance, without checkpoints.</summary>
    /// <param name="model">The model's folder.</param>
    public static RunFolder OfModel(string model) => new(System.IO.Path.Combine(model, ProvenanceName)) { Model = model };

    /// <summary>Copies recipe, materials and ledger into the model, so that they travel with it; receipts and earlier runs' ledgers too.</summary>
    public void CarryProvenance()
    {
        RunFolder carried = OfModel(Model);
        Copy([Recipe, Materials, Ledger], carried.Path);
        CopyFiles(Receipts, carried.Receipts);
        CopyFiles(Ancestors, carried.Ancestors);
    }

    /// <summary>Copies every file of a folder, when there is such a folder.</summary>
    /// <param name="from">The folder.</param>
    /// <param name="into">Where; made if need be.</param>
    internal static void CopyFiles(string from, string into)
    {
        if (Directory.Exists(from)) Copy(Directory.GetFiles(from), into);
    }

    private static void Copy(string[] files, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (string file in files)
        {
            string into = System.IO.Path.Combine(folder, System.IO.Path.GetFileName(file));
            File.Copy(file, into + AtomicFile.TemporarySuffix, overwrite: true);
            File.Move(into + AtomicFile.TemporarySuffix, into, overwrite: true);
        }
    }

    /// <summary>Receipts of what was taken out, earlier ones too.</summary>
    public string Receipts => In("receipts");

    /// <summary>Ledgers of the runs that documents were taken out of to make this one, each named by its last line's hash.</summary>
    public string Ancestors => In("ancestors");

    /// <summary>The ledger of an earlier run.</summary>
    /// <param name="head">Hash of its last line.</param>
    public string Ancestor(string head) => System.IO.Path.Combine(Ancestors, head + ".jsonl");

    /// <summary>The report, one self-contained page.</summary>
    public string Report => In("report.html");

    /// <summary>The loss curve.</summary>
    public string Curve => In("loss.svg");

    /// <summary>The scores on what was held out.</summary>
    public string Evaluation => In("evaluation.json");

    /// <summary>True when a run was begun here.</summary>
    public bool Exists => File.Exists(Recipe) && File.Exists(Ledger);

    /// <summary>True when the run was finished.</summary>
    public bool Finished => File.Exists(System.IO.Path.Combine(Model, ModelBundle.ConfigName));

    /// <summary>The folder of a checkpoint.</summary>
    /// <param name="step">After which step.</param>
    public string Checkpoint(int step) => System.IO.Path.Combine(Checkpoints, $"step-{step:D6}");

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
