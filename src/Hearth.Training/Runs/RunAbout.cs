using System.Text.Json;
using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Training.Recipes;

namespace Hearth.Training.Runs;

/// <summary>What helps to find and describe a run but is not part of its identity: where its documents are, how long it took.</summary>
/// <param name="Hearth">Version of the program that wrote it last.</param>
/// <param name="Corpora">Where each corpus was read from.</param>
/// <param name="RecipeFolder">The folder that other paths of the recipe are relative to.</param>
/// <param name="Threads">Threads used last.</param>
/// <param name="TrainSeconds">Seconds of training so far.</param>
public sealed record RunAbout(string Hearth, SortedDictionary<string, string> Corpora, string RecipeFolder, int Threads, double TrainSeconds)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n" };

    /// <summary>Version of .NET that began it; empty when an earlier Hearth did not note it.</summary>
    public string Runtime { get; init; } = "";

    /// <summary>Joules that the processors took while it trained, as far as they were measured; see <see cref="EnergyMeter"/>.</summary>
    public double EnergyJoules { get; init; }

    /// <summary>Seconds of training that <see cref="EnergyJoules"/> covers; 0 when nothing was measured.</summary>
    public double EnergySeconds { get; init; }

    /// <summary>The description of a run of a recipe, before any training.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="threads">Threads.</param>
    public static RunAbout Of(Recipe recipe, int threads) => new(
        typeof(RunAbout).Assembly.GetName().Version?.ToString(3) ?? "",
        new SortedDictionary<string, string>(recipe.Corpora.ToDictionary(c => c.Name, c => Path.GetFullPath(c.Path, Path.GetFullPath(recipe.Folder))), StringComparer.Ordinal),
        Path.GetFullPath(recipe.Folder), threads, 0) { Runtime = Environment.Version.ToString() };

    /// <summary>Reads the description of a run; null when it has none, as when only its proofs were copied.</summary>
    /// <param name="folder">The run.</param>
    public static RunAbout? Read(RunFolder folder)
    {
        if (!File.Exists(folder.About)) return null;
        try
        {
            return JsonSerializer.Deserialize<RunAbout>(File.ReadAllBytes(folder.About), Options);
        }
        catch (JsonException e)
        {
            throw new RunException($"{folder.About}: is damaged: {e.Message} Delete it and say where the documents are with --corpus NAME=PATH.", e);
        }
    }

    /// <summary>Writes the description.</summary>
    /// <param name="folder">The run.</param>
    public void Write(RunFolder folder) => AtomicFile.WriteText(folder.About, JsonSerializer.Serialize(this, Options) + "\n");

    /// <summary>A run's recipe, with its documents where they are on this machine.</summary>
    /// <param name="folder">The run.</param>
    /// <exception cref="RecipeException">The recipe is damaged.</exception>
    public static Recipe Recipe(RunFolder folder)
    {
        Recipe recipe = Recipes.Recipe.Load(folder.Recipe);
        if (Read(folder) is { } about)
        {
            recipe = recipe with { Folder = about.RecipeFolder };
            recipe = recipe.WithCorpusPaths(about.Corpora.Where(c => recipe.Corpora.Any(spec => spec.Name == c.Key)).ToDictionary(StringComparer.Ordinal));
        }
        return WithTokenizer(recipe, folder);
    }

    /// <summary>A tokenizer that was given and is no longer in the recipe's folder is the one that the run or its model carries.</summary>
    private static Recipe WithTokenizer(Recipe recipe, RunFolder folder)
    {
        if (recipe.Tokenizer.File is not { } file || File.Exists(Path.Combine(recipe.Folder, file))) return recipe;
        string? carried = new[] { folder.Tokenizer, Path.Combine(folder.Model, ModelBundle.TokenizerName) }.FirstOrDefault(File.Exists);
        return carried is null ? recipe : recipe with { Tokenizer = recipe.Tokenizer with { File = Path.GetFullPath(carried) } };
    }
}
