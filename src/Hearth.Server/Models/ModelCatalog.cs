using System.Collections.Concurrent;
using Hearth.Models.Bundles;
using Hearth.Models.Signing;
using Hearth.Numerics;
using Hearth.Server.Hosting;
using Hearth.Server.Scheduling;
using Hearth.Training.Papers;
using Hearth.Training.Runs;

namespace Hearth.Server.Models;

/// <summary>A model as a list shows it.</summary>
/// <param name="Name">What requests call it.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Run">The run that made it; null for one of the models folder.</param>
/// <param name="Summary">What its headers say; null when it can not be read.</param>
/// <param name="Memory">The memory it needs; null when Hearth does not run it.</param>
/// <param name="Licence">Its licence; null when none is stated.</param>
/// <param name="Openness">Its class; null for a model that carries no run.</param>
/// <param name="Signature">Its signature's file name; null when there is none.</param>
/// <param name="Mark">What was found out about it before.</param>
/// <param name="Problem">Why it can not be read or run; null when it can.</param>
public sealed record ModelEntry(
    string Name, string Path, string? Run, ModelSummary? Summary, ModelMemory? Memory, string? Licence, Openness? Openness, string? Signature, ModelMark? Mark, string? Problem)
{
    /// <summary>Whether what the signature says was checked, in words.</summary>
    public string SignatureState => (Signature, Mark?.Holds) switch
    {
        (null, _) => "not signed",
        (_, null) => "signed, not checked",
        (_, true) => $"holds, by {Mark!.Signer}",
        _ => "does not hold",
    };

    /// <summary>Where it came from, in words.</summary>
    public string Origin => Summary?.Origin is { } o ? $"{o.Repository}@{o.Revision}" : Run is not null ? $"made by the run {Run}" : "put here by hand";
}

/// <summary>The models of the models folder and of the runs, with what their files say. Headers are read anew only when files change.</summary>
/// <param name="options">Where they are.</param>
/// <param name="marks">What was found out before.</param>
public sealed class ModelCatalog(ServerOptions options, ModelMarks marks)
{
    private const int MostKept = 500;

    private readonly ConcurrentDictionary<string, (string Stamp, ModelEntry Entry)> _known = new(StringComparer.Ordinal);
    private readonly ServedFolders _folders = new(options.Models, options.Runs);

    /// <summary>The models, by name.</summary>
    public IReadOnlyList<ModelEntry> List()
    {
        if (_known.Count > MostKept) _known.Clear();
        return [.. _folders.All.Select(m => Entry(m.Name, m.Path))];
    }

    /// <summary>A model; null when there is none of the name.</summary>
    /// <param name="name">Its name.</param>
    public ModelEntry? Find(string name) => _folders.Find(name) is { } found ? Entry(name, found) : null;

    /// <summary>A model.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="UnknownModelException">There is none of the name.</exception>
    public ModelEntry Require(string name) => Find(name) ?? throw new UnknownModelException(name);

    /// <summary>Everything that its files say.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="context">Tokens of a sequence whose memory is told; null for what it was made for, up to a bound.</param>
    /// <exception cref="UnknownModelException">There is none of the name.</exception>
    /// <exception cref="Hearth.Models.ModelFileException">It can not be read at all.</exception>
    public ModelOverview Look(string name, int? context = null) => new(_folders.Find(name) ?? throw new UnknownModelException(name), context);

    private ModelEntry Entry(string name, string found)
    {
        string path = Resolved(found);
        string stamp = ModelMarks.StampOf(path);
        ModelEntry entry = _known.TryGetValue(path, out (string Stamp, ModelEntry Entry) known) && known.Stamp == stamp && known.Entry.Name == name ? known.Entry : Read(name, found, path);
        _known[path] = (stamp, entry);
        return entry with { Mark = marks.Find(path) };
    }

    private ModelEntry Read(string name, string found, string path)
    {
        string? run = Path.GetDirectoryName(Path.GetFullPath(found)) == Path.GetFullPath(options.Runs) ? Path.GetFileName(found) : null;
        var entry = new ModelEntry(name, path, run, null, null, null, null, null, null, null);
        try
        {
            ModelSummary summary = ModelSummary.Read(path);
            string signature = ModelSignature.PathOf(summary.Path);
            entry = entry with { Summary = summary, Licence = summary.Licence, Signature = File.Exists(signature) ? Path.GetFileName(signature) : null };
            if (!summary.IsGguf && RunFolder.OfModel(summary.Path).Exists && BundlePapers.Of(summary.Path) is var papers)
            {
                entry = entry with { Licence = papers.Licence, Openness = papers.Openness, Signature = papers.Signature };
            }
            return entry with { Memory = ModelMemory.Of(summary, summary.Config(), null) };
        }
        catch (Exception e) when (e is HearthException or IOException or UnauthorizedAccessException)
        {
            return entry with { Problem = e.Message };
        }
    }

    private static string Resolved(string path)
    {
        try
        {
            return ModelFolder.Resolve(path);
        }
        catch (HearthException)
        {
            return path;                                                         // told when it is read
        }
    }
}
