using System.CommandLine;
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

    /// <summary>The recipe with its documents where the option says they are.</summary>
    public static Recipe Apply(Recipe recipe, string[]? given)
    {
        try
        {
            return recipe.WithCorpusPaths(Parse(given));
        }
        catch (RecipeException e)
        {
            throw new UsageException($"--corpus: {e.Message}");
        }
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
