using Hearth.Models.Bundles;
using Hearth.Models.Hub;
using Hearth.Server.Hosting;
using Hearth.Server.Work;

namespace Hearth.Server.Models;

/// <summary>Copies models from folders of this machine into the models folder: from those alone that the operator allowed, whatever links lead out of them.</summary>
/// <param name="options">Which folders they are.</param>
public sealed class ModelImport(ServerOptions options)
{
    private const int MostFiles = 10_000, Piece = 1 << 20;
    private const long SpareBytes = 64 << 20;
    private const string Unfinished = ".importing-";

    /// <summary>Folders that may be imported from.</summary>
    public IReadOnlyList<string> Folders => options.ImportFolders;

    /// <summary>The models that lie in these folders.</summary>
    public IReadOnlyList<string> Found() => [.. Folders.SelectMany(f => ModelFolder.In(f).Where(m => File.Exists(m.Path) || ModelFolder.IsFolder(m.Path))).Select(m => m.Path).Distinct(StringComparer.Ordinal)];

    /// <summary>Where a file or folder really is, when it may be imported.</summary>
    /// <param name="path">What was named.</param>
    /// <exception cref="JobException">It is not there, or lies elsewhere.</exception>
    public string Allowed(string path)
    {
        if (Folders.Count == 0) throw new JobException("Nothing may be imported: the server was started without --import-from DIR. Start it with one, or pull the model.");
        string full = Path.IsPathRooted(path) ? Path.GetFullPath(path) : Path.GetFullPath(path, Folders[0]);
        string where = $"Models are imported from {string.Join(" and ", Folders)} alone.";
        // What is outside is not even said to be there or not.
        if (!Folders.Any(f => IsInside(full, Path.GetFullPath(f)))) throw new JobException($"'{path}' lies elsewhere. {where}");
        string real = File.Exists(full) || Directory.Exists(full) ? RealPath(full) : throw new JobException($"There is nothing at '{path}'. Give a .gguf file or a model's folder.");
        return IsAllowed(real) ? real : throw new JobException($"'{path}' leads elsewhere. {where}");
    }

    /// <summary>What a model is called when nobody says: as its folder or file, without .gguf and the number of a part.</summary>
    /// <param name="path">The file or folder.</param>
    public static string NameOf(string path) => Directory.Exists(path) ? Path.GetFileName(path) : ModelFolder.NameOf(path);

    /// <summary>Copies a model. It gets its name when all of it is there and can be read.</summary>
    /// <param name="from">What <see cref="Allowed"/> gave.</param>
    /// <param name="name">The model's name.</param>
    /// <param name="progress">Is told the file, the bytes copied and the bytes there are.</param>
    /// <param name="cancel">Ends it; nothing is left then.</param>
    /// <returns>Bytes copied.</returns>
    /// <exception cref="JobException">It is no model, a link leads out of the allowed folders, or there is no room.</exception>
    /// <exception cref="Hearth.Models.ModelFileException">It can not be read.</exception>
    public long Copy(string from, string name, Action<string, long, long> progress, CancellationToken cancel)
    {
        bool isFolder = Directory.Exists(from);
        if (!isFolder && !from.EndsWith(GgufBundle.Extension, StringComparison.OrdinalIgnoreCase)) throw new JobException($"'{from}' is no model. Give a .gguf file or a model's folder.");
        (string Real, string Name)[] files = isFolder ? [.. FilesOf(from)] : [.. ModelFolder.PartsOf(from).Select(f => (RealPath(f), Path.GetFileName(f)))];
        if (files.FirstOrDefault(f => !IsAllowed(f.Real)) is { Name: { } link }) throw new JobException($"{link} is a link that leads out of the folders that may be imported from.");
        Directory.CreateDirectory(options.Models);
        long total = files.Sum(f => new FileInfo(f.Real).Length), free = new DriveInfo(Path.GetFullPath(options.Models)).AvailableFreeSpace;
        if (total + SpareBytes > free) throw new JobException($"The model takes {HubSelection.Size(total)} and the disk has {HubSelection.Size(free)} left. Make room, then import it again.");
        string partial = Path.Combine(options.Models, Unfinished + name);
        try
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
            long done = 0;
            foreach ((string real, string file) in files)
            {
                string to = Path.Combine(partial, file);
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                done = CopyFile(real, to, file, done, total, progress, cancel);
            }
            ModelSummary.Read(isFolder ? partial : Path.Combine(partial, files[0].Name));
            string target = Path.Combine(options.Models, name);
            if (files is [var one] && !isFolder) File.Move(Path.Combine(partial, one.Name), target + GgufBundle.Extension);
            else Directory.Move(partial, target);
            return done;
        }
        finally
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
        }
    }

    private static long CopyFile(string from, string to, string name, long done, long total, Action<string, long, long> progress, CancellationToken cancel)
    {
        using var read = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        using var write = new FileStream(to, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1);
        byte[] piece = new byte[Piece];
        while (read.Read(piece) is > 0 and var count)
        {
            cancel.ThrowIfCancellationRequested();
            write.Write(piece, 0, count);
            progress(name, done += count, total);
        }
        write.Flush(flushToDisk: true);
        return done;
    }

    /// <summary>A model's files: those beside config.json, and those of the folders that a model of Hearth's carries.</summary>
    private static IEnumerable<(string Real, string Name)> FilesOf(string folder)
    {
        if (ModelFolder.Gguf(folder) is null && !File.Exists(Path.Combine(folder, ModelBundle.ConfigName))) throw new JobException($"'{folder}' holds no model: neither config.json nor a .gguf file.");
        string[] files = [.. Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 4 }).Take(MostFiles + 1)];
        if (files.Length > MostFiles) throw new JobException($"'{folder}' has more than {MostFiles:N0} files. Give the model's own folder.");
        return files.Order(StringComparer.Ordinal).Select(f => (RealPath(f), Path.GetRelativePath(folder, f)));
    }

    private bool IsAllowed(string real) => Folders.Any(f => Directory.Exists(f) && IsInside(real, RealPath(f)));

    private static bool IsInside(string path, string folder) =>
        path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>The path with every link on it followed.</summary>
    private static string RealPath(string path)
    {
        string full = Path.GetFullPath(path), at = Path.GetPathRoot(full)!;
        foreach (string part in full[at.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            string next = Path.Combine(at, part);
            FileSystemInfo info = Directory.Exists(next) ? new DirectoryInfo(next) : new FileInfo(next);
            at = info.LinkTarget is null ? next : info.ResolveLinkTarget(returnFinalTarget: true) is { } target ? RealPath(target.FullName) : next;
        }
        return at;
    }
}
