using Hearth.Models.Bundles;
using Hearth.Server.Scheduling;

namespace Hearth.Server.Models;

/// <summary>The models of some folders, as <see cref="ModelFolder"/> finds them, under their names without .gguf. Nothing outside is reachable.</summary>
/// <param name="folders">Where to look, first come first served.</param>
internal sealed class ServedFolders(params string[] folders) : IModelSource
{
    private IEnumerable<(string Name, string Path)> Models => folders.SelectMany(ModelFolder.In)
        .Where(m => File.Exists(m.Path) || ModelFolder.IsFolder(m.Path)).Select(m => (Name(m.Name), m.Path)).Where(m => m.Item1.Length > 0 && !m.Item1.StartsWith('.'));

    /// <summary>Names and places of the models, by name.</summary>
    public IReadOnlyList<(string Name, string Path)> All => [.. Models.DistinctBy(m => m.Name, StringComparer.Ordinal).OrderBy(m => m.Name, StringComparer.Ordinal)];

    /// <summary>The models, by name.</summary>
    public IReadOnlyList<ServedModel> List() =>
    [
        .. All.Select(m => new ServedModel(m.Name, new DateTimeOffset(File.GetLastWriteTimeUtc(m.Path)).ToUnixTimeSeconds()) { Path = m.Path }),
    ];

    /// <summary>Where a model is; null when there is none of the name.</summary>
    public string? Find(string name) => Models.FirstOrDefault(m => m.Name == name).Path;

    private static string Name(string found) =>
        found.EndsWith(GgufBundle.Extension, StringComparison.OrdinalIgnoreCase) ? found[..^GgufBundle.Extension.Length] : found;
}
