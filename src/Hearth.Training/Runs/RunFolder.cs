using Hearth.Models.Bundles;

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

    /// <summary>Copies recipe, materials and ledger into the model, so that they travel with it.</summary>
    public void CarryProvenance()
    {
        string folder = System.IO.Path.Combine(Model, ProvenanceName);
        Directory.CreateDirectory(folder);
        foreach (string file in (string[])[Recipe, Materials, Ledger])
        {
            string into = System.IO.Path.Combine(folder, System.IO.Path.GetFileName(file));
            File.Copy(file, into + ".partial", overwrite: true);
            File.Move(into + ".partial", into, overwrite: true);
        }
    }

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
