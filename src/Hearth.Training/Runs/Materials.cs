using System.Text.Encodings.Web;
using System.Text.Json;
using Hearth.Data.Corpora;
using Hearth.Training.Loading;

namespace Hearth.Training.Runs;

/// <summary>A document that a run was made from.</summary>
/// <param name="Id">SHA-256 of its bytes.</param>
/// <param name="Name">Its name in the corpus.</param>
/// <param name="Corpus">The corpus.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Licence">Its licence.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Texts">Texts derived from it that are trained on.</param>
/// <param name="FirstStep">The first step that saw any of them; 0 for never.</param>
/// <param name="Steps">Steps that saw any of them.</param>
public sealed record Material(string Id, string Name, string Corpus, string Source, string Licence, long Bytes, int Texts, int FirstStep, int Steps);

/// <summary>The list of a run's documents, with where each was used: known before the first step, since the order is a pure function.</summary>
public static class Materials
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Walks through the whole run's order without training.</summary>
    /// <param name="setup">The run.</param>
    public static IReadOnlyList<Material> Of(TrainingSetup setup)
    {
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        var last = new Dictionary<string, int>(StringComparer.Ordinal);
        var steps = new Dictionary<string, int>(StringComparer.Ordinal);
        StepLoader loader = setup.NewLoader();
        var position = default(DataPosition);
        for (int step = 1; step <= setup.Recipe.Training.Steps; step++)
        {
            foreach (Piece piece in loader.Next(step, ref position).SelectMany(p => p))
            {
                string from = piece.Document.From;
                first.TryAdd(from, step);
                if (last.GetValueOrDefault(from) == step) continue;
                last[from] = step;
                steps[from] = steps.GetValueOrDefault(from) + 1;
            }
        }
        Dictionary<string, int> texts = setup.Documents.GroupBy(d => d.From, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        return
        [
            .. setup.Corpus.Sources.OrderBy(s => s.Corpus, StringComparer.Ordinal).ThenBy(s => s.Name, StringComparer.Ordinal).ThenBy(s => s.Id, StringComparer.Ordinal)
                .Select(s => new Material(s.Id, s.Name, s.Corpus, s.Source, s.Licence, s.Length,
                    texts.GetValueOrDefault(s.Id), first.GetValueOrDefault(s.Id), steps.GetValueOrDefault(s.Id))),
        ];
    }

    /// <summary>The list as materials.json holds it.</summary>
    /// <param name="materials">The list.</param>
    public static string ToJson(IReadOnlyList<Material> materials) => JsonSerializer.Serialize(new { documents = materials }, Options) + "\n";

    /// <summary>Reads materials.json.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="RunException">It is missing or damaged.</exception>
    public static IReadOnlyList<Material> Read(string path)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            return json.RootElement.GetProperty("documents").Deserialize<List<Material>>(Options)!;
        }
        catch (Exception e) when (e is JsonException or IOException or KeyNotFoundException or InvalidOperationException)
        {
            throw new RunException($"{path}: is missing or damaged: {e.Message} Copy the run's folder again from where it was trained.", e);
        }
    }

    /// <summary>The first document that is not as it was when the run began.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="setup">The run made anew from the documents as they are.</param>
    public static string Difference(RunFolder folder, TrainingSetup setup) => Difference(Read(folder.Materials), setup) ?? "the list of documents was altered.";

    /// <summary>The first document that is not as it was; null when all are.</summary>
    /// <param name="then">The documents as they were.</param>
    /// <param name="setup">The run made anew from the documents as they are.</param>
    public static string? Difference(IEnumerable<Material> then, TrainingSetup setup)
    {
        ILookup<(string, string), string> now = setup.Corpus.Sources.ToLookup(s => (s.Corpus, s.Name), s => s.Id);   // two may share a name
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (Material m in then)
        {
            known.Add(m.Id);
            string[] ids = [.. now[(m.Corpus, m.Name)]];
            if (ids.Contains(m.Id, StringComparer.Ordinal)) continue;
            return ids.Length == 0
                ? $"document '{m.Name}' of corpus '{m.Corpus}' is missing."
                : $"document '{m.Name}' of corpus '{m.Corpus}' was altered: its SHA-256 is {ids[0][..12]}, expected {m.Id[..12]}.";
        }
        SourceDocument? added = setup.Corpus.Sources.FirstOrDefault(s => !known.Contains(s.Id));
        return added is null ? null : $"document '{added.Name}' of corpus '{added.Corpus}' was added.";
    }
}
