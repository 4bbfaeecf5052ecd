using Hearth.Models.Bundles;
using Hearth.Models.Signing;
using Hearth.Training.Runs;

namespace Hearth.Cli;

/// <summary>Where things are: HEARTH_HOME with its runs and models, and the recipes that came with the program.</summary>
internal static class Places
{
    /// <summary>HEARTH_HOME, or .hearth in the user's folder.</summary>
    public static string Home => Environment.GetEnvironmentVariable("HEARTH_HOME") is { Length: > 0 } home
        ? home
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".hearth");

    public static string Runs => Path.Combine(Home, "runs");

    public static string Models => Path.Combine(Home, "models");

    /// <summary>The model a person means: a folder, a .gguf file, or the name of a model or run under HEARTH_HOME.</summary>
    public static ModelBundle Model(string given) => ModelBundle.Load(GgufOrFolder(given));

    /// <summary>The .gguf file a person means, by its path or its name under HEARTH_HOME; null when it is something else.</summary>
    public static string? Gguf(string given)
    {
        if (given.EndsWith(GgufBundle.Extension, StringComparison.OrdinalIgnoreCase) && !Directory.Exists(given)) return Candidates(given).FirstOrDefault(File.Exists);
        if (Candidates(given).FirstOrDefault(Directory.Exists) is { } folder) return ModelFolder.Gguf(folder);
        return given.AsSpan().IndexOfAny('/', '\\') < 0 && Path.Combine(Models, given + GgufBundle.Extension) is var path && File.Exists(path) ? path : null;
    }

    /// <summary>The .gguf file or the folder of the model a person means.</summary>
    public static string GgufOrFolder(string given) => Gguf(given)
        ?? (given.EndsWith(GgufBundle.Extension, StringComparison.OrdinalIgnoreCase) && !Directory.Exists(given) ? given : ModelFolder.Resolve(Folder(given)));

    /// <summary>The folder of the model a person means.</summary>
    public static string Folder(string given) => Candidates(given).FirstOrDefault(Directory.Exists) ?? throw NoModel(given);

    /// <summary>Where the model is that a person means: its folder, the model's folder in a run, or its one file. It need not be a whole model.</summary>
    public static string ModelPath(string given)
    {
        string path = Candidates(given).FirstOrDefault(Path.Exists) ?? throw NoModel(given);
        var run = new RunFolder(Path.TrimEndingDirectorySeparator(path));
        return run.Exists ? run.Model : run.Path;
    }

    /// <summary>The private key that is used when none is named.</summary>
    public static string SigningKey => OwnKey.PathIn(Home);

    /// <summary>A key that is used when none is named, if there is one.</summary>
    /// <param name="key">The key's file.</param>
    /// <param name="option">How to name another.</param>
    public static string Existing(string key, string option) => File.Exists(key)
        ? key
        : throw new UsageException($"{key}: there is no key here. Give {option}, or make a key with `hearth key generate`.");

    private static UsageException NoModel(string given)
    {
        string[] known = [.. Names(Models).Concat(Names(Runs)).Distinct(StringComparer.Ordinal)];
        return new UsageException($"{given}: there is no such model. " + (known.Length > 0
            ? $"Give a model's folder, a .gguf file, or one of: {string.Join(", ", known)}."
            : "Give a model's folder, make one with `hearth up`, or fetch one with `hearth model pull`."));
    }

    /// <summary>The run a person means: its folder, its name under HEARTH_HOME, or a model that carries its run's provenance.</summary>
    public static RunFolder Run(string given)
    {
        foreach (string folder in Candidates(given))
        {
            foreach (RunFolder run in (RunFolder[])[new RunFolder(folder), RunFolder.OfModel(folder), RunFolder.OfModel(Path.Combine(folder, "model"))])
            {
                if (run.Exists) return run;
            }
        }
        string[] known = [.. Names(Runs)];
        throw new UsageException($"{given}: there is no run here (no recipe.yaml with a ledger.jsonl). " + (known.Length > 0
            ? $"Give a run's folder, or one of: {string.Join(", ", known)}."
            : "Give a run's folder, or make one with `hearth train`."));
    }

    /// <summary>The recipe a person means: a path, or the name of one that came with the program; what is not there is named beside those that are.</summary>
    public static string Recipe(string given)
    {
        if (Path.Exists(given)) return given;
        string name = given.StartsWith("recipes/", StringComparison.Ordinal) ? given["recipes/".Length..].TrimEnd('/') : given;
        string? shipped = ShippedRecipes();
        if (name.AsSpan().IndexOfAny('/', '\\') >= 0 || shipped is null) return given;
        string folder = Path.Combine(shipped, name);
        if (Directory.Exists(folder)) return folder;
        throw new RunException($"{given}: there is no such recipe. Give a recipe.yaml, its folder, or one that came with Hearth: {string.Join(", ", Names(shipped))}.");
    }

    private static string? ShippedRecipes()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string recipes = Path.Combine(at.FullName, "recipes");
            if (File.Exists(Path.Combine(recipes, "factbook", "recipe.yaml"))) return recipes;
        }
        return null;
    }

    private static IEnumerable<string> Candidates(string given)
    {
        yield return given;
        if (Path.IsPathRooted(given) || given.Split('/', '\\').Contains("..", StringComparer.Ordinal)) yield break;
        yield return Path.Combine(Models, given);
        if (given.AsSpan().IndexOfAny('/', '\\') < 0) yield return Path.Combine(Runs, given);
    }

    private static IEnumerable<string> Names(string folder) => Directory.Exists(folder)
        ? Directory.GetDirectories(folder).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)
        : [];
}
