using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Training.Papers;

/// <summary>What goes with a model's files: its licence, papers, signature and openness.</summary>
/// <param name="Licence">The licence as its recipe states it, or that it is not stated.</param>
/// <param name="Papers">The papers that are there.</param>
/// <param name="Signature">The signature's file name; null when there is none. Whether it holds is for `hearth model verify`.</param>
/// <param name="Openness">Its class; null for a model that carries no run.</param>
public sealed record BundlePapers(string Licence, IReadOnlyList<string> Papers, string? Signature, Openness? Openness)
{
    private const string SignatureName = "model.sig";

    /// <summary>Looks at a model's folder.</summary>
    /// <param name="folder">The folder.</param>
    public static BundlePapers Of(string folder)
    {
        RunFolder run = RunFolder.OfModel(folder);
        Recipe? recipe = run.Exists ? Recipe.Load(run.Recipe) : null;
        string licence = Hearth.Training.Papers.Licence.Of(recipe?.Card.Licence ?? "").Name;
        string[] papers = [.. ModelPapers.Names.Where(n => File.Exists(Path.Combine(folder, n)))];
        string? signature = File.Exists(Path.Combine(folder, SignatureName)) ? SignatureName : null;
        return new BundlePapers(licence, papers, signature, recipe is null ? null : Openness.Of(folder, recipe));
    }

    /// <summary>Names and values for people.</summary>
    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("licence", Licence);
        yield return ("papers", Papers.Count > 0 ? string.Join(", ", Papers) : "none");
        yield return ("signature", Signature ?? "none");
        if (Openness is not { } openness) yield break;
        string lacks = string.Join(", ", openness.MissingForNext.Select(c => c.Name.ToLowerInvariant()));
        string more = openness.NextTitle.Length > 0 ? $"; {openness.NextTitle} lacks: {lacks}" : "";
        yield return ("openness", openness.Title + more);
    }
}
