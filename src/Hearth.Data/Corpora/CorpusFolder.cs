using Hearth.Models.Formats;

namespace Hearth.Data.Corpora;

/// <summary>A file of a corpus.</summary>
/// <param name="Name">Its path below the corpus's folder, with '/' between folders; of a corpus that is one file, its name.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Format">How it is read, never <see cref="CorpusFormat.Auto"/>.</param>
internal sealed record CorpusFile(string Name, string Path, CorpusFormat Format);

/// <summary>Lists the files of a corpus, in ordinal order of their names.</summary>
internal static class CorpusFolder
{
    private static readonly (string Ending, CorpusFormat Format)[] s_endings =
    [
        (".txt", CorpusFormat.Text), (".text", CorpusFormat.Text),
        (".md", CorpusFormat.Markdown), (".markdown", CorpusFormat.Markdown),
        (".html", CorpusFormat.Html), (".htm", CorpusFormat.Html),
        (".json", CorpusFormat.Json),
        (".jsonl", CorpusFormat.JsonLines), (".ndjson", CorpusFormat.JsonLines), (".jsonl.gz", CorpusFormat.JsonLines),
        (".csv", CorpusFormat.Csv),
    ];

    /// <summary>The files to read; those left out are reported.</summary>
    /// <exception cref="CorpusException">There is nothing at the path.</exception>
    public static List<CorpusFile> Files(CorpusSpec spec, string path, CorpusReport report)
    {
        var files = new List<CorpusFile>();
        if (File.Exists(path))
        {
            if (FormatOf(spec, Path.GetFileName(path), named: true, report) is { } format)
                files.Add(new CorpusFile(Path.GetFileName(path), path, format));
            return files;
        }
        if (!Directory.Exists(path))
        {
            throw new CorpusException(spec.Name, $"there is no file or folder at '{path}'. " +
                "Put the documents there, or correct the corpus's path in the recipe; it is read from the recipe's folder.");
        }

        string root = RealPath.Of(path) ?? path;
        if (!Path.EndsInDirectorySeparator(root)) root += Path.DirectorySeparatorChar;
        var folders = new Stack<(string Path, string Name)>([(path, "")]);
        while (folders.TryPop(out (string Path, string Name) folder))
        {
            foreach (FileSystemInfo entry in Entries(spec, folder.Path, folder.Name, report))
            {
                string name = folder.Name + entry.Name;
                bool isFolder = entry is DirectoryInfo;
                if (!isFolder && spec.Include.Count > 0 && !spec.Include.Any(pattern => Glob.Matches(pattern, name))) continue;

                if (entry.Name.StartsWith('.'))
                {
                    report.Add(spec.Name, name, CorpusProblemKind.Hidden, null, "its name begins with a dot, so it is not read");
                    continue;
                }
                if (entry.LinkTarget is not null && !MayFollow(spec, entry, name, root, report)) continue;

                if (isFolder) folders.Push((entry.FullName, name + "/"));
                else if (FormatOf(spec, name, spec.Include.Count > 0, report) is { } format)
                    files.Add(new CorpusFile(name, entry.FullName, format));
            }
        }
        files.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return files;
    }

    private static FileSystemInfo[] Entries(CorpusSpec spec, string path, string name, CorpusReport report)
    {
        try
        {
            FileSystemInfo[] entries = new DirectoryInfo(path).GetFileSystemInfos();
            Array.Sort(entries, (a, b) => string.CompareOrdinal(a.Name, b.Name));
            return entries;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            report.Add(spec.Name, name.Length > 0 ? name : path, CorpusProblemKind.Unreadable, null, e.Message);
            return [];
        }
    }

    // A linked folder is not entered even when it is inside: its files are listed where they stand, and links may go in circles.
    private static bool MayFollow(CorpusSpec spec, FileSystemInfo link, string name, string root, CorpusReport report)
    {
        string? target = RealPath.Of(link.FullName);
        if (target is null || !(target + Path.DirectorySeparatorChar).StartsWith(root, StringComparison.Ordinal))
        {
            string where = target is null ? "nowhere" : "out of the corpus's folder";
            report.Add(spec.Name, name, CorpusProblemKind.OutsideLink, null, $"a symbolic link that leads {where}, so it is not followed");
            return false;
        }
        if (link is not DirectoryInfo) return true;
        report.Add(spec.Name, name, CorpusProblemKind.Duplicate, null, "a symbolic link to a folder of this corpus, so it is not followed");
        return false;
    }

    // A file that the recipe names, itself or by a pattern, is read in the format the recipe states, whatever its ending.
    private static CorpusFormat? FormatOf(CorpusSpec spec, string name, bool named, CorpusReport report)
    {
        if (spec.Format != CorpusFormat.Auto && named) return spec.Format;
        foreach ((string ending, CorpusFormat format) in s_endings)
        {
            if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase) && (spec.Format == CorpusFormat.Auto || spec.Format == format))
                return format;
        }
        bool any = spec.Format == CorpusFormat.Auto;
        string expected = string.Join(", ", s_endings.Where(e => any || spec.Format == e.Format).Select(e => e.Ending));
        report.Add(spec.Name, name, CorpusProblemKind.UnknownEnding, null, $"its name does not end in one of {expected}");
        return null;
    }
}
