using Hearth.Data.Corpora;
using Hearth.Models.Formats;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Training.Papers;

/// <summary>The papers that go with a finished model: model card, bill of materials, summary of training content.</summary>
public static class ModelPapers
{
    /// <summary>The model card.</summary>
    public const string CardName = "README.md";

    /// <summary>The bill of materials.</summary>
    public const string BillName = "bom.cdx.json";

    /// <summary>The summary of training content.</summary>
    public const string SummaryName = "training-content-summary.md";

    /// <summary>The papers' names.</summary>
    public static IReadOnlyList<string> Names { get; } = [CardName, BillName, SummaryName];

    /// <summary>
    /// Writes the papers of a finished run into its model's folder, with the scores beside the ledger. A file that would get the bytes it
    /// has is left alone. Descriptions of the recipe may have been corrected since the run began; they are taken over, as they are no part
    /// of its identity.
    /// </summary>
    /// <param name="folder">The run.</param>
    /// <param name="recipe">Its recipe, with the descriptions to tell.</param>
    /// <param name="corpus">Its documents.</param>
    /// <exception cref="Numerics.HearthException">The run is not finished, or one of its files is damaged.</exception>
    public static void Write(RunFolder folder, Recipe recipe, Corpus corpus)
    {
        string described = Recipe.Load(folder.Recipe).DescribedAs(recipe).ToYaml();
        RunFolder carried = RunFolder.OfModel(folder.Model);
        if (!carried.Exists) folder.CarryProvenance();
        Put(folder.Recipe, described);
        Put(carried.Recipe, described);
        if (File.Exists(folder.Evaluation)) Put(carried.Evaluation, File.ReadAllText(folder.Evaluation));
        ModelFacts facts = ModelFacts.Read(folder, corpus);
        Put(Path.Combine(folder.Model, SummaryName), ContentSummary.Write(facts));
        Put(Path.Combine(folder.Model, CardName), ModelCard.Write(facts));
        Put(Path.Combine(folder.Model, BillName), BillOfMaterials.Write(facts));
    }

    private static void Put(string path, string text)
    {
        if (!File.Exists(path) || File.ReadAllText(path) != text) AtomicFile.WriteText(path, text);
    }
}
