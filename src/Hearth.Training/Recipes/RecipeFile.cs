using System.Text;

namespace Hearth.Training.Recipes;

/// <summary>Finds a recipe and reads its bytes.</summary>
internal static class RecipeFile
{
    /// <summary>No recipe is larger.</summary>
    public const int MostBytes = 1 << 20;

    private const string FileName = "recipe.yaml";
    private const int MostListed = 20;

    public static Recipe Load(string path)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        if (!File.Exists(file)) throw NotFound(path);
        return Recipe.Parse(Text(file), file) with { Folder = Path.GetDirectoryName(file) is { Length: > 0 } folder ? folder : "." };
    }

    public static RecipeException TooLarge(string file) =>
        new($"{file}: found more than {MostBytes:N0} bytes, expected a recipe, which is smaller.");

    private static string Text(string file)
    {
        byte[] bytes = new byte[MostBytes + 1];
        int length;
        try
        {
            using FileStream stream = File.OpenRead(file);
            length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecipeException($"{file}: it can not be read ({e.Message.TrimEnd('.')}). Check that the file may be read.", e);
        }
        if (length > MostBytes) throw TooLarge(file);
        try
        {
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, length);
            return text.StartsWith('\ufeff') ? text[1..] : text;
        }
        catch (DecoderFallbackException e)
        {
            throw new RecipeException($"{file}: found bytes that are not UTF-8, at byte {e.Index:N0}. Save the recipe as UTF-8.", e);
        }
    }

    private static RecipeException NotFound(string path)
    {
        string problem = $"{path}: found no recipe, expected a {FileName} or a folder that holds one.";
        try
        {
            // The folder that was named, or would have been; recipes stand beside it, or below it when it is a folder of recipes.
            string full = Path.GetFullPath(path);
            string named = Path.GetFileName(full) == FileName ? Path.GetDirectoryName(full) ?? full : full;
            string wanted = Path.GetFileName(named);
            foreach (string? folder in new[] { named, Path.GetDirectoryName(named) })
            {
                if (folder is null || !Directory.Exists(folder)) continue;
                string[] names = [.. Directory.EnumerateDirectories(folder).Where(d => File.Exists(Path.Combine(d, FileName)))
                    .Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)];
                if (names.Length == 0) continue;
                string listed = string.Join(", ", names.Take(MostListed)) + (names.Length > MostListed ? ", ..." : "");
                return new RecipeException($"{problem} Recipes in {folder}: {listed}{RecipeProblems.Hint(wanted, names)}");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new RecipeException(problem, e);
        }
        return new RecipeException(problem);
    }
}
