using Hearth.Models.Bundles;
using Hearth.Training.Ledger;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Training.Papers;

/// <summary>One component of the Model Openness Framework.</summary>
/// <param name="Name">The framework's name for it.</param>
/// <param name="Class">The class that asks for it: 3, 2 or 1.</param>
/// <param name="Required">False when the framework leaves it to the provider.</param>
/// <param name="Found">Where it is; empty when it is missing or not under an open licence.</param>
/// <param name="Lacks">What is missing; empty when it is there.</param>
public sealed record OpennessComponent(string Name, int Class, bool Required, string Found, string Lacks)
{
    /// <summary>Whether it counts.</summary>
    public bool IsPresent => Lacks.Length == 0;
}

/// <summary>
/// How complete and open a released model is, by the Model Openness Framework 1.0 (M. White and others, "The Model Openness Framework",
/// arXiv 2403.13784): class III "Open Model", class II "Open Tooling", class I "Open Science", each with all that the classes below it ask
/// for. It is worked out from what is in the model's folder and the licence that the recipe states. Code counts as released because
/// Hearth's own source is.
/// </summary>
/// <param name="Components">Every component, in the framework's order of classes.</param>
public sealed record Openness(IReadOnlyList<OpennessComponent> Components)
{
    private const string Evaluation = "provenance/evaluation.json";
    private const string Ledger = "provenance/ledger.jsonl";
    private const string Program = "the source of Hearth, not in the folder (Apache-2.0)";

    private static readonly string[] Report = ["technical-report.md", "technical-report.pdf", "technical-report.html"];
    private static readonly string[] Paper = ["research-paper.md", "research-paper.pdf", "research-paper.html"];
    private static readonly string[] HeldOut = ["evaluation-data.jsonl", "evaluation-data.json", "evaluation-data.csv", "evaluation-data"];

    private static readonly string[] Titles =
        ["none of the classes", "Class I, Open Science", "Class II, Open Tooling", "Class III, Open Model"];

    /// <summary>The class: 3, 2, 1 for the most open, or 0 for none.</summary>
    public int Class => Missing(3).Count > 0 ? 0 : Missing(2).Count > 0 ? 3 : Missing(1).Count > 0 ? 2 : 1;

    /// <summary>The class in words.</summary>
    public string Title => Titles[Class];

    /// <summary>The class as a Roman number, or <c>none</c>.</summary>
    public string Numeral => Class == 0 ? "none" : new string('I', Class);

    /// <summary>The next class, in words; empty when there is none.</summary>
    public string NextTitle => Class == 1 ? "" : Titles[Next];

    /// <summary>What the next class lacks.</summary>
    public IReadOnlyList<OpennessComponent> MissingForNext => Class == 1 ? [] : Missing(Next);

    private int Next => Class == 0 ? 3 : Class - 1;

    /// <summary>Looks at a model's folder. The papers count as there, since they are written together with what this says.</summary>
    /// <param name="model">The model's folder.</param>
    /// <param name="recipe">The recipe it was made with.</param>
    public static Openness Of(string model, Recipe recipe)
    {
        RunFolder bundle = RunFolder.OfModel(model);
        Licence licence = Licence.Of(recipe.Card.Licence);
        IReadOnlyList<LedgerLine> ledger = LedgerFile.Read(bundle.Ledger).Lines;
        SavedScore? score = SavedScore.Read(bundle, ledger.OfType<EndLine>().LastOrDefault()?.Weights ?? "");
        bool asked = score is { Facts: > 0 } or { InventedNames: > 0 };
        bool isMeasured = ledger.OfType<EvaluationLine>().Any();
        return new Openness(
        [
            Code("Model architecture", 3, Find(ModelBundle.ConfigName).Length > 0),
            Released("Model parameters, final", 3, Find(ModelBundle.WeightsName)),
            // A research paper tells more than a technical report, and stands for it.
            Released("Technical report", 3, Find([.. Report, .. Paper]), $"no {Report[0]} (or .pdf, .html) in the folder"),
            Released("Evaluation results", 3, asked ? Find(Evaluation) : isMeasured ? Find(Ledger) : "", "nothing was measured"),
            Released("Model card", 3, ModelPapers.CardName),
            Released("Data card", 3, ModelPapers.SummaryName),
            Released("Sample model outputs", 3, score is { Samples.Count: > 0 } ? Find(Evaluation) : "") with { Required = false },
            Code("Training code", 2),
            Code("Inference code", 2),
            Code("Evaluation code", 2),
            Released("Evaluation data", 2, Find(HeldOut), $"no {HeldOut[0]} (or .json, .csv) in the folder; the recipe makes the questions"),
            Code("Supporting libraries and tools", 2) with { Required = false },
            Released("Research paper", 1, Find(Paper), $"no {Paper[0]} (or .pdf, .html) in the folder"),
            Released("Datasets", 1, Find("data"), "no folder 'data' with the documents; materials.json names them by digest"),
            Code("Data preprocessing code", 1),
            Released("Model parameters, intermediate", 1, Find("checkpoints"), "no folder 'checkpoints'; they stay with the run"),
            Released("Model metadata", 1, Find(Ledger)) with { Required = false },
        ]);

        string Find(params string[] names) => names.FirstOrDefault(n => IsThere(Path.Combine(model, n))) ?? "";

        OpennessComponent Released(string name, int level, string found, string lacks = "not in the folder") => found.Length == 0
            ? new OpennessComponent(name, level, true, "", lacks)
            : licence.IsOpen ? new OpennessComponent(name, level, true, $"{found} ({licence.Name})", "")
            : new OpennessComponent(name, level, true, "", licence.IsStated
                ? $"the licence {licence.Name} is not known as an open one"
                : "no licence is stated (card.licence in the recipe)");

        static OpennessComponent Code(string name, int level, bool there = true) =>
            new(name, level, true, there ? Program : "", there ? "" : "not in the folder");
    }

    private static bool IsThere(string path) =>
        File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Any());

    private List<OpennessComponent> Missing(int level) => [.. Components.Where(c => c.Class >= level && c.Required && !c.IsPresent)];
}
