using System.CommandLine;
using Hearth.Data.Corpora;
using Hearth.Training.Recipes;

namespace Hearth.Cli;

/// <summary>The option that says where a recipe's documents are on this machine.</summary>
internal static class CorpusPaths
{
    public static Option<string[]> Option() => new("--corpus")
    {
        Description = "Where a corpus of the recipe is on this machine. May be given more than once.",
        HelpName = "NAME=PATH",
        AllowMultipleArgumentsPerToken = false,
    };

    /// <summary>
    /// The recipe with its documents where the option says they are. A list of unknown names that is no longer in the recipe's folder is looked for
    /// beside the corpus it belongs to.
    /// </summary>
    public static Recipe Apply(Recipe recipe, string[]? given)
    {
        try
        {
            Dictionary<string, string> paths = Parse(given);
            recipe = recipe.WithCorpusPaths(paths);
            return recipe with { Corpora = [.. recipe.Corpora.Select(c => paths.TryGetValue(c.Name, out string? path) ? NamesBeside(recipe, c, path) : c)] };
        }
        catch (RecipeException e)
        {
            throw new UsageException($"--corpus: {e.Message}");
        }
    }

    private static CorpusSpec NamesBeside(Recipe recipe, CorpusSpec corpus, string path)
    {
        if (corpus.Records?.Unknown is not { } unknown || File.Exists(Path.Combine(recipe.Folder, unknown.Path))) return corpus;
        string beside = Path.Combine(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(path)) ?? path, Path.GetFileName(unknown.Path));
        return File.Exists(beside) ? corpus with { Records = corpus.Records with { Unknown = unknown with { Path = beside } } } : corpus;
    }

    private static Dictionary<string, string> Parse(string[]? given)
    {
        var paths = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string text in given ?? [])
        {
            int at = text.IndexOf('=');
            if (at <= 0 || at == text.Length - 1) throw new UsageException($"--corpus '{text}' is not of the form NAME=PATH, such as texts=~/novels.");
            string path = text[(at + 1)..];
            if (path.StartsWith("~/", StringComparison.Ordinal)) path = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path[2..]);
            paths[text[..at]] = Path.GetFullPath(path);
        }
        return paths;
    }
}
