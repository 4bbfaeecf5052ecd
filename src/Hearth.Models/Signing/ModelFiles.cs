namespace Hearth.Models.Signing;

/// <summary>A model's files, as they are on the disk.</summary>
/// <param name="Files">Each file's path from the model's folder with <c>/</c>, and where it is.</param>
/// <param name="Links">Symbolic links that may not be there.</param>
/// <param name="Ignored">Files and folders that are there and left out.</param>
internal sealed record ModelFiles(
    IReadOnlyList<(string Name, FileInfo File)> Files, IReadOnlyList<string> Links, IReadOnlyList<string> Ignored)
{
    public const int Most = 100_000;

    private static readonly EnumerationOptions Everything = new()
    {
        AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false, RecurseSubdirectories = false, ReturnSpecialDirectories = false,
    };

    /// <summary>Lists a model (OpenSSF Model Signing 1.0, section 6.1).</summary>
    /// <param name="model">Its folder, or its one file.</param>
    /// <param name="scope">What is left out.</param>
    /// <exception cref="ModelFileException">A name is not Unicode, there are too many files, or a folder can not be read.</exception>
    public static ModelFiles List(string model, SigningScope scope)
    {
        if (File.Exists(model)) return new ModelFiles([(Path.GetFileName(Path.GetFullPath(model)), new FileInfo(model))], [], []);
        var lister = new Lister(scope);
        try
        {
            lister.Add(new DirectoryInfo(model), "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(model, $"can not be read whole: {e.Message} Check that you may read all of it.", e);
        }
        return new ModelFiles([.. lister.Files.OrderBy(f => f.Name, Utf8Order.Instance)], Sorted(lister.Links), Sorted(lister.Ignored));
    }

    private static string[] Sorted(List<string> names) => [.. names.Order(Utf8Order.Instance)];

    private sealed class Lister(SigningScope scope)
    {
        public readonly List<(string Name, FileInfo File)> Files = [];
        public readonly List<string> Links = [];
        public readonly List<string> Ignored = [];

        public void Add(DirectoryInfo folder, string prefix)
        {
            foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos("*", Everything))
            {
                string name = prefix + entry.Name;
                if (name.Contains('\uFFFD', StringComparison.Ordinal))
                    throw new ModelFileException(entry.FullName, "has a name that is not Unicode, which a signature can not hold. Rename it.");
                if (scope.Ignores(name)) Ignored.Add(name);
                else if (entry.LinkTarget is not null) AddLink(entry, name);
                else if (entry is DirectoryInfo inside) Add(inside, name + "/");
                else Files.Add((name, (FileInfo)entry));
                if (Files.Count + Links.Count + Ignored.Count > Most)
                    throw new ModelFileException(folder.FullName, $"the model has more than {Most:N0} files. Give a model's own folder.");
            }
        }

        private void AddLink(FileSystemInfo link, string name)
        {
            if (scope.AllowSymlinks && link.ResolveLinkTarget(returnFinalTarget: true) is FileInfo { Exists: true } target) Files.Add((name, target));
            else Links.Add(name);
        }
    }
}
