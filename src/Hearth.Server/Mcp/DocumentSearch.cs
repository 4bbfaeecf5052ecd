using System.Text.Json.Nodes;
using Hearth.Data.Corpora;
using Hearth.Server.Api;
using Hearth.Training.Forgetting;
using Hearth.Training.Runs;

namespace Hearth.Server.Mcp;

/// <summary>Finds documents of a run by their text. The documents that were read last are kept while there is memory for them. Safe for use by several threads.</summary>
internal sealed class DocumentSearch : IDisposable
{
    private const int Around = 100;

    private readonly SemaphoreSlim _gate = new(1);
    private (string Path, DateTime Written) _last;
    private WeakReference<Corpus>? _corpus;

    /// <summary>The run that a model was made by; null when it was not made here.</summary>
    /// <param name="path">The model's folder, or its run's.</param>
    public static RunFolder? Run(string path) => ((RunFolder[])[new RunFolder(path), RunFolder.OfModel(path)]).FirstOrDefault(r => r.Exists);

    /// <summary>The documents that hold a text.</summary>
    /// <param name="path">The model's folder, or its run's.</param>
    /// <param name="model">What the model is called.</param>
    /// <param name="text">The text.</param>
    /// <param name="most">At most so many.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public async Task<JsonObject> FindAsync(string path, string model, string text, int most, CancellationToken cancel)
    {
        RunFolder run = Run(path) ?? throw new ApiException(404, $"The model '{model}' was not trained here, so its documents are not known.");
        Dictionary<string, Material> materials = Materials.Read(run.Materials).ToDictionary(m => m.Id, StringComparer.Ordinal);
        Corpus corpus = await ReadAsync(run, cancel).ConfigureAwait(false);
        SourceDocument[] found = [.. DocumentChoice.Containing(text, corpus).Where(d => materials.ContainsKey(d.Id))];
        return new JsonObject
        {
            ["model"] = model,
            ["found"] = found.Length,
            ["documents"] = new JsonArray([.. found.Take(most).Select(d => One(d, materials[d.Id], text))]),
        };
    }

    public void Dispose() => _gate.Dispose();

    private async Task<Corpus> ReadAsync(RunFolder run, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            (string, DateTime) now = (run.Path, File.GetLastWriteTimeUtc(run.Ledger));
            if (now == _last && _corpus is not null && _corpus.TryGetTarget(out Corpus? kept)) return kept;
            Corpus corpus = await Task.Run(() => RunAbout.Recipe(run).ReadDocuments(), cancel).ConfigureAwait(false);
            (_last, _corpus) = (now, new WeakReference<Corpus>(corpus));
            return corpus;
        }
        finally
        {
            _gate.Release();
        }
    }

    private static JsonObject One(SourceDocument document, Material material, string text) => new()
    {
        ["id"] = document.Id,
        ["name"] = document.Name,
        ["corpus"] = document.Corpus,
        ["origin"] = document.Source,
        ["licence"] = document.Licence,
        ["firstStep"] = material.FirstStep,
        ["steps"] = material.Steps,
        ["excerpt"] = Excerpt(document, text),
    };

    /// <summary>The text with some of what stands around it; null where it only stands in what was derived from the document.</summary>
    private static string? Excerpt(SourceDocument document, string text)
    {
        IEnumerable<string> all = document.Fields is { } fields ? fields.Names.Select(n => $"{n}: {fields[n]}") : [document.Text ?? ""];
        foreach (string one in all)
        {
            int at = one.IndexOf(text, StringComparison.OrdinalIgnoreCase);
            if (at < 0) continue;
            int from = Math.Max(0, at - Around), to = Math.Min(one.Length, at + text.Length + Around);
            return $"{(from > 0 ? "..." : "")}{one[from..to]}{(to < one.Length ? "..." : "")}";
        }
        return null;
    }
}
