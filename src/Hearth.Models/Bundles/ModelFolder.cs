using System.Text.RegularExpressions;
using Hearth.Models.Hub;

namespace Hearth.Models.Bundles;

/// <summary>Finds the models in a folder.</summary>
public static partial class ModelFolder
{
    private const int MostFolders = 10_000, LongestName = 120;
    private static readonly EnumerationOptions Below = new() { RecurseSubdirectories = true, MaxRecursionDepth = 2 };

    /// <summary>Names and places of models: .gguf files, the first of split ones, and folders with a model's files; sorted by name (ordinal).</summary>
    /// <param name="folder">The folder; it need not exist.</param>
    public static IReadOnlyList<(string Name, string Path)> In(string folder)
    {
        if (!Directory.Exists(folder)) return [];
        var found = new List<(string, string)>(Ggufs(folder, new EnumerationOptions()).Select(f => (Path.GetFileName(f), f)));
        foreach (string inside in Directory.EnumerateDirectories(folder).Take(MostFolders))
        {
            string name = Path.GetFileName(inside);
            List<string> files = IsFolder(inside) ? [] : Ggufs(inside, Below);
            if (files.Count < 2) found.Add((name, files.Count == 1 ? files[0] : inside));
            else found.AddRange(files.Select(f => ($"{name}/{Path.GetRelativePath(inside, f).Replace('\\', '/')}", f)));
        }
        return [.. found.OrderBy(f => f.Item1, StringComparer.Ordinal)];
    }

    /// <summary>The one .gguf model in a folder; null when it has none, or is a model's folder of another form.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="ModelFileException">It has several.</exception>
    public static string? Gguf(string folder)
    {
        if (!Directory.Exists(folder) || IsFolder(folder)) return null;
        List<string> files = Ggufs(folder, Below);
        return files.Count == 0 ? null : files.Count == 1 ? files[0]
            : throw new ModelFileException(folder, $"holds {files.Count} models. Give one of them: {string.Join(", ", files)}.");
    }

    /// <summary>The file or folder that is read when a folder is meant: its one .gguf model, the model inside a run, or the folder.</summary>
    /// <param name="path">A folder or file.</param>
    /// <exception cref="ModelFileException">It holds no model, several, or one that has not come whole.</exception>
    public static string Resolve(string path)
    {
        if (!Directory.Exists(path)) return path;
        string inside = Path.Combine(path, "model");
        if (File.Exists(Path.Combine(path, ModelBundle.ConfigName))) return path;
        if (File.Exists(Path.Combine(inside, ModelBundle.ConfigName))) return inside;
        if (Gguf(path) is { } gguf) return gguf;
        throw new ModelFileException(path, ModelOrigin.Read(path) is { } origin
            ? $"has not come whole. Go on with `hearth model pull {origin.Repository}{(origin.Revision == "main" ? "" : "@" + origin.Revision)}`."
            : "holds no model: neither config.json nor a .gguf file.");
    }

    /// <summary>Whether a folder holds a model's files, or is a run's with one inside.</summary>
    /// <param name="folder">The folder.</param>
    public static bool IsFolder(string folder) =>
        File.Exists(Path.Combine(folder, ModelBundle.ConfigName)) || File.Exists(Path.Combine(folder, "model", ModelBundle.ConfigName));

    /// <summary>Whether a text can name a model in a folder: one part of a path that is neither hidden nor long.</summary>
    /// <param name="name">The text.</param>
    public static bool IsName(string name) => name.Length is > 0 and <= LongestName && name[0] is not ('.' or ' ') && name[^1] is not ('.' or ' ')
        && name.AsSpan().IndexOfAny('/', '\\', ':') < 0 && !name.Any(char.IsControl);

    /// <summary>The name of a .gguf file without its ending and, of a split model, without the number of its part.</summary>
    /// <param name="file">The file.</param>
    public static string NameOf(string file)
    {
        string name = Part().Replace(Path.GetFileName(file), "");
        return name.EndsWith(GgufBundle.Extension, StringComparison.OrdinalIgnoreCase) ? name[..^GgufBundle.Extension.Length] : name;
    }

    /// <summary>All files of a .gguf model, whichever of them is given: one, or those of a split model that are there, sorted (ordinal).</summary>
    /// <param name="file">One of them.</param>
    public static IReadOnlyList<string> PartsOf(string file)
    {
        string start = Part().Replace(file, "");
        if (start == file) return [file];
        return [.. Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(file))!, Path.GetFileName(start) + "-*" + GgufBundle.Extension)
            .Where(f => Part().Replace(f, "") == Path.GetFullPath(start)).Order(StringComparer.Ordinal)];
    }

    private static List<string> Ggufs(string folder, EnumerationOptions how) =>
    [
        .. Directory.EnumerateFiles(folder, "*" + GgufBundle.Extension, how).Where(f => !f.Contains("mmproj", StringComparison.OrdinalIgnoreCase))
            .GroupBy(f => Part().Replace(f, ""), StringComparer.Ordinal).Select(g => g.Min(StringComparer.Ordinal)!).Order(StringComparer.Ordinal),
    ];

    [GeneratedRegex(@"-[0-9]{5}-of-[0-9]{5}\.gguf$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Part();
}
