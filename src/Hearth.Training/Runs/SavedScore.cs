using System.Text.Json;
using Hearth.Models.Formats;

namespace Hearth.Training.Runs;

/// <summary>A held-out score as evaluation.json keeps it.</summary>
/// <param name="WeightsDigest">The weights that were measured.</param>
/// <param name="Facts">Questions about facts.</param>
/// <param name="HeldOutExactMatch">Share of them answered letter for letter.</param>
/// <param name="InventedNames">Questions about invented names.</param>
/// <param name="InventedRefused">Share of them refused letter for letter.</param>
/// <param name="Samples">Some that were answered right.</param>
public sealed record SavedScore(
    string WeightsDigest, int Facts, double HeldOutExactMatch, int InventedNames, double InventedRefused,
    IReadOnlyList<HeldOutAnswer> Samples)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n" };

    /// <summary>Facts that were answered letter for letter.</summary>
    public int FactsRight => (int)Math.Round(HeldOutExactMatch * Facts);

    /// <summary>Invented names that were refused letter for letter.</summary>
    public int NamesRefused => (int)Math.Round(InventedRefused * InventedNames);

    /// <summary>What is kept of a score.</summary>
    /// <param name="score">The score.</param>
    /// <param name="weights">Digest of the weights.</param>
    public static SavedScore Of(HeldOutScore score, string weights)
    {
        HeldOutAnswer[] facts = [.. score.Answers.Where(a => !a.IsRefusal && a.Right)];
        IEnumerable<HeldOutAnswer> spread = facts.Where((_, i) => i % Math.Max(1, facts.Length / 4) == facts.Length / 8).Take(4);
        IEnumerable<HeldOutAnswer> refusal = score.Answers.Where(a => a.IsRefusal && a.Right).Take(1);
        return new SavedScore(weights, score.Facts, score.ExactMatch, score.Refusals, score.InventedRefused, [.. spread, .. refusal]);
    }

    /// <summary>The scores of an earlier evaluation of the same weights; null when there are none, or they are damaged.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="weights">Digest of the weights.</param>
    public static SavedScore? Read(RunFolder folder, string weights)
    {
        if (!File.Exists(folder.Evaluation)) return null;
        try
        {
            SavedScore? saved = JsonSerializer.Deserialize<SavedScore>(File.ReadAllBytes(folder.Evaluation), Options);
            return saved?.WeightsDigest == weights && saved.Samples is not null ? saved : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes evaluation.json.</summary>
    /// <param name="folder">The run.</param>
    public void Write(RunFolder folder) => AtomicFile.WriteText(folder.Evaluation, JsonSerializer.Serialize(this, Options) + "\n");
}
