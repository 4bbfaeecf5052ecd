using Hearth.Models.Bundles;
using Hearth.Server.Scheduling;

namespace Hearth.Server.Models;

/// <summary>Models in a folder: a .gguf file each, or a folder with config.json, or a run. Names are file names; nothing outside is reachable.</summary>
/// <param name="folders">Where to look, first come first served.</param>
internal sealed class ModelFolder(params string[] folders) : IModelSource
{
    /// <summary>The models, by name.</summary>
    public IReadOnlyList<ServedModel> List()
    {
        var models = new SortedDictionary<string, ServedModel>(StringComparer.Ordinal);
        foreach (string entry in folders.Where(Directory.Exists).SelectMany(Directory.EnumerateFileSystemEntries))
        {
            string name = Name(entry);
            if (name.Length == 0 || name.StartsWith('.') || !IsModel(entry)) continue;
            models.TryAdd(name, new ServedModel(name, new DateTimeOffset(File.GetLastWriteTimeUtc(entry)).ToUnixTimeSeconds()));
        }
        return [.. models.Values];
    }

    /// <summary>Where a model is; null when there is none of the name.</summary>
    public string? Find(string name) => folders.Where(Directory.Exists).SelectMany(Directory.EnumerateFileSystemEntries)
        .FirstOrDefault(e => Name(e) == name && name.Length > 0 && !name.StartsWith('.') && IsModel(e));

    private static string Name(string entry) => entry.EndsWith(GgufBundle.Extension, StringComparison.OrdinalIgnoreCase)
        ? Path.GetFileNameWithoutExtension(entry) : Path.GetFileName(entry);

    private static bool IsModel(string entry) => entry.EndsWith(GgufBundle.Extension, StringComparison.OrdinalIgnoreCase)
        || File.Exists(Path.Combine(entry, ModelBundle.ConfigName)) || File.Exists(Path.Combine(entry, "model", ModelBundle.ConfigName));
}
